"""`holdfast quicksight` on a sandbox: modes, dry run, evidence, doctor, and the printed policies alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from holdfast.api import BackupManager
from holdfast.api_models import BackupFilters
from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.kernel.quiet import SilentProgress
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.quicksight.needs.table import (
    EXPIRING,
    ON_EXPORT,
    POINT_IN_TIME,
    actions_for,
)
from tests.simulators.desk import Desk

ACCOUNT, BUCKET = {"AwsAccountId": "123456789012"}, "kept-bundles"
USER = "custodian"  # moto keeps IAM users by account, for all sandboxes of a process
NOT_CALLED_HERE = {
    # What no bundle can hold is described; of the company's estate that is one dashboard.
    "quicksight:DescribeAnalysisDefinition",
    "quicksight:DescribeDataSource",
    "quicksight:DescribeFolder",
    "quicksight:DescribeRefreshSchedule",
    "quicksight:DescribeTheme",
    "quicksight:DescribeTopic",
    "quicksight:DescribeVPCConnection",
    "dynamodb:BatchGetItem",  # only after a write that was cut off
}
OPERATIONS = [
    ("Configuration Loading", "< 1 second"),
    ("AWS Client Initialization", "1-5 seconds"),
    ("User/Group Retrieval", "5-30 seconds"),
    ("Asset Discovery", "10-60 seconds"),
    ("Asset Bundle Export", "2-15 minutes"),
    ("DynamoDB Storage", "5-30 seconds"),
    ("S3 Upload", "30 seconds - 5 minutes"),
    ("Report Generation", "< 5 seconds"),
]


@dataclass
class Operator:
    """Somebody at a desk, whose IAM user may what a test says."""

    sandbox: SandboxServer
    desk: Desk
    iam: Any
    quicksight: Any
    policies: dict[str, str]

    def may(self, work: str, *but: str) -> None:
        """Give the user the policy printed for the work, without some actions."""
        document = json.loads(self.policies[work])
        for statement in document["Statement"]:
            statement["Action"] = [name for name in statement["Action"] if name not in but]
        self.iam.put_user_policy(UserName=USER, PolicyName="only", PolicyDocument=json.dumps(document))

    def called(self) -> set[str]:
        """The actions that were called so far."""
        return {name for name in self.sandbox.status().requests if not name.startswith("s3:")}


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    with SandboxServer("tiny", seed=1, async_delay=0.0, enforce_iam=True) as sandbox:
        env = sandbox.env()
        keys = {
            "aws_access_key_id": env["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": env["AWS_SECRET_ACCESS_KEY"],
        }

        def client(service: str) -> Any:  # noqa: ANN401  # boto3 makes the class at run time
            make: Any = boto3.client
            return make(service, endpoint_url=sandbox.url, region_name=env["AWS_REGION"], **keys)

        client("s3").create_bucket(Bucket=BUCKET)
        iam = client("iam")
        iam.create_user(UserName=USER)
        key = iam.create_access_key(UserName=USER)["AccessKey"]
        own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        settings = {"HOLDFAST_QUICKSIGHT_BUCKET": BUCKET, "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.01"}
        desk = Desk(tmp_path_factory.mktemp("desk"), {**env, **own, **settings})
        doctor = ("doctor", "--system", "quicksight", "--print-policy")
        policies = {work: desk.run(*doctor, work).out for work in ("backup", "restore")}
        yield Operator(sandbox, desk, iam, client("quicksight"), policies)


def test_without_a_bucket_only_users_can_be_backed_up(operator: Operator) -> None:
    refused = operator.desk.run("quicksight", "backup", "--json", HOLDFAST_QUICKSIGHT_BUCKET="")
    assert (refused.code, refused.error["code"]) == (10, "settings")
    assert "[quicksight] bucket" in refused.error["message"]
    operator.may("backup")
    asked = ("quicksight", "backup", "--mode", "users-only", "--dry-run")
    assert operator.desk.run(*asked, HOLDFAST_QUICKSIGHT_BUCKET="").code == 0


def test_every_problem_of_the_settings_is_told_at_once(operator: Operator, tmp_path: Path) -> None:
    file = tmp_path / "holdfast.toml"
    file.write_text('[quicksight]\nprefix_format = "DD/MM"\nassets_per_bundle = 101\nbukket = "x"\n')
    told = operator.desk.run("--config", str(file), "quicksight", "backup", "--json")
    assert told.code == 10
    for name in ("prefix_format", "assets_per_bundle", "bukket"):
        assert name in told.error["message"]


def test_a_dry_run_checks_the_identity_and_changes_nothing(operator: Operator) -> None:
    operator.may("backup")
    before = operator.sandbox.status().requests
    seen = operator.desk.run("quicksight", "backup", "--dry-run", "--json")
    assert (seen.code, seen.json["dry_run"], seen.json["mode"]) == (0, True, "full")
    assert seen.json["source"]["principal"] == f"arn:aws:iam::123456789012:user/{USER}"
    after = operator.sandbox.status().requests
    assert {name for name in after if after[name] != before.get(name, 0)} == {"sts:GetCallerIdentity"}
    assert operator.desk.run("runs", "list", "--json").json == []


def test_credentials_of_nobody_end_a_dry_run(operator: Operator) -> None:
    nobody = {"AWS_ACCESS_KEY_ID": "AKIANOBODYNOBODY0000", "AWS_SECRET_ACCESS_KEY": "x"}
    refused = operator.desk.run("quicksight", "backup", "--dry-run", "--json", **nobody)
    assert (refused.code, refused.error["code"]) == (11, "credentials")


def test_under_the_policies_alone_a_backup_and_a_restore_do_all_that_they_ask_for(operator: Operator) -> None:
    operator.may("backup")
    taken = operator.desk.run("quicksight", "backup", "--json")
    assert (taken.code, taken.json["state"]) == (3, "partial")
    # Of the company's estate one dashboard has errors; the rest is stored and read back.
    assert [(each["type"], each["outcome"]) for each in taken.json["failures"]] == [
        ("dashboard", "impossible")
    ]
    assert taken.json["sums_up"]
    assert {each["outcome"] for each in taken.json["changes"]} == {"done"}
    assert [(each["operation"], each["typical"]) for each in taken.json["cost"]["operations"]] == OPERATIONS
    assert all(each["seconds"] is not None for each in taken.json["cost"]["operations"])
    _say_where_every_asset_is(operator, taken.json["run"])
    _lose(operator)
    operator.may("restore")
    restored = operator.desk.run("quicksight", "restore", "latest", "--delete-extra", "--json")
    assert restored.code in (0, 3), restored
    assert {each["outcome"] for each in restored.json["changes"]} == {"done"}
    undone = operator.desk.run("runs", "rollback", restored.json["run"], "--json")
    assert undone.code == 0, undone
    beside = {each.name for each in (*ON_EXPORT, *EXPIRING, *POINT_IN_TIME)}
    allowed = {each.name for each in actions_for("backup") if each.required} - beside
    unused = {each for each in allowed - operator.called() if not each.startswith(("s3:", "kms:"))}
    assert unused == NOT_CALLED_HERE


def test_python_lists_and_checks_its_backups(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in operator.desk.variables({}).items():
        monkeypatch.setenv(name, value)
    settings = load(None, operator.desk.variables({}), operator.desk.folder)
    manager = BackupManager(Installation(settings, SilentProgress()), "quicksight")
    newest = manager.list_backups(BackupFilters())[0]
    assert newest.instance_arn == "arn:aws:quicksight:us-east-1:123456789012"
    assert [
        each for each in manager.validate_backup(newest.backup_id).findings if each.severity == "error"
    ] == []


def _say_where_every_asset_is(operator: Operator, run: str) -> None:
    """The manifest has for each item of the inventory the object that holds it, or why none does."""
    folder = operator.desk.folder / ".holdfast" / "reports" / run
    manifest = json.loads((folder / "manifest.json").read_text())
    placed = {(each["type"], each["key"]): each for each in manifest["places"]}
    assert placed.keys() == {(each["type"], each["key"]) for each in manifest["items"]}


def _lose(operator: Operator) -> None:
    client = operator.quicksight
    for each in client.list_dashboards(**ACCOUNT)["DashboardSummaryList"][1:]:
        client.delete_dashboard(**ACCOUNT, DashboardId=each["DashboardId"])
    for each in client.list_groups(**ACCOUNT, Namespace="default")["GroupList"]:
        client.delete_group(**ACCOUNT, Namespace="default", GroupName=each["GroupName"])


def test_doctor_is_content_under_the_policy_for_the_work(operator: Operator) -> None:
    operator.may("restore")
    seen = operator.desk.run("doctor", "--system", "quicksight", "--json")
    assert seen.code == 0, [each for each in seen.json["checks"] if each["verdict"] != "ok"]
    names = {each["name"] for each in seen.json["checks"]}
    assert {"principal", "subscription", "identity region"} <= names
    lacking = operator.desk.run("doctor", "--system", "quicksight", "--for", "backup", "--json")
    missing = {each["name"] for each in lacking.json["checks"] if each["verdict"] == "missing"}
    assert (lacking.code, "s3:PutObject" in missing, "dynamodb:CreateTable" in missing) == (11, True, True)


def test_a_backup_that_was_cut_off_is_not_stored_elsewhere_by_a_resume_with_other_settings(
    operator: Operator,
) -> None:
    operator.may("backup")
    operator.sandbox.faults([FaultRule(service="dynamodb", region_down=True)])
    lost = operator.desk.run("quicksight", "backup", "--json", HOLDFAST_AWS_RETRIES="0")
    operator.sandbox.clear_faults()
    assert lost.code == 75, lost
    before = operator.called()
    refused = operator.desk.run("runs", "resume", "latest", "--json", AWS_REGION="eu-west-1")
    assert (refused.code, "us-east-1" in refused.err, "eu-west-1" in refused.err) == (4, True, True), refused
    assert operator.called() == before
    resumed = operator.desk.run("runs", "resume", "latest", "--json")
    assert (resumed.code, resumed.json["state"]) == (3, "partial")


def test_scenario_3_a_permission_revoked_is_named_with_what_to_allow_and_the_rest_is_kept(
    operator: Operator,
) -> None:
    operator.may("backup", "quicksight:ListThemes", "dynamodb:BatchWriteItem")
    taken = operator.desk.run("quicksight", "backup", "--json")
    assert taken.code == 3
    told = {each["type"]: each["reason"] + each["advice"] for each in taken.json["failures"]}
    assert "quicksight:ListThemes" in told["theme"]
    assert "Allow dynamodb:BatchWriteItem" in told["user.item"]
    done = {each["type"]: each["count"] for each in taken.json["changes"] if each["outcome"] == "done"}
    assert done["bundle"] > 5 and "user.item" not in done


def test_a_wrong_identity_region_ends_the_run_and_names_the_setting(operator: Operator) -> None:
    operator.may("backup")
    elsewhere = {"HOLDFAST_QUICKSIGHT_IDENTITY_REGION": "eu-west-1"}
    ended = operator.desk.run("quicksight", "backup", "--mode", "users-only", "--json", **elsewhere)
    assert (ended.code, ended.error["code"]) == (10, "settings")
    assert (
        "[quicksight]" in ended.error["message"]
        and "your identity region is us-east-1" in ended.error["message"]
    )


def test_an_uploaded_file_that_a_backup_describes_is_not_called_removed(operator: Operator) -> None:
    operator.may("backup")
    operator.desk.run("quicksight", "backup", "--mode", "assets-only", "--include-file-datasets", "--json")
    answer = operator.desk.run("quicksight", "diff", "latest", "--resources", "data_sources", "--json")
    assert (answer.code, answer.json) == (0, [])
    assert "Not compared: data_source headcount.xlsx: FILE data source headcount.xlsx" in answer.err
