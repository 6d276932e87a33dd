"""Permission sets and assignments that a company published: backed up, deleted, restored, read back with the AWS CLI."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdfast.sandbox.portrait import AccountPortrait, GroupPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

TOP = Path(__file__).parents[3]
SAMPLES = TOP.parent / "shared" / "realdata" / "identity-center" / "ic-pipeline-samples"
AWS = TOP / ".tools" / "bin" / "aws"
ASSIGNMENTS = "iam-identitycenter-assigments.json"  # as it is spelled there
MANAGEMENT = "111111111111"
TAGS = {"owner": "platform", "cost-center": "4711"}

pytestmark = [
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published samples are not beside this checkout"),
    pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not there: run `make tools`"),
]

# The units and accounts that the samples' targets name, with accounts inside the units.
ACCOUNTS = (
    AccountPortrait(MANAGEMENT, "Management", "management@example.com", policies=("/IncidentResponse",)),
    AccountPortrait("123456789012", "account-name", "a@example.com", policies=("/IncidentResponse",)),
    AccountPortrait("098765432101", "account_name_2", "b@example.com", policies=("/IncidentResponse",)),
    AccountPortrait("222222222222", "one", "c@example.com", "ou-name-1", policies=("/IncidentResponse",)),
    AccountPortrait("333333333333", "two", "d@example.com", "ou-name-2", policies=("/IncidentResponse",)),
    AccountPortrait("444444444444", "db", "e@example.com", "ou_name_recursive", policies=("/IncidentResponse",)),
    AccountPortrait("555555555555", "db-deep", "f@example.com", "ou_name_recursive/inner", policies=("/IncidentResponse",)),
)  # fmt: skip
TARGETS = {
    "ou-name-1:ou-xxxx-yyyyyyyy": ("222222222222",),
    "ou-name-2:ou-zzzz-xxxxxxxx": ("333333333333",),
    "account-name:123456789012": ("123456789012",),
    "account_name_2:098765432101": ("098765432101",),
    "account_name_3:123456789012": ("123456789012",),
    "ou_name_recursive:ou-xxxx-yyyyyyyy:*": ("444444444444", "555555555555"),
    "Root": tuple(account.id for account in ACCOUNTS if account.id != MANAGEMENT),
}


def sample(name: str) -> Any:  # noqa: ANN401  # as published
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


def published_sets() -> list[Any]:
    return [sample(path.name) for path in sorted(SAMPLES.glob("*.json")) if path.name != ASSIGNMENTS]


def published_assignments() -> Iterator[tuple[str, str, str, str]]:
    """Account, permission set, principal type and name; users and groups go by their names."""
    for each in sample(ASSIGNMENTS)["Assignments"]:
        for target in each["Target"]:
            for account in TARGETS[target]:
                yield account, each["PermissionSetName"], each["PrincipalType"], each["PrincipalId"]


@pytest.fixture
def company(sandbox: SandboxServer, admin: Administrator) -> Portrait:
    """The samples, made through the API as a pipeline would make them."""
    named = {(kind, name) for _, _, kind, name in published_assignments()}
    users = tuple(
        {"UserName": name, "DisplayName": name, "Name": {"GivenName": "My", "FamilyName": "User"}}
        for kind, name in sorted(named)
        if kind == "USER"
    )
    groups = tuple(GroupPortrait(name) for kind, name in sorted(named) if kind == "GROUP")
    sandbox.load(Portrait(MANAGEMENT, accounts=ACCOUNTS, users=users, groups=groups))
    again = Administrator(sandbox)
    admin.store, admin.instance = again.store, again.instance
    for each in published_sets():
        make_set(admin, each)
    make_assignments(admin)
    return sandbox.dump()


def make_set(admin: Administrator, each: Any) -> None:  # noqa: ANN401
    settings = {
        name: each[name]
        for name in ("Name", "Description", "SessionDuration", "RelayState")
        if each.get(name)
    }
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    made = admin.sso.create_permission_set(InstanceArn=admin.instance, Tags=tags, **settings)  # type: ignore[arg-type]
    on_set = {"InstanceArn": admin.instance, "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"]}
    for arn in each.get("ManagedPolicies", ()):
        admin.sso.attach_managed_policy_to_permission_set(ManagedPolicyArn=arn, **on_set)
    for name in each.get("CustomerManagedPolicies", ()):
        admin.sso.attach_customer_managed_policy_reference_to_permission_set(
            CustomerManagedPolicyReference={"Name": name, "Path": "/"}, **on_set
        )
    if each.get("CustomPolicy"):
        admin.sso.put_inline_policy_to_permission_set(InlinePolicy=json.dumps(each["CustomPolicy"]), **on_set)
    if each.get("PermissionBoundary"):
        boundary = {"ManagedPolicyArn": each["PermissionBoundary"]["Policy"]}
        admin.sso.put_permissions_boundary_to_permission_set(PermissionsBoundary=boundary, **on_set)  # type: ignore[arg-type]


def make_assignments(admin: Administrator) -> None:
    ids = {"USER": admin.users(), "GROUP": admin.groups()}
    sets = admin.sets()
    for account, name, kind, principal in published_assignments():
        admin.sso.create_account_assignment(
            InstanceArn=admin.instance,
            TargetId=account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=sets[name],
            PrincipalType=kind,  # type: ignore[arg-type]
            PrincipalId=ids[kind][principal],
        )
        admin.settle()


@dataclass(frozen=True)
class AwsCli:
    """The AWS CLI on the sandbox."""

    desk: Desk
    instance: str

    def __call__(self, operation: str, *words: str) -> Any:  # noqa: ANN401  # what the service answered
        command = [
            str(AWS),
            "sso-admin",
            operation,
            "--instance-arn",
            self.instance,
            *words,
            "--output",
            "json",
        ]
        done = subprocess.run(
            command, env=self.desk.variables({}), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def whole(self, arn: str) -> dict[str, Any]:
        """Everything that belongs to a permission set, in the samples' own words."""
        on_set = ("--permission-set-arn", arn)
        told = self("describe-permission-set", *on_set)["PermissionSet"]
        inline = self("get-inline-policy-for-permission-set", *on_set)["InlinePolicy"]
        managed = self("list-managed-policies-in-permission-set", *on_set)["AttachedManagedPolicies"]
        customer = self("list-customer-managed-policy-references-in-permission-set", *on_set)
        tags = self("list-tags-for-resource", "--resource-arn", arn)["Tags"]
        return {
            "Name": told["Name"],
            "Description": told["Description"],
            "SessionDuration": told["SessionDuration"],
            "RelayState": told.get("RelayState"),
            "ManagedPolicies": sorted(each["Arn"] for each in managed),
            "CustomerManagedPolicies": [each["Name"] for each in customer["CustomerManagedPolicyReferences"]],
            "CustomPolicy": json.loads(inline) if inline else None,
            "Tags": {tag["Key"]: tag["Value"] for tag in tags},
        }


