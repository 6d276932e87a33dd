"""Denied actions: named with their resource, the rest goes on, and what is missing is never shown as empty."""

from __future__ import annotations

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

COUNTS = {"user": 40, "group": 12, "membership": 129, "permission_set": 6, "assignment": 53}
EVERYBODY = "All Employees"


def sections(desk: Desk, backup: str) -> dict[str, dict[str, object]]:
    """The sections of a backup by type."""
    shown = desk.run("backups", "show", backup, "--json").json[0]
    return {section["type"]: section for section in shown["sections"]}


@pytest.mark.parametrize(
    ("operation", "action", "short", "unharmed"),
    [
        ("ListUsers", "identitystore:ListUsers", {"user"}, {"group", "permission_set"}),
        ("ListGroups", "identitystore:ListGroups", {"group"}, {"user", "permission_set"}),
        ("ListGroupMemberships", "identitystore:ListGroupMemberships", {"membership"}, {"user", "group", "assignment"}),
        ("ListPermissionSets", "sso:ListPermissionSets", {"permission_set", "assignment"}, {"user", "group", "membership"}),
        ("GetInlinePolicyForPermissionSet", "sso:GetInlinePolicyForPermissionSet", {"permission_set"}, {"user", "assignment"}),
        ("ListTagsForResource", "sso:ListTagsForResource", {"permission_set"}, {"user", "assignment"}),
        ("ListAccountAssignments", "sso:ListAccountAssignments", {"assignment"}, {"user", "permission_set", "membership"}),
    ],
)  # fmt: skip
def test_a_denied_listing_is_named_and_the_rest_is_backed_up(
    desk: Desk, sandbox: SandboxServer, operation: str, action: str, short: set[str], unharmed: set[str]
) -> None:
    sandbox.faults([FaultRule(service=("identitystore", "sso-admin"), operation=operation, deny=True)])
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 3, taken
    assert taken.json["state"] == "partial"
    denied = [failure for failure in taken.json["failures"] if failure["code"] == "access-denied"]
    assert denied
    assert action in denied[0]["reason"]
    assert "arn:aws:" in denied[0]["reason"]
    assert f"Allow {action}" in denied[0]["advice"]
    held = sections(desk, taken.json["snapshot"])
    for name in short:
        assert held[name]["complete"] is False
        assert action in str(held[name]["reason"])
    for name in unharmed:
        assert (held[name]["complete"], held[name]["count"]) == (True, COUNTS[name])
    shown = desk.run("backups", "show", taken.json["snapshot"]).out
    assert "PARTIAL" in shown
    assert "PARTIAL" in desk.run("backups", "list").out


def test_one_denied_permission_set_fails_alone(
    desk: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    arn = admin.sets()["ReadOnly"]
    sandbox.faults(
        [FaultRule(operation="GetInlinePolicy.*", parameters={"PermissionSetArn": arn}, deny=True)]
    )
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 3
    tally = next(each for each in taken.json["items"] if each["type"] == "permission_set")
    assert (tally["done"], tally["failed"], tally["total"]) == (5, 1, 6)
    assert arn in taken.json["failures"][0]["reason"]


def test_accounts_that_may_not_be_listed_cost_their_names_not_the_assignments(
    desk: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(service="organizations", deny=True)])
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 0
    assert [finding["code"] for finding in taken.json["findings"]] == ["accounts-unlisted"]
    assert "organizations:ListAccounts" in taken.json["findings"][0]["message"]
    assert sections(desk, taken.json["snapshot"])["assignment"]["count"] == COUNTS["assignment"]


@pytest.mark.parametrize("operation", ["ListInstances", "GetCallerIdentity"])
def test_without_what_every_run_needs_nothing_is_stored(
    desk: Desk, sandbox: SandboxServer, operation: str
) -> None:
    sandbox.faults([FaultRule(operation=operation, deny=True)])
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 11
    assert taken.error["code"] == "access-denied"
    assert operation in taken.error["message"]
    assert f":{operation}" in taken.error["advice"]
    assert desk.run("backups", "list", "--json").json == []


