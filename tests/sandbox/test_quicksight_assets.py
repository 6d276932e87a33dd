"""QuickSight's assets: what bundles and descriptions say of them, and what the service allows."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.quicksight.kinds import KIND_OF_FOLDER
from holdfast.sandbox.quicksight.portraits import (
    AssetPortrait,
    EstatePortrait,
    QuickSightPortrait,
    QuickSightUserPortrait,
)
from tests.sandbox.conftest import Aws, Client

Refused = Callable[[Callable[[], object]], tuple[str, str]]
REAL = Path(__file__).parents[3] / "shared" / "realdata" / "quicksight" / "TotalDeathByCountry.qs"
ACCOUNT = "123456789012"
A = {"AwsAccountId": ACCOUNT}
ARN = f"arn:aws:quicksight:us-east-1:{ACCOUNT}"
SOURCE = {"resourceType": "datasource", "dataSourceId": "s", "name": "s", "type": "ATHENA"}
FILE = {"resourceType": "datasource", "dataSourceId": "f", "name": "f", "type": "FILE"}
THEME = {"ThemeId": "own", "Name": "own", "BaseThemeId": "CLASSIC", "Configuration": {}}
MONTH = 30 * 86_400.0


def data_set(key: str, source: str = "s", mode: str = "SPICE") -> dict[str, object]:
    columns = [{"name": "c", "type": "STRING"}]
    table = {"dataSourceArn": f"{ARN}:datasource/{source}", "name": "t", "inputColumns": columns}
    return {
        "resourceType": "dataset",
        "dataSetId": key,
        "name": key,
        "importMode": mode,
        "physicalTableMap": {"t": {"relationalTable": table}},
    }


def definition(*data_sets: str) -> dict[str, object]:
    declared = [{"Identifier": each, "DataSetArn": f"{ARN}:dataset/{each}"} for each in data_sets]
    return {"DataSetIdentifierDeclarations": declared, "Sheets": [{"SheetId": "sheet", "Name": "Sheet"}]}


def load(aws: Aws, *members: Mapping[str, object], **more: object) -> Client:
    """Assets of these members in the home region, with a user ann."""
    assets = [
        AssetPortrait(KIND_OF_FOLDER[str(each["resourceType"])].type, dict(each), **more)  # type: ignore[arg-type]
        for each in members
    ]
    estate = EstatePortrait("us-east-1", tuple(assets))
    people = (QuickSightUserPortrait("ann"),)
    aws.sandbox.load(Portrait(quicksight=(QuickSightPortrait(users=people, estates=(estate,)),)))
    return aws.quicksight


def held(aws: Aws, region: str = "us-east-1") -> dict[str, Mapping[str, object]]:
    """The members of a region by type."""
    (portrait,) = aws.sandbox.dump().quicksight
    return {
        each.type: each.member
        for estate in portrait.estates
        if estate.region == region
        for each in estate.assets
    }


def moved(value: object) -> object:
    """The same with the account and region of the test's target."""
    return json.loads(
        json.dumps(value, default=str).replace("us-east-2:198737698272", f"eu-west-1:{ACCOUNT}")
    )


def described(source: Client, member: Mapping[str, str]) -> dict[str, object]:
    """What Describe calls tell of the asset of a real member."""
    match member["resourceType"]:
        case "datasource":
            return dict(source.describe_data_source(**A, DataSourceId=member["dataSourceId"])["DataSource"])
        case "dataset":
            return dict(source.describe_data_set(**A, DataSetId=member["dataSetId"])["DataSet"])
        case "analysis":
            return dict(source.describe_analysis_definition(**A, AnalysisId=member["analysisId"]))
    board = {**A, "DashboardId": member["dashboardId"]}
    links = source.describe_dashboard(**board)["Dashboard"]["LinkEntities"]
    return {**source.describe_dashboard_definition(**board), "LinkEntities": links}


