"""One capture: what depends on what, what runs beside what, and the second look at loose references."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.paging import Page
from holdfast.kernel.ports import Clock
from holdfast.kernel.reading import Listing, read_all
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.application_parts import (
    Principals,
    application_parts,
    instance_parts,
)
from holdfast.systems.identity_center.capture.applications import read_applications
from holdfast.systems.identity_center.capture.assignments import (
    AssignmentListing,
    Inventory,
    read_assignments,
)
from holdfast.systems.identity_center.capture.holding import Held, held, hold_group, hold_user
from holdfast.systems.identity_center.capture.instance import read_instance
from holdfast.systems.identity_center.capture.listing import AssignmentsBy
from holdfast.systems.identity_center.capture.memberships import MembershipListing, read_memberships
from holdfast.systems.identity_center.capture.parts import Read, make_parts
from holdfast.systems.identity_center.capture.permission_sets import (
    PermissionSetListing,
    read_permission_sets,
)
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.capture.settling import (
    Late,
    is_gone,
    look_again,
    still_assigned,
    still_there,
)
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
    ApplicationAssignment,
    Assignment,
    PrincipalType,
)

T = TypeVar("T")

APPLICATION_OPERATIONS = (
    "ListApplications",
    "GetApplicationAssignmentConfiguration",
    "GetApplicationSessionConfiguration",
    "ListApplicationGrants",
    "ListApplicationAccessScopes",
    "ListApplicationAuthenticationMethods",
)
OPERATIONS = {
    "ListUsers": USER,
    "DescribeUser": USER,
    "ListGroups": GROUP,
    "DescribeGroup": GROUP,
    "ListGroupMemberships": MEMBERSHIP,
    "ListGroupMembershipsForMember": MEMBERSHIP,
    "GetGroupMembershipId": MEMBERSHIP,
    "ListAccounts": ASSIGNMENT,
    "ListAccountAssignments": ASSIGNMENT,
    "ListAccountAssignmentsForPrincipal": ASSIGNMENT,
    "ListAccountsForProvisionedPermissionSet": ASSIGNMENT,
    "ListPermissionSetsProvisionedToAccount": ASSIGNMENT,
    **dict.fromkeys(APPLICATION_OPERATIONS, APPLICATION),
    "ListApplicationAssignments": APPLICATION_ASSIGNMENT,
    "ListTrustedTokenIssuers": TRUSTED_TOKEN_ISSUER,
    "DescribeTrustedTokenIssuer": TRUSTED_TOKEN_ISSUER,
    "DescribeInstance": INSTANCE,
    "DescribeInstanceAccessControlAttributeConfiguration": ACCESS_CONTROL_ATTRIBUTES,
    "ListInstances": "",
    "GetCallerIdentity": "",
}
"""The type that an operation is read for; every other one reads permission sets, or the tags of any type."""


class Gathering:
    """Everything that one capture reads. Made for one use."""

    def __init__(
        self, reader: Reader, wanted: frozenset[str], forced: AssignmentsBy | None, clock: Clock
    ) -> None:
        self._reader, self._wanted, self._forced, self._clock = reader, wanted, forced, clock
        self._calls_before = reader.connection.calls()
        self._seconds: dict[str, float] = {}
        self._notes: tuple[Finding, ...] = ()

    def parts(self) -> Iterator[Part]:
        """The parts asked for, in dependency order, once the references between them are settled."""
        read = self._everything()
        if self._wanted & {MEMBERSHIP, ASSIGNMENT, APPLICATION_ASSIGNMENT}:
            self._settle(read)
        self._notes += find_notes(read) if ASSIGNMENT in self._wanted else ()
        for part in chain(make_parts(read, self._wanted), self._settings_parts(read)):
            yield replace(part, calls=self._calls_of(part.type), seconds=self._seconds.get(part.type, 0.0))

    def notes(self) -> tuple[Finding, ...]:
        """What the capture noticed that no part can say."""
        return self._notes

    def _settings_parts(self, read: Read) -> Iterator[Part]:
        listing = read.users.error or read.groups.error
        principals = Principals(read.names.principal, read.gone, listing)
        yield from instance_parts(read.instance, self._wanted)
        arn = self._reader.connection.instance().arn
        yield from application_parts(read.applications, principals, arn, self._wanted)

    def _everything(self) -> Read:
        """All reads, side by side; each waits only for those it needs."""
        connection, wanted = self._reader.connection, self._wanted
        store, sso = connection.identity_store, connection.sso_admin
        assigned = ASSIGNMENT in wanted
        naming = wanted & {MEMBERSHIP, ASSIGNMENT, APPLICATION_ASSIGNMENT}
        users = self._list(USER, held(store.list_users, hold_user), USER in wanted or bool(naming))
        groups = self._list(GROUP, held(store.list_groups, hold_group), GROUP in wanted or bool(naming))
        arns = self._list(PERMISSION_SET, sso.list_permission_sets, assigned or PERMISSION_SET in wanted)
        accounts = self._list(ASSIGNMENT, connection.organizations.list_accounts, assigned, "accounts")
        sets = self._lead(PERMISSION_SET, lambda: self._permission_sets(arns.result().items))
        memberships = self._lead(MEMBERSHIP, lambda: self._memberships(users.result(), groups.result()))
        assignments = self._lead(
            ASSIGNMENT,
            lambda: self._assignments(
                Inventory(users.result(), groups.result(), arns.result(), accounts.result())
            ),
        )
        applications = self._lead(APPLICATION, lambda: read_applications(self._reader, wanted))
        instance = self._lead(INSTANCE, lambda: read_instance(self._reader, wanted))
        return Read(
            users=users.result(),
            groups=groups.result(),
            arns=arns.result(),
            accounts=accounts.result(),
            sets=sets.result(),
            memberships=memberships.result(),
            assignments=assignments.result(),
            applications=applications.result(),
            instance=instance.result(),
        )

    def _permission_sets(self, arns: tuple[str, ...]) -> PermissionSetListing:
        return read_permission_sets(self._reader, arns, whole=PERMISSION_SET in self._wanted)

    def _memberships(self, users: Listing[Held], groups: Listing[Held]) -> MembershipListing:
        # Without names on both sides no membership can be kept, so asking would only cost calls.
        if MEMBERSHIP not in self._wanted or users.error or groups.error:
            return MembershipListing()
        return read_memberships(self._reader, users.items, groups.items)

    def _assignments(self, inventory: Inventory) -> AssignmentListing:
        if ASSIGNMENT not in self._wanted:
            return AssignmentListing(AssignmentsBy.PERMISSION_SET)
        return read_assignments(self._reader, inventory, self._forced)

    def _list(
        self, type_name: str, page: Callable[[str], Page[T]], needed: bool, title: str = ""
    ) -> Future[Listing[T]]:
        counted = self._reader.counted(title or f"{type_name}s".replace("_", " "), page)
        return self._lead(type_name, lambda: read_all(counted) if needed else Listing())

    def _lead(self, type_name: str, work: Callable[[], T]) -> Future[T]:
        def timed() -> T:
            started = self._clock.monotonic()
            try:
                return work()
            finally:
                self._seconds[type_name] = self._clock.monotonic() - started

        return self._reader.workers.coordinate(timed)

    def _settle(self, read: Read) -> None:
        """Look again at what references lead to and the listings did not show."""
        user_ids, group_ids = loose_principals(read)
        late = look_again(self._reader, user_ids, group_ids)
        read.users = Listing((*read.users.items, *late.users), read.users.error)
        read.groups = Listing((*read.groups.items, *late.groups), read.groups.error)
        self._settle_sets(read)
        self._forget_deleted(read, late)
        self._drop_vanished(read, late)

    def _settle_sets(self, read: Read) -> None:
        known = set(read.arns.items)
        arns = sorted({item.permission_set_arn for item in read.assignments.found} - known)
        if arns and not read.arns.error:
            read.sets.merge(self._permission_sets(tuple(arns)))

    def _forget_deleted(self, read: Read, late: Late) -> None:
        """Leave out users and groups that were listed and deleted before their memberships were read."""
        deleted = [item for item in read.memberships.failures if item.owner_id in late.gone]
        ids = {item.owner_id for item in deleted}
        read.users = Listing(tuple(u for u in read.users.items if u.id not in ids), read.users.error)
        read.groups = Listing(tuple(g for g in read.groups.items if g.id not in ids), read.groups.error)
        read.memberships.failures = [item for item in read.memberships.failures if item not in deleted]
        self._notes += tuple(_deleted_meanwhile(item.name) for item in deleted)

    def _drop_vanished(self, read: Read, late: Late) -> None:
        """Leave out what the service dropped with the thing it refers to; what it still has is an orphan."""
        read.gone = late.gone
        loose = [pair for pair in read.memberships.pairs() if not late.gone.isdisjoint(pair)]
        read.memberships.drop(set(loose) - set(still_there(self._reader, loose)))
        suspects = [item for item in read.assignments.found if item.principal_id in late.gone]
        for item in set(suspects) - set(still_assigned(self._reader, suspects)):
            del read.assignments.found[item]

    def _calls_of(self, type_name: str) -> int:
        before = dict(self._calls_before.by_operation)
        return sum(
            count - before.get(operation, 0)
            for operation, count in self._reader.connection.calls().by_operation
            if OPERATIONS.get(operation.rpartition(":")[2], PERMISSION_SET) == type_name
        )


def loose_principals(read: Read) -> tuple[set[str], set[str]]:
    """Ids of users and groups to look at again: referred to but not listed, or listed and then not found.

    A listing that is not whole itself leaves too much open, so nothing of its type is looked up.
    """
    groups: set[str] = set(read.memberships.members)
    users: set[str] = {user_id for user_ids in read.memberships.members.values() for user_id in user_ids}
    assigned: list[Assignment | ApplicationAssignment] = [
        *read.assignments.found,
        *read.applications.assigned,
    ]
    for item in assigned:
        (users if item.principal_type is PrincipalType.USER else groups).add(item.principal_id)
    known_users = {user.id for user in read.users.items}
    known_groups = {group.id for group in read.groups.items}
    lost = {item.owner_id for item in read.memberships.failures if is_gone(item.error)}
    return (
        set() if read.users.error else (users - known_users) | (lost & known_users),
        set() if read.groups.error else (groups - known_groups) | (lost & known_groups),
    )


def find_notes(read: Read) -> tuple[Finding, ...]:
    """What the way of reading assignments means for the reader of the backup."""
    found = []
    if read.accounts.error:
        found.append(_accounts_unknown(str(read.accounts.error), read.accounts.error.advice))
    if read.assignments.by is AssignmentsBy.PRINCIPAL:
        found.append(_read_by_principal())
    return tuple(found)


def _deleted_meanwhile(name: str) -> Finding:
    return Finding(
        Severity.NOTE,
        "deleted-meanwhile",
        MEMBERSHIP,
        name,
        f"{name} was deleted while the capture ran and is not in it.",
    )


def _accounts_unknown(problem: str, advice: str) -> Finding:
    return Finding(
        Severity.WARNING,
        "accounts-unlisted",
        ASSIGNMENT,
        "",
        f"Assignments were listed by permission set and carry no account names: {problem}",
        advice,
    )


def _read_by_principal() -> Finding:
    return Finding(
        Severity.NOTE,
        "read-by-principal",
        ASSIGNMENT,
        "",
        "Assignments were asked for by principal, the fewest calls here; deleted principals' do not show so.",
        "Set `assignments_by` to `permission_set` to see them too.",
    )
