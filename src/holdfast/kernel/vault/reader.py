"""Reads a sealed snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain, starmap, takewhile

from holdfast.domain.errors import VaultError
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.catalogue import MOST_MOVES, Catalogue, info_of
from holdfast.kernel.vault.chunk_reader import ChunkReader
from holdfast.kernel.vault.chunks import BlobRef
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layers import LayeredRows, LayerReader, unequal_above
from holdfast.kernel.vault.layout import Manifest, ObjectRef
from holdfast.kernel.vault.packs import PackReader
from holdfast.kernel.vault.rows import Row, aligned, unequal


def open_layers(
    catalogue: Catalogue, layers: Sequence[tuple[ObjectRef, int]], where: str
) -> list[LayerReader]:
    """Readers of layers, each given as an index and its position there. Raises: VaultDamaged; StoreError."""
    readers = []
    for ref, at in layers:
        index = catalogue.index(ref)
        if at >= len(index.layers):
            raise damaged(f"{ref.name} ({where})", f"the index has no layer {at}")
        packs = PackReader(catalogue.store, catalogue.seals, index.packs)
        readers.append(LayerReader(index.layers[at], packs, where))
    return readers


class SnapshotReader:
    """Records of one snapshot, a `RecordView`. Everything read is authenticated."""

    def __init__(self, catalogue: Catalogue, manifest: Manifest) -> None:
        self.info: SnapshotInfo = info_of(manifest)
        self._manifest = manifest
        self._catalogue = catalogue
        self._views: dict[str, LayeredRows] = {}

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(section.type for section in self._manifest.sections if section.captured)

    def is_complete(self, type_name: str) -> bool:
        section = self.info.section(type_name)
        return section is not None and section.captured and section.complete

    def records(self, type_name: str) -> Iterator[Record]:
        """All records of a type in key order, streamed. Raises: VaultDamaged; SnapshotGone; StoreError."""
        return (_record(type_name, row) for row in self._rows(type_name))

    def keys(self, type_name: str) -> Iterator[str]:
        """The keys of all records, in order; personal parts are not read. Raises: as `records`."""
        return (row[0] for row in self._rows(type_name, personal=False))

    def _rows(self, type_name: str, *, personal: bool = True) -> Iterator[Row]:
        """The rows of a type; where a prune takes them away, they go on from where it has put them."""
        last, going = "", False
        for rest in range(MOST_MOVES, -1, -1):
            try:
                for row in self.layered(type_name).rows(personal=personal):
                    if going and row[0] <= last:
                        continue
                    yield row
                    last, going = row[0], True
                return
            except VaultError:
                if not rest or not self._follow():
                    raise

    def _follow(self) -> bool:
        """Whether a prune has written the snapshot anew; if so that is read from now on. Raises: SnapshotGone."""
        if not self._catalogue.moved(self._manifest.id):
            return False
        self._manifest = self._catalogue.manifest(self._manifest.id)
        self._views = {}
        self.__dict__.pop("chunks", None)
        return True

    def find(self, type_name: str, key: str) -> Record | None:
        """One record, read without the rest. Raises: VaultDamaged; StoreError."""
        try:
            row = self.layered(type_name).find(key)
        except VaultError:
            if not self._follow():
                raise
            row = self.layered(type_name).find(key)
        return None if row is None else _record(type_name, row)

    def changes_since(
        self, before: SnapshotReader, type_name: str, wanted: Callable[[str], bool]
    ) -> dict[str, Record | None]:
        """What became of the wanted records whose rows the two snapshots do not share; None for those gone.

        Some may be as they were. Layers that both have are not read, so little change costs little.
        Raises: VaultDamaged; SnapshotGone; StoreError.
        """
        try:
            return self._changes_since(before, type_name, wanted)
        except VaultError:
            moved = self._follow(), before._follow()
            if not any(moved):
                raise
        return self._changes_since(before, type_name, wanted)

    def _changes_since(
        self, before: SnapshotReader, type_name: str, wanted: Callable[[str], bool]
    ) -> dict[str, Record | None]:
        shared = self._shared_layers(before, type_name)
        found: dict[str, Record | None] = {}
        for layer in self.layered(type_name).layers[shared:]:
            for row in chain.from_iterable(layer.blocks()):
                if wanted(row[0]):
                    found[row[0]] = None if row[2] is None else _record(type_name, row)
        for layer in before.layered(type_name).layers[shared:]:
            for row in chain.from_iterable(layer.blocks()):
                if wanted(row[0]) and row[0] not in found:
                    found[row[0]] = self.find(type_name, row[0])
        return found

    @cached_property
    def chunks(self) -> ChunkReader:
        """The chunks that the snapshot's records name. Raises: VaultDamaged; StoreError."""
        return ChunkReader(self._catalogue, self._manifest.indexes)

    def open_blob(self, ref: BlobRef) -> Iterator[bytes]:
        """The bytes of a blob, a few MiB in memory at a time. Raises: VaultDamaged; StoreError."""
        names = [bytes.fromhex(each) for each in ref.chunks]
        given = 0
        for rest in range(MOST_MOVES, -1, -1):
            try:
                for piece in self.chunks.stream(names[given:]):
                    yield piece
                    given += 1
                return
            except VaultError:
                if not rest or not self._follow():
                    raise

    def unequal(
        self, before: SnapshotReader, type_name: str
    ) -> Iterator[tuple[Record | None, Record | None]]:
        """The records of a type that are not the same to the byte, before and now, in key order; None where absent.

        What both snapshots share is read only where it holds such a record.
        Raises: VaultDamaged; StoreError.
        """
        own, other = (reader.info.section(type_name) for reader in (self, before))
        if own and other and own.captured and own.digest == other.digest:
            return
        now, was = self.layered(type_name), before.layered(type_name)
        shared = self._shared_layers(before, type_name)
        if shared:
            pairs = unequal_above(was, now, shared)
        else:
            pairs = chain.from_iterable(starmap(unequal, aligned(was.lists(), now.lists())))
        for old, new in pairs:
            yield old and _record(type_name, old), new and _record(type_name, new)

    def _shared_layers(self, other: SnapshotReader, type_name: str) -> int:
        own, others = (reader._manifest.layers(type_name) for reader in (self, other))
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(own, others, strict=False)))

    def layered(self, type_name: str) -> LayeredRows:
        """The rows behind a type; none for a type that was not captured. Raises: VaultDamaged; StoreError."""
        if type_name not in self._views:
            layers = self._manifest.layers(type_name)
            where = f"snapshot {self._manifest.id}, "
            self._views[type_name] = LayeredRows(open_layers(self._catalogue, layers, where))
        return self._views[type_name]


def _record(type_name: str, row: Row) -> Record:
    return Record(type_name, row[0], row[2] or b"", row[3], row[1])
