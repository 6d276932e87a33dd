"""Users, groups and memberships as items of a table."""

from __future__ import annotations

import re
from collections.abc import Mapping

from holdfast.domain.records import Record, split_key
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.canonical import Plain, plain
from holdfast.systems.quicksight.model import GROUP, MEMBERSHIP, USER
from holdfast.systems.quicksight.storing.names import EXPIRES, PARTITION, SORT_KEYS, sort_value

Attributes = Mapping[str, Plain]
"""An item's attributes by name, as plain values."""

_PARTS = {
    USER: ("namespace", "user"),
    GROUP: ("namespace", "group"),
    MEMBERSHIP: ("namespace", "group", "user"),
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def item_of(record: Record, snapshot: SnapshotInfo, expires: int) -> Attributes:
    """The item of a record: what the service said of it, in snake case, beside the keys of table and backup."""
    said = {**plain(record.body), **plain(record.personal)}
    item: dict[str, Plain] = {_snake(name): value for name, value in said.items()}
    item |= dict(zip(_PARTS[record.type], split_key(record.key), strict=True))
    if expires:
        item[EXPIRES] = expires
    return item | {
        "backup_timestamp": snapshot.taken_at.isoformat(),
        PARTITION: snapshot.id,
        SORT_KEYS[record.type]: sort_value(record.key),
    }


def _snake(name: str) -> str:
    return _CAPITAL.sub("_", name).lower()
