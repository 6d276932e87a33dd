"""The types of asset: their names in bundles, in the API's shapes, in ARNs and in folders."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LEADING = re.compile(r"^[A-Z]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of asset.

    `folder` is where its members lie in a bundle and their `resourceType`; `shape` what Describe gives; `id_name`
    its id in the API; `arn` the resource part, with a `{}` for each part of its key; `member_type` what a folder
    calls it, empty for what lies in no folder; `permissions` whether it is shared with principals at all.
    """

    type: str
    folder: str
    shape: str
    id_name: str
    arn: str
    member_type: str = ""
    permissions: bool = True

    @property
    def id_field(self) -> str:
        """The id's name in a bundle."""
        return "vpcConnectionId" if self.type == "vpc_connection" else camel(self.id_name)

    def arn_of(self, region: str, account: str, key: str) -> str:
        """The ARN of the asset; a refresh schedule's key is `<dataset>/<schedule>`, every other's its id."""
        parts = key.rsplit("/", 1) if self.arn.count("{}") > 1 else [key]
        return f"arn:aws:quicksight:{region}:{account}:{self.arn.format(*parts)}"


def camel(name: str) -> str:
    """A shape's member as bundles write it, all leading capitals small: a real one has qbusinessInsightsStatus."""
    return _LEADING.sub(lambda found: found.group().lower(), name)


KINDS = {
    kind.type: kind
    for kind in (
        Kind(
            "vpc_connection",
            "vpcconnection",
            "VPCConnection",
            "VPCConnectionId",
            "vpcConnection/{}",
            "",
            False,
        ),
        Kind("data_source", "datasource", "DataSource", "DataSourceId", "datasource/{}", "DATASOURCE"),
        Kind("data_set", "dataset", "DataSet", "DataSetId", "dataset/{}", "DATASET"),
        Kind(
            "refresh_schedule",
            "refreshschedule",
            "RefreshSchedule",
            "ScheduleId",
            "dataset/{}/refresh-schedule/{}",
            "",
            False,
        ),
        Kind("topic", "topic", "TopicDetails", "TopicId", "topic/{}", "TOPIC"),
        Kind("theme", "theme", "Theme", "ThemeId", "theme/{}"),
        Kind("analysis", "analysis", "Analysis", "AnalysisId", "analysis/{}", "ANALYSIS"),
        Kind("dashboard", "dashboard", "Dashboard", "DashboardId", "dashboard/{}", "DASHBOARD"),
        Kind("folder", "folder", "Folder", "FolderId", "folder/{}"),
    )
}
"""By type, in the order in which they depend on each other."""
KIND_OF_FOLDER = {kind.folder: kind for kind in KINDS.values()}


def key_of(kind: Kind, member: dict[str, object]) -> str:
    """The key that a bundle's member has: its id; for a refresh schedule `<dataset>/<schedule>`."""
    own = str(member[kind.id_field])
    return f"{member['dataSetId']}/{own}" if kind.type == "refresh_schedule" else own
