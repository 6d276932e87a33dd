"""The printed policies, under a sandbox that enforces them: each is enough, and what is taken from it is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.needs.table import actions_for
from tests.simulators.desk import Answer, Desk
from tests.simulators.small_worlds import DAMAGED, KEPT

USER = "holdfast"
# Otherwise what is cheapest for so small a company decides which listing is used.
BY = {
    "sso:ListAccountAssignmentsForPrincipal": "principal",
    "sso:ListPermissionSetsProvisionedToAccount": "account",
}
# Memberships are asked for user by user only where there are fewer users than groups.
NOT_CALLED_HERE = {"identitystore:ListGroupMembershipsForMember"}
REQUIRED_TO_READ = [each.name for each in actions_for("backup") if each.required]
REQUIRED_TO_CHANGE = [each.name for each in actions_for("restore") if each.required and not each.backup]
OPTIONAL_TO_CHANGE = [each.name for each in actions_for("restore") if not each.required and not each.backup]


@dataclass
class Operator:
    """Somebody with an IAM user whose one policy is what a test says, at a desk with a backup."""

    sandbox: SandboxServer
    desk: Desk
    iam: Any
    policies: dict[str, str]
    backup: str = ""

    def may(self, work: str, *, but: str = "") -> None:
        """Give the user the policy printed for the work, without one action."""
        document = json.loads(self.policies[work])
        for statement in document["Statement"]:
            statement["Action"] = [name for name in statement["Action"] if name != but] or ["none:Nothing"]
        self.iam.put_user_policy(UserName=USER, PolicyName="only", PolicyDocument=json.dumps(document))

    def run(self, *words: str, needing: str = "") -> Answer:
        """A command that lists assignments in the way that needs the action."""
        way = {"HOLDFAST_IDENTITY_CENTER_ASSIGNMENTS_BY": BY.get(needing, "permission_set")}
        return self.desk.run(*words, **way)

    def restore(self) -> Answer:
        """A restore of the small world as it was kept."""
        return self.run("identity-center", "restore", self.backup, "--delete-extra", "--json")


@pytest.fixture(scope="module")
def hired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """An operator with a backup of the small world, taken under the backup policy alone."""
    folder: Path = tmp_path_factory.mktemp("desk")
    with SandboxServer("empty", async_delay=0.0, enforce_iam=True) as sandbox:
        sandbox.load(KEPT)
        iam = boto3.client("iam", endpoint_url=sandbox.url, **_root(sandbox))
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        desk = Desk(folder, {**sandbox.env(), **own})
        printed = {work: desk.run("doctor", "--print-policy", work).out for work in ("backup", "restore")}
        operator = Operator(sandbox, desk, iam, printed)
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


def _root(sandbox: SandboxServer) -> dict[str, str]:
    env = sandbox.env()
    return {
        "aws_access_key_id": env["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": env["AWS_SECRET_ACCESS_KEY"],
        "region_name": env["AWS_REGION"],
    }


def test_the_backup_policy_alone_is_enough_for_a_whole_backup_and_no_change(operator: Operator) -> None:
    operator.may("backup")
    taken = operator.run("identity-center", "backup", "--json")
    assert (taken.code, taken.json["state"], taken.json["findings"]) == (0, "complete", [])
    refused = operator.restore()
    assert refused.code in (3, 11)
    assert operator.sandbox.changes() == []


def test_the_restore_policy_alone_is_enough_for_every_kind_of_change(operator: Operator) -> None:
    operator.may("restore")
    restored = operator.restore()
    assert restored.code == 0, restored
    made = {(each["verb"], each["type"]) for each in restored.json["changes"]}
    assert len(made) == 22, sorted(made)
    assert operator.sandbox.dump() == KEPT
    undone = operator.run("runs", "rollback", restored.json["run"]["id"], "--json")
    assert undone.code == 0, undone


@pytest.mark.parametrize("action", REQUIRED_TO_READ)
def test_a_backup_names_the_action_that_was_taken_from_its_policy(operator: Operator, action: str) -> None:
    operator.may("backup", but=action)
    taken = operator.run("identity-center", "backup", "--json", needing=action)
    if action in NOT_CALLED_HERE:
        assert taken.code == 0
    else:
        assert taken.code == (11 if action == "sso:ListInstances" else 3), taken
        assert action in taken.out + taken.err
    seen = operator.run("doctor", "--for", "backup", "--json")
    assert seen.code == 11
    missing = [each for each in seen.json["checks"] if each["verdict"] == "missing"]
    assert {each["name"] for each in missing} <= {action, "instance"}
    assert action in missing[0]["reason"]


@pytest.mark.parametrize("action", REQUIRED_TO_CHANGE)
def test_a_restore_names_the_action_that_was_taken_from_its_policy_and_changes_nothing(
    operator: Operator, action: str
) -> None:
    operator.may("restore", but=action)
    restored = operator.restore()
    assert restored.code == 11, restored
    assert restored.error["code"] == "actions-missing"
    assert action in restored.error["message"]
    assert operator.sandbox.changes() == []


@pytest.mark.parametrize("action", OPTIONAL_TO_CHANGE)
def test_without_an_optional_action_a_restore_warns_and_succeeds(operator: Operator, action: str) -> None:
    operator.may("restore", but=action)
    restored = operator.restore()
    assert restored.code == 0, restored
    warned = [each for each in restored.json["findings"] if each["severity"] == "warning"]
    assert any(action in each["message"] + each["advice"] for each in warned) or action == "iam:GetRole"
    assert operator.sandbox.dump() == KEPT


def test_accounts_that_may_not_be_listed_are_a_warning(operator: Operator) -> None:
    operator.may("restore", but="organizations:ListAccounts")
    restored = operator.restore()
    assert restored.code == 0
    assert "organizations:ListAccounts" in restored.out