@pytest.mark.skipif(not REAL.exists(), reason="the real bundle lies beside the checkout")
def test_what_is_described_of_a_real_bundle_makes_the_same_bundle_again(empty: Aws) -> None:
    with zipfile.ZipFile(REAL) as bundle:
        members = sorted((json.loads(bundle.read(name)) for name in bundle.namelist()), key=_order)
    source = load(empty, *members)
    empty.region = "eu-west-1"
    target: Any = empty.client("quicksight")
    for member, noun in zip(members, ("data_source", "data_set", "analysis", "dashboard"), strict=True):
        operation = target.meta.method_to_api_mapping[f"create_{noun}"]
        accepted = target.meta.service_model.operation_model(operation).input_shape.members
        told = cast("dict[str, object]", moved(described(source, member)))
        getattr(target, f"create_{noun}")(
            **A, **{name: each for name, each in told.items() if name in accepted}
        )
        empty.clock.pass_by(1)
        # What no description gives back, and one thing that is not in the API at all.
        for name in ("validationStrategy", "dataSetRefreshProperties"):
            member.pop(name, None)
        for step in member.get("dataPrepConfiguration", {}).get("transformStepMap", {}).values():
            del step["importTableStep"]["id"]
    assert held(empty, "eu-west-1") == {
        KIND_OF_FOLDER[each["resourceType"]].type: moved(each) for each in members
    }


def _order(member: Mapping[str, str]) -> int:
    return ["datasource", "dataset", "analysis", "dashboard"].index(member["resourceType"])


def test_an_asset_is_there_at_once_and_ready_later(empty: Aws, refused: Refused) -> None:
    quicksight, s = empty.quicksight, {**A, "DataSourceId": "s"}
    made = quicksight.create_data_source(**s, Name="s", Type="ATHENA")
    assert (made["Status"], made["CreationStatus"]) == (202, "CREATION_IN_PROGRESS")
    update = partial(quicksight.update_data_source, **s, Name="t")
    assert refused(update)[0] == "ConflictException"
    empty.clock.pass_by(1)
    assert quicksight.describe_data_source(**s)["DataSource"]["Status"] == "CREATION_SUCCESSFUL"
    assert update()["UpdateStatus"] == "UPDATE_IN_PROGRESS"
    again = partial(quicksight.create_data_source, **s, Name="s", Type="ATHENA")
    assert refused(again)[0] == "ResourceExistsException"


def test_a_creation_can_fail_after_it_was_accepted(empty: Aws) -> None:
    empty.sandbox.faults([FaultRule(operation="CreateDataSource", async_failure="No route to host")])
    empty.quicksight.create_data_source(**A, DataSourceId="s", Name="s", Type="MYSQL")
    empty.clock.pass_by(1)
    shown = empty.quicksight.describe_data_source(**A, DataSourceId="s")["DataSource"]
    assert (shown["Status"], shown["ErrorInfo"]["Message"]) == ("CREATION_FAILED", "No route to host")


def test_an_analysis_of_a_dataset_that_is_not_there_fails(empty: Aws) -> None:
    empty.quicksight.create_analysis(**A, AnalysisId="a", Name="a", Definition=definition("gone"))
    empty.clock.pass_by(1)
    shown = empty.quicksight.describe_analysis(**A, AnalysisId="a")["Analysis"]
    assert (shown["Status"], shown["Errors"][0]["Type"]) == ("CREATION_FAILED", "DATA_SET_NOT_FOUND")


