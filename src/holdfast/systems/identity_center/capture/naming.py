"""From the service's ids to records under natural keys, with a reason for everything that gets no record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from holdfast.domain.outcomes import Item, Outcome, OutcomeKind
from holdfast.domain.records import Record, join_key
from holdfast.systems.identity_center.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    membership_record,
)
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    MEMBERSHIP,
    Assignment,
    Membership,
    PrincipalType,
)

ORPHAN = "orphan"
"""Code of what refers to a thing that no longer exists; no backup can hold it and no restore can set it."""
DUPLICATE = "duplicate-key"
"""Code of a second thing under a natural key that is taken."""
UNNAMED = "unnamed"
"""Code of what refers to a thing whose name could not be read."""


@dataclass(frozen=True, slots=True)
class Collated:
    """Records of a type in key order, unique, the items that got none, and the ids that a key stands for."""

    records: tuple[Record, ...]
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
    return Collated(tuple(records.values()), tuple(failures), frozenset(ids))


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

    def knows_members(self, membership: Membership) -> bool:
        """Whether both sides of a membership have names."""
        return membership.user_id in self.users and membership.group_id in self.groups

    def knows_principal(self, assignment: Assignment) -> bool:
        """Whether an assignment's principal has a name."""
        return bool(self.principal(assignment.principal_type, assignment.principal_id))


def name_memberships(names: Names, memberships: Sequence[Membership]) -> tuple[list[Record], list[Item]]:
    """Records of the memberships whose both sides have names, in key order, and items for the others."""
    records: dict[str, Record] = {}
    failures: list[Item] = []
    for item in memberships:
        if names.knows_members(item):
            record = membership_record(
                NamedMembership(names.groups[item.group_id], names.users[item.user_id])
            )
            records[record.key] = record
        else:
            key = join_key(
                names.groups.get(item.group_id, item.group_id), names.users.get(item.user_id, item.user_id)
            )
            missing = [
                f"{kind} {thing_id}"
                for kind, thing_id, known in (
                    ("group", item.group_id, names.groups),
                    ("user", item.user_id, names.users),
                )
                if thing_id not in known
            ]
            failures.append(
                Item(MEMBERSHIP, key, _unnamed(missing, {item.group_id, item.user_id} & names.gone))
            )
    return [records[key] for key in sorted(records)], failures


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
    return _unnamed(missing, {item.principal_id, item.permission_set_arn} & names.gone)


def _unnamed(missing: list[str], gone: set[str]) -> Outcome:
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
