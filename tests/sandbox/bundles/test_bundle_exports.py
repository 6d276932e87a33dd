"""Asset bundle export jobs of the QuickSight stand-in, each rule by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.quicksight.bundle_rules import SILENT
from tests.sandbox.bundles.desk import Desk, body, fetch, unzipped
from tests.sandbox.conftest import Client

Refused = Callable[[Callable[[], object]], tuple[str, str]]


def test_a_job_is_queued_then_in_progress_then_successful_with_a_zip_of_what_was_asked(desk: Desk) -> None:
    chosen = [each.arn for each in (*desk.sound("dashboard")[:2], *desk.of("theme"))]
    started = desk.start_export(chosen)
    states = [desk.export()["JobStatus"]]
    for _ in range(2):
        desk.aws.clock.pass_by(0.5)
        states.append(desk.export()["JobStatus"])
    assert states == ["QUEUED_FOR_IMMEDIATE_EXECUTION", "IN_PROGRESS", "SUCCESSFUL"]
    held = desk.export()
    assert held["ResourceArns"] == chosen
    assert started["Arn"] == held["Arn"] == desk.arn("asset-bundle-export-job/job")
    found = unzipped(fetch(str(held["DownloadUrl"])))
    kinds = [(name.partition("/")[0], each["resourceType"]) for name, each in found.items()]
    assert kinds == [("dashboard", "dashboard"), ("dashboard", "dashboard"), ("theme", "theme")]
    assert sorted(name for name in found) == sorted(
        f"{each.kind.folder}/{each.key}.json" for each in (*desk.sound("dashboard")[:2], *desk.of("theme"))
    )


def test_without_options_a_member_is_the_asset_alone(desk: Desk) -> None:
    shared = next(each for each in desk.sound("dashboard") if each.permissions)
    (alone,) = desk.members([shared.arn]).values()
    assert alone == body(shared)


def test_permissions_tags_folders_and_dependencies_come_when_they_are_asked_for(desk: Desk) -> None:
    asset = next(each for each in desk.sound("analysis") if each.permissions)
    asset.tags = {"stage": "production"}
    folder = desk.of("folder")[0]
    folder.members[asset.arn] = desk.estate.place()
    found = desk.members(
        [asset.arn],
        IncludePermissions=True,
        IncludeTags=True,
        IncludeFolderMemberships=True,
        IncludeAllDependencies=True,
    )
    held = found.pop(f"analysis/{asset.key}.json")
    assert held["tags"] == [{"key": "stage", "value": "production"}]
    assert folder.arn in held["folderArns"]
    assert {each["principal"] for each in held["permissions"]} == set(asset.permissions)
    assert {name.partition("/")[0] for name in found} >= {"dataset", "datasource"}


def test_folders_bring_their_members_when_they_are_to(desk: Desk) -> None:
    folder = next(each for each in desk.of("folder") if each.members)
    assert len(desk.members([folder.arn], "none")) == 1
    found = desk.members([folder.arn], "level", IncludeFolderMembers="ONE_LEVEL")
    assert len(found) == 1 + len(folder.members) > 1
    outer = desk.of("folder")[0]
    body(folder)["parentFolderArn"] = outer.arn
    assert len(desk.members([outer.arn], "flat", IncludeFolderMembers="ONE_LEVEL")) == 1
    assert desk.members([outer.arn], "deep", IncludeFolderMembers="RECURSE").keys() > found.keys()


@pytest.mark.parametrize("count", [0, 101])
def test_a_job_takes_1_to_100_assets(desk: Desk, count: int, refused: Refused) -> None:
    arns = [desk.arn(f"dashboard/d{number}") for number in range(count)]
    assert "resourceArns" in refused(lambda: desk.start_export(arns))[1]


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:quicksight:us-east-1:999999999999:dashboard/d",
        "arn:aws:quicksight:eu-west-1:123456789012:dashboard/d",
        "arn:aws:quicksight:us-east-1:123456789012:user/default/ann",
        "dashboard/d",
    ],
)
def test_only_assets_of_the_account_and_region_can_be_asked_for(
    desk: Desk, arn: str, refused: Refused
) -> None:
    code, message = refused(lambda: desk.start_export([arn]))
    assert code == "InvalidParameterValueException"
    assert arn in message


def test_an_asset_that_is_not_there_fails_the_job_and_is_named(desk: Desk) -> None:
    gone = desk.arn("dashboard/gone")
    held = desk.exported([desk.sound("dashboard")[0].arn, gone])
    assert held["JobStatus"] == "FAILED"
    assert [(each["Arn"], each["Type"]) for each in held["Errors"]] == [(gone, "ResourceNotFoundException")]
    assert "DownloadUrl" not in held


def test_the_culprits_of_a_failed_job_are_named_each_with_its_reason(desk: Desk) -> None:
    arns = [each.arn for kind in ("data_source", "data_set", "dashboard") for each in desk.of(kind)]
    held = desk.exported(arns)
    told = {each["Arn"]: each["Message"] for each in held["Errors"]}
    uploaded, broken = desk.of("data_source")[-1], desk.of("dashboard")[0]
    assert len(told) == 3
    assert "FILE" in told[uploaded.arn]
    assert "associated errors" in told[broken.arn]
    assert "DATA_SET_NOT_FOUND" in told[broken.arn]


@pytest.mark.parametrize("kind", ["ADOBE_ANALYTICS", "GITHUB", "JIRA", "SALESFORCE", "SERVICENOW", "TWITTER"])
def test_data_sources_of_unsupported_types_and_what_reads_them_cannot_be_exported(
    desk: Desk, kind: str
) -> None:
    read = desk.sound("data_set")[0]
    source = desk.estate.assets[body(read)["physicalTableMap"]["table"]["relationalTable"]["dataSourceArn"]]
    body(source)["type"] = kind
    held = desk.exported([source.arn, read.arn])
    assert [(each["Arn"], kind in each["Message"]) for each in held["Errors"]] == [
        (source.arn, True),
        (read.arn, True),
    ]


def test_a_dashboard_whose_dataset_was_deleted_has_associated_errors(desk: Desk) -> None:
    board = desk.sound("dashboard")[0]
    (used, *_) = body(board)["definition"]["dataSetIdentifierDeclarations"]
    desk.estate.remove(desk.estate.assets[used["dataSetArn"]])
    (error,) = desk.exported([board.arn])["Errors"]
    assert error["Arn"] == board.arn
    assert used["dataSetArn"] in error["Message"]


def test_some_culprits_fail_a_job_without_being_named(desk: Desk) -> None:
    silent, other = desk.sound("analysis")[:2]
    silent.unexportable = SILENT
    assert desk.exported([silent.arn, other.arn], "both")["JobStatus"] == "FAILED"
    assert "Errors" not in desk.export("both")
    assert desk.exported([other.arn], "other")["JobStatus"] == "SUCCESSFUL"


def test_errors_that_can_be_skipped_are_warnings_and_errors_in_strict_mode(desk: Desk) -> None:
    board = next(each for each in desk.of("dashboard") if each.errors and not each.unexportable)
    held = desk.exported([board.arn], "lenient")
    assert held["JobStatus"] == "SUCCESSFUL"
    assert [each["Arn"] for each in held["Warnings"]] == [board.arn]
    strict = desk.exported([board.arn], "strict", ValidationStrategy={"StrictModeForAllResources": True})
    assert strict["JobStatus"] == "FAILED"
    assert [each["Type"] for each in strict["Errors"]] == ["COLUMN_NOT_FOUND"]


def test_an_id_is_refused_while_its_job_runs_and_free_once_it_ended(desk: Desk, refused: Refused) -> None:
    first, second = (each.arn for each in desk.sound("dashboard")[:2])
    desk.start_export([first])
    assert refused(lambda: desk.start_export([second]))[0] == "ConflictException"
    desk.aws.clock.pass_by(1)
    assert desk.exported([second])["ResourceArns"] == [second]
    listed = desk.client.list_asset_bundle_export_jobs(AwsAccountId=desk.account)
    assert [each["AssetBundleExportJobId"] for each in listed["AssetBundleExportJobSummaryList"]] == ["job"]


def test_five_jobs_run_at_a_time_and_the_sixth_is_refused(desk: Desk, refused: Refused) -> None:
    arn = desk.sound("dashboard")[0].arn
    for number in range(5):
        desk.start_export([arn], f"job-{number}")
    code, message = refused(lambda: desk.start_export([arn], "sixth"))
    assert code == "LimitExceededException"
    assert "5" in message
    desk.aws.clock.pass_by(1)
    desk.start_export([arn], "sixth")


def test_jobs_are_listed_in_pages_and_forgotten_after_14_days(desk: Desk, refused: Refused) -> None:
    arn = desk.sound("dashboard")[0].arn
    for name in ("a", "b", "c"):
        desk.exported([arn], name)
    first = desk.client.list_asset_bundle_export_jobs(AwsAccountId=desk.account, MaxResults=2)
    rest = desk.client.list_asset_bundle_export_jobs(AwsAccountId=desk.account, NextToken=first["NextToken"])
    pages = [*first["AssetBundleExportJobSummaryList"], *rest["AssetBundleExportJobSummaryList"]]
    assert [each["AssetBundleExportJobId"] for each in pages] == ["a", "b", "c"]
    assert {each["JobStatus"] for each in pages} == {"SUCCESSFUL"}
    desk.aws.clock.pass_by(14 * 86_400 + 1)
    assert refused(lambda: desk.export("a"))[0] == "ResourceNotFoundException"
    later = desk.client.list_asset_bundle_export_jobs(AwsAccountId=desk.account)
    assert later["AssetBundleExportJobSummaryList"] == []


def test_a_job_exports_the_state_at_its_end(desk: Desk) -> None:
    board = desk.sound("dashboard")[0]
    desk.start_export([board.arn])
    body(board)["name"] = "renamed meanwhile"
    desk.aws.clock.pass_by(1)
    (held,) = unzipped(fetch(str(desk.export()["DownloadUrl"]))).values()
    assert held["name"] == "renamed meanwhile"


def test_cloudformation_templates_are_not_made(desk: Desk, refused: Refused) -> None:
    board = desk.sound("dashboard")[0]
    refusal = refused(lambda: desk.start_export([board.arn], ExportFormat="CLOUDFORMATION_JSON"))
    assert refusal[0] == "NotImplementedException"


def test_a_rule_makes_a_job_hang_in_progress(desk: Desk) -> None:
    hang = FaultRule(service="quicksight", operation="StartAssetBundleExportJob", async_delay=1e9, times=1)
    desk.aws.sandbox.faults([hang])
    board = desk.sound("dashboard")[0]
    desk.start_export([board.arn], "hangs")
    desk.aws.clock.pass_by(13 * 86_400)
    assert desk.export("hangs")["JobStatus"] == "IN_PROGRESS"
    assert desk.exported([board.arn], "next")["JobStatus"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("text", "errors"),
    [("", None), ("Out of order", [{"Type": "InternalFailure", "Message": "Out of order"}])],
)
def test_a_rule_fails_a_job_without_naming_anybody(
    desk: Desk, text: str, errors: list[dict[str, str]] | None
) -> None:
    desk.aws.sandbox.faults(
        [FaultRule(service="quicksight", operation="StartAssetBundleExportJob", async_failure=text, times=1)]
    )
    board = desk.sound("dashboard")[0]
    held = desk.exported([board.arn])
    assert (held["JobStatus"], held.get("Errors")) == ("FAILED", errors)
    assert desk.exported([board.arn])["JobStatus"] == "SUCCESSFUL"


def test_any_operation_throttles_on_demand(desk: Desk, refused: Refused) -> None:
    desk.aws.sandbox.faults(
        [
            FaultRule(
                service="quicksight",
                operation=".*AssetBundle.*",
                error="ThrottlingException",
                status=429,
                times=3,
            )
        ]
    )
    arn = desk.sound("dashboard")[0].arn
    calls: list[Callable[[], object]] = [
        lambda: desk.start_export([arn]),
        lambda: desk.export("none"),
        lambda: desk.client.list_asset_bundle_import_jobs(AwsAccountId=desk.account),
    ]
    assert {refused(each)[0] for each in calls} == {"ThrottlingException"}
    desk.start_export([arn])


def test_where_iam_is_obeyed_a_caller_needs_to_read_what_it_exports_and_write_what_it_imports(
    desk: Desk, refused: Refused
) -> None:
    iam, board = desk.aws.client("iam"), desk.sound("dashboard")[0]
    bundle = fetch(str(desk.exported([board.arn])["DownloadUrl"]))
    iam.create_user(UserName="exporter")
    key = iam.create_access_key(UserName="exporter")["AccessKey"]
    desk.aws.sandbox.engine.enforce_iam = True
    jobs = ["quicksight:*AssetBundle*", "quicksight:DescribeDataSet"]
    theirs = replace(desk, client=desk.aws.client("quicksight", key))
    _allow(iam, jobs)
    lacking = [
        refused(lambda: theirs.start_export([board.arn]))[1],
        refused(lambda: theirs.start_import(bundle))[1],
    ]
    assert ["quicksight:DescribeDashboard " in lacking[0], "quicksight:CreateDashboard " in lacking[1]] == [
        True,
        True,
    ]
    _allow(iam, [*jobs, "quicksight:*Dashboard"])
    theirs.start_export([board.arn])
    theirs.start_import(bundle)


def _allow(iam: Client, actions: list[str]) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="exporter", PolicyName="p", PolicyDocument=document)