def test_a_dashboards_update_is_seen_when_it_is_published(empty: Aws, refused: Refused) -> None:
    quicksight, board = load(empty, SOURCE, data_set("d")), {**A, "DashboardId": "b"}
    quicksight.create_dashboard(**board, Name="old", Definition=definition("d"))
    assert refused(lambda: quicksight.delete_dashboard(**board))[0] == "ConflictException"
    empty.clock.pass_by(1)
    quicksight.update_dashboard(**board, Name="new", Definition=definition("d"), VersionDescription="renamed")
    publish = partial(quicksight.update_dashboard_published_version, **board, VersionNumber=2)
    assert refused(publish)[0] == "ConflictException"
    empty.clock.pass_by(1)
    assert quicksight.describe_dashboard(**board)["Dashboard"]["Name"] == "old"
    assert quicksight.describe_dashboard(**board, VersionNumber=2)["Dashboard"]["Name"] == "new"
    versions = quicksight.list_dashboard_versions(**board)["DashboardVersionSummaryList"]
    assert [(each["VersionNumber"], each.get("Description")) for each in versions] == [
        (1, None),
        (2, "renamed"),
    ]
    publish()
    (listed,) = quicksight.list_dashboards(**A)["DashboardSummaryList"]
    assert (listed["Name"], listed["PublishedVersionNumber"]) == ("new", 2)
    assert held(empty)["dashboard"]["name"] == "new"
    assert refused(lambda: quicksight.delete_dashboard(**board, VersionNumber=2))[0] == "ConflictException"


def test_a_deleted_analysis_is_listed_until_its_recovery_window_ends(empty: Aws, refused: Refused) -> None:
    quicksight, a = empty.quicksight, {**A, "AnalysisId": "a"}
    quicksight.create_analysis(**a, Name="a", Definition=definition())
    empty.clock.pass_by(1)
    quicksight.delete_analysis(**a)
    (listed,) = quicksight.list_analyses(**A)["AnalysisSummaryList"]
    assert listed["Status"] == "DELETED"
    assert (
        refused(lambda: quicksight.update_analysis(**a, Name="b", Definition=definition()))[0]
        == "ResourceNotFoundException"
    )
    quicksight.restore_analysis(**a)
    assert quicksight.describe_analysis(**a)["Analysis"]["Status"] == "CREATION_SUCCESSFUL"
    quicksight.delete_analysis(**a, RecoveryWindowInDays=7)
    empty.clock.pass_by(MONTH)
    assert quicksight.list_analyses(**A)["AnalysisSummaryList"] == []


def test_starter_themes_are_awss_own(empty: Aws, refused: Refused) -> None:
    quicksight = empty.quicksight
    quicksight.create_theme(**A, **THEME)
    empty.clock.pass_by(1)
    names = {
        kind: [each["ThemeId"] for each in quicksight.list_themes(**A, Type=kind)["ThemeSummaryList"]]
        for kind in ("ALL", "CUSTOM", "QUICKSIGHT")
    }
    assert names["CUSTOM"] == ["own"]
    assert names["QUICKSIGHT"] == ["CLASSIC", "MIDNIGHT", "SEASIDE", "RAINIER"]
    assert sorted(names["ALL"]) == sorted(names["CUSTOM"] + names["QUICKSIGHT"])
    shown = quicksight.describe_theme(AwsAccountId="aws", ThemeId="CLASSIC")["Theme"]
    assert (shown["Arn"], shown["Type"]) == ("arn:aws:quicksight::aws:theme/CLASSIC", "QUICKSIGHT")
    assert refused(lambda: quicksight.delete_theme(**A, ThemeId="CLASSIC"))[0] == "AccessDeniedException"


def test_what_has_no_api_is_listed_and_not_described(empty: Aws, refused: Refused) -> None:
    new = "DescribeDataSet is not supported for this dataSet in new data preparation experience"
    quicksight = load(empty, FILE, data_set("upload", "f"))
    assert [each["Type"] for each in quicksight.list_data_sources(**A)["DataSources"]] == ["FILE"]
    assert [each["ImportMode"] for each in quicksight.list_data_sets(**A)["DataSetSummaries"]] == ["SPICE"]
    describe = partial(quicksight.describe_data_set, **A)
    assert refused(lambda: describe(DataSetId="upload")) == (
        "InvalidParameterValueException", "The data set type is not supported through API yet",
    )  # fmt: skip
    load(empty, SOURCE, data_set("prepared"), undescribable=new)
    assert refused(lambda: describe(DataSetId="prepared")) == ("InvalidParameterValueException", new)


