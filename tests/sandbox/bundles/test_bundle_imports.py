"""Asset bundle import jobs of the QuickSight stand-in, each rule by its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.sandbox.bundles.desk import Desk, Members, body, fetch, unzipped, zipped

Refused = Callable[[Callable[[], object]], tuple[str, str]]
REAL = Path(__file__).parents[4] / "shared" / "realdata" / "quicksight" / "TotalDeathByCountry.qs"
OTHER = "210987654321"
ROLE = f"arn:aws:iam::{OTHER}:role/quicksight-network"
WHOLE: dict[str, Any] = {"IncludeAllDependencies": True, "IncludePermissions": True, "IncludeTags": True}


def _plain(desk: Desk) -> Members:
    """A dashboard with its datasets and sources, without a network: none of them needs an override."""
    board = desk.sound("dashboard")[0]
    held = desk.members([board.arn], "plain", IncludeAllDependencies=True)
    for each in held.values():
        each.pop("vpcConnectionProperties", None)
    return {name: each for name, each in held.items() if not name.startswith("vpcconnection/")}


def _boards(members: Members) -> list[dict[str, Any]]:
    return [each for each in members.values() if each["resourceType"] == "dashboard"]


def test_what_was_exported_is_imported_over_itself_without_a_change(desk: Desk) -> None:
    before = desk.aws.sandbox.dump().quicksight
    chosen = [each.arn for kind in ("dashboard", "folder", "theme") for each in desk.of(kind)[1:]]
    exported = fetch(str(desk.exported(chosen, **{**WHOLE, "IncludeAllDependencies": False})["DownloadUrl"]))
    assert desk.imported(exported)["JobStatus"] == "SUCCESSFUL"
    assert desk.aws.sandbox.dump().quicksight == before


@pytest.mark.skipif(not REAL.is_file(), reason="the published bundle is not beside this checkout")
def test_the_published_bundle_is_imported_and_read_back_equal_but_for_account_and_region(
    elsewhere: Desk,
) -> None:
    bundle = REAL.read_bytes()
    held = elsewhere.imported(bundle)
    assert (held["JobStatus"], held.get("Errors")) == ("SUCCESSFUL", None)
    arns = [elsewhere.arn(f"{name.removesuffix('.json')}") for name in unzipped(bundle)]
    found = elsewhere.members(arns)
    assert found.keys() == unzipped(bundle).keys()
    there, here = "arn:aws:quicksight:us-east-2:198737698272:", "arn:aws:quicksight:eu-west-1:210987654321:"
    assert json.loads(json.dumps(found).replace(here, there)) == unzipped(bundle)


def test_arns_of_what_is_in_the_bundle_become_the_targets(desk: Desk, elsewhere: Desk) -> None:
    held = elsewhere.imported(zipped(_plain(desk)))
    assert held["JobStatus"] == "SUCCESSFUL"
    (board,) = elsewhere.of("dashboard")
    used = [each["dataSetArn"] for each in body(board)["definition"]["dataSetIdentifierDeclarations"]]
    assert set(used) <= {each.arn for each in elsewhere.of("data_set")}
    assert {each.arn.split(":")[3:5] == ["eu-west-1", OTHER] for each in elsewhere.of("data_set")} == {True}


def test_a_dependency_that_is_nowhere_is_named(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    (lost, *_) = [
        each["dataSetArn"] for each in _boards(members)[0]["definition"]["dataSetIdentifierDeclarations"]
    ]
    del members[f"dataset/{lost.rpartition('/')[2]}.json"]
    held = elsewhere.imported(zipped(members))
    assert held["JobStatus"] == "FAILED"
    assert [each["Type"] for each in held["Errors"]] == ["ResourceNotFoundException"]
    assert held["Errors"][0]["Arn"] == elsewhere.arn(f"dashboard/{_boards(members)[0]['dashboardId']}")
    assert lost in held["Errors"][0]["Message"]


def test_a_dependency_may_be_in_the_target_already(desk: Desk) -> None:
    board = desk.sound("dashboard")[0]
    bundle = fetch(str(desk.exported([board.arn])["DownloadUrl"]))
    desk.estate.remove(board)
    assert desk.imported(bundle)["JobStatus"] == "SUCCESSFUL"
    assert desk.find("dashboard", board.key).member == body(board)


def test_a_broken_dashboard_is_mended_by_a_sound_definition_and_broken_again_by_a_rollback(
    desk: Desk,
) -> None:
    broken, sound = desk.of("dashboard")[0], desk.sound("dashboard")[0]
    held = {**body(sound), "dashboardId": broken.key}
    bad = {"resourceType": "theme", "themeId": "bad", "name": ""}
    failed = desk.imported(zipped({"a": held, "b": bad}), "job", FailureAction="ROLLBACK")
    assert failed["JobStatus"].startswith("FAILED")
    assert desk.exported([broken.arn], "still")["JobStatus"] == "FAILED"
    assert desk.imported(zipped({"a": held}), "good")["JobStatus"] == "SUCCESSFUL"
    assert desk.exported([broken.arn], "mended")["JobStatus"] == "SUCCESSFUL"


def test_without_rollback_a_failed_job_leaves_what_it_had_imported(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    _boards(members)[0]["definition"]["dataSetIdentifierDeclarations"][0]["dataSetArn"] = desk.arn(
        "dataset/gone"
    )
    assert elsewhere.imported(zipped(members))["JobStatus"] == "FAILED"
    assert elsewhere.of("data_set") != []
    assert elsewhere.of("dashboard") == []


def test_assets_come_into_their_folders_of_the_bundle_and_out_of_them_by_a_rollback(
    desk: Desk, elsewhere: Desk
) -> None:
    members = _plain(desk)
    _boards(members)[0]["folderArns"] = [desk.arn("folder/f")]
    folder = {"resourceType": "folder", "folderId": "f", "name": "f", "folderType": "SHARED"}
    members["folder/f.json"] = folder
    assert elsewhere.imported(zipped(members))["JobStatus"] == "SUCCESSFUL"
    (made,) = elsewhere.of("folder")
    assert list(made.members) == [elsewhere.arn(f"dashboard/{_boards(members)[0]['dashboardId']}")]
    made.members.clear()
    again = {**members, "theme/bad.json": {"resourceType": "theme", "themeId": "bad", "name": ""}}
    elsewhere.imported(zipped(again), FailureAction="ROLLBACK")
    assert made.members == {}


def test_with_rollback_everything_is_taken_back_created_or_updated(desk: Desk) -> None:
    before = desk.aws.sandbox.dump().quicksight
    members = _plain(desk)
    for each in members.values():
        each["name"] = "overwritten"
    new = {
        "resourceType": "theme",
        "themeId": "new",
        "name": "new",
        "baseThemeId": "CLASSIC",
        "configuration": {},
    }
    members["theme/new.json"] = new
    members["analysis/bad.json"] = {"resourceType": "analysis", "analysisId": "bad", "name": ""}
    desk.start_import(zipped(members), FailureAction="ROLLBACK")
    desk.aws.clock.pass_by(1)
    assert desk.import_()["JobStatus"] == "FAILED_ROLLBACK_IN_PROGRESS"
    desk.aws.clock.pass_by(1)
    held = desk.import_()
    assert (held["JobStatus"], [each["Arn"] for each in held["Errors"]]) == (
        "FAILED_ROLLBACK_COMPLETED",
        [desk.arn("analysis/bad")],
    )
    assert desk.aws.sandbox.dump().quicksight == before


def test_a_rule_makes_a_rollback_fail(desk: Desk, elsewhere: Desk) -> None:
    broken = FaultRule(operation="StartAssetBundleImportJob", async_failure="rollback: stuck", times=1)
    elsewhere.aws.sandbox.faults([broken])
    elsewhere.imported(zipped(_plain(desk)), FailureAction="ROLLBACK")
    elsewhere.aws.clock.pass_by(1)
    held = elsewhere.import_()
    assert held["JobStatus"] == "FAILED_ROLLBACK_ERROR"
    assert [each["Message"] for each in held["RollbackErrors"]] == ["rollback: stuck"]
    assert elsewhere.of("data_source") != []


def test_a_prefix_changes_every_id_and_no_name(desk: Desk, elsewhere: Desk) -> None:
    override = {"ResourceIdOverrideConfiguration": {"PrefixForAllResources": "copy-"}}
    members = _plain(desk)
    assert elsewhere.imported(zipped(members), OverrideParameters=override)["JobStatus"] == "SUCCESSFUL"
    (board,) = elsewhere.of("dashboard")
    assert board.key == f"copy-{_boards(members)[0]['dashboardId']}"
    assert board.name == _boards(members)[0]["name"]
    assert all(
        "/copy-" in each["dataSetArn"] for each in body(board)["definition"]["dataSetIdentifierDeclarations"]
    )


def test_names_parameters_and_credentials_can_be_overridden(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    source = next(each for each in members.values() if each["resourceType"] == "datasource")
    board = _boards(members)[0]["dashboardId"]
    override = {
        "DataSources": [
            {
                "DataSourceId": source["dataSourceId"],
                "Name": "here",
                "DataSourceParameters": {
                    "PostgreSqlParameters": {"Host": "db.here", "Port": 5433, "Database": "x"}
                },
                "SslProperties": {"DisableSsl": True},
                "Credentials": {"CredentialPair": {"Username": "ann", "Password": "hidden"}},
            }
        ],
        "Dashboards": [{"DashboardId": board, "Name": "Board here"}],
    }
    held = elsewhere.imported(zipped(members), OverrideParameters=override)
    assert held["JobStatus"] == "SUCCESSFUL"
    assert "hidden" not in str(held)
    made = body(elsewhere.find("data_source", source["dataSourceId"]))
    assert made["dataSourceParameters"] == {
        "postgreSqlParameters": {"host": "db.here", "port": 5433, "database": "x"}
    }
    assert (made["name"], made["sslProperties"]) == ("here", {"disableSsl": True})
    assert elsewhere.find("dashboard", board).name == "Board here"


def test_an_override_of_what_is_not_in_the_bundle_fails_the_job(desk: Desk, elsewhere: Desk) -> None:
    override = {"Themes": [{"ThemeId": "stranger", "Name": "x"}]}
    held = elsewhere.imported(zipped(_plain(desk)), OverrideParameters=override)
    assert held["JobStatus"] == "FAILED"
    assert "theme/stranger" in held["Errors"][0]["Message"]


def test_a_new_data_source_without_credentials_is_imported_with_a_warning(
    desk: Desk, elsewhere: Desk
) -> None:
    members = _plain(desk)
    sources = {each["dataSourceId"]: each["type"] for each in members.values() if "dataSourceId" in each}
    warned = {
        str(each["Arn"]).rpartition("/")[2]
        for each in elsewhere.imported(zipped(members)).get("Warnings", [])
    }
    assert warned == {key for key, kind in sources.items() if kind in ("REDSHIFT", "POSTGRESQL")}


def test_a_secret_must_be_in_the_account_and_region(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    source = next(each for each in members.values() if each["resourceType"] == "datasource")
    secret = elsewhere.aws.client("secretsmanager").create_secret(Name="warehouse", SecretString="{}")["ARN"]
    states = {}
    for arn in (secret, secret.replace("eu-west-1", "us-east-1"), secret.replace("warehouse", "nothing")):
        given = {"DataSourceId": source["dataSourceId"], "Credentials": {"SecretArn": arn}}
        held = elsewhere.imported(zipped(members), OverrideParameters={"DataSources": [given]})
        states[arn] = held["JobStatus"]
    assert list(states.values()) == ["SUCCESSFUL", "FAILED", "FAILED"]
    assert elsewhere.find("data_source", source["dataSourceId"]).secret == secret


def test_a_network_of_another_account_needs_a_role_subnets_and_groups_of_this(
    desk: Desk, elsewhere: Desk
) -> None:
    (network,) = desk.of("vpc_connection")
    bundle = fetch(str(desk.exported([network.arn])["DownloadUrl"]))
    assert "RoleArn" in elsewhere.imported(bundle)["Errors"][0]["Message"]
    role = {"VPCConnectionId": network.key, "RoleArn": ROLE}
    held = elsewhere.imported(bundle, OverrideParameters={"VPCConnections": [role]})
    assert all(each in held["Errors"][0]["Message"] for each in body(network)["subnetIds"])
    given = {
        **role,
        "SubnetIds": ["subnet-0a", "subnet-0b"],
        "SecurityGroupIds": ["sg-0a"],
    }
    held = elsewhere.imported(bundle, OverrideParameters={"VPCConnections": [given]})
    assert held["JobStatus"] == "SUCCESSFUL"
    assert body(elsewhere.of("vpc_connection")[0])["subnetIds"] == ["subnet-0a", "subnet-0b"]


def test_a_new_schedule_must_start_in_the_future(desk: Desk) -> None:
    schedule = desk.of("refresh_schedule")[0]
    bundle = fetch(str(desk.exported([schedule.arn])["DownloadUrl"]))
    desk.aws.clock.now = datetime(2026, 11, 20, tzinfo=UTC).timestamp()
    assert desk.imported(bundle)["JobStatus"] == "SUCCESSFUL"
    desk.estate.remove(schedule)
    assert "future" in desk.imported(bundle)["Errors"][0]["Message"]
    data_set, _, name = schedule.key.partition("/")
    states = []
    for year in (2026, 2027):
        start = datetime(year, 1, 1, tzinfo=UTC)
        given = {"DataSetId": data_set, "ScheduleId": name, "StartAfterDateTime": start}
        held = desk.imported(bundle, OverrideParameters={"RefreshSchedules": [given]})
        states.append(held["JobStatus"])
    assert states == ["FAILED", "SUCCESSFUL"]
    assert body(desk.of("refresh_schedule")[-1])["startAfterDateTime"] == "2027-01-01T00:00:00Z"


def test_principals_of_another_account_fail_and_can_be_overridden(desk: Desk, elsewhere: Desk) -> None:
    board = next(each for each in desk.sound("dashboard") if each.permissions)
    members = desk.members([board.arn], "shared", **WHOLE)
    members = {
        n: each for n, each in members.items() if each["resourceType"] not in ("vpcconnection", "theme")
    }
    for each in members.values():
        each.pop("vpcConnectionProperties", None)
        each.pop("themeArn", None)
        if each["resourceType"] != "dashboard":
            each.pop("permissions", None)
    held = elsewhere.imported(zipped(members))
    assert [each["Arn"] for each in held["Errors"]] == [elsewhere.arn(f"dashboard/{board.key}")]
    assert "Principal arn:aws:quicksight:us-east-1:123456789012:" in held["Errors"][0]["Message"]
    here = elsewhere.arn("namespace/default")
    given = {
        "DashboardIds": ["*"],
        "Permissions": {"Principals": [here], "Actions": ["quicksight:DescribeDashboard"]},
    }
    held = elsewhere.imported(zipped(members), OverridePermissions={"Dashboards": [given]})
    assert held["JobStatus"] == "SUCCESSFUL"
    assert elsewhere.of("dashboard")[0].permissions == {here: ("quicksight:DescribeDashboard",)}


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("OverrideParameters", {"Themes": [{"ThemeId": f"t{number}"} for number in range(51)]}),
        ("OverrideTags", {"Themes": [{"ThemeIds": ["*"], "Tags": [{"Key": "a", "Value": "b"}]}] * 6}),
        ("OverridePermissions", {"Analyses": [{"AnalysisIds": ["*"], "Permissions": {}}] * 2}),
        (
            "OverridePermissions",
            {"Themes": [{"ThemeIds": ["*"], "Permissions": {"Principals": ["p"] * 65, "Actions": ["a"]}}]},
        ),
    ],
)
def test_overrides_have_the_limits_of_the_model(
    elsewhere: Desk, option: str, given: dict[str, object], refused: Refused
) -> None:
    options: dict[str, Any] = {option: given}
    code, message = refused(lambda: elsewhere.start_import(b"", **options))
    assert (code, "length less than or equal to" in message) == ("ValidationException", True)


def test_tags_can_be_overridden_for_one_or_all(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    tags = [{"Key": "restored", "Value": "yes"}]
    given = {"DataSets": [{"DataSetIds": ["*"], "Tags": tags}]}
    assert elsewhere.imported(zipped(members), OverrideTags=given)["JobStatus"] == "SUCCESSFUL"
    assert {str(each.tags) for each in elsewhere.of("data_set")} == {"{'restored': 'yes'}"}
    assert elsewhere.of("dashboard")[0].tags == {}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"definition": {"dataSetIdentifierDeclarations": "none"}}, "dataSetIdentifierDeclarations"),
        ({"definition": {"dataSetIdentifierDeclarations": [{"identifier": "x"}]}}, "dataSetArn"),
        ({"name": ""}, "name"),
    ],
)
def test_what_the_api_would_not_take_is_named(
    desk: Desk, elsewhere: Desk, change: dict[str, object], what: str
) -> None:
    members = _plain(desk)
    board = _boards(members)[0]
    board |= change
    (error,) = elsewhere.imported(zipped(members))["Errors"]
    assert error["Arn"] == elsewhere.arn(f"dashboard/{board['dashboardId']}")
    assert what in error["Message"]


def test_a_definition_that_declares_no_dataset_fails_a_job_without_being_named(
    desk: Desk, elsewhere: Desk
) -> None:
    members = _plain(desk)
    _boards(members)[0]["definition"]["dataSetIdentifierDeclarations"] = []
    held = elsewhere.imported(zipped(members))
    assert (held["JobStatus"], held.get("Errors")) == ("FAILED", None)


def test_an_undeclared_dataset_is_a_warning_and_in_strict_mode_an_error(desk: Desk, elsewhere: Desk) -> None:
    members = _plain(desk)
    _boards(members)[0]["definition"]["dataSetIdentifierDeclarations"][0]["identifier"] = "renamed"
    strict: dict[str, Any] = {"OverrideValidationStrategy": {"StrictModeForAllResources": True}}
    assert "DATA_SET_NOT_FOUND" in elsewhere.imported(zipped(members), **strict)["Errors"][0]["Message"]
    held = elsewhere.imported(zipped(members))
    assert held["JobStatus"] == "SUCCESSFUL"
    assert "DATA_SET_NOT_FOUND: facts is not declared" in str(held["Warnings"])


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        (b"no zip at all", "not a readable zip"),
        (zipped({}), "no assets"),
        (zipped({"x/y.json": {"resourceType": "template"}}), "template"),
        (zipped({"x/y.json": {"resourceType": "theme"}}), "themeId"),
    ],
)
def test_a_file_that_is_no_bundle_fails_the_job(elsewhere: Desk, bundle: bytes, reason: str) -> None:
    held = elsewhere.imported(bundle)
    assert held["JobStatus"] == "FAILED"
    assert reason in held["Errors"][0]["Message"]


def test_the_type_inside_a_member_counts_and_not_its_folder(desk: Desk, elsewhere: Desk) -> None:
    members = {f"anything/{number}.json": each for number, each in enumerate(_plain(desk).values())}
    assert elsewhere.imported(zipped(members))["JobStatus"] == "SUCCESSFUL"
    assert len(elsewhere.of("dashboard")) == 1


def test_a_body_is_refused_over_20_mib_and_an_object_is_read_from_a_bucket_of_the_account(
    desk: Desk, elsewhere: Desk, refused: Refused
) -> None:
    code, _ = refused(lambda: elsewhere.start_import(b"x" * 20_971_521))
    assert code == "InvalidParameterValueException"
    place = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    elsewhere.aws.s3.create_bucket(Bucket="bundles-of-the-other", **place)
    elsewhere.aws.s3.put_object(Bucket="bundles-of-the-other", Key="a/b.qs", Body=zipped(_plain(desk)))

    def start(at: Desk, key: str) -> object:
        source = {"S3Uri": f"s3://bundles-of-the-other/{key}"}
        return at.client.start_asset_bundle_import_job(
            AwsAccountId=at.account, AssetBundleImportJobId="s3", AssetBundleImportSource=source
        )

    start(elsewhere, "a/b.qs")
    elsewhere.aws.clock.pass_by(1)
    held = elsewhere.import_("s3")
    assert held["JobStatus"] == "SUCCESSFUL"
    assert held["AssetBundleImportSource"] == {"S3Uri": "s3://bundles-of-the-other/a/b.qs"}
    assert refused(lambda: start(elsewhere, "a/c.qs"))[0] == "ResourceNotFoundException"
    assert refused(lambda: start(desk, "a/b.qs"))[0] == "ResourceNotFoundException"


def test_five_imports_run_at_a_time_beside_five_exports(desk: Desk, refused: Refused) -> None:
    board = desk.sound("dashboard")[0]
    bundle = fetch(str(desk.exported([board.arn])["DownloadUrl"]))
    for number in range(5):
        desk.start_export([board.arn], f"e{number}")
        desk.start_import(bundle, f"i{number}")
    assert refused(lambda: desk.start_import(bundle, "i5"))[0] == "LimitExceededException"
    assert refused(lambda: desk.start_import(bundle, "i0"))[0] == "ConflictException"
    desk.aws.clock.pass_by(1)
    listed = desk.client.list_asset_bundle_import_jobs(AwsAccountId=desk.account)
    summaries = listed["AssetBundleImportJobSummaryList"]
    assert {(each["JobStatus"], each["FailureAction"]) for each in summaries} == {
        ("SUCCESSFUL", "DO_NOTHING")
    }
    assert len(summaries) == 5


def test_the_uploaded_bundle_can_be_fetched_back(desk: Desk) -> None:
    bundle = zipped(_plain(desk))
    held = desk.imported(bundle)
    assert fetch(held["AssetBundleImportSource"]["Body"]) == bundle
