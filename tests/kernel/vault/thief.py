"""Somebody with a copy of every byte that ever lay in a store, and with today's keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

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
    """Opens whatever today's keys open, in any copy of any object, whether or not something names it today.

    `once` are all keys that ever were: they tell where blocks lie, as sizes and patience would, and open nothing.
    """

    def __init__(self, archive: Archive, keys: KeySet, once: KeySet) -> None:
        self._archive = archive
        self._keys: dict[str, list[tuple[WrappedKey, Seals]]] = {}
        now = Seals(keys)
        for index in self._indexes(now):
            for pack in index.packs:
                self._keys.setdefault(pack.name, []).append((pack.key, now))
        self._maps = list(self._indexes(Seals(once)))

    def versions(self) -> set[Version]:
        """Every version of every record, and every removal, that can be read."""
        return {version for index in self._maps for version in self._rows(index)}

    def chunks(self) -> set[bytes]:
        """Every chunk that can be read."""
        found = set[bytes]()
        for index in self._maps:
            for listed in index.chunks:
                offsets = accumulate(listed.lengths, initial=HEADER_BYTES)
                for number, (offset, length) in enumerate(zip(offsets, listed.lengths, strict=False)):
                    found.update(self._block(index, Place(listed.pack, number, offset, length)))
        return found

    def _indexes(self, seals: Seals) -> Iterator[Index]:
        refs = {ref for manifest in self._manifests(seals) for ref in manifest.indexes}
        for ref in refs:
            for data in self._archive.get(ref.name, ()):
                for plain in _open(seals, ref.key, Role.INDEX, 0, data[HEADER_BYTES:]):
                    yield msgspec.msgpack.decode(plain, type=Index)

    def _manifests(self, seals: Seals) -> Iterator[Manifest]:
        start, end = HEADER_BYTES + EPOCH_BYTES, HEADER_BYTES + EPOCH_BYTES + WRAPPED_BYTES
        for name, copies in self._archive.items():
            for data in copies if name.startswith("snapshots/") else ():
                wrapped = WrappedKey(int.from_bytes(data[HEADER_BYTES:start], "big"), data[start:end])
                extra = data[HEADER_BYTES:end] + name.encode()
                for plain in _open(seals, wrapped, Role.MANIFEST, 0, data[end:], extra):
                    yield msgspec.msgpack.decode(plain, type=Manifest)

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
        pack: ObjectRef = index.packs[place.pack]
        for data in self._archive.get(pack.name, ()):
            sealed = data[place.offset : place.offset + place.length]
            for wrapped, seals in self._keys.get(pack.name, []):
                yield from _open(seals, wrapped, Role(pack.role), place.number, sealed)


def _open(
    seals: Seals, wrapped: WrappedKey, role: Role, number: int, sealed: bytes, extra: bytes = b""
) -> Iterator[bytes]:
    """The plain bytes, or nothing where the keys do not open them."""
    try:
        key = seals.unwrap(wrapped, role, "a copy")
        yield decompress(key.open(number, sealed, "a copy", extra), "a copy")
    except VaultError:
        return
