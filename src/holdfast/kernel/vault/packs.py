"""Packs: objects of sealed blocks, written once and read whole or in part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, damaged
from holdfast.kernel.vault.layout import ObjectRef, Place, WrappedKey
from holdfast.kernel.vault.sealing import (
    HEADER_BYTES,
    DataKey,
    Role,
    Seals,
    compress,
    decompress,
    header,
)

READ_AHEAD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Packing:
    """How a writer cuts what it stores; no reader depends on it.

    `block_bytes` before compression: smaller blocks make single records cheaper to read, larger ones
    compress better. A pack is stored once it has `pack_bytes`, one of chunks once it has `chunk_pack_bytes`.
    """

    block_bytes: int = 128 << 10
    pack_bytes: int = 8 << 20
    chunk_pack_bytes: int = 16 << 20


FOLDERS = {Role.RECORDS: "packs", Role.PERSONAL: "packs", Role.CHUNKS: "packs", Role.INDEX: "indexes"}


def store_sealed(store: ObjectStore, seals: Seals, role: Role, data: bytes) -> str:
    """Store an object under the keyed hash of its bytes; the name. Raises: StoreError."""
    digest = seals.digest(data)
    name = f"{FOLDERS[role]}/{digest[:2]}/{digest}"
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
    """Fills objects of one role with blocks; at most a pack and a block are held in memory."""

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
        self._parts: list[bytes] = []
        self._size = 0
        self._position = 0

    def add(self, compressed: bytes) -> Place:
        """Seal a compressed block into the present pack. Raises: StoreError when a full one is refused."""
        if self._size >= self._full:
            self.finish()
        key, _ = self._key = self._key or self._start()
        number = len(self._parts) - 1
        sealed = key.seal(number, compressed)
        place = Place(self._position, number, self._size, len(sealed))
        self._parts.append(sealed)
        self._size += len(sealed)
        return place

    def finish(self) -> None:
        """Store what is held. Raises: StoreError."""
        if self._key is None:
            return
        data = b"".join(self._parts)
        name = store_sealed(self._store, self._seals, self._role, data)
        blocks = len(self._parts) - 1
        self._packs[self._position] = ObjectRef(self._role, name, len(data), self._key[1], blocks)
        self._key = None

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
        key = self._keys.get(place.pack)
        if key is None:
            ref = self.refs[place.pack]
            key = self._seals.unwrap(ref.key, Role(ref.role), where)
            self._keys[place.pack] = key
        return decompress(key.open(place.number, sealed, where), where)

    def stream(self, places: Sequence[Place], wheres: Sequence[str]) -> Iterator[bytes]:
        """The plain bytes of blocks in turn, fetched several at a time where they lie side by side."""
        start = 0
        while start < len(places):
            end = _stretch(places, start)
            first, last = places[start], places[end - 1]
            sealed = self._range(
                first.pack, first.offset, last.offset + last.length - first.offset, wheres[start]
            )
            data = memoryview(sealed)  # so that no block is copied
            for place, where in zip(places[start:end], wheres[start:end], strict=True):
                at = place.offset - first.offset
                yield self.open(place, data[at : at + place.length], where)
            start = end

    def _range(self, pack: int, start: int, length: int, where: str) -> bytes:
        try:
            return self._store.get_range(self.refs[pack].name, start, length)
        except ObjectMissing as error:
            raise damaged(where, "the object is missing") from error


def _stretch(places: Sequence[Place], start: int) -> int:
    """Where a run of neighbouring blocks ends that is read at once."""
    end = start + 1
    while end < len(places):
        before, place = places[end - 1], places[end]
        neighbours = place.pack == before.pack and place.offset == before.offset + before.length
        if not neighbours or place.offset + place.length - places[start].offset > READ_AHEAD_BYTES:
            break
        end += 1
    return end
