"""Stores chunks that the vault does not have yet, from several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from holdfast.domain.errors import VaultDamaged
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.chunks import ID_BYTES, Chunking, Piece
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layout import PACKS, ObjectRef, WrappedKey
from holdfast.kernel.vault.packs import store_sealed
from holdfast.kernel.vault.sealing import HEADER_BYTES, TAG_BYTES, DataKey, Role, Seals, compress, header

OWN = -1
IN_MEMORY, STORING = 3, 1
"""Packs in memory, and how many of them are stored at once; with more the writers wait."""
MOST_INDEXES = 16
"""Past so many indexes of others a snapshot lists the chunks of the smaller ones in its own."""


def ids_in(column: bytes) -> Iterator[bytes]:
    """The ids of a pack's chunks in the order of its blocks."""
    return (column[at : at + ID_BYTES] for at in range(0, len(column), ID_BYTES))


class KnownChunks:
    """Which index lists a chunk that need not be stored again; about 130 bytes of memory for each chunk."""

    def __init__(self, catalogue: Catalogue, system: str, damage: list[VaultDamaged]) -> None:
        """All of the system's snapshots, but no pack that is missing or has the wrong size. Raises: StoreError."""
        self.refs: list[ObjectRef] = []
        self.places: dict[bytes, int] = {}
        self._catalogue = catalogue
        self._present = {found.name: found.size for found in catalogue.store.list(PACKS)}
        seen = set[str]()
        for manifest in catalogue.sound_manifests(system, damage):
            for ref in manifest.indexes if manifest.chunked else ():
                if ref.name not in seen:
                    seen.add(ref.name)
                    self._add(ref, damage)

    def listed(self, ref: ObjectRef) -> Iterator[ListedPack]:
        """The packs of chunks that an index lists. Raises: VaultDamaged; StoreError."""
        index = self._catalogue.read_index(ref)
        for found in index.chunks:
            yield ListedPack(index.packs[found.pack], found.ids, found.lengths, found.sizes)

    def is_there(self, listed: ListedPack) -> bool:
        """Whether the pack is in the store in its right size."""
        return self._present.get(listed.pack.name) == listed.pack.size

    def _add(self, ref: ObjectRef, damage: list[VaultDamaged]) -> None:
        try:
            for listed in self.listed(ref):
                if self.is_there(listed):
                    for chunk in ids_in(listed.ids):
                        self.places.setdefault(chunk, len(self.refs))
                else:
                    told = (
                        "the object is missing or torn; what it held is stored again where it is still there"
                    )
                    damage.append(damaged(listed.pack.name, told))
        except VaultDamaged as error:
            damage.append(error)
        self.refs.append(ref)


@dataclass(frozen=True, slots=True)
class ListedPack:
    """A stored pack of chunks and the columns of its `ChunkPack`."""

    pack: ObjectRef
    ids: bytes
    lengths: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeptChunks:
    """Where a snapshot's chunks are: indexes of others, and packs for its own index; `stored` bytes are new."""

    indexes: tuple[ObjectRef, ...] = ()
    packs: tuple[ListedPack, ...] = ()
    stored: int = 0


class _Pack:
    """A pack that is being filled: room is given out in order, and what is sealed meanwhile goes into its place."""

    def __init__(self, key: DataKey, wrapped: WrappedKey) -> None:
        self.wrapped = wrapped
        self.size = HEADER_BYTES
        self.parts = [header(Role.CHUNKS)]
        self.ids = bytearray()
        self.lengths: list[int] = []
        self.sizes: list[int] = []
        self._key = key
        self._lock = threading.Lock()
        self._outstanding = 1  # the writer's own, until nothing more is to come

    def take_room(self, chunk: bytes, size: int, compressed: int) -> int:
        """The number of a block for a chunk. One thread at a time."""
        with self._lock:
            self._outstanding += 1
        length = compressed + TAG_BYTES
        self.parts.append(b"")
        self.ids += chunk
        self.lengths.append(length)
        self.sizes.append(size)
        self.size += length
        return len(self.lengths) - 1

    def seal(self, number: int, compressed: bytes) -> bool:
        """Put a block into its place; whether the pack is whole now."""
        self.parts[number + 1] = self._key.seal(number, compressed)
        return self.release()

    def release(self) -> bool:
        """One thing less is to come; whether it was the last."""
        with self._lock:
            self._outstanding -= 1
            return not self._outstanding


