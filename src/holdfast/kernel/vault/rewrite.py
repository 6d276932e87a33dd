"""Writes anew what surviving snapshots hold, without what only others could see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.forest import Chain, LayerId, Node, Settling, Tree, rows_by_key, trees_of
from holdfast.kernel.vault.layers import LayerReader, write_layer
from holdfast.kernel.vault.layout import BlockRef, Index, Layer, LayerRef, Manifest, ObjectRef, Place, Section
from holdfast.kernel.vault.packs import Packing, PackReader, PackWriter, check_name, fetch, write_object
from holdfast.kernel.vault.reader import open_layers
from holdfast.kernel.vault.rows import LISTED_ROWS, Row, listed
from holdfast.kernel.vault.sealing import Role
from holdfast.kernel.vault.writer import SectionDigest

Placed = dict[LayerId, tuple[ObjectRef, int]]
"""Where the layers of a tree's nodes lie now: index, and position in it."""


def places_of(layer: Layer) -> Iterator[Place]:
    """The places of all parts of a layer."""
    for block in layer.blocks:
        yield block.body
        if block.personal:
            yield block.personal


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
        held.indexes.update((name, catalogue.index(ref)) for name, ref in held.refs.items())
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
            if any(used[at] < pack.blocks for at, pack in enumerate(index.packs)):
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
        """Find the layers that cannot stay as they are; their number. Raises: VaultDamaged; StoreError."""
        for tree in self._trees:
            if tree.may_drop:
                settling = Settling(tree)
                for found in rows_by_key(self._streams(tree, ())):
                    settling.settle(found)
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
            for at, pack in enumerate(index.packs):
                if kept[at] < pack.blocks:
                    left.add(pack.name)
                    copied |= {pack.name} if kept[at] or at in altered else set()
        return left, copied

    def write(self) -> list[Manifest]:
        """Store new packs and indexes; the manifests that name them, in the order of the old ones.

        Every digest is compared on what was stored. Raises: VaultError; VaultDamaged; StoreError.
        """
        homes: dict[str, list[LayerId]] = {}
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
        if written:
            ref = builder.finish(written)
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
        indexes = list(dict.fromkeys(ref for refs in placed for ref, _ in refs))
        sections = tuple(
            msgspec.structs.replace(
                section, layers=tuple(LayerRef(indexes.index(ref), at) for ref, at in refs)
            )
            for section, refs in zip(manifest.sections, placed, strict=True)
        )
        return msgspec.structs.replace(manifest, indexes=tuple(indexes), sections=sections)


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


class IndexBuilder:
    """Makes one index: packs that stay whole under a new wrapping of their keys, and new packs."""

    def __init__(self, catalogue: Catalogue, packing: Packing) -> None:
        self._catalogue = catalogue
        self._packing = packing
        self._packs: list[ObjectRef | None] = []
        self._old = set[str]()
        store, seals, full = catalogue.store, catalogue.seals, packing.pack_bytes
        self._writers = {
            role: PackWriter(store, seals, role, self._packs, full) for role in (Role.RECORDS, Role.PERSONAL)
        }
        self.stored = 0
        self.stored_bytes = 0

    def keep(self, old: Index, layers: Sequence[int]) -> list[Layer]:
        """The layers of an old index that are needed; packs with other blocks are left behind, theirs copied."""
        kept = [old.layers[at] for at in layers]
        used: dict[int, list[Place]] = {}
        for place in chain.from_iterable(map(places_of, kept)):
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

    def write(self, type_name: str, rows: Iterator[Row]) -> Layer | None:
        """A layer of these rows, or None when there are none. Raises: StoreError; what drawing the rows raises."""
        bodies, personals = self._writers[Role.RECORDS], self._writers[Role.PERSONAL]
        return write_layer(type_name, listed(rows), bodies, personals, self._packing.block_bytes)

    def finish(self, layers: Sequence[Layer]) -> ObjectRef:
        """Store what is held, and the index. Raises: StoreError."""
        for writer in self._writers.values():
            writer.finish()
        packs = tuple(ref for ref in self._packs if ref is not None)
        made = [pack for pack in packs if pack.name not in self._old]
        encoded = msgspec.msgpack.encode(Index(packs, tuple(layers)))
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


def missing(held: Holdings, sizes: dict[str, int]) -> None:
    """Nothing where all that is held is in the store. Raises: VaultDamaged naming what is not."""
    for ref in held.objects():
        if sizes.get(ref.name) != ref.size:
            raise damaged(ref.name, "the object is missing or has another size; nothing was pruned")
