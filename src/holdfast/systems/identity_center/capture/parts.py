"""From what was read to the parts of a capture. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from holdfast.domain.errors import HoldfastError
from holdfast.domain.outcomes import Item, OutcomeKind
from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.assignments import AssignmentListing
from holdfast.systems.identity_center.capture.listing import AssignmentsBy
from holdfast.systems.identity_center.capture.memberships import MembershipListing
from holdfast.systems.identity_center.capture.naming import (
    Collated,
    Names,
    collate,
    name_assignments,
    name_memberships,
)
from holdfast.systems.identity_center.capture.permission_sets import PermissionSetListing
from holdfast.systems.identity_center.capture.reading import Listing, failed
from holdfast.systems.identity_center.mapping import group_record, permission_set_record, user_record
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    Account,
    Group,
    User,
)

INVENTORY = "*"
"""Key of the failure item that stands for a listing which could not be read to its end."""


@dataclass(slots=True)
class Read:
    """What the reads gave; a type that was not needed stays an empty listing."""

    users: Listing[User] = field(default_factory=Listing)
    groups: Listing[Group] = field(default_factory=Listing)
    arns: Listing[str] = field(default_factory=Listing)
    accounts: Listing[Account] = field(default_factory=Listing)
    sets: PermissionSetListing = field(default_factory=PermissionSetListing)
    memberships: MembershipListing = field(default_factory=MembershipListing)
    assignments: AssignmentListing = field(
        default_factory=lambda: AssignmentListing(AssignmentsBy.PERMISSION_SET)
    )
    gone: set[str] = field(default_factory=set)


def make_parts(read: Read, wanted: frozenset[str]) -> Iterator[Part]:
    """The parts asked for, in dependency order."""
    users = collate(USER, ((user.user_id, user_record(user)) for user in read.users.items))
    groups = collate(GROUP, ((group.group_id, group_record(group)) for group in read.groups.items))
    sets = collate(
        PERMISSION_SET, ((item.summary.arn, permission_set_record(item)) for item in read.sets.sets)
    )
    names = name_things(read, users, groups)
    if USER in wanted:
        yield _part(USER, users.records, users.failures, read.users.error)
    if GROUP in wanted:
        yield _part(GROUP, groups.records, groups.failures, read.groups.error)
    if MEMBERSHIP in wanted:
        yield _membership_part(read, names)
    if PERMISSION_SET in wanted:
        unread = [failed(PERMISSION_SET, key, error) for key, error in read.sets.failures]
        yield _part(PERMISSION_SET, sets.records, [*sets.failures, *unread], read.arns.error)
    if ASSIGNMENT in wanted:
        yield _assignment_part(read, names)


def name_things(read: Read, users: Collated, groups: Collated) -> Names:
    """Names by id, without ids that lost their name to another thing of the same name."""
    by_name: dict[str, str] = {}
    for arn, name in sorted(read.sets.names.items()):
        by_name.setdefault(name, arn)
    return Names(
        users={user.user_id: user.user_name for user in read.users.items if user.user_id in users.ids},
        groups={
            group.group_id: group.display_name for group in read.groups.items if group.group_id in groups.ids
        },
        permission_sets={arn: name for name, arn in by_name.items()},
        accounts={account.account_id: account.name for account in read.accounts.items},
        gone=read.gone,
    )


def _membership_part(read: Read, names: Names) -> Part:
    records, unnamed = name_memberships(names, read.memberships.memberships)
    unread = [failed(MEMBERSHIP, item.name, item.error) for item in read.memberships.failures]
    # Both sides' listings are the inventory of memberships: without one of them it is not known.
    return _part(MEMBERSHIP, records, [*unnamed, *unread], read.users.error or read.groups.error)


def _assignment_part(read: Read, names: Names) -> Part:
    records, unnamed = name_assignments(names, list(read.assignments.found))
    unread = [failed(ASSIGNMENT, _show(key, names), error) for key, error in read.assignments.failures]
    return _part(ASSIGNMENT, records, [*unnamed, *unread], read.arns.error)


def _show(key: str, names: Names) -> str:
    """A read's key with the names of permission sets in place of their ARNs."""
    return join_key(*(names.permission_sets.get(item, item) for item in split_key(key)))


def _part(
    type_name: str, records: Sequence[Record], failures: Iterable[Item], listing: HoldfastError | None
) -> Part:
    """A part; what nobody could read (an orphan) is told but does not make it incomplete."""
    items = sorted(failures, key=lambda item: item.key)
    unread = [item.outcome.reason for item in items if item.outcome.kind is OutcomeKind.FAILED]
    reason = f"{len(unread)} of its items could not be read, the first since {unread[0]}" if unread else ""
    if listing is not None:
        items.insert(0, failed(type_name, INVENTORY, listing))
        reason = str(listing)
    return Part(type_name, tuple(records), tuple(items), complete=not reason, reason=reason)
