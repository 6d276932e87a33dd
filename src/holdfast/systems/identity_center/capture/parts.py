"""From what was read, under the service's ids, to the parts of a capture under natural keys. Pure.

Everything that gets no record is given with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from holdfast.domain.errors import HoldfastError
from holdfast.domain.outcomes import Item, Outcome, OutcomeKind
from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.packed import PackedRecords
from holdfast.kernel.reading import Listing, failed
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.applications import ApplicationListing
from holdfast.systems.identity_center.capture.assignments import AssignmentListing
from holdfast.systems.identity_center.capture.holding import Held
from holdfast.systems.identity_center.capture.instance import InstanceListing
from holdfast.systems.identity_center.capture.listing import AssignmentsBy
from holdfast.systems.identity_center.capture.memberships import MembershipListing
from holdfast.systems.identity_center.capture.permission_sets import PermissionSetListing
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    Account,
    Assignment,
    PrincipalType,
)
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    membership_record,
    permission_set_record,
    user_key,
)

INVENTORY = "*"
"""Key of the failure item that stands for a listing which could not be read to its end."""

ORPHAN = "orphan"
"""Code of what refers to a thing that no longer exists; no backup can hold it and no restore can set it."""
DUPLICATE = "duplicate-key"
"""Code of a second thing under a natural key that is taken."""
UNNAMED = "unnamed"
"""Code of what refers to a thing whose name could not be read."""


@dataclass(slots=True)
class Names:
    """Names by id. `gone` are ids that the service no longer knows; other unknown ids could not be read."""

    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    permission_sets: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def principal(self, kind: PrincipalType, principal_id: str) -> str:
        """A principal's name, empty when it is not known."""
        return (self.users if kind is PrincipalType.USER else self.groups).get(principal_id, "")

    def knows_members(self, group_id: str, user_id: str) -> bool:
        """Whether both sides of a membership have names."""
        return user_id in self.users and group_id in self.groups

    def knows_principal(self, assignment: Assignment) -> bool:
        """Whether an assignment's principal has a name."""
        return bool(self.principal(assignment.principal_type, assignment.principal_id))


@dataclass(slots=True)
class Read:
    """What the reads gave; a type that was not needed stays an empty listing. `names` come with the parts."""

    users: Listing[Held] = field(default_factory=Listing)
    groups: Listing[Held] = field(default_factory=Listing)
    arns: Listing[str] = field(default_factory=Listing)
    accounts: Listing[Account] = field(default_factory=Listing)
    sets: PermissionSetListing = field(default_factory=PermissionSetListing)
    memberships: MembershipListing = field(default_factory=MembershipListing)
    assignments: AssignmentListing = field(
        default_factory=lambda: AssignmentListing(AssignmentsBy.PERMISSION_SET)
    )
    applications: ApplicationListing = field(default_factory=ApplicationListing)
    instance: InstanceListing = field(default_factory=InstanceListing)
    gone: set[str] = field(default_factory=set)
    names: Names = field(default_factory=Names)


def make_parts(read: Read, wanted: frozenset[str]) -> Iterator[Part]:
    """The parts asked for, in dependency order."""
    users = collate(USER, ((user.id, user.record) for user in read.users.items))
    groups = collate(GROUP, ((group.id, group.record) for group in read.groups.items))
    sets = collate(
        PERMISSION_SET, ((item.summary.arn, permission_set_record(item)) for item in read.sets.sets)
    )
    names = read.names = name_things(read, users, groups)
    # Their records are packed by now and their names known; they would be the largest thing held.
    read.users, read.groups = Listing((), read.users.error), Listing((), read.groups.error)
    if USER in wanted:
        yield make_part(USER, users.records, users.failures, read.users.error)
    if GROUP in wanted:
        yield make_part(GROUP, groups.records, groups.failures, read.groups.error)
    if MEMBERSHIP in wanted:
        yield _membership_part(read, names)
    if PERMISSION_SET in wanted:
        unread = [failed(PERMISSION_SET, key, error) for key, error in read.sets.failures]
        yield make_part(PERMISSION_SET, sets.records, [*sets.failures, *unread], read.arns.error)
    if ASSIGNMENT in wanted:
        yield _assignment_part(read, names)


def name_things(read: Read, users: Collated, groups: Collated) -> Names:
    """Names by id, without ids that lost their name to another thing of the same name."""
    by_name: dict[str, str] = {}
    for arn, name in sorted(read.sets.names.items()):
        by_name.setdefault(name, arn)
    return Names(
        users={user.id: user.name for user in read.users.items if user.id in users.ids},
        groups={group.id: group.name for group in read.groups.items if group.id in groups.ids},
        permission_sets={arn: name for name, arn in by_name.items()},
        accounts={account.account_id: account.name for account in read.accounts.items},
        gone=read.gone,
    )


def _membership_part(read: Read, names: Names) -> Part:
    records, unnamed = name_memberships(names, read.memberships)
    unread = [failed(MEMBERSHIP, item.name, item.error) for item in read.memberships.failures]
    # Both sides' listings are the inventory of memberships: without one of them it is not known.
    return make_part(MEMBERSHIP, records, [*unnamed, *unread], read.users.error or read.groups.error)


def _assignment_part(read: Read, names: Names) -> Part:
    records, unnamed = name_assignments(names, list(read.assignments.found))
    unread = [failed(ASSIGNMENT, _show(key, names), error) for key, error in read.assignments.failures]
    return make_part(ASSIGNMENT, records, [*unnamed, *unread], read.arns.error)


def _show(key: str, names: Names) -> str:
    """A read's key with the names of permission sets in place of their ARNs."""
    return join_key(*(names.permission_sets.get(item, item) for item in split_key(key)))


