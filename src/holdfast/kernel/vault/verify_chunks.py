"""Reads packs of chunks, or looks for them, and says which records what is damaged there hits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from holdfast.domain.errors import VaultDamaged
from holdfast.domain.records import show_key
from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.chunk_reader import ChunkReader, ChunksOfPack
from holdfast.kernel.vault.chunk_writer import ids_in
from holdfast.kernel.vault.chunks import chunks_of, threads
from holdfast.kernel.vault.layout import Manifest, ObjectRef
from holdfast.kernel.vault.packs import fetch
from holdfast.kernel.vault.sealing import HEADER_BYTES, Role, header

Unreadable = dict[bytes, str]
"""Chunks of a pack that cannot be read, each with what is wrong."""

READING = 4
"""Packs that are in memory to be verified, at most."""

Bodies = Iterable[tuple[str, bytes]]
"""Keys and bodies of records that name chunks."""


class ChunkInspector:
    """Looks at each pack of chunks once, however many snapshots need it. Packs are read by several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._unreadable: dict[str, Unreadable] = {}
        self.listed: set[str] = set()
        """The packs that the snapshots' indexes list."""
        self.bytes_read = 0

    def open(self, manifest: Manifest) -> ChunkReader:
        """The chunks that a snapshot's indexes list. Raises: VaultDamaged; StoreError."""
        chunks = ChunkReader(self._catalogue, manifest.indexes)
        self.listed.update(pack.ref.name for pack in chunks.packs)
        return chunks

    def look(self, chunks: ChunkReader, objects: Mapping[str, StoredObject]) -> Iterator[ChunksOfPack]:
        """Whether the listed packs are there in their right size; those that were looked at now."""
        for pack in self._fresh(chunks.packs):
            wrong = wrong_in_listing(objects, pack.ref)
            self._unreadable[pack.ref.name] = _all(pack, wrong) if wrong else {}
            yield pack

    def read(self, chunks: ChunkReader, bodies: Bodies) -> Iterator[ChunksOfPack]:
        """Open every chunk of the packs that bodies need; those that were read now. Raises: VaultDamaged; StoreError."""
        named = {chunk for _, body in bodies for chunk in chunks_of(body) if chunk in chunks}
        needed = {id(pack): pack for pack in map(chunks.pack_of, named)}
        count = min(READING, threads())
        with ThreadPoolExecutor(count, "read-chunks") as pool:
            work = partial(_read_pack, self._catalogue, chunks)
            for pack, wrong in ahead(work, self._fresh(needed.values()), count, pool):
                self._unreadable[pack.ref.name] = wrong
                self.bytes_read += pack.ref.size
                yield pack

    def wrong_in(self, pack: ChunksOfPack) -> Unreadable:
        """What of a pack that was looked at cannot be read."""
        return self._unreadable.get(pack.ref.name, {})

    def lacks(self, chunks: ChunkReader) -> bool:
        """Whether anything is wrong with a pack that was looked at."""
        return any(map(self.wrong_in, chunks.packs))

    def hit(self, chunks: ChunkReader, bodies: Bodies) -> Iterator[tuple[str, str]]:
        """The records whose chunks cannot all be read, as people name them, each with what is wrong."""
        for key, body in bodies:
            for chunk in chunks_of(body):
                if chunk not in chunks:
                    wrong: str | None = f"no index lists its chunk {chunk.hex()}"
                else:
                    wrong = self.wrong_in(chunks.pack_of(chunk)).get(chunk)
                if wrong is not None:
                    yield show_key(key), wrong
                    break

    def _fresh(self, packs: Iterable[ChunksOfPack]) -> Iterator[ChunksOfPack]:
        return (pack for pack in packs if pack.ref.name not in self._unreadable)


def wrong_in_listing(objects: Mapping[str, StoredObject], ref: ObjectRef) -> str:
    """What a listing shows to be wrong with an object; nothing where it is there in its right size."""
    found = objects.get(ref.name)
    if found is None:
        return "the object is missing"
    return "" if found.size == ref.size else f"it has {found.size} bytes, not {ref.size}"


def _all(pack: ChunksOfPack, wrong: str) -> Unreadable:
    return dict.fromkeys(ids_in(pack.ids), f"{pack.ref.name}: {wrong}")


def _read_pack(
    catalogue: Catalogue, chunks: ChunkReader, pack: ChunksOfPack
) -> tuple[ChunksOfPack, Unreadable]:
    """The pack, and what of it cannot be read. Its blocks cover it whole, so that its name need not be hashed."""
    ref = pack.ref
    try:
        data = fetch(catalogue.store, ref.name)
    except VaultDamaged as error:
        return pack, _all(pack, error.problem)
    if len(data) != ref.size or data[:HEADER_BYTES] != header(Role.CHUNKS):
        return pack, _all(pack, "the bytes are not the ones that were written")
    wrong: Unreadable = {}
    sealed = memoryview(data)
    for number, chunk in enumerate(ids_in(pack.ids)):
        where = f"{ref.name} block {number}"
        place = pack.place(number)
        try:
            plain = pack.reader.open(place, sealed[place.offset : place.offset + place.length], where)
        except VaultDamaged as error:
            wrong[chunk] = f"{where}: {error.problem}"
            continue
        if chunks.chunking.name(plain) != chunk:
            wrong[chunk] = f"{where}: the bytes are not those of the chunk's name"
    return pack, wrong
