"""What tables, items and objects of a backup are called, so that two backups of one day never meet."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.domain.records import join_key, split_key
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.systems.quicksight.model import GROUP, MEMBERSHIP, USER
from holdfast.systems.quicksight.settings import QuickSightSettings

PARTITION = "backup_id"
"""Partition key of every table: the snapshot's id, so that a backup is one query."""
SORT_KEYS = {USER: "user_name", GROUP: "group_name", MEMBERSHIP: "membership_id"}
"""Record types that have a table, and the sort key of each."""
EXPIRES = "expires_at"
"""Attribute that DynamoDB's TTL reads: seconds since 1970."""

_DATES = {"YYYY/MM/DD": "%Y/%m/%d", "YYYY-MM-DD": "%Y-%m-%d", "YYYYMMDD": "%Y%m%d"}


def table_names(settings: QuickSightSettings, snapshot: SnapshotInfo) -> dict[str, str]:
    """The table of each record type that has one: `2026-11-20-quicksight-users`."""
    names = {
        USER: settings.users_table,
        GROUP: settings.groups_table,
        MEMBERSHIP: settings.memberships_table,
    }
    day = _utc(snapshot).strftime("%Y-%m-%d")
    return {type_name: f"{day}-{name}" for type_name, name in names.items()}


def sort_value(key: str) -> str:
    """The sort key's value for a record: its names with `#` between them; a `#` or `%` before the last is escaped."""
    *before, last = split_key(key)
    return "#".join([*(part.replace("%", "%25").replace("#", "%23") for part in before), last])


def item_key(table: str, key: str) -> str:
    """The key of the change that writes a record's item."""
    return join_key(table, sort_value(key))


def sort_of(change_key: str) -> str:
    """The sort key's value in a key of `item_key`."""
    return split_key(change_key)[1]


def bundle_key(
    settings: QuickSightSettings, snapshot: SnapshotInfo, type_name: str, number: int, *, described: bool
) -> str:
    """The key of a type's bundle: `{prefix}/{date}/{type}/{type}_bundle_{N}-{HHMMSS}-{short run id}.qs`.

    `described` ones hold assets of which the service made no bundle.
    """
    taken = _utc(snapshot)
    date = taken.strftime(_DATES[settings.prefix_format])
    kind = f"{type_name}_described" if described else type_name
    name = f"{kind}_bundle_{number}-{taken:%H%M%S}-{snapshot.run.rpartition('-')[2]}.qs"
    return "/".join(filter(None, (settings.prefix.strip("/"), date, type_name, name)))


def expires_at(settings: QuickSightSettings, snapshot: SnapshotInfo) -> int:
    """When the items of a backup expire, in seconds since 1970; 0 for never."""
    return int(snapshot.taken_at.timestamp()) + settings.table_days * 86_400 if settings.table_days else 0


def _utc(snapshot: SnapshotInfo) -> datetime:
    return snapshot.taken_at.astimezone(UTC)