def test_a_part_that_could_not_be_read_is_not_compared_as_if_it_were_empty(
    desk: Desk, backed_up: str, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="ListGroups", deny=True)])
    compared = desk.run("identity-center", "diff", "latest", "--json")
    assert compared.code == 3
    assert {each["kind"] for each in compared.json} == {"unknown"}
    assert {each["type"] for each in compared.json} == {
        *("group", "membership", "assignment", "application_assignment")
    }
    assert "Not read whole: group: identitystore:ListGroups on arn:aws:" in compared.err


@pytest.mark.parametrize(
    "operation", ["ListUsers", "ListGroups", "ListPermissionSets", "ListAccountAssignments"]
)
def test_what_cannot_be_read_now_is_not_created_again_by_a_restore(
    desk: Desk, backed_up: str, sandbox: SandboxServer, operation: str
) -> None:
    company = sandbox.dump()
    sandbox.faults([FaultRule(operation=operation, deny=True)])
    restored = desk.restore()
    assert sandbox.changes() == []
    assert sandbox.dump() == company
    assert restored.code in (3, 4, 11), restored
    assert operation in restored.out + restored.err


def test_a_partial_backup_restores_what_it_has_and_deletes_nothing_it_does_not_know(
    desk: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    sandbox.faults([FaultRule(operation="ListGroupMemberships", deny=True)])
    assert desk.run("identity-center", "backup").code == 3
    sandbox.clear_faults()
    company = sandbox.dump()
    restored = desk.restore("--delete-extra")
    assert sandbox.dump() == company, "a membership that could not be read is not an extra one"
    assert sandbox.changes() == []
    assert restored.code in (0, 3, 4)


def test_a_denied_change_fails_with_its_action_and_the_rest_is_restored(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    company = sandbox.dump()
    assert admin.empty(EVERYBODY) == 39
    admin.describe("ReadOnly", "altered")
    admin.delete_group("Retired Contractors")
    sandbox.faults([FaultRule(operation="UpdatePermissionSet", deny=True)])
    restored = desk.restore()
    assert restored.code == 3, restored
    failed = [each for each in restored.json["failures"] if each["outcome"] == "failed"]
    assert len(failed) == 1
    assert "sso:UpdatePermissionSet" in failed[0]["reason"]
    assert failed[0]["type"].startswith("permission_set")
    assert "ReadOnly" in failed[0]["key"]
    now = sandbox.dump()
    assert (now.memberships, now.groups, now.assignments) == (
        company.memberships,
        company.groups,
        company.assignments,
    )
    sandbox.clear_faults()
    again = desk.restore()
    assert again.code == 0
    assert {each["type"].partition(".")[0] for each in again.json["changes"]} == {"permission_set"}
    assert sandbox.dump().permission_sets == company.permission_sets


def test_what_depends_on_a_denied_creation_is_impossible_and_says_why(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    members = admin.empty("Platform-Engineers")
    admin.delete_group("Platform-Engineers")
    sandbox.faults([FaultRule(operation="CreateGroup", deny=True)])
    restored = desk.restore()
    assert restored.code == 3
    denied = [each for each in restored.json["failures"] if each["type"] == "group"]
    assert len(denied) == 1
    assert "identitystore:CreateGroup" in denied[0]["reason"]
    others = [each for each in restored.json["failures"] if each["type"] == "membership"]
    assert len(others) == members
    for each in others:
        assert "Platform-Engineers" in each["reason"]


def test_an_assignment_that_fails_on_the_service_s_side_is_named_with_what_it_said(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    admin.wipe_sets()
    said = "Received a 404 status error: no such policy Boundary"
    account = sandbox.dump().accounts[1].id
    rule = FaultRule(
        operation="CreateAccountAssignment", parameters={"TargetId": account}, async_failure=said
    )
    sandbox.faults([rule])
    restored = desk.restore()
    assert restored.code == 3
    failed = restored.json["failures"]
    assert failed
    for each in failed:
        assert said in each["reason"]
        assert account in each["key"]
