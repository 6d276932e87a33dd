"""QuickSight's assets over AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern

from holdfast.domain.records import join_key, split_key
from holdfast.kernel.answers import Answer, next_token, part, rows, text, texts
from holdfast.kernel.paging import Page
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    DASHBOARD,
    DATA_SET,
    DATA_SOURCE,
    FOLDER,
    REFRESH_SCHEDULE,
    THEME,
    TOPIC,
    VPC_CONNECTION,
    AssetSummary,
    Grants,
)

PAGE = 100
"""Most entries of one page (QuickSight API reference)."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the API names a type: its id, its listing and the rows of it, its Describe calls, that of its permissions."""

    id: str
    listing: str
    rows: str
    describe: tuple[str, ...]
    permissions: str = ""


NAMES = {
    VPC_CONNECTION: Names(
        "VPCConnectionId", "ListVPCConnections", "VPCConnectionSummaries", ("DescribeVPCConnection",)
    ),
    DATA_SOURCE: Names(
        "DataSourceId",
        "ListDataSources",
        "DataSources",
        ("DescribeDataSource",),
        "DescribeDataSourcePermissions",
    ),
    DATA_SET: Names(
        "DataSetId", "ListDataSets", "DataSetSummaries", ("DescribeDataSet",), "DescribeDataSetPermissions"
    ),
    REFRESH_SCHEDULE: Names(
        "ScheduleId", "ListRefreshSchedules", "RefreshSchedules", ("DescribeRefreshSchedule",)
    ),
    TOPIC: Names("TopicId", "ListTopics", "TopicsSummaries", ("DescribeTopic",), "DescribeTopicPermissions"),
    THEME: Names("ThemeId", "ListThemes", "ThemeSummaryList", ("DescribeTheme",), "DescribeThemePermissions"),
    ANALYSIS: Names(
        "AnalysisId",
        "ListAnalyses",
        "AnalysisSummaryList",
        ("DescribeAnalysisDefinition",),
        "DescribeAnalysisPermissions",
    ),
    DASHBOARD: Names(
        "DashboardId",
        "ListDashboards",
        "DashboardSummaryList",
        ("DescribeDashboardDefinition", "DescribeDashboard"),
        "DescribeDashboardPermissions",
    ),
    FOLDER: Names(
        "FolderId", "ListFolders", "FolderSummaryList", ("DescribeFolder",), "DescribeFolderPermissions"
    ),
}
"""By asset type (QuickSight API reference 2018-04-01). VPC connections and refresh schedules have no permissions."""


class AssetsClient:
    """`AssetsGateway`, which says what each call gives."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def list_assets(self, asset_type: str, token: str = "") -> Page[AssetSummary]:
        names = NAMES[asset_type]
        # The starter themes of AWS are everybody's and nobody can change them.
        own = {"Type": "CUSTOM"} if asset_type == THEME else {}
        answer = self._service.send(names.listing, {"MaxResults": PAGE, "NextToken": token, **own})
        found = (_summary(asset_type, text(row, names.id), row) for row in rows(answer, names.rows))
        return Page(tuple(each for each in found if ":aws:theme/" not in each.arn), next_token(answer))

    def list_refresh_schedules(self, data_set: str) -> tuple[AssetSummary, ...]:
        names = NAMES[REFRESH_SCHEDULE]
        answer = self._service.send(names.listing, {NAMES[DATA_SET].id: data_set})
        return tuple(
            _summary(REFRESH_SCHEDULE, join_key(data_set, text(row, names.id)), row)
            for row in rows(answer, names.rows)
        )

    def grants(self, asset_type: str, key: str) -> Grants:
        names = NAMES[asset_type]
        found: dict[str, tuple[str, ...]] = {}
        token = ""
        while True:
            answer = self._service.send(names.permissions, {names.id: key, "NextToken": token})
            found |= _actions(answer)
            token = next_token(answer)  # of a folder's permissions; other types' come whole
            if not token:
                return Grants(found, tuple(sorted(_actions(part(answer, "LinkSharingConfiguration")))))

    def tags(self, arn: str) -> Mapping[str, str]:
        answer = self._service.send("ListTagsForResource", {"ResourceArn": arn})
        return {text(row, "Key"): text(row, "Value") for row in rows(answer, "Tags")}

    def list_folder_members(self, folder: str, token: str = "") -> Page[str]:
        answer = self._service.send(
            "ListFolderMembers", {"FolderId": folder, "MaxResults": PAGE, "NextToken": token}
        )
        found = rows(answer, "FolderMemberList")
        return Page(tuple(text(row, "MemberArn") for row in found), next_token(answer))

    def describe(self, asset_type: str, key: str) -> Answer:
        known: dict[str, object] = {}
        for operation in NAMES[asset_type].describe:
            known |= self._service.send(operation, ids_of(asset_type, key))
        return known


def ids_of(asset_type: str, key: str) -> dict[str, str]:
    """The parameters that name an asset."""
    ids = split_key(key)
    names = (NAMES[DATA_SET].id, NAMES[asset_type].id) if len(ids) > 1 else (NAMES[asset_type].id,)
    return dict(zip(names, ids, strict=True))


def _actions(answer: Answer) -> dict[str, tuple[str, ...]]:
    # The same few actions and principals stand at thousands of assets.
    return {
        intern(text(row, "Principal")): tuple(map(intern, texts(row, "Actions")))
        for row in rows(answer, "Permissions")
    }


def _summary(asset_type: str, key: str, row: Answer) -> AssetSummary:
    return AssetSummary(
        type=asset_type,
        key=key,
        arn=text(row, "Arn"),
        name=text(row, "Name"),
        status=text(row, "Status"),
        source_type=text(row, "Type"),
    )