class ChunkWriter:
    """Keeps pieces as chunks, each once, in the order in which they come. Thread-safe.

    At most `IN_MEMORY` packs are held in memory, and `STORING` once more while it is stored.
    """

    def __init__(self, store: ObjectStore, seals: Seals, known: Callable[[], KnownChunks], full: int) -> None:
        """`known` is called once; a pack is stored when it has `full` bytes. Raises: what `known` raises."""
        self._store, self._seals, self._full = store, seals, full
        self.chunking = Chunking(seals.keys)
        self._known = known()
        self._places = self._known.places
        self._used: set[int] = set()
        self._claiming, self._filling = threading.Lock(), threading.Lock()
        self._pack: _Pack | None = None
        self._storing = ThreadPoolExecutor(STORING, "store-chunks")
        self._room = threading.BoundedSemaphore(IN_MEMORY)
        self._stored: list[Future[ListedPack]] = []

    def put(self, pieces: Sequence[Piece]) -> list[str]:
        """The ids in hex of chunks that the vault holds when the snapshot is sealed. Raises: StoreFull; StoreError."""
        names = []
        for piece in pieces:
            chunk = self.chunking.name(piece)
            if self._claim(chunk):
                self._add(chunk, piece)
            names.append(chunk.hex())
        return names

    def reuse(self, chunks: Iterable[bytes]) -> bool:
        """Whether the vault holds all these chunks; the snapshot then keeps them without their bytes."""
        places = [self._places.get(chunk) for chunk in chunks]
        if None in places:
            return False
        with self._claiming:
            self._used.update(place for place in places if place is not None)
        return True

    def finish(self) -> KeptChunks:
        """Store what is held and say where everything is. Raises: StoreFull; StoreError; VaultDamaged."""
        if self._pack is not None and self._pack.release():
            self._send(self._pack)
        self._storing.shutdown()
        new = [each.result() for each in self._stored]
        indexes, taken_over = self._indexes()
        return KeptChunks(indexes, (*taken_over, *new), sum(each.pack.size for each in new))

    def _indexes(self) -> tuple[tuple[ObjectRef, ...], list[ListedPack]]:
        """The indexes of others in use; of too many the smaller ones as packs to list anew."""
        refs = [self._known.refs[at] for at in sorted(self._used - {OWN})]
        if len(refs) <= MOST_INDEXES:
            return tuple(refs), []
        refs.sort(key=lambda ref: ref.size, reverse=True)
        kept, rest = refs[: MOST_INDEXES // 2], refs[MOST_INDEXES // 2 :]
        return tuple(kept), [
            pack for ref in rest for pack in self._known.listed(ref) if self._known.is_there(pack)
        ]

    def _claim(self, chunk: bytes) -> bool:
        """Whether this call is the first to bring the chunk."""
        with self._claiming:
            place = self._places.setdefault(chunk, OWN - 1)
            if place < OWN:
                self._places[chunk] = OWN
                return True
            self._used.add(place)
            return False

    def _add(self, chunk: bytes, piece: Piece) -> None:
        compressed = compress(piece)
        with self._filling:
            pack = self._pack = self._pack or self._new_pack()
            number = pack.take_room(chunk, len(piece), len(compressed))
            full = pack.size >= self._full
            if full:
                self._pack = None
        whole = pack.seal(number, compressed)
        if full:
            whole = pack.release()
        if whole:
            self._send(pack)

    def _new_pack(self) -> _Pack:
        """A pack, once there is room in memory. Raises: what the storing of an earlier one met."""
        self._room.acquire()
        failed = next((each for each in self._stored if each.done() and each.exception()), None)
        if failed:
            self._room.release()  # others wait for it, to meet the same
            failed.result()
        return _Pack(*self._seals.new_key(Role.CHUNKS))

    def _send(self, pack: _Pack) -> None:
        self._stored.append(self._storing.submit(self._keep, pack))

    def _keep(self, pack: _Pack) -> ListedPack:
        try:
            data = b"".join(pack.parts)
            pack.parts.clear()
            name = store_sealed(self._store, self._seals, Role.CHUNKS, data)
            ref = ObjectRef(Role.CHUNKS, name, pack.size, pack.wrapped, len(pack.lengths))
            return ListedPack(ref, bytes(pack.ids), tuple(pack.lengths), tuple(pack.sizes))
        finally:
            self._room.release()