def test_permissions_are_granted_and_revoked_by_action(empty: Aws, refused: Refused) -> None:
    quicksight, ann = load(empty, SOURCE), f"{ARN}:user/default/ann"
    left = f"{ARN}:user/default/left-the-company"
    estate = EstatePortrait(
        "us-east-1", (AssetPortrait("data_source", dict(SOURCE), {left: ("quicksight:A",)}),)
    )
    empty.sandbox.load(
        Portrait(quicksight=(QuickSightPortrait(users=(QuickSightUserPortrait("ann"),), estates=(estate,)),))
    )
    update = partial(quicksight.update_data_source_permissions, **A, DataSourceId="s")
    update(
        GrantPermissions=[{"Principal": ann, "Actions": ["quicksight:B", "quicksight:C"]}],
        RevokePermissions=[{"Principal": left, "Actions": ["quicksight:A"]}],
    )
    update(RevokePermissions=[{"Principal": ann, "Actions": ["quicksight:B"]}])
    shown = quicksight.describe_data_source_permissions(**A, DataSourceId="s")["Permissions"]
    assert shown == [{"Principal": ann, "Actions": ["quicksight:C"]}]
    unknown = partial(update, GrantPermissions=[{"Principal": left, "Actions": ["quicksight:A"]}])
    assert refused(unknown)[0] == "InvalidParameterValueException"
    everybody = [{"Principal": f"{ARN}:namespace/default", "Actions": ["quicksight:A"]}]
    assert refused(lambda: update(GrantPermissions=everybody))[0] == "InvalidParameterValueException"
    quicksight.create_theme(**A, **THEME, Permissions=everybody)


def test_a_vpc_connection_takes_its_time_to_come_and_to_go(empty: Aws) -> None:
    vpc = {**A, "VPCConnectionId": "v"}
    empty.quicksight.create_vpc_connection(
        **vpc, Name="v", SubnetIds=["subnet-1", "subnet-2"], SecurityGroupIds=["sg-1"],
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/network",
    )  # fmt: skip
    empty.clock.pass_by(1)
    shown = empty.quicksight.describe_vpc_connection(**vpc)["VPCConnection"]
    assert (shown["Status"], shown["AvailabilityStatus"]) == ("CREATION_SUCCESSFUL", "AVAILABLE")
    assert [each["SubnetId"] for each in shown["NetworkInterfaces"]] == ["subnet-1", "subnet-2"]
    empty.quicksight.delete_vpc_connection(**vpc)
    (listed,) = empty.quicksight.list_vpc_connections(**A)["VPCConnectionSummaries"]
    assert (listed["Status"], listed["AvailabilityStatus"]) == ("DELETION_IN_PROGRESS", "UNAVAILABLE")
    empty.clock.pass_by(1)
    assert empty.quicksight.list_vpc_connections(**A)["VPCConnectionSummaries"] == []


def test_refresh_properties_are_of_spice_datasets_and_lie_in_their_bundles(
    empty: Aws, refused: Refused
) -> None:
    quicksight = load(empty, SOURCE, data_set("d"))
    properties = {"FailureConfiguration": {"EmailAlert": {"AlertStatus": "ENABLED"}}}
    describe = partial(quicksight.describe_data_set_refresh_properties, **A, DataSetId="d")
    assert refused(describe)[0] == "ResourceNotFoundException"
    quicksight.put_data_set_refresh_properties(**A, DataSetId="d", DataSetRefreshProperties=properties)
    assert describe()["DataSetRefreshProperties"] == properties
    kept = held(empty)["data_set"]["dataSetRefreshProperties"]
    assert kept == {"failureConfiguration": {"emailAlert": {"alertStatus": "ENABLED"}}}


