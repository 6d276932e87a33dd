"""Reads chunks by their ids."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.chunk_writer import ids_in
from holdfast.kernel.vault.chunks import Chunking
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layout import ChunkPack, ObjectRef, Place
from holdfast.kernel.vault.packs import PackReader
from holdfast.kernel.vault.sealing import HEADER_BYTES

NUMBER_BITS = 32


@dataclass(frozen=True, slots=True)
class ChunksOfPack:
    """One pack of chunks as its index lists it; `offsets` has one more than there are chunks, the pack's end."""

    reader: PackReader
    position: int
    ids: bytes
    offsets: array[int]
    sizes: array[int]

    @property
    def ref(self) -> ObjectRef:
        """The pack."""
        return self.reader.refs[self.position]

    def place(self, number: int) -> Place:
        """Where the chunk of this number lies."""
        start = self.offsets[number]
        return Place(self.position, number, start, self.offsets[number + 1] - start)


class ChunkReader:
    """Finds chunks in the packs that a snapshot's indexes list; about 160 bytes of memory for each. Thread-safe."""

    def __init__(self, catalogue: Catalogue, indexes: Sequence[ObjectRef]) -> None:
        """Reads the indexes. Raises: VaultDamaged; StoreError."""
        self.chunking = Chunking(catalogue.seals.keys)
        self.packs: list[ChunksOfPack] = []
        self._places: dict[bytes, int] = {}
        for ref in indexes:
            index = catalogue.index(ref)
            reader = PackReader(catalogue.store, catalogue.seals, index.packs)
            for listed in index.chunks:
                self._add(reader, listed)

    def _add(self, reader: PackReader, listed: ChunkPack) -> None:
        offsets = array("Q", accumulate(listed.lengths, initial=HEADER_BYTES))
        before = len(self.packs) << NUMBER_BITS
        self.packs.append(ChunksOfPack(reader, listed.pack, listed.ids, offsets, array("Q", listed.sizes)))
        for number, chunk in enumerate(ids_in(listed.ids)):
            # Of two copies the later was stored because the earlier was gone, or by another writer.
            self._places[chunk] = before | number

    def __contains__(self, chunk: bytes) -> bool:
        return chunk in self._places

    def size(self, chunk: bytes) -> int:
        """The plain bytes of a chunk. Raises: VaultDamaged when no index lists it."""
        pack, number = self._find(chunk)
        return pack.sizes[number]

    def pack_of(self, chunk: bytes) -> ChunksOfPack:
        """The pack that a chunk lies in. Raises: VaultDamaged when no index lists it."""
        return self._find(chunk)[0]

    def stream(self, chunks: Sequence[bytes]) -> Iterator[bytes]:
        """The bytes of chunks in turn; neighbours in a pack are fetched together. Raises: VaultDamaged; StoreError."""
        found = ((chunk, *self._find(chunk)) for chunk in chunks)
        for _, group in groupby(found, key=lambda each: id(each[1])):
            asked = list(group)
            pack = asked[0][1]
            places = [pack.place(number) for _, _, number in asked]
            names = [f"{pack.ref.name} block {number} (chunk {chunk.hex()})" for chunk, _, number in asked]
            for (chunk, _, _), where, data in zip(
                asked, names, pack.reader.stream(places, names), strict=True
            ):
                if self.chunking.name(data) != chunk:
                    raise damaged(where, "the bytes are not those of the chunk's name")
                yield data

    def _find(self, chunk: bytes) -> tuple[ChunksOfPack, int]:
        place = self._places.get(chunk)
        if place is None:
            raise damaged(f"chunk {chunk.hex()}", "no index of the snapshot lists it")
        return self.packs[place >> NUMBER_BITS], place & ((1 << NUMBER_BITS) - 1)