def make_part(
    type_name: str, records: Iterable[Record], failures: Iterable[Item], listing: HoldfastError | None
) -> Part:
    """A part; what nobody could read (an orphan) is told but does not make it incomplete."""
    items = sorted(failures, key=lambda item: item.key)
    unread = [item.outcome.reason for item in items if item.outcome.kind is OutcomeKind.FAILED]
    reason = f"{len(unread)} of its items could not be read, the first since {unread[0]}" if unread else ""
    if listing is not None:
        items.insert(0, failed(type_name, INVENTORY, listing))
        reason = str(listing)
    packed = records if isinstance(records, PackedRecords) else PackedRecords(records)
    return Part(type_name, packed, tuple(items), complete=not reason, reason=reason)


@dataclass(frozen=True, slots=True)
class Collated:
    """Records of a type in key order, unique, the items that got none, and the ids that a key stands for."""

    records: PackedRecords
    failures: tuple[Item, ...]
    ids: frozenset[str]


def collate(type_name: str, found: Iterable[tuple[str, Record]]) -> Collated:
    """Sort by key; of several under one key the one with the lowest id is kept and the rest are failures."""
    records: dict[str, Record] = {}
    failures: list[Item] = []
    ids: set[str] = set()
    for thing_id, record in sorted(dict(found).items(), key=lambda pair: (pair[1].key, pair[0])):
        if not record.key:
            failures.append(Item(type_name, thing_id, _no_name(type_name)))
        elif record.key in records:
            failures.append(
                Item(type_name, join_key(record.key, thing_id), _duplicate(type_name, record.key))
            )
        else:
            records[record.key] = record
            ids.add(thing_id)
    return Collated(PackedRecords(records.values()), tuple(failures), frozenset(ids))


def name_memberships(names: Names, listing: MembershipListing) -> tuple[PackedRecords, list[Item]]:
    """Records of the memberships whose both sides have names, in key order, and items for the others."""
    failures = [
        _unnamed_membership(names, *pair) for pair in listing.pairs() if not names.knows_members(*pair)
    ]
    return PackedRecords(_named_memberships(names, listing.members)), failures


def _named_memberships(names: Names, members: dict[str, list[str]]) -> Iterator[Record]:
    """Group by group, so that never more than one group's records are held; keys sort by group, then user."""
    known = {
        join_key(names.groups[group_id], ""): group_id for group_id in members if group_id in names.groups
    }
    for _, group_id in sorted(known.items()):
        named = {names.users[user_id] for user_id in members[group_id] if user_id in names.users}
        for user in sorted(named, key=user_key):
            yield membership_record(NamedMembership(names.groups[group_id], user))


def _unnamed_membership(names: Names, group_id: str, user_id: str) -> Item:
    key = join_key(names.groups.get(group_id, group_id), names.users.get(user_id, user_id))
    sides = (("group", group_id, names.groups), ("user", user_id, names.users))
    missing = [f"{kind} {thing_id}" for kind, thing_id, known in sides if thing_id not in known]
    return Item(MEMBERSHIP, key, unnamed(missing, {group_id, user_id} & names.gone))


def name_assignments(names: Names, assignments: Sequence[Assignment]) -> tuple[list[Record], list[Item]]:
    """Records of the assignments whose parts have names, in key order, and items for the others."""
    records: dict[str, Record] = {}
    failures: list[Item] = []
    for item in assignments:
        named = _named(names, item)
        if names.knows_principal(item) and item.permission_set_arn in names.permission_sets:
            record = assignment_record(named)
            records[record.key] = record
        else:
            key = join_key(named.account_id, named.permission_set, named.principal_type, named.principal)
            failures.append(Item(ASSIGNMENT, key, _unnamed_assignment(names, item)))
    return [records[key] for key in sorted(records)], failures


def _named(names: Names, item: Assignment) -> NamedAssignment:
    return NamedAssignment(
        account_id=item.account_id,
        permission_set=names.permission_sets.get(item.permission_set_arn, item.permission_set_arn),
        principal_type=item.principal_type,
        principal=names.principal(item.principal_type, item.principal_id) or item.principal_id,
        account_name=names.accounts.get(item.account_id, ""),
    )


def _unnamed_assignment(names: Names, item: Assignment) -> Outcome:
    missing = []
    if item.permission_set_arn not in names.permission_sets:
        missing.append(f"permission set {item.permission_set_arn}")
    if not names.knows_principal(item):
        missing.append(f"{item.principal_type.lower()} {item.principal_id}")
    return unnamed(missing, {item.principal_id, item.permission_set_arn} & names.gone)


def unnamed(missing: list[str], gone: set[str]) -> Outcome:
    """The outcome of what refers to things that have no name in this capture; `gone` are those that no longer exist."""
    what = " and ".join(missing)
    if gone:
        return Outcome(
            OutcomeKind.IMPOSSIBLE,
            f"It refers to {what}, which no longer exists; a backup cannot name it.",
            "Remove it in Identity Center; the identity source may have deleted the principal.",
            ORPHAN,
        )
    return Outcome(
        OutcomeKind.FAILED,
        f"It refers to {what}, whose name could not be read.",
        "Cure the failure of that item or listing, then run the command again.",
        UNNAMED,
    )


def _no_name(type_name: str) -> Outcome:
    return Outcome(
        OutcomeKind.IMPOSSIBLE,
        f"The {type_name} has no name, so nothing can refer to it in a backup.",
        "Give it a name in the identity source.",
        UNNAMED,
    )


def _duplicate(type_name: str, key: str) -> Outcome:
    return Outcome(
        OutcomeKind.FAILED,
        f"Another {type_name} has the same name {key}; one name cannot stand for both.",
        "Rename one of them in the identity source.",
        DUPLICATE,
    )
