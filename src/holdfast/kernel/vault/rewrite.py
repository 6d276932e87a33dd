"""Writes anew what surviving snapshots hold, without what only others could see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.chunk_writer import ids_in
from holdfast.kernel.vault.chunks import chunks_of
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.forest import Chain, LayerId, Node, Settling, Tree, rows_by_key, trees_of
from holdfast.kernel.vault.index_builder import IndexBuilder, places_of
from holdfast.kernel.vault.layers import LayerReader
from holdfast.kernel.vault.layout import ChunkPack, Index, Layer, LayerRef, Manifest, ObjectRef, Section
from holdfast.kernel.vault.packs import Packing
from holdfast.kernel.vault.reader import open_layers
from holdfast.kernel.vault.rows import LISTED_ROWS, Row
from holdfast.kernel.vault.sealing import Role
from holdfast.kernel.vault.writer import SectionDigest

Placed = dict[LayerId, tuple[ObjectRef, int]]
"""Where the layers of a tree's nodes lie now: index, and position in it."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What some snapshots hold: their manifests, and the indexes these name, by name."""

    manifests: tuple[Manifest, ...]
    refs: dict[str, ObjectRef] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, manifests: Iterable[Manifest]) -> Holdings:
        """Reads the indexes. Raises: VaultDamaged; StoreError."""
        held = cls(tuple(manifests))
        for ref in chain.from_iterable(manifest.indexes for manifest in held.manifests):
            held.refs[ref.name] = ref
        held.indexes.update(zip(held.refs, ahead(catalogue.index, held.refs.values()), strict=True))
        return held

    def chain(self, manifest: Manifest, section: Section) -> Chain:
        """The layers of a section, oldest first."""
        return tuple((manifest.indexes[ref.index].name, ref.layer) for ref in section.layers)

    def chains(self) -> Iterator[Chain]:
        """The layers of every section of every snapshot."""
        for manifest in self.manifests:
            yield from (self.chain(manifest, section) for section in manifest.sections)

    def layer(self, layer: LayerId) -> Layer:
        """A layer, as its index lists it."""
        return self.indexes[layer[0]].layers[layer[1]]

    def objects(self) -> Iterator[ObjectRef]:
        """Indexes, and all packs that they list."""
        for name, ref in self.refs.items():
            yield ref
            yield from self.indexes[name].packs

    def has_dead(self) -> bool:
        """Whether an index lists a layer or a block that none of these snapshots needs."""
        live = set(chain.from_iterable(self.chains()))
        for name, index in self.indexes.items():
            if any((name, at) not in live for at in range(len(index.layers))):
                return True
            used = Counter(place.pack for layer in index.layers for place in places_of(layer))
            records = [(at, pack) for at, pack in enumerate(index.packs) if pack.role != Role.CHUNKS]
            if any(used[at] < pack.blocks for at, pack in records):
                return True
        return False