def test_tags_are_of_assets_and_of_people(empty: Aws, refused: Refused) -> None:
    quicksight = load(empty, SOURCE)
    for arn in (f"{ARN}:datasource/s", f"{ARN}:user/default/ann", f"{ARN}:namespace/default"):
        quicksight.tag_resource(
            ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        )
        quicksight.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert quicksight.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    ghost = partial(quicksight.list_tags_for_resource, ResourceArn=f"{ARN}:datasource/gone")
    assert refused(ghost)[0] == "ResourceNotFoundException"


def test_folders_lie_in_folders_and_are_empty_before_they_go(empty: Aws, refused: Refused) -> None:
    quicksight, inner = load(empty, SOURCE, data_set("d")), {**A, "FolderId": "inner"}
    quicksight.create_folder(**A, FolderId="outer", Name="outer")
    quicksight.create_folder(**inner, Name="inner", ParentFolderArn=f"{ARN}:folder/outer")
    assert quicksight.describe_folder(**inner)["Folder"]["FolderPath"] == [f"{ARN}:folder/outer"]
    member = {**inner, "MemberType": "DATASET", "MemberId": "d"}
    quicksight.create_folder_membership(**member)
    assert refused(lambda: quicksight.create_folder_membership(**member))[0] == "ResourceExistsException"
    (listed,) = quicksight.list_folder_members(**inner)["FolderMemberList"]
    assert listed == {"MemberId": "d", "MemberArn": f"{ARN}:dataset/d"}
    for each in ("outer", "inner"):
        delete = partial(quicksight.delete_folder, **A, FolderId=each)
        assert refused(delete)[0] == "PreconditionNotMetException"
    quicksight.delete_data_set(**A, DataSetId="d")
    assert quicksight.list_folder_members(**inner)["FolderMemberList"] == []


def test_refresh_schedules_are_of_spice_datasets_start_in_the_future_and_go_with_them(
    empty: Aws, refused: Refused
) -> None:
    quicksight = load(empty, SOURCE, data_set("d"), data_set("direct", mode="DIRECT_QUERY"))
    schedule = {
        "ScheduleId": "daily",
        "ScheduleFrequency": {"Interval": "DAILY"},
        "RefreshType": "FULL_REFRESH",
    }
    create = partial(quicksight.create_refresh_schedule, **A, DataSetId="d")
    late = {**schedule, "StartAfterDateTime": empty.clock.now - 1}
    assert refused(lambda: create(Schedule=late))[0] == "InvalidParameterValueException"
    direct = partial(quicksight.create_refresh_schedule, **A, DataSetId="direct", Schedule=schedule)
    assert refused(direct)[0] == "InvalidParameterValueException"
    create(Schedule={**schedule, "StartAfterDateTime": 2_000_000_000})
    assert held(empty)["refresh_schedule"] == {
        "resourceType": "refreshschedule",
        "dataSetId": "d",
        "scheduleId": "daily",
        "scheduleFrequency": {"interval": "DAILY"},
        "refreshType": "FULL_REFRESH",
        "startAfterDateTime": "2033-05-18T03:33:20Z",
    }
    (listed,) = quicksight.list_refresh_schedules(**A, DataSetId="d")["RefreshSchedules"]
    assert listed["StartAfterDateTime"].timestamp() == 2_000_000_000
    quicksight.delete_data_set(**A, DataSetId="d")
    assert "refresh_schedule" not in held(empty)


def test_names_are_kept_in_maps_and_change_case_in_structures(empty: Aws) -> None:
    source = cast("dict[str, object]", {**SOURCE, "dataSourceParameters": {"s3Parameters": {"roleArn": "r"}}})
    quicksight = load(empty, source, {**data_set("d"), "physicalTableMap": {"camelKey-1": {"s3Source": {}}}})
    assert list(quicksight.describe_data_set(**A, DataSetId="d")["DataSet"]["PhysicalTableMap"]) == [
        "camelKey-1"
    ]
    shown = quicksight.describe_data_source(**A, DataSourceId="s")["DataSource"]
    assert shown["DataSourceParameters"] == {"S3Parameters": {"RoleArn": "r"}}
