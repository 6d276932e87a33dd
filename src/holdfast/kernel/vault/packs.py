"""Packs: objects of sealed blocks, written once and read whole or in part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.ahead import ahead, submit
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, damaged
from holdfast.kernel.vault.layout import INDEXES, PACKS, ObjectRef, Place, WrappedKey
from holdfast.kernel.vault.sealing import (
    HEADER_BYTES,
    DataKey,
    Role,
    Seals,
    compress,
    decompress,
    header,
)

if TYPE_CHECKING:
    from concurrent.futures import Future

# What is asked of the store at once, and how much of a gap between two wanted blocks is read with them. For each
# stream of blocks three such reads are in memory: one in use, two under way.
READ_BYTES = 2 << 20
GAP_BYTES = 256 << 10
READS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Packing:
    """How a writer cuts what it stores; no reader depends on it.

    `block_bytes` before compression: smaller blocks make single records cheaper to read, larger ones
    compress better. A pack is stored once it has `pack_bytes`, one of chunks once it has `chunk_pack_bytes`.
    """

    block_bytes: int = 128 << 10
    pack_bytes: int = 8 << 20
    chunk_pack_bytes: int = 16 << 20


FOLDERS = {
    Role.RECORDS: PACKS,
    Role.PERSONAL: PACKS,
    Role.CHUNKS: PACKS,
    Role.INDEX: INDEXES,
}


def store_sealed(store: ObjectStore, seals: Seals, role: Role, data: bytes) -> str:
    """Store an object under the keyed hash of its bytes; the name. Raises: StoreError."""
    digest = seals.digest(data)
    name = f"{FOLDERS[role]}{digest[:2]}/{digest}"
    try:
        store.put(name, data)
    except ObjectExists:
        # Keys are fresh for every object, so only a repeat of this very put can have made it.
        if store.get(name) != data:
            raise damaged(name, "other bytes are stored under this name") from None
    return name


def fetch(store: ObjectStore, name: str) -> bytes:
    """All bytes of an object that must be there. Raises: VaultDamaged; StoreError."""
    try:
        return store.get(name)
    except ObjectMissing as error:
        raise damaged(name, "the object is missing") from error


def check_name(seals: Seals, name: str, data: bytes) -> None:
    """Compare an object's bytes with its name. Raises: VaultDamaged."""
    if seals.digest(data) != name.rpartition("/")[2]:
        raise damaged(name, "the bytes are not the ones that were written")


class PackWriter:
    """Fills objects of one role with blocks; one pack fills in memory while the one before is being stored."""

    def __init__(
        self, store: ObjectStore, seals: Seals, role: Role, packs: list[ObjectRef | None], full: int
    ) -> None:
        """`packs` is the writer's list of all packs, `full` the size in bytes at which one is stored."""
        self._store = store
        self._seals = seals
        self._role = role
        self._packs = packs
        self._full = full
        self._key: tuple[DataKey, WrappedKey] | None = None
        self._storing: Future[None] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._position = 0

    def add(self, compressed: bytes) -> Place:
        """Seal a compressed block into the present pack. Raises: StoreError when the one before was refused."""
        if self._size >= self._full:
            self._store_pack()
        key, _ = self._key = self._key or self._start()
        number = len(self._parts) - 1
        sealed = key.seal(number, compressed)
        place = Place(self._position, number, self._size, len(sealed))
        self._parts.append(sealed)
        self._size += len(sealed)
        return place

    def finish(self) -> None:
        """Store what is held, and wait until all is stored. Raises: StoreError."""
        self._store_pack()
        self._wait()

    def _store_pack(self) -> None:
        self._wait()
        if self._key is not None:
            (_, wrapped), self._key = self._key, None
            self._storing = submit(self._put, (self._position, self._parts, wrapped))

    def _put(self, pack: tuple[int, list[bytes], WrappedKey]) -> None:
        position, parts, wrapped = pack
        data = b"".join(parts)
        blocks = len(parts) - 1
        parts.clear()
        name = store_sealed(self._store, self._seals, self._role, data)
        self._packs[position] = ObjectRef(self._role, name, len(data), wrapped, blocks)

    def _wait(self) -> None:
        if self._storing is not None:
            self._storing.result()

    def _start(self) -> tuple[DataKey, WrappedKey]:
        self._parts = [header(self._role)]
        self._size = HEADER_BYTES
        # The place in the list is taken now, since blocks name it before the pack has a name.
        self._position = len(self._packs)
        self._packs.append(None)
        return self._seals.new_key(self._role)