class Rewriting:
    """One rewriting of all that some snapshots hold, under the newest epoch."""

    def __init__(self, catalogue: Catalogue, held: Holdings, packing: Packing) -> None:
        self._catalogue = catalogue
        self._held = held
        self._packing = packing
        self._trees = trees_of(held.chains())
        self._nodes = {
            layer: (tree, node) for tree in self._trees for node in tree.nodes for layer in node.run
        }
        self._chunked = {
            layer
            for manifest in held.manifests
            for section in manifest.sections
            if section.chunked
            for layer in held.chain(manifest, section)
        }
        self._live = set[bytes]()
        self._homes: dict[str, tuple[str, ChunkPack]] = {}
        for name, index in sorted(held.indexes.items()):
            for listed in index.chunks:
                self._homes.setdefault(index.packs[listed.pack].name, (name, listed))
        self._with_chunks: dict[str, ObjectRef] = {}
        self._placed: Placed = {}
        self._altered = set[LayerId]()
        self.packs = 0
        """Packs that were stored."""
        self.bytes = 0
        """Their size, and that of the new indexes."""

    @property
    def must_merge(self) -> bool:
        """Whether there are layers that hold rows for other layers alone."""
        return any(tree.must_merge for tree in self._trees)

    def examine(self) -> int:
        """Find the layers that cannot stay as they are, and the chunks that are needed; the number of the first.

        About 70 bytes of memory are taken for each chunk. Raises: VaultDamaged; StoreError.
        """
        for tree in self._trees:
            chunked = not self._chunked.isdisjoint(tree.layers)
            if tree.may_drop or chunked:
                settling = Settling(tree)
                for found in rows_by_key(self._streams(tree, ())):
                    kept = settling.settle(found)
                    if chunked:
                        self._live.update(*(chunks_of(row[2]) for row in kept.values() if row[2]))
                self._altered |= settling.altered
        return len(self._altered)

    def foreseen(self) -> tuple[set[str], set[str]]:
        """After `examine`, the objects that `write` would leave behind, and the packs whose blocks it would copy."""
        left, copied = set(self._held.refs), set[str]()
        for name, index in self._held.indexes.items():
            kept, altered = Counter[int](), set[int]()
            for layer in (layer for layer in self._nodes if layer[0] == name):
                places = [place.pack for place in places_of(self._held.layer(layer))]
                if self._nodes[layer][1].id in self._altered:
                    altered.update(places)
                else:
                    kept.update(places)
            for listed in index.chunks:
                wanted = sum(chunk in self._live for chunk in ids_in(listed.ids))
                kept[listed.pack] = wanted
            for at, pack in enumerate(index.packs):
                if kept[at] < pack.blocks:
                    left.add(pack.name)
                    copied |= {pack.name} if kept[at] or at in altered else set()
        return left, copied

    def write(self) -> list[Manifest]:
        """Store new packs and indexes; the manifests that name them, in the order of the old ones.

        Every digest is compared on what was stored. Raises: VaultError; VaultDamaged; StoreError.
        """
        homes: dict[str, list[LayerId]] = {name: [] for name, _ in self._homes.values()}
        for layer, (_, node) in self._nodes.items():
            if layer == node.id:
                homes.setdefault(layer[0], []).append(layer)
        for name in sorted(homes):
            self._write_index(name, sorted(homes[name]))
        self._check_digests()
        return [self._manifest(manifest) for manifest in self._held.manifests]

    def _write_index(self, name: str, layers: list[LayerId]) -> None:
        """The index that takes the place of an old one, with those of its layers that are left."""
        builder = IndexBuilder(self._catalogue, self._packing)
        kept = [layer for layer in layers if layer not in self._altered]
        written = builder.keep(self._held.indexes[name], [layer[1] for layer in kept])
        owners = list(kept)
        for layer in [layer for layer in layers if layer in self._altered]:
            made = builder.write(self._held.layer(layer).type, self._rows(layer))
            if made:
                written.append(made)
                owners.append(layer)
        here = [listed for home, listed in self._homes.values() if home == name]
        builder.keep_chunks(self._held.indexes[name], here, self._live)
        if written or builder.has_chunks:
            ref = builder.finish(written)
            if builder.has_chunks:
                self._with_chunks[name] = ref
            self._placed.update((layer, (ref, at)) for at, layer in enumerate(owners))
        self.packs += builder.stored
        self.bytes += builder.stored_bytes

    def _rows(self, layer: LayerId) -> Iterator[Row]:
        """The rows that are left of a node."""
        tree, node = self._nodes[layer]
        settling = Settling(tree)
        for found in rows_by_key(self._streams(tree, node.run)):
            row = settling.settle(found).get(layer)
            if row is not None:
                yield row

    def _streams(self, tree: Tree, personal: Sequence[LayerId]) -> list[Iterator[Row]]:
        """The rows of a tree's layers as they are stored, personal parts of some of them."""
        refs = [(self._held.refs[name], at) for name, at in tree.layers]
        readers = open_layers(self._catalogue, refs, "")
        return [
            chain.from_iterable(reader.blocks(personal=layer in personal))
            for layer, reader in zip(tree.layers, readers, strict=True)
        ]

    def _check_digests(self) -> None:
        """Compare what was stored with what the snapshots sealed, before anything is taken away."""
        expected = {
            (self._held.chain(manifest, section)[-1:], section.count, section.digest)
            for manifest in self._held.manifests
            for section in manifest.sections
            if section.layers
        }
        found: dict[LayerId, tuple[int, str]] = {}
        for tree in self._trees:
            if any(node.id in self._altered for node in tree.nodes):
                found |= self._digests(tree)
        for (top,), count, digest in expected:
            if top in found and found[top] != (count, digest):
                raise VaultError(
                    f"The layer {top[0]}#{top[1]}, written anew, does not hold the records that were sealed.",
                    "Nothing was deleted and all snapshots are as they were. Report this.",
                )

    def _digests(self, tree: Tree) -> dict[LayerId, tuple[int, str]]:
        """Number and digest of the rows that the snapshots of a tree see now, all in one reading."""
        nodes = [node for node in tree.nodes if node.id in self._placed]
        readers = self._readers(node.id for node in nodes)
        views = [_View(node) for node in tree.nodes if node.top]
        for found in rows_by_key([chain.from_iterable(reader.blocks()) for reader in readers]):
            rows = {nodes[number].id: row for number, row in found}
            for view in views:
                view.see(rows)
        return {view.node.id: view.result() for view in views}

    def _readers(self, layers: Iterable[LayerId]) -> list[LayerReader]:
        return open_layers(self._catalogue, [self._placed[layer] for layer in layers], "")

    def _manifest(self, manifest: Manifest) -> Manifest:
        """The manifest over the new indexes; what was captured, its digests and its root stay."""
        placed = []
        for section in manifest.sections:
            ids = dict.fromkeys(self._nodes[layer][1].id for layer in self._held.chain(manifest, section))
            placed.append([self._placed[layer] for layer in ids if layer in self._placed])
        layered = (ref for refs in placed for ref, _ in refs)
        indexes = list(dict.fromkeys(chain(layered, self._chunk_indexes(manifest))))
        sections = tuple(
            msgspec.structs.replace(
                section, layers=tuple(LayerRef(indexes.index(ref), at) for ref, at in refs)
            )
            for section, refs in zip(manifest.sections, placed, strict=True)
        )
        return msgspec.structs.replace(manifest, indexes=tuple(indexes), sections=sections)

    def _chunk_indexes(self, manifest: Manifest) -> Iterator[ObjectRef]:
        """The new indexes of the packs of chunks that a snapshot's old ones list, in their order."""
        for ref in manifest.indexes if any(section.chunked for section in manifest.sections) else ():
            index = self._held.indexes[ref.name]
            for listed in index.chunks:
                home, _ = self._homes[index.packs[listed.pack].name]
                if home in self._with_chunks:
                    yield self._with_chunks[home]


class _View:
    """What one snapshot sees of a tree, for its digest."""

    def __init__(self, node: Node) -> None:
        self.node = node
        path, above = list[LayerId](), node.parent
        while above is not None:
            path.append(above.id)
            above = above.parent
        self._path = (node.id, *path)
        self._digest = SectionDigest()
        self._held: list[Row] = []

    def see(self, rows: dict[LayerId, Row]) -> None:
        """Take the rows of the next key."""
        row = next((rows[layer] for layer in self._path if layer in rows), None)
        if row is not None and row[2] is not None:
            self._held.append(row)
            if len(self._held) == LISTED_ROWS:
                self._digest.extend(self._held)
                self._held = []

    def result(self) -> tuple[int, str]:
        """Number and digest of what was seen."""
        if self._held:
            self._digest.extend(self._held)
        return self._digest.count, self._digest.hex()


def missing(held: Holdings, sizes: dict[str, int]) -> None:
    """Nothing where all that is held is in the store. Raises: VaultDamaged naming what is not."""
    for ref in held.objects():
        if sizes.get(ref.name) != ref.size:
            raise damaged(ref.name, "the object is missing or has another size; nothing was pruned")
