"""A company of a few names: records to plan with, and facets as a stand-in for the service in planning tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision, RestoreScope
from holdfast.domain.outcomes import Finding
from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.kernel.system import Part, PlanOptions
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.model import (
    RECORD_TYPES,
    Group,
    PermissionSet,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    User,
)
from holdfast.systems.identity_center.plan import plan
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    group_record,
    membership_record,
    permission_set_record,
    user_record,
)

ALL_TYPES = tuple(kind.name for kind in RECORD_TYPES)
EVERYTHING = RestoreScope(ALL_TYPES)
ACCOUNT = "111122223333"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def user(name: str, **attributes: Plain) -> Record:
    given: dict[str, Plain] = {
        "DisplayName": name.title(),
        "Name": {"GivenName": name, "FamilyName": "Example"},
    }
    return user_record(User(f"id-of-{name}", name, {**given, **attributes}))


def group(name: str, description: str = "", external_ids: tuple[tuple[str, str], ...] = ()) -> Record:
    return group_record(Group(f"id-of-{name}", name, description, external_ids))


def member(group_name: str, user_name: str) -> Record:
    return membership_record(NamedMembership(group_name, user_name))


def assigned(account: str, permission_set: str, kind: str, principal: str) -> Record:
    return assignment_record(
        NamedAssignment(account, permission_set, PrincipalType(kind), principal, "Sandbox")
    )


def granted(
    name: str,
    *,
    description: str = "",
    session: str = "PT1H",
    relay_state: str = "",
    inline: str = "",
    managed: Sequence[str] = (),
    customer: Sequence[PolicyReference] = (),
    boundary: str | PolicyReference | None = None,
    tags: dict[str, str] | None = None,
) -> Record:
    summary = PermissionSetSummary(f"arn-of-{name}", name, description, session, relay_state)
    tagged = tuple((tags or {}).items())
    return permission_set_record(
        PermissionSet(summary, inline, tuple(managed), tuple(customer), boundary, tagged)
    )


def view(*records: Record, incomplete: Sequence[str] = (), without: Sequence[str] = ()) -> MemoryView:
    """A view of these records; `incomplete` types are there in part, `without` types were not captured."""
    return MemoryView(
        Part(
            name,
            sorted((record for record in records if record.type == name), key=lambda record: record.key),
            complete=name not in incomplete,
        )
        for name in ALL_TYPES
        if name not in without
    )


OVERWRITE = PlanOptions(EVERYTHING)
MERGE = replace(OVERWRITE, strategy=ConflictStrategy.MERGE)
SKIP = replace(OVERWRITE, strategy=ConflictStrategy.SKIP)


@dataclass(frozen=True)
class Planned:
    """A plan's decisions apart."""

    changes: list[Change] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [change.name for change in self.changes]

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]


def sort_out(decisions: Iterable[Decision]) -> Planned:
    planned = Planned()
    for decision in decisions:
        if isinstance(decision, Change):
            planned.changes.append(decision)
        elif isinstance(decision, Conflict):
            planned.conflicts.append(decision)
        else:
            planned.findings.append(decision)
    return planned


def planned(wanted: MemoryView, present: MemoryView, options: PlanOptions = OVERWRITE) -> Planned:
    return sort_out(plan(wanted, present, options))