def write_object(store: ObjectStore, seals: Seals, role: Role, plain: bytes) -> ObjectRef:
    """Store an object of a single block. Raises: StoreError."""
    key, wrapped = seals.new_key(role)
    data = header(role) + key.seal(0, compress(plain))
    name = store_sealed(store, seals, role, data)
    return ObjectRef(role, name, len(data), wrapped, 1)


def read_object(store: ObjectStore, seals: Seals, ref: ObjectRef) -> bytes:
    """The plain bytes of an object of a single block. Raises: VaultDamaged; StoreError."""
    data = fetch(store, ref.name)
    check_name(seals, ref.name, data)
    key = seals.unwrap(ref.key, Role(ref.role), ref.name)
    return decompress(key.open(0, data[HEADER_BYTES:], ref.name), ref.name)


class PackReader:
    """Reads blocks of the packs that one index lists."""

    def __init__(self, store: ObjectStore, seals: Seals, refs: Sequence[ObjectRef]) -> None:
        self._store = store
        self._seals = seals
        self.refs = refs
        self._keys: dict[int, DataKey] = {}

    def name(self, place: Place) -> str:
        """The pack's object name."""
        return self.refs[place.pack].name

    def read(self, place: Place, where: str) -> bytes:
        """The plain bytes of one block. Raises: VaultDamaged naming `where`; StoreError."""
        return self.open(place, self._range(place.pack, place.offset, place.length, where), where)

    def open(self, place: Place, sealed: bytes | memoryview, where: str) -> bytes:
        """The plain bytes of a block whose sealed bytes are known. Raises: VaultDamaged naming `where`."""
        return decompress(self.unsealed(place, sealed, where), where)

    def unsealed(self, place: Place, sealed: bytes | memoryview, where: str) -> bytes:
        """The compressed bytes of such a block. Raises: VaultDamaged naming `where`."""
        key = self._keys.get(place.pack)
        if key is None:
            ref = self.refs[place.pack]
            key = self._seals.unwrap(ref.key, Role(ref.role), where)
            self._keys[place.pack] = key
        return key.open(place.number, sealed, where)

    def stream(self, places: Sequence[Place], wheres: Sequence[str]) -> Iterator[bytes]:
        """The plain bytes of blocks in turn, several fetched and opened at a time. Raises: VaultDamaged; StoreError."""
        return ahead(self._open, self._sealed(places, wheres))

    def _open(self, block: tuple[Place, bytes, str]) -> bytes:
        return self.open(*block)

    def _sealed(self, places: Sequence[Place], wheres: Sequence[str]) -> Iterator[tuple[Place, bytes, str]]:
        stretches = list(_stretches(places))

        def read(stretch: slice) -> bytes:
            first, last = places[stretch.start], places[stretch.stop - 1]
            length = last.offset + last.length - first.offset
            return self._range(first.pack, first.offset, length, wheres[stretch.start])

        for stretch, data in zip(stretches, ahead(read, stretches, READS_AHEAD), strict=True):
            start = places[stretch.start].offset
            for place, where in zip(places[stretch], wheres[stretch], strict=True):
                yield place, data[place.offset - start : place.offset - start + place.length], where

    def _range(self, pack: int, start: int, length: int, where: str) -> bytes:
        try:
            return self._store.get_range(self.refs[pack].name, start, length)
        except ObjectMissing as error:
            raise damaged(where, "the object is missing") from error


def _stretches(places: Sequence[Place]) -> Iterator[slice]:
    """Runs of places that are read at once, as they lie near each other in a pack."""
    start = 0
    for at, (before, place) in enumerate(pairwise(places), 1):
        gap = place.offset - before.offset - before.length
        near = place.pack == before.pack and 0 <= gap <= GAP_BYTES
        if not near or place.offset + place.length - places[start].offset > READ_BYTES:
            yield slice(start, at)
            start = at
    if places:
        yield slice(start, len(places))
