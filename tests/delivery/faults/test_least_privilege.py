"""The printed policies, under a sandbox that enforces them: each is enough, and what is taken from it is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.clock import SystemClock
from holdfast.domain.errors import AccessDenied
from holdfast.domain.outcomes import Severity
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.system import System
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.needs.changes import PROVISIONING
from holdfast.systems.identity_center.needs.table import actions_for, actions_for_changes
from holdfast.systems.identity_center.settings import IdentityCenterSettings
from holdfast.systems.identity_center.system import identity_center
from tests.simulators.desk import Answer, Desk
from tests.simulators.small_worlds import DAMAGED, KEPT

USER = "holdfast"
# Otherwise what is cheapest for so small a company decides which listing is used.
BY = {"sso:ListPermissionSetsProvisionedToAccount": "account"}
NOT_CALLED_HERE = {
    "identitystore:ListGroupMembershipsForMember",  # only where there are fewer users than groups
    "sso:DescribeApplication",  # only where one vanishes during the capture
}
SIMULATE = "iam:SimulatePrincipalPolicy"
TO_READ = [each.name for each in actions_for("backup") if each.required]
MADE = """
    create application, application.access_scope, application.authentication_method, application.grant
    create application.tag, application_assignment, assignment, group, instance.tag, membership
    create permission_set, permission_set.boundary, permission_set.customer_policy, permission_set.inline_policy
    create permission_set.managed_policy, trusted_token_issuer, trusted_token_issuer.tag, user
    delete application, application.access_scope, application.authentication_method, application.grant
    delete application.tag, application_assignment, assignment, group, instance.tag, membership
    delete permission_set, permission_set.boundary, permission_set.customer_policy, permission_set.inline_policy
    delete permission_set.managed_policy, permission_set.tag, trusted_token_issuer, trusted_token_issuer.tag, user
    update access_control_attributes, application, application.assignment_configuration
    update application.session_configuration, group, instance, permission_set, permission_set.provision
    update permission_set.tag, trusted_token_issuer, user
