"""What a capture says when the service refuses, fails or changes meanwhile: never an empty list for an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.domain.errors import CredentialsError
from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.kernel.paging import Page
from holdfast.kernel.system import Part
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import Assignment, Group, Membership, PrincipalType, User
from tests.systems.identity_center.small_company import ALL_TYPES

Make = Callable[..., IdentityCenterSource]
Capture = Callable[..., dict[str, Part]]
GHOST = "ffffffffff-00000000-0000-0000-0000-000000000000"
"""An id that nobody has; it sorts last, so that the real one of two keeps the name."""


def test_a_denied_listing_is_a_named_failure_and_the_other_types_go_on(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", deny=True)])
    source = source_of(sandbox)
    parts = capture(source)
    users = parts["user"]
    assert (users.complete, list(users.records)) == (False, [])
    assert "identitystore:ListUsers" in users.reason
    assert users.failures[0].outcome.code == "access-denied"
    assert parts["membership"].complete is False
    assert "identitystore:ListUsers" in parts["membership"].reason
    assert parts["group"].complete
    assert parts["permission_set"].complete
    direct = [item for item in parts["assignment"].failures if PrincipalType.USER in item.key]
    assert direct
    assert not parts["assignment"].complete
    assert not [f for f in source.validate(list(parts.values())) if f.severity is Severity.ERROR]


def test_a_denied_detail_of_one_permission_set_leaves_the_others_alone(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    sandbox.faults([FaultRule(operation="GetInlinePolicyForPermissionSet", deny=True, times=1)])
    parts = capture(source_of(sandbox))
    part = parts["permission_set"]
    assert (len(part.records), len(part.failures), part.complete) == (5, 1, False)
    assert part.failures[0].key in {kept.name for kept in sandbox.dump().permission_sets}
    assert "sso:GetInlinePolicyForPermissionSet" in part.failures[0].outcome.advice
    assert parts["assignment"].complete


def test_without_the_organization_assignments_are_read_by_permission_set_and_it_says_so(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    sandbox.faults([FaultRule(service="organizations", deny=True)])
    source = source_of(sandbox)
    parts = capture(source)
    assert parts["assignment"].complete
    assert len(parts["assignment"].records) == len(sandbox.dump().assignments)
    notes = source.validate(list(parts.values()))
    assert [note.code for note in notes] == ["accounts-unlisted"]
    assert "organizations:ListAccounts" in notes[0].advice


def test_asking_principals_gives_way_where_it_is_not_allowed(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    sandbox.faults([FaultRule(operation="ListAccountAssignmentsForPrincipal", deny=True)])
    part = capture(source_of(sandbox, assignments_by="principal"), ["assignment"])["assignment"]
    assert part.complete
    assert len(part.records) == len(sandbox.dump().assignments)


def test_scattered_server_errors_and_cut_connections_change_nothing(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    quiet = capture(source_of(sandbox))
    sandbox.faults(
        # Three in all: as many as one call is repeated, should all of them meet the same one.
        [
            FaultRule(p=0.05, times=2, error="InternalServerException", status=500),
            FaultRule(p=0.05, times=1, reset=True),
        ]
    )
    rough = capture(source_of(sandbox))
    assert {name: list(part.records) for name, part in rough.items()} == {
        n: list(part.records) for n, part in quiet.items()
    }
    assert all(part.complete for part in rough.values())


def test_under_a_strict_limit_the_capture_is_whole_and_was_throttled(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    services = ("identitystore", "sso-admin")
    sandbox.faults([FaultRule(service=services, rate=60, burst=20)])
    source = source_of(sandbox)
    parts = capture(source)
    assert all(part.complete for part in parts.values())
    assert source.calls().throttles == sandbox.status().throttled_total > 0


def test_one_group_that_never_answers_is_one_failure(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    group = next(iter(capture(source_of(sandbox), ["group"])["group"].records))
    group_id = str(group.body).split('"GroupId":"')[1].split('"')[0]
    rule = FaultRule(operation="ListGroupMemberships", parameters={"GroupId": group_id}, reset=True)
    sandbox.faults([rule])
    part = capture(source_of(sandbox))["membership"]
    assert [item.key for item in part.failures] == [group.key]
    assert part.failures[0].outcome.code == "remote-unavailable"
    held = [each for each in sandbox.dump().memberships if each.group != group.key]
    assert len(part.records) == len(held)


def test_an_expired_token_ends_the_capture(sandbox: SandboxServer, source_of: Make, capture: Capture) -> None:
    sandbox.faults([FaultRule(operation="DescribePermissionSet", expired_token=True)])
    with pytest.raises(CredentialsError):
        capture(source_of(sandbox))


def test_a_region_that_is_down_is_said_of_every_type(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    source = source_of(sandbox)
    source.identity()
    sandbox.faults([FaultRule(region="us-east-1", region_down=True)])
    parts = capture(source)
    assert {name: (part.complete, len(part.records)) for name, part in parts.items()} == dict.fromkeys(
        ALL_TYPES, (False, 0)
    )
    assert all(part.reason for part in parts.values())


class WithGhost:
    """The SSO Admin gateway of an instance where one assignment's principal is long gone."""

    def __init__(self, real: SsoAdminGateway) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def list_assignments(self, account_id: str, arn: str, token: str = "") -> Page[Assignment]:
        page = self._real.list_assignments(account_id, arn, token)
        ghost = Assignment(account_id, arn, PrincipalType.USER, GHOST)
        return Page((*page.items, ghost), page.next_token) if account_id == "123456789012" else page


