"""What is live in Identity Center, and how it differs from a backup, as the interface's data models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from holdfast.api_application_records import (
    application_assignment_data,
    application_data,
    attributes_data,
    instance_data,
    issuer_data,
)
from holdfast.api_models import (
    CollectionOptions,
    GroupData,
    IncrementalData,
    ResourceChanges,
    ResourceType,
)
from holdfast.api_records import (
    assignment_data,
    group_data,
    permission_set_data,
    relationships_of,
    user_data,
)
from holdfast.domain.errors import Refused, RemoteError
from holdfast.domain.records import Record, RecordView, show_key, split_key
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.compare import Difference, DifferenceKind
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    INSTANCE,
    MEMBERSHIP,
    PERMISSION_SET,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.records.application_names import split_application_assignment

T = TypeVar("T")


class Named:
    """Whether a name is among those asked for; no names means all. User names are compared without case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._folded = frozenset(name.casefold() for name in self._names)

    def __call__(self, name: str) -> bool:
        return not self._names or name in self._names

    def user(self, name: str) -> bool:
        """As the call, for a user name."""
        return not self._folded or name.casefold() in self._folded


def raise_incomplete(parts: Iterable[Part]) -> None:
    """Raises: RemoteError when a part was not read whole, with what the service said."""
    for part in parts:
        if not part.complete:
            failed = part.failures[0].outcome if part.failures else None
            said = f"{failed.reason} {failed.advice}".strip() if failed else part.reason
            raise RemoteError(
                f"Reading every {part.type}", (failed.code if failed else "") or "incomplete", said
            )


def refuse_gaps(info: SnapshotInfo, types: Sequence[str]) -> None:
    """Raises: Refused when the snapshot does not hold these types whole."""
    for name in types:
        section = info.section(name)
        if section is None or not section.captured or not section.complete:
            raise Refused(
                f"backup {info.id} does not hold every {name}, so nothing can be compared with it",
                "Choose fewer `resources`, another `since`, or take a complete backup.",
            )


def incremental_data(
    since: datetime,
    base: str,
    differences: Sequence[Difference],
    live: RecordView,
    options: CollectionOptions,
) -> IncrementalData:
    """Differences between a snapshot and what is live, as data; what the options do not name is left out."""
    named, asked = Named(options.names), frozenset(options.resources)
    members = relationships_of(live).group_members
    regrouped = [difference for difference in differences if difference.type == MEMBERSHIP]

    def changes(resource: ResourceType, name: str, read: Callable[[Record], T]) -> ResourceChanges[T] | None:
        return _changes(differences, live, name, read, named) if resource in asked else None

    found = IncrementalData(
        since=since,
        base_backup_id=base,
        users=changes(ResourceType.USERS, USER, user_data),
        groups=changes(ResourceType.GROUPS, GROUP, lambda record: group_data(record, members)),
        permission_sets=changes(ResourceType.PERMISSION_SETS, PERMISSION_SET, permission_set_data),
        assignments=changes(ResourceType.ASSIGNMENTS, ASSIGNMENT, assignment_data),
        applications=changes(ResourceType.APPLICATIONS, APPLICATION, application_data),
        application_assignments=changes(
            ResourceType.APPLICATIONS, APPLICATION_ASSIGNMENT, application_assignment_data
        ),
        trusted_token_issuers=changes(ResourceType.APPLICATIONS, TRUSTED_TOKEN_ISSUER, issuer_data),
        instance=changes(ResourceType.INSTANCE_SETTINGS, INSTANCE, instance_data),
        access_control_attributes=changes(
            ResourceType.INSTANCE_SETTINGS, ACCESS_CONTROL_ATTRIBUTES, attributes_data
        ),
    )
    if found.groups is not None:
        _add_regrouped(found.groups, regrouped, live, named)
    return found


def _changes(
    differences: Sequence[Difference],
    live: RecordView,
    type_name: str,
    read: Callable[[Record], T],
    named: Named,
) -> ResourceChanges[T]:
    found = ResourceChanges[T]()
    for difference in differences:
        if difference.type != type_name or not _is_named(difference, named):
            continue
        record = live.find(type_name, difference.key)
        if record is None:
            found.removed.append(show_key(difference.key))
        else:
            (found.added if difference.kind is DifferenceKind.ADDED else found.changed).append(read(record))
    return found


def _is_named(difference: Difference, named: Named) -> bool:
    if difference.type == USER:
        return named.user(difference.key)
    if difference.type == APPLICATION_ASSIGNMENT:
        return named(split_application_assignment(difference.key)[0])
    return named(split_key(difference.key)[1] if difference.type == ASSIGNMENT else difference.key)


def _add_regrouped(
    found: ResourceChanges[GroupData], differences: Iterable[Difference], live: RecordView, named: Named
) -> None:
    """Count a group whose members differ as changed, once."""
    known = {group.display_name for group in (*found.added, *found.changed)}
    members = relationships_of(live).group_members
    for name in dict.fromkeys(split_key(difference.key)[0] for difference in differences):
        record = live.find(GROUP, name)
        if record is not None and name not in known and named(name):
            found.changed.append(group_data(record, members))
    found.changed.sort(key=lambda group: group.display_name)
