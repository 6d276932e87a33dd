"""What each snapshot needs of the vault: its layers, and the packs that they lie in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.catalogue import Catalogue, info_of
from holdfast.kernel.vault.layout import Index, Layer, Manifest, ObjectRef
from holdfast.kernel.vault.verify import packs_used

LayerName: TypeAlias = tuple[str, int]
"""A layer: the name of its index and its position there. Or a pack of chunks: its name and `WHOLE`."""
WHOLE = -1


@dataclass(frozen=True, slots=True)
class Needs:
    """What one snapshot needs: the names of its indexes and packs, and its layers and packs of chunks."""

    info: SnapshotInfo
    objects: frozenset[str]
    layers: frozenset[LayerName]


@dataclass(frozen=True, slots=True)
class Usage:
    """What all snapshots need, newest first; `indexes` are those that any of them names."""

    snapshots: tuple[Needs, ...]
    indexes: dict[str, Index]

    @property
    def needed_objects(self) -> frozenset[str]:
        """The names of indexes and packs that any snapshot needs."""
        return frozenset().union(*(needs.objects for needs in self.snapshots))

    @property
    def packs(self) -> dict[str, ObjectRef]:
        """The packs that the indexes list, needed or not, by name."""
        return {pack.name: pack for index in self.indexes.values() for pack in index.packs}

    def layers(self) -> Iterator[tuple[Index, Layer]]:
        """Every layer that a snapshot needs, with its index, in the order of names."""
        for index, at in sorted(self.needed_by()):
            if at != WHOLE:
                yield self.indexes[index], self.indexes[index].layers[at]

    def stored(self, layers: Iterable[LayerName]) -> int:
        """The bytes that layers take in their packs, and packs of chunks."""
        packs = self.packs
        return sum(
            packs[name].size if at == WHOLE else self.indexes[name].layers[at].stored for name, at in layers
        )

    def needed_by(self) -> Counter[LayerName]:
        """How many snapshots need each layer; those that none needs have no count."""
        return Counter(name for needs in self.snapshots for name in needs.layers)

    def freed(self, without: Collection[str]) -> int:
        """The bytes of layers that only the snapshots of these ids need."""
        rest = self.needed_by()
        rest.subtract(name for needs in self.snapshots if needs.info.id in without for name in needs.layers)
        return self.stored(name for name, count in rest.items() if not count)

    def dead(self) -> int:
        """The bytes in needed packs that no snapshot needs."""
        objects, needed = self.needed_objects, self.needed_by()
        return sum(
            place.length
            for name, index in self.indexes.items()
            for at, layer in enumerate(index.layers)
            if (name, at) not in needed
            for block in layer.blocks
            for place in (block.body, block.personal)
            if place and index.packs[place.pack].name in objects
        )


def usage_of(catalogue: Catalogue) -> Usage:
    """What the snapshots need of the vault. Raises: VaultDamaged; StoreError."""
    snapshots: list[Needs] = []
    indexes: dict[str, Index] = {}
    for manifest in catalogue.manifests():
        objects: set[str] = set()
        for ref in manifest.indexes:
            index = indexes[ref.name] = catalogue.index(ref)
            objects |= {ref.name, *(pack.name for pack in packs_used(manifest, ref, index))}
        own = (
            (manifest.indexes[at.index].name, at.layer) for part in manifest.sections for at in part.layers
        )
        chunks = tuple(_chunk_packs(manifest, indexes))
        layers = frozenset((*own, *((name, WHOLE) for name in chunks)))
        snapshots.append(Needs(info_of(manifest), frozenset((*objects, *chunks)), layers))
    return Usage(tuple(snapshots), indexes)


def _chunk_packs(manifest: Manifest, indexes: Mapping[str, Index]) -> Iterator[str]:
    """The packs of chunks that a snapshot may need: all that its indexes list, which can be more than it does."""
    if not any(section.chunked for section in manifest.sections):
        return
    for ref in manifest.indexes:
        index = indexes[ref.name]
        yield from (index.packs[held.pack].name for held in index.chunks)