def test_an_assignment_of_a_deleted_principal_is_told_and_not_dropped(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    def haunt(connection: Connection) -> Connection:
        return replace(connection, sso_admin=WithGhost(connection.sso_admin))  # type: ignore[arg-type]

    source = source_of(sandbox, haunt, assignments_by="permission_set")
    parts = capture(source)
    part = parts["assignment"]
    assert len(part.records) == len(sandbox.dump().assignments)
    assert {item.outcome.kind for item in part.failures} == {OutcomeKind.IMPOSSIBLE}
    assert all(GHOST in item.key for item in part.failures)
    findings = source.validate(list(parts.values()))
    assert {(finding.severity, finding.code) for finding in findings} == {(Severity.WARNING, "orphan")}


class Meddler:
    """The Identity Store gateway of a directory that somebody changes right after users and groups were listed."""

    def __init__(self, real: IdentityStoreGateway, change: Callable[[IdentityStoreGateway], None]) -> None:
        self._real, self._change, self._listed = real, change, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def list_users(self, token: str = "") -> Page[User]:
        return self._count(self._real.list_users(token))

    def list_groups(self, token: str = "") -> Page[Group]:
        return self._count(self._real.list_groups(token))

    def _count(self, page: Page) -> Page:  # type: ignore[type-arg]
        self._listed += not page.next_token
        if self._listed == 2:
            self._change(self._real)
        return page


def meddled(change: Callable[[IdentityStoreGateway], None]) -> Callable[[Connection], Connection]:
    def wrap(connection: Connection) -> Connection:
        return replace(connection, identity_store=Meddler(connection.identity_store, change))  # type: ignore[arg-type]

    return wrap


def test_a_user_who_joined_during_the_capture_is_captured_with_the_membership(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    def join(store: IdentityStoreGateway) -> None:
        name = {"GivenName": "Late", "FamilyName": "Comer"}
        user = store.create_user("Late.Comer", {"DisplayName": "Late Comer", "Name": name})
        store.create_membership(store.find_group_id("Cloud Operators"), user)

    source = source_of(sandbox, meddled(join))
    parts = capture(source)
    assert "late.comer" in [record.key for record in parts["user"].records]
    assert "Cloud Operators\x1flate.comer" in [record.key for record in parts["membership"].records]
    assert source.validate(list(parts.values())) == []


def test_a_group_deleted_during_the_capture_is_left_out_with_a_note_and_what_refers_to_it(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    def leave(store: IdentityStoreGateway) -> None:
        store.delete_group(store.find_group_id("Cloud Operators"))

    source = source_of(sandbox, meddled(leave), assignments_by="permission_set")
    parts = capture(source)
    company = sandbox.dump()
    assert "Cloud Operators" not in {record.key for record in parts["group"].records}
    assert len(parts["membership"].records) == len(company.memberships)
    assert len(parts["assignment"].records) == len(company.assignments)
    assert all(part.complete for part in parts.values())
    assert [finding.code for finding in source.validate(list(parts.values()))] == ["deleted-meanwhile"]


class Doubled:
    """The Identity Store gateway of a directory where two groups have one name."""

    def __init__(self, real: IdentityStoreGateway) -> None:
        self._real = real

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def list_groups(self, token: str = "") -> Page[Group]:
        page = self._real.list_groups(token)
        return Page((*page.items, Group(GHOST, "All Employees", "the second one")), page.next_token)

    def list_memberships(self, group_id: str, token: str = "") -> Page[Membership]:
        if group_id == GHOST:
            user = self._real.list_users().items[0].user_id
            return Page((Membership("m-1", GHOST, user),))
        return self._real.list_memberships(group_id, token)


def test_two_groups_of_one_name_are_reported_and_their_members_not_mixed(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    def double(connection: Connection) -> Connection:
        return replace(connection, identity_store=Doubled(connection.identity_store))  # type: ignore[arg-type]

    parts = capture(source_of(sandbox, double), ["group", "membership"])
    assert [item.outcome.code for item in parts["group"].failures] == ["duplicate-key"]
    assert len(parts["group"].records) == len(sandbox.dump().groups)
    assert len(parts["membership"].records) == len(sandbox.dump().memberships)
    assert [item.outcome.kind for item in parts["membership"].failures] == [OutcomeKind.FAILED]
