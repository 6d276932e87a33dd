"""Reads a sealed snapshot, and compares two."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.catalogue import Catalogue, info_of
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layers import LayeredRows, LayerReader, Row, newest_rows
from holdfast.kernel.vault.layout import Manifest, ObjectRef
from holdfast.kernel.vault.packs import PackReader

Difference: TypeAlias = tuple[str, str, Record | None, Record | None]
"""Type, key, the record in the first snapshot, the record in the second."""


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
        readers.append(LayerReader(index.layers[at], packs, f"{ref.name}#{at}", where))
    return readers


def record_of(type_name: str, row: Row | None) -> Record | None:
    """A row as the domain knows it; None for a removal or no row."""
    if row is None or row[2] is None:
        return None
    return Record(type_name, row[0], row[2], row[3], row[1])


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
        """All records of a type in key order, streamed. Raises: VaultDamaged; StoreError."""
        for row in self.layered(type_name).rows():
            yield Record(type_name, row[0], row[2] or b"", row[3], row[1])

    def find(self, type_name: str, key: str) -> Record | None:
        """One record, read without the rest. Raises: VaultDamaged; StoreError."""
        return record_of(type_name, self.layered(type_name).find(key))

    def layered(self, type_name: str) -> LayeredRows:
        """The rows behind a type; none for a type that was not captured. Raises: VaultDamaged; StoreError."""
        if type_name not in self._views:
            manifest = self._manifest
            section = next((part for part in manifest.sections if part.type == type_name), None)
            refs = [(manifest.indexes[ref.index], ref.layer) for ref in section.layers] if section else []
            where = f"snapshot {manifest.id}, "
            self._views[type_name] = LayeredRows(open_layers(self._catalogue, refs, where))
        return self._views[type_name]


def compare(first: SnapshotReader, second: SnapshotReader) -> Iterator[Difference]:
    """What differs, by type and key; reads only layers that are not in both and the blocks their keys lie in.

    Raises: VaultDamaged; StoreError.
    """
    for type_name in dict.fromkeys((*first.types, *second.types)):
        sections = first.info.section(type_name), second.info.section(type_name)
        if sections[0] and sections[1] and sections[0].digest == sections[1].digest:
            continue
        for key, one, other in _differing(first.layered(type_name), second.layered(type_name)):
            yield type_name, key, record_of(type_name, one), record_of(type_name, other)


def _differing(first: LayeredRows, second: LayeredRows) -> Iterator[tuple[str, Row | None, Row | None]]:
    shared = 0
    for one, other in zip(first.layers, second.layers, strict=False):
        if one.identity != other.identity:
            break
        shared += 1
    pairs = _touched(first, second, shared) if shared else _merged(first, second)
    return (pair for pair in pairs if pair[1] != pair[2])


def _touched(
    first: LayeredRows, second: LayeredRows, shared: int
) -> Iterator[tuple[str, Row | None, Row | None]]:
    """Both rows of every key that a layer not in both speaks of; all other keys are equal."""
    streams = (newest_rows(view.layers[shared:]) for view in (first, second))
    for key, _ in groupby(row[0] for row in heapq.merge(*streams, key=lambda row: row[0])):
        yield key, first.find(key), second.find(key)


def _merged(first: LayeredRows, second: LayeredRows) -> Iterator[tuple[str, Row | None, Row | None]]:
    """Both rows of every key of either."""
    tagged: Iterable[tuple[str, int, Row]] = heapq.merge(_tagged(first, 0), _tagged(second, 1))
    for key, group in groupby(tagged, key=lambda item: item[0]):
        found = {side: row for _, side, row in group}
        yield key, found.get(0), found.get(1)


def _tagged(view: LayeredRows, side: int) -> Iterator[tuple[str, int, Row]]:
    for row in view.rows():
        yield row[0], side, row