def expected(each: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "Name": each["Name"],
        "Description": each["Description"],
        "SessionDuration": each["SessionDuration"],
        "RelayState": each.get("RelayState"),
        "ManagedPolicies": sorted(each.get("ManagedPolicies", ())),
        "CustomerManagedPolicies": each.get("CustomerManagedPolicies", []),
        "CustomPolicy": each.get("CustomPolicy"),
        "Tags": TAGS,
    }


def lose_and_restore(desk: Desk, admin: Administrator, sandbox: SandboxServer) -> None:
    desk.backup()
    admin.wipe_sets()
    emptied = sandbox.dump()
    assert (emptied.permission_sets, emptied.assignments) == ((), ())
    restored = desk.restore()
    assert restored.code == 0, restored


def test_published_permission_sets_and_assignments_come_back_as_they_were(
    desk: Desk, sandbox: SandboxServer, admin: Administrator, company: Portrait
) -> None:
    lose_and_restore(desk, admin, sandbox)
    assert sandbox.dump() == company
    assert sandbox.status().requests["sso-admin:TagResource"] == 7  # one call for each set's two tags
    second = desk.run("identity-center", "preview", "latest", "--json")
    assert second.json["changes_total"] == 0
    before = len(sandbox.changes())
    again = desk.restore()
    assert (again.code, again.json["changes"]) == (0, [])
    assert len(sandbox.changes()) == before


def read_back(desk: Desk, admin: Administrator, names: set[str]) -> None:
    cli, sets = AwsCli(desk, admin.instance), admin.sets()
    published = {each["Name"]: each for each in published_sets()}
    assert set(sets) == set(published)
    for name in names:
        assert cli.whole(sets[name]) == expected(published[name])
    boundary = cli(
        "get-permissions-boundary-for-permission-set", "--permission-set-arn", sets["SecurityEngineer"]
    )
    arn = published["SecurityEngineer"]["PermissionBoundary"]["Policy"]
    assert boundary["PermissionsBoundary"] == {"ManagedPolicyArn": arn}


def test_the_aws_cli_reads_back_what_was_published(
    desk: Desk, sandbox: SandboxServer, admin: Administrator, company: Portrait
) -> None:
    lose_and_restore(desk, admin, sandbox)
    read_back(desk, admin, {"SecurityEngineer"})
    relayed = ("--permission-set-arn", admin.sets()["DatabaseAdministrator"])
    told = AwsCli(desk, admin.instance)("describe-permission-set", *relayed)["PermissionSet"]
    assert told["RelayState"] == "https://console.aws.amazon.com/ec2/"
    held = {
        (each.account, each.permission_set, each.kind, each.principal) for each in sandbox.dump().assignments
    }
    assert held == set(published_assignments())


@pytest.mark.soak
def test_the_aws_cli_reads_back_every_published_set(
    desk: Desk, sandbox: SandboxServer, admin: Administrator, company: Portrait
) -> None:
    lose_and_restore(desk, admin, sandbox)
    read_back(desk, admin, set(admin.sets()))
    cli, sets, ids = AwsCli(desk, admin.instance), admin.sets(), {**admin.users(), **admin.groups()}
    for account, name, kind, principal in published_assignments():
        place = ("--account-id", account, "--permission-set-arn", sets[name])
        listed = cli("list-account-assignments", *place)["AccountAssignments"]
        assert (kind, ids[principal]) in {(each["PrincipalType"], each["PrincipalId"]) for each in listed}
