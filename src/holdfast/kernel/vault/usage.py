"""What each snapshot needs of the vault: its layers, and the packs that they lie in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.catalogue import Catalogue, info_of
from holdfast.kernel.vault.layout import Index, Layer, Manifest, ObjectRef
from holdfast.kernel.vault.sealing import Role
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
            for place in layer.places()
            if index.packs[place.pack].name in objects
        )


def usage_of(catalogue: Catalogue) -> Usage:
    """What the snapshots need of the vault. Raises: VaultDamaged; StoreError."""
    snapshots: list[Needs] = []
    indexes: dict[str, Index] = {}
    for manifest in catalogue.manifests():
        indexes |= {ref.name: catalogue.index(ref) for ref in manifest.indexes}
        objects = {ref.name: ref for ref in objects_of(catalogue, manifest)}
        own = (
            (manifest.indexes[at.index].name, at.layer) for part in manifest.sections for at in part.layers
        )
        chunks = ((name, WHOLE) for name, ref in objects.items() if ref.role == Role.CHUNKS)
        snapshots.append(Needs(info_of(manifest), frozenset(objects), frozenset((*own, *chunks))))
    return Usage(tuple(snapshots), indexes)


def objects_of(catalogue: Catalogue, manifest: Manifest) -> Iterator[ObjectRef]:
    """The indexes and packs that a snapshot needs; of packs of chunks all that its indexes list, which may be more.

    Raises: VaultDamaged; StoreError.
    """
    for ref in manifest.indexes:
        index = catalogue.index(ref)
        yield ref
        yield from packs_used(manifest, ref, index)
        yield from index.chunk_packs() if manifest.chunked else ()
