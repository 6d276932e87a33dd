"""Every operation of QuickSight that the sandbox has, called once: its answer is what botocore's model says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from holdfast.sandbox.quicksight import bundle_api, tag_api
from holdfast.sandbox.quicksight.operations import OPERATIONS
from holdfast.sandbox.rest_contract import RestContract
from holdfast.sandbox.wire import ApiRefusal
from tests.sandbox.conftest import Aws

ACCOUNT = "123456789012"
ARN = f"arn:aws:quicksight:us-east-1:{ACCOUNT}"
N = {"Namespace": "team"}
ANN = [{"Principal": f"{ARN}:user/team/ann", "Actions": ["quicksight:DescribeDashboard"]}]
TAGS = [{"Key": "team", "Value": "data"}]
TABLE = {
    "DataSourceArn": f"{ARN}:datasource/source",
    "Name": "t",
    "InputColumns": [{"Name": "c", "Type": "STRING"}],
}
DEFINITION = {
    "DataSetIdentifierDeclarations": [{"Identifier": "x", "DataSetArn": f"{ARN}:dataset/set"}],
    "Sheets": [{"SheetId": "s", "Name": "Sheet"}],
}
DATA_SET = {
    "DataSetId": "set",
    "Name": "set",
    "ImportMode": "SPICE",
    "PhysicalTableMap": {"t": {"RelationalTable": TABLE}},
}
SCHEDULE = {"ScheduleId": "daily", "ScheduleFrequency": {"Interval": "DAILY"}, "RefreshType": "FULL_REFRESH"}
VPC = {
    "VPCConnectionId": "vpc",
    "Name": "vpc",
    "SubnetIds": ["subnet-1", "subnet-2"],
    "SecurityGroupIds": ["sg-1"],
    "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/network",
}
USER, GROUP, DENY = (
    {**N, "UserName": "ann"},
    {**N, "GroupName": "all"},
    {"CustomPermissionsName": "no-exports"},
)
THEME = {
    "ThemeId": "own",
    "Name": "own",
    "BaseThemeId": "CLASSIC",
    "Configuration": {"DataColorPalette": {"EmptyFillColor": "#FFFFFF"}},
}
PROPERTIES = {"FailureConfiguration": {"EmailAlert": {"AlertStatus": "ENABLED"}}}
IN_FOLDER = {"FolderId": "folder", "MemberType": "DATASET", "MemberId": "set"}
TOPIC = {"TopicId": "topic", "Topic": {"Name": "topic", "DataSets": [{"DatasetArn": f"{ARN}:dataset/set"}]}}
GRANT = {"GrantPermissions": ANN}
ASSETS = {
    "DataSource": {"DataSourceId": "source"},
    "DataSet": {"DataSetId": "set"},
    "Analysis": {"AnalysisId": "analysis"},
    "Dashboard": {"DashboardId": "dashboard"},
    "Theme": {"ThemeId": "own"},
    "Topic": {"TopicId": "topic"},
    "Folder": {"FolderId": "folder"},
}  # fmt: skip

MADE: list[tuple[str, Mapping[str, object]]] = [
    ("CreateNamespace", {**N, "IdentityStore": "QUICKSIGHT"}),
    ("CreateCustomPermissions", {**DENY, "Capabilities": {"ExportToCsv": "DENY"}}),
    (
        "RegisterUser",
        {**USER, "IdentityType": "QUICKSIGHT", "Email": "ann@example.com", "UserRole": "AUTHOR", "Tags": TAGS},
    ),
    ("UpdateUserCustomPermission", {**USER, **DENY}),
    ("CreateGroup", {**GROUP, "Description": "Everybody"}),
    ("CreateGroupMembership", {**GROUP, "MemberName": "ann"}),
    ("CreateVPCConnection", VPC),
    ("CreateDataSource", {"DataSourceId": "source", "Name": "source", "Type": "ATHENA", "Permissions": ANN}),
    ("CreateDataSet", DATA_SET),
    ("PutDataSetRefreshProperties", {"DataSetId": "set", "DataSetRefreshProperties": PROPERTIES}),
    ("CreateRefreshSchedule", {"DataSetId": "set", "Schedule": {**SCHEDULE, "StartAfterDateTime": 2_000_000_000}}),
    ("CreateTopic", TOPIC),
    ("CreateTheme", THEME),
    ("CreateAnalysis", {"AnalysisId": "analysis", "Name": "analysis", "Definition": DEFINITION}),
    ("CreateDashboard", {"DashboardId": "dashboard", "Name": "dashboard", "Definition": DEFINITION, "Tags": TAGS}),
    ("CreateFolder", {"FolderId": "folder", "Name": "folder"}),
    ("CreateFolderMembership", IN_FOLDER),
    *((f"Update{name}Permissions", {**asked, **GRANT}) for name, asked in ASSETS.items()),
    ("TagResource", {"ResourceArn": f"{ARN}:dataset/set", "Tags": TAGS}),
]  # fmt: skip
READ: list[tuple[str, Mapping[str, object]]] = [
    *((name, {}) for name in (
        "ListNamespaces", "ListCustomPermissions", "ListVPCConnections", "ListDataSources", "ListDataSets",
        "ListTopics", "ListThemes", "ListAnalyses", "ListDashboards", "ListFolders", "DescribeAccountSettings",
        "DescribeAccountSubscription",
    )),
    *((f"Describe{name}", asked) for name, asked in ASSETS.items()),
    *((f"Describe{name}Permissions", asked) for name, asked in ASSETS.items()),
    ("DescribeNamespace", N), ("DescribeCustomPermissions", DENY), ("ListUsers", N), ("DescribeUser", USER),
    ("ListGroups", N), ("DescribeGroup", GROUP), ("ListUserGroups", USER), ("ListGroupMemberships", GROUP),
    ("DescribeGroupMembership", {**GROUP, "MemberName": "ann"}),
    ("DescribeVPCConnection", {"VPCConnectionId": "vpc"}),
    ("ListRefreshSchedules", {"DataSetId": "set"}),
    ("DescribeDataSetRefreshProperties", {"DataSetId": "set"}),
    ("DescribeRefreshSchedule", {"DataSetId": "set", "ScheduleId": "daily"}),
    ("DescribeAnalysisDefinition", ASSETS["Analysis"]), ("DescribeDashboardDefinition", ASSETS["Dashboard"]),
    ("ListDashboardVersions", ASSETS["Dashboard"]), ("ListFolderMembers", ASSETS["Folder"]),
    ("ListFoldersForResource", {"ResourceArn": f"{ARN}:dataset/set"}),
    ("ListTagsForResource", {"ResourceArn": f"{ARN}:dataset/set"}),
]  # fmt: skip
CHANGED: list[tuple[str, Mapping[str, object]]] = [
    ("UpdateCustomPermissions", {**DENY, "Capabilities": {"ExportToCsv": "DENY"}}),
    ("UpdateUser", {**USER, "Email": "ann@example.org", "Role": "ADMIN"}),
    ("UpdateGroup", {**GROUP, "Description": "All of us"}),
    ("UpdateVPCConnection", VPC),
    ("UpdateDataSource", {"DataSourceId": "source", "Name": "renamed"}),
    ("UpdateDataSet", DATA_SET),
    ("DeleteDataSetRefreshProperties", {"DataSetId": "set"}),
    ("UpdateRefreshSchedule", {"DataSetId": "set", "Schedule": SCHEDULE}),
    ("UpdateTopic", TOPIC),
    ("UpdateTheme", THEME),
    ("UpdateAnalysis", {"AnalysisId": "analysis", "Name": "renamed", "Definition": DEFINITION}),
    ("UpdateDashboard", {"DashboardId": "dashboard", "Name": "renamed", "Definition": DEFINITION}),
    ("UpdateDashboardPublishedVersion", {"DashboardId": "dashboard", "VersionNumber": 2}),
    ("UpdateDashboardLinks", {"DashboardId": "dashboard", "LinkEntities": [f"{ARN}:analysis/analysis"]}),
    ("UpdateFolder", {"FolderId": "folder", "Name": "renamed"}),
    ("DeleteAnalysis", ASSETS["Analysis"]), ("RestoreAnalysis", ASSETS["Analysis"]),
    ("UntagResource", {"ResourceArn": f"{ARN}:dataset/set", "TagKeys": ["team"]}),
]  # fmt: skip
DELETED: list[tuple[str, Mapping[str, object]]] = [
    ("DeleteFolderMembership", IN_FOLDER),
    ("DeleteRefreshSchedule", {"DataSetId": "set", "ScheduleId": "daily"}),
    *((f"Delete{name}", asked) for name, asked in ASSETS.items()),
    ("DeleteVPCConnection", {"VPCConnectionId": "vpc"}),
    ("DeleteUserCustomPermission", USER), ("DeleteCustomPermissions", DENY),
    ("DeleteGroupMembership", {**GROUP, "MemberName": "ann"}), ("DeleteGroup", GROUP), ("DeleteUser", USER),
    ("DeleteNamespace", N),
]  # fmt: skip


def test_every_answer_is_of_the_shape_that_the_model_says(empty: Aws) -> None:
    contract, bodies, wrong = RestContract("quicksight"), dict[str, dict[str, Any]](), list[str]()

    def keep(response_dict: dict[str, Any], event_name: str, **other: object) -> None:
        bodies[event_name.rpartition(".")[2]] = json.loads(response_dict["body"])

    client: Any = empty.quicksight
    client.meta.events.register("response-received.quicksight", keep)
    methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
    for operation, asked in (*MADE, *READ, *CHANGED, *DELETED):
        account = {} if operation in tag_api.OPERATIONS else {"AwsAccountId": ACCOUNT}
        getattr(client, methods[operation])(**account, **asked)
        empty.clock.pass_by(1)
        try:
            contract.check_answer(operation, bodies[operation])
        except ApiRefusal as refusal:
            wrong.append(f"{operation}: {refusal}")
    assert wrong == []
    assert bodies.keys() == OPERATIONS.keys() - bundle_api.OPERATIONS.keys()
    # The deleted analysis stays until its recovery window ends.
    empty.clock.pass_by(30 * 86_400)
    assert empty.sandbox.dump().quicksight == ()