"""
# One plan cannot make all three changes of what an instance has once.
ONCE = {("create", "access_control_attributes"), ("delete", "access_control_attributes")}
KINDS = {
    (line.split()[0], kind)
    for line in MADE.strip().splitlines()
    for kind in line.replace(",", "").split()[1:]
}
EVERY_KIND = sorted((kind, verb) for verb, kind in {*KINDS, *ONCE})


def names(*kinds: tuple[str, str]) -> list[str]:
    """The actions that changes of these kinds cannot do without."""
    return [each.name for each in actions_for_changes(kinds) if each.required]


TO_CHANGE = names(*EVERY_KIND)


@dataclass
class Operator:
    """Somebody with an IAM user whose one policy is what a test says, at a desk with a backup."""

    sandbox: SandboxServer
    desk: Desk
    iam: Any
    session: AwsSession
    policies: dict[str, str]
    kept: Portrait
    backup: str = ""

    def may(self, work: str, *but: str) -> None:
        """Give the user the policy printed for the work, without some actions."""
        document = json.loads(self.policies[work])
        for statement in document["Statement"]:
            statement["Action"] = [name for name in statement["Action"] if name not in but] or [
                "none:Nothing"
            ]
        self.iam.put_user_policy(UserName=USER, PolicyName="only", PolicyDocument=json.dumps(document))

    def system(self, assignments_by: str = "permission_set") -> System:
        """Identity Center as the user sees it; what was looked up before is forgotten."""
        settings = IdentityCenterSettings(assignments_by=assignments_by)
        return identity_center(self.session, settings, SystemClock())

    def restore(self, *words: str) -> Answer:
        """A restore of the small world as it was kept."""
        return self.desk.run("identity-center", "restore", self.backup, "--delete-extra", "--json", *words)


@pytest.fixture(scope="module")
def hired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator with a backup of the small world, taken under the backup policy alone."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with SandboxServer("empty", async_delay=0.0, enforce_iam=True) as sandbox:
        sandbox.load(KEPT)
        iam = _iam(sandbox)
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        endpoint = AwsEndpoint(sandbox.url, key["AccessKeyId"], key["SecretAccessKey"])
        unpaced = AwsSettings(region="us-east-1", requests_per_second=1e5, other_requests_per_second=1e5)
        own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        desk = Desk(folder, {**sandbox.env(), **own})
        printed = {work: desk.run("doctor", "--print-policy", work).out for work in ("backup", "restore")}
        session = AwsSession(unpaced, SystemClock(), endpoint=endpoint)
        operator = Operator(sandbox, desk, iam, session, printed, sandbox.dump())
        operator.may("backup")
        operator.backup = desk.backup()
        yield operator
        iam.delete_user_policy(UserName=USER, PolicyName="only")
        iam.delete_access_key(UserName=USER, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=USER)


@pytest.fixture
def operator(hired: Operator) -> Operator:
    """The operator before the damaged world."""
    hired.sandbox.load(DAMAGED)
    return hired


def _iam(sandbox: SandboxServer) -> Any:  # noqa: ANN401  # boto3 makes the class at run time
    env = sandbox.env()
    make = partial(boto3.client, endpoint_url=sandbox.url, region_name=env["AWS_REGION"])
    return make(
        "iam",
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )


def test_the_backup_policy_alone_is_enough_for_a_whole_backup_and_allows_no_change(
    operator: Operator,
) -> None:
    operator.may("backup")
    taken = operator.desk.run("identity-center", "backup", "--json")
    assert (taken.code, taken.json["state"], taken.json["findings"]) == (0, "complete", [])
    refused = operator.restore()
    assert refused.code == 3
    warned = next(each for each in refused.json["findings"] if each["code"] == "actions-unchecked")
    assert SIMULATE in warned["message"] + warned["advice"]
    assert operator.sandbox.changes() == []


def test_the_restore_policy_alone_is_enough_for_every_kind_of_change_and_its_rollback(
    operator: Operator,
) -> None:
    operator.may("restore")
    restored = operator.restore()
    assert restored.code == 0, restored
    assert {(each["verb"], each["type"]) for each in restored.json["changes"]} == KINDS
    assert operator.sandbox.dump() == operator.kept
    undone = operator.desk.run("runs", "rollback", restored.json["run"], "--json")
    assert undone.code == 0, undone


@pytest.mark.parametrize("action", TO_READ)
def test_a_capture_without_an_action_is_not_whole_and_names_it(operator: Operator, action: str) -> None:
    operator.may("backup", action)
    source = operator.system(BY.get(action, "permission_set")).source()
    types = [kind.name for kind in operator.system().types]
    if action == "sso:ListInstances":
        with pytest.raises(AccessDenied, match=action):
            source.identity()
        return
    parts = list(source.capture(types, SilentProgress()))
    said = [part.reason for part in parts if not part.complete]
    said += [item.outcome.reason for part in parts for item in part.failures]
    assert any(action in reason for reason in said) == (action not in NOT_CALLED_HERE)


@pytest.mark.parametrize("action", sorted(NOT_CALLED_HERE))
def test_doctor_names_what_a_backup_lacks_that_it_may_call_another_day(
    operator: Operator, action: str
) -> None:
    operator.may("backup", action)
    examine = operator.system().examine
    assert examine is not None
    (missing,) = [check for check in examine("backup") if check.verdict == "missing"]
    assert missing.name == action
    assert f"not authorized to perform: {action} on resource: " in missing.reason


def test_doctor_names_every_action_that_is_not_allowed(operator: Operator) -> None:
    required = {each.name for each in actions_for("restore") if each.required}
    operator.may("restore", *required - {"sso:ListInstances"})
    examine = operator.system().examine
    assert examine is not None
    missing = {check.name for check in examine("restore") if check.verdict == "missing" and check.needed}
    assert missing == required - {"sso:ListInstances"}


@pytest.mark.parametrize("action", TO_CHANGE)
def test_the_action_that_a_plan_lacks_is_named_beforehand(operator: Operator, action: str) -> None:
    kind = next(each for each in EVERY_KIND if action in names(each))
    operator.may("restore", action)
    found = operator.system().target().permitted([kind])
    assert [(each.severity, each.key) for each in found] == [(Severity.ERROR, action)]


def test_what_is_missing_is_listed_before_the_first_change_and_once_allowed_the_run_goes_on(
    operator: Operator,
) -> None:
    operator.may("restore", "sso:TagResource", "identitystore:CreateUser")
    restored = operator.restore()
    assert restored.code == 11
    assert restored.error["code"] == "actions-missing"
    listed = [line.split(": ")[0].strip() for line in restored.error["message"].splitlines()[1:]]
    assert sorted(listed) == ["identitystore:CreateUser", "sso:TagResource"]
    assert "--print-policy restore" in restored.error["advice"]
    assert operator.sandbox.changes() == []
    operator.may("restore")
    assert operator.desk.run("runs", "resume", "latest").code == 0
    assert operator.sandbox.dump() == operator.kept


def test_actions_that_the_plan_does_not_need_are_not_missed(operator: Operator) -> None:
    operator.may("restore", "identitystore:CreateUser", "sso:CreateAccountAssignment")
    assert operator.restore("--resources", "permission_sets").code == 0


def test_a_preview_says_what_a_restore_would_lack(operator: Operator) -> None:
    operator.may("restore", "identitystore:DeleteGroup")
    seen = operator.desk.run("identity-center", "preview", operator.backup, "--delete-extra", "--json")
    assert seen.code == 0
    errors = [each["key"] for each in seen.json["warnings"] if each["severity"] == "error"]
    assert errors == ["identitystore:DeleteGroup"]


def test_without_the_optional_actions_a_restore_warns_and_succeeds(operator: Operator) -> None:
    optional = [each.name for each in PROVISIONING]
    operator.may("restore", "organizations:ListAccounts", *optional)
    restored = operator.restore("--resources", "assignments")
    assert restored.code == 0, restored
    warned = {
        each["code"]: each["message"] for each in restored.json["findings"] if each["severity"] == "warning"
    }
    assert "organizations:ListAccounts" in warned["accounts-unchecked"]
    assert all(name in warned["optional-actions-missing"] for name in optional)
    assert operator.sandbox.dump().assignments == operator.kept.assignments


def test_where_iam_may_not_be_asked_a_restore_warns_and_goes_on(operator: Operator) -> None:
    operator.may("restore", SIMULATE)
    restored = operator.restore("--resources", "permission_sets")
    assert restored.code == 0, restored
    (warned,) = [each for each in restored.json["findings"] if each["code"] == "actions-unchecked"]
    assert warned["severity"] == "warning"
    assert SIMULATE in warned["message"]


def test_doctor_says_what_is_lost_without_what_is_optional_and_ends_well(operator: Operator) -> None:
    operator.may("backup", "organizations:ListAccounts", "sso:ListAccountAssignmentsForPrincipal")
    seen = operator.desk.run("doctor", "--for", "backup", "--json")
    missing = [each for each in seen.json["checks"] if each["verdict"] == "missing"]
    assert [each["needed"] for each in missing] == [False, False]
    assert "accounts are kept without names" in missing[0]["reason"]
    assert (seen.code, operator.desk.run("identity-center", "backup").code) == (0, 0)


def test_doctor_says_ok_under_the_policy_for_the_work_and_lists_the_rest(operator: Operator) -> None:
    operator.may("restore")
    assert operator.desk.run("doctor", "--json").code == 0
    operator.may("backup")
    assert operator.desk.run("doctor", "--for", "backup").code == 0
    seen = operator.desk.run("doctor", "--json")
    assert seen.code == 11
    verdicts = {each["name"]: each["verdict"] for each in seen.json["checks"] if each["topic"] == "action"}
    assert verdicts["identitystore:DescribeUser"] == "missing"
    assert verdicts["identitystore:CreateUser"] == "unknown"
    assert verdicts["sso:ListPermissionSets"] == "ok"
