"""A capture of a company whose content is known: nothing missing, nothing added, in any way of asking."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.domain.records import Record
from holdfast.kernel.system import Part
from holdfast.sandbox.portrait import (
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
)
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.model import PolicyReference
from holdfast.systems.identity_center.records.mapping import (
    assignment_from,
    group_from,
    membership_from,
    permission_set_from,
    user_from,
)
from tests.systems.identity_center.small_company import ALL_TYPES

Make = Callable[..., IdentityCenterSource]
Capture = Callable[..., dict[str, Part]]


def test_every_user_comes_with_every_attribute(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    users = [user_from(record) for record in capture(source_of(sandbox), ["user"])["user"].records]
    kept = {user.user_name: {"UserName": user.user_name, **user.attributes} for user in users}
    assert kept == {str(person["UserName"]): dict(person) for person in sandbox.dump().users}


def test_groups_and_memberships_are_those_of_the_company(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    parts, company = capture(source_of(sandbox)), sandbox.dump()
    groups = [group_from(record) for record in parts["group"].records]
    members = [membership_from(record) for record in parts["membership"].records]
    assert {GroupPortrait(g.display_name, g.description, g.external_ids) for g in groups} == set(
        company.groups
    )
    assert {MembershipPortrait(m.group, m.user) for m in members} == set(company.memberships)


def test_permission_sets_come_with_everything_attached(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    records = capture(source_of(sandbox), ["permission_set"])["permission_set"].records
    assert {record.key: shape(record) for record in records} == {
        kept.name: expected(kept) for kept in sandbox.dump().permission_sets
    }


def shape(record: Record) -> tuple[object, ...]:
    kept = permission_set_from(record)
    summary = kept.summary
    return (
        (summary.description, summary.session_duration, summary.relay_state, kept.inline_policy),
        set(kept.managed_policies),
        set(kept.customer_policies),
        kept.boundary,
        dict(kept.tags),
    )


def expected(kept: PermissionSetPortrait) -> tuple[object, ...]:
    customer = {PolicyReference(policy.name, policy.path) for policy in kept.customer_policies}
    own = PolicyReference(kept.boundary.name, kept.boundary.path) if kept.boundary else None
    return (
        (kept.description, kept.session, kept.relay_state, kept.inline_policy),
        set(kept.managed_policies),
        customer,
        kept.boundary_arn or own,
        kept.tags,
    )


@pytest.mark.parametrize("by", ["account", "permission_set", "principal", ""])
def test_every_way_of_asking_gives_the_companys_assignments(
    sandbox: SandboxServer, source_of: Make, capture: Capture, by: str
) -> None:
    part = capture(source_of(sandbox, assignments_by=by), ["assignment"])["assignment"]
    company = sandbox.dump()
    kept = [assignment_from(record) for record in part.records]
    assert part.complete
    assert {
        AssignmentPortrait(a.account_id, a.permission_set, a.principal_type, a.principal) for a in kept
    } == set(company.assignments)
    names = {account.id: account.name for account in company.accounts}
    assert all(assignment.account_name == names[assignment.account_id] for assignment in kept)


def test_records_are_sorted_unique_and_fit_together(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    source = source_of(sandbox)
    parts = capture(source)
    assert source.validate(list(parts.values())) == []
    for part in parts.values():
        keys = [record.key for record in part.records]
        assert keys == sorted(set(keys))


def test_one_thread_and_sixteen_read_the_same_bytes(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    alone = capture(source_of(sandbox, concurrency=1))
    together = capture(source_of(sandbox, concurrency=16))
    assert {name: [r.digest for r in part.records] for name, part in alone.items()} == {
        name: [r.digest for r in part.records] for name, part in together.items()
    }


def test_an_empty_directory_is_captured_as_complete_and_empty(source_of: Make, capture: Capture) -> None:
    with SandboxServer("empty") as server:
        parts = capture(source_of(server))
    assert {name: (len(part.records), part.complete, part.failures) for name, part in parts.items()} == {
        name: (int(name == "instance"), True, ()) for name in ALL_TYPES
    }


def test_only_the_types_asked_for_are_given_and_only_what_they_need_is_read(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    assert list(capture(source_of(sandbox), ["group"])) == ["group"]
    assert set(sandbox.status().requests) == {"sso-admin:ListInstances", "identitystore:ListGroups"}


def test_memberships_alone_are_given_by_name_without_users_and_groups(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    parts = capture(source_of(sandbox), ["membership"])
    assert list(parts) == ["membership"]
    assert len(parts["membership"].records) == len(sandbox.dump().memberships)


def test_a_parts_calls_are_those_the_service_counted(
    sandbox: SandboxServer, source_of: Make, capture: Capture
) -> None:
    source = source_of(sandbox)
    parts = capture(source)
    asked = sandbox.status().requests
    assert parts["user"].calls == asked["identitystore:ListUsers"]
    assert parts["membership"].calls == asked["identitystore:ListGroupMemberships"]
    assert source.calls().calls == sandbox.status().requests_total
