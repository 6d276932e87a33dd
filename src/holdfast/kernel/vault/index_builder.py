"""Makes an index: of packs that stay whole under a new wrapping of their keys, and of new packs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, chain

import msgspec

from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.chunk_writer import ids_in
from holdfast.kernel.vault.layers import write_layer
from holdfast.kernel.vault.layout import BlockRef, ChunkPack, Index, Layer, ObjectRef, Place
from holdfast.kernel.vault.packs import Packing, PackReader, PackWriter, check_name, fetch, write_object
from holdfast.kernel.vault.rows import Row, listed
from holdfast.kernel.vault.sealing import HEADER_BYTES, Role


class IndexBuilder:
    """Makes one index: packs that stay whole under a new wrapping of their keys, and new packs."""

    def __init__(self, catalogue: Catalogue, packing: Packing) -> None:
        self._catalogue = catalogue
        self._packing = packing
        self._packs: list[ObjectRef | None] = []
        self._old = set[str]()
        store, seals, full = catalogue.store, catalogue.seals, packing.pack_bytes
        self._writers = {
            Role.RECORDS: PackWriter(store, seals, Role.RECORDS, self._packs, full),
            Role.PERSONAL: PackWriter(store, seals, Role.PERSONAL, self._packs, full),
            Role.CHUNKS: PackWriter(store, seals, Role.CHUNKS, self._packs, packing.chunk_pack_bytes),
        }
        self._chunks: list[ChunkPack] = []
        self._copied: dict[int, list[tuple[bytes, int, int]]] = {}
        self.stored = 0
        self.stored_bytes = 0

    def keep(self, old: Index, layers: Sequence[int]) -> list[Layer]:
        """The layers of an old index that are needed; packs with other blocks are left behind, theirs copied."""
        kept = [old.layers[at] for at in layers]
        used: dict[int, list[Place]] = {}
        for place in chain.from_iterable(map(Layer.places, kept)):
            used.setdefault(place.pack, []).append(place)
        moved: dict[Place, Place] = {}
        reader = PackReader(self._catalogue.store, self._catalogue.seals, old.packs)
        for at, places in sorted(used.items()):
            pack = old.packs[at]
            if len(places) == pack.blocks:
                moved.update(
                    (place, msgspec.structs.replace(place, pack=len(self._packs))) for place in places
                )
                self._rewrap(pack)
            else:
                self._copy(pack, reader, sorted(places, key=lambda place: place.number), moved)
        return [_relocated(layer, moved) for layer in kept]

    def keep_chunks(self, old: Index, listed: Sequence[ChunkPack], live: Collection[bytes]) -> None:
        """The chunks of an old index that are needed; packs with others are left behind, the needed ones copied."""
        reader = PackReader(self._catalogue.store, self._catalogue.seals, old.packs)
        for chunks in listed:
            ids = list(ids_in(chunks.ids))
            wanted = [number for number, chunk in enumerate(ids) if chunk in live]
            if len(wanted) == len(ids):
                self._chunks.append(msgspec.structs.replace(chunks, pack=len(self._packs)))
                self._rewrap(old.packs[chunks.pack])
            elif wanted:
                offsets = list(accumulate(chunks.lengths, initial=HEADER_BYTES))
                places = [Place(chunks.pack, at, offsets[at], chunks.lengths[at]) for at in wanted]
                moved: dict[Place, Place] = {}
                self._copy(old.packs[chunks.pack], reader, places, moved)
                for place, new in moved.items():
                    copied = (ids[place.number], new.length, chunks.sizes[place.number])
                    self._copied.setdefault(new.pack, []).append(copied)

    def write(self, type_name: str, rows: Iterator[Row]) -> Layer | None:
        """A layer of these rows, or None when there are none. Raises: StoreError; what drawing the rows raises."""
        bodies, personals = self._writers[Role.RECORDS], self._writers[Role.PERSONAL]
        return write_layer(type_name, listed(rows), bodies, personals, self._packing.block_bytes)

    @property
    def has_chunks(self) -> bool:
        """Whether chunks were kept."""
        return bool(self._chunks or self._copied)

    def finish(self, layers: Sequence[Layer]) -> ObjectRef:
        """Store what is held, and the index. Raises: StoreError."""
        for writer in self._writers.values():
            writer.finish()
        for position, copied in self._copied.items():
            names, lengths, sizes = zip(*copied, strict=True)
            self._chunks.append(ChunkPack(position, b"".join(names), lengths, sizes))
        packs = tuple(ref for ref in self._packs if ref is not None)
        made = [pack for pack in packs if pack.name not in self._old]
        encoded = msgspec.msgpack.encode(Index(packs, tuple(layers), tuple(self._chunks)))
        ref = write_object(self._catalogue.store, self._catalogue.seals, Role.INDEX, encoded)
        self.stored = len(made)
        self.stored_bytes = sum(pack.size for pack in made) + ref.size
        return ref

    def _rewrap(self, pack: ObjectRef) -> None:
        key = self._catalogue.seals.rewrap(pack.key, Role(pack.role), pack.name)
        self._packs.append(msgspec.structs.replace(pack, key=key))
        self._old.add(pack.name)

    def _copy(
        self, pack: ObjectRef, reader: PackReader, places: list[Place], moved: dict[Place, Place]
    ) -> None:
        """Blocks of a pack into new ones, under other keys: what else lies in it is to be opened by nobody."""
        data = fetch(self._catalogue.store, pack.name)
        check_name(self._catalogue.seals, pack.name, data)
        for place in places:
            sealed = data[place.offset : place.offset + place.length]
            moved[place] = self._writers[Role(pack.role)].add(reader.unsealed(place, sealed, pack.name))


def _relocated(layer: Layer, moved: dict[Place, Place]) -> Layer:
    def block(old: BlockRef) -> BlockRef:
        personal = moved[old.personal] if old.personal else None
        return msgspec.structs.replace(old, body=moved[old.body], personal=personal)

    return msgspec.structs.replace(layer, blocks=tuple(map(block, layer.blocks)))
