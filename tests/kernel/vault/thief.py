"""Somebody with a copy of every byte that ever lay in a store, and with today's keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.catalogue import EPOCH_BYTES
from holdfast.kernel.vault.key_set import KeySet
from holdfast.kernel.vault.layout import Index, Manifest, ObjectRef, Personals, Place, Rows, WrappedKey
from holdfast.kernel.vault.sealing import HEADER_BYTES, WRAPPED_BYTES, Role, Seals, decompress

Version = tuple[str, str, bytes, bytes]
"""Type, key, body, personal part: one version of a record. A removal has an empty body."""

Archive = Mapping[str, Iterable[bytes]]


class Thief:
    """Opens whatever these keys open, in any copy of any object, whether or not something names it today."""

    def __init__(self, archive: Archive, keys: KeySet) -> None:
        self._archive = archive
        self._seals = Seals(keys)

    def versions(self) -> set[Version]:
        """Every version of every record, and every removal, that can be read."""
        found = set[Version]()
        for manifest in self._manifests():
            for ref in manifest.indexes:
                for index in self._indexes(ref):
                    found.update(self._rows(index))
        return found

    def _manifests(self) -> Iterator[Manifest]:
        start = HEADER_BYTES + EPOCH_BYTES
        for name, copies in self._archive.items():
            for data in copies if name.startswith("snapshots/") else ():
                wrapped = WrappedKey(
                    int.from_bytes(data[HEADER_BYTES:start], "big"), data[start : start + WRAPPED_BYTES]
                )
                extra = data[HEADER_BYTES : start + WRAPPED_BYTES] + name.encode()
                for plain in self._open(wrapped, Role.MANIFEST, 0, data[start + WRAPPED_BYTES :], extra):
                    yield msgspec.msgpack.decode(plain, type=Manifest)

    def _indexes(self, ref: ObjectRef) -> Iterator[Index]:
        for data in self._archive.get(ref.name, ()):
            for plain in self._open(ref.key, Role.INDEX, 0, data[HEADER_BYTES:]):
                yield msgspec.msgpack.decode(plain, type=Index)

    def _rows(self, index: Index) -> Iterator[Version]:
        for layer in index.layers:
            for block in layer.blocks:
                parts = [b""] * block.rows
                if block.personal:
                    for plain in self._block(index, block.personal):
                        parts = msgspec.msgpack.decode(plain, type=Personals).parts
                for plain in self._block(index, block.body):
                    rows = msgspec.msgpack.decode(plain, type=Rows)
                    for key, body, part in zip(rows.keys, rows.bodies, parts, strict=True):
                        yield layer.type, key, body or b"", part

    def _block(self, index: Index, place: Place) -> Iterator[bytes]:
        pack = index.packs[place.pack]
        for data in self._archive.get(pack.name, ()):
            sealed = data[place.offset : place.offset + place.length]
            yield from self._open(pack.key, Role(pack.role), place.number, sealed)

    def _open(
        self, wrapped: WrappedKey, role: Role, number: int, sealed: bytes, extra: bytes = b""
    ) -> Iterator[bytes]:
        """The plain bytes, or nothing where the keys do not open them."""
        try:
            key = self._seals.unwrap(wrapped, role, "a copy")
            yield decompress(key.open(number, sealed, "a copy", extra), "a copy")
        except VaultError:
            return
