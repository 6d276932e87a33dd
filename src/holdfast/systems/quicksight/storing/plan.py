"""What storing a snapshot comes to as changes: tables first, then their items, then bundles. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

import msgspec

from holdfast.domain.changes import Change
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.canonical import canonical
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.storing.bundles import Contents, divided
from holdfast.systems.quicksight.storing.items import item_of
from holdfast.systems.quicksight.storing.names import (
    EXPIRES,
    SORT_KEYS,
    bundle_key,
    expires_at,
    item_key,
    table_names,
)

TABLE, BUNDLE = "table", "bundle"
ITEMS = {f"{type_name}.item": type_name for type_name in SORT_KEYS}
"""Change types of items, and the record type of each."""
TABLE_CHANGES = frozenset({TABLE, *ITEMS})
BUNDLE_CHANGES = frozenset({BUNDLE})

_TABLE_RANK, _ITEM_RANK, _BUNDLE_RANK = range(3)


class TableValue(msgspec.Struct, frozen=True):
    """What a table is to be: its sort key, the attribute by which items expire (empty: none), and PITR."""

    sort_key: str
    expires: str
    point_in_time_recovery: bool


class BundleValue(msgspec.Struct, frozen=True):
    """What lies under a bundle's key: `size` in bytes, SHA-256 in hex, and the assets in it."""

    contents: Contents
    size: int
    sha256: str


_table_values = msgspec.json.Decoder(TableValue)
_bundle_values = msgspec.json.Decoder(BundleValue)


def table_changes(view: RecordView, snapshot: SnapshotInfo, settings: QuickSightSettings) -> Iterator[Change]:
    """The tables of the types that the snapshot has, and an item for each record."""
    expires, names = expires_at(settings, snapshot), table_names(settings, snapshot)
    stored = {type_name: name for type_name, name in names.items() if type_name in view.types}
    for type_name, table in stored.items():
        ttl = EXPIRES if expires else ""
        value = TableValue(SORT_KEYS[type_name], ttl, settings.point_in_time_recovery)
        yield Change(TABLE, table, None, _canonical(value), _TABLE_RANK, table)
    for type_name, table in stored.items():
        for record in view.records(type_name):
            key = item_key(table, record.key)
            item = canonical(item_of(record, snapshot, expires))
            yield Change(f"{type_name}.item", key, None, item, _ITEM_RANK, key)


def bundle_changes(
    view: RecordView, snapshot: SnapshotInfo, settings: QuickSightSettings
) -> Iterator[Change]:
    """A bundle for each so many assets of a type; its bytes are built again when it is put."""
    numbers: Counter[tuple[str, bool]] = Counter()
    for contents, data in divided(view, settings.assets_per_bundle):
        series = contents.type, contents.described
        numbers[series] += 1
        key = bundle_key(settings, snapshot, contents.type, numbers[series], described=contents.described)
        value = BundleValue(contents, len(data), hashlib.sha256(data).hexdigest())
        yield Change(BUNDLE, key, None, _canonical(value), _BUNDLE_RANK, key)


def table_value(change: Change) -> TableValue:
    """What a change of a table is to leave."""
    return _table_values.decode(change.after or b"null")


def bundle_value(change: Change) -> BundleValue:
    """What a change of a bundle is to leave."""
    return _bundle_values.decode(change.after or b"null")


def _canonical(value: TableValue | BundleValue) -> bytes:
    return msgspec.json.encode(value, order="sorted")
