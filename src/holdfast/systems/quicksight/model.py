"""QuickSight in its own words: what is kept of it, and how its bundles and ARNs name that.

Names follow the QuickSight API reference (2018-04-01) and a real bundle, whose members are
`<folder>/<id>.json` with keys in camel case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.domain.records import RecordType, split_key
from holdfast.kernel.canonical import Plain

SYSTEM = "quicksight"

NAMESPACE = "namespace"
CUSTOM_PERMISSIONS = "custom_permissions"
USER = "user"
GROUP = "group"
MEMBERSHIP = "membership"
VPC_CONNECTION = "vpc_connection"
DATA_SOURCE = "data_source"
DATA_SET = "data_set"
REFRESH_SCHEDULE = "refresh_schedule"
TOPIC = "topic"
THEME = "theme"
ANALYSIS = "analysis"
DASHBOARD = "dashboard"
FOLDER = "folder"

RECORD_TYPES = (
    RecordType(NAMESPACE, "namespaces"),
    RecordType(CUSTOM_PERMISSIONS, "custom permissions"),
    RecordType(USER, "users", (NAMESPACE, CUSTOM_PERMISSIONS)),
    RecordType(GROUP, "groups", (NAMESPACE,)),
    RecordType(MEMBERSHIP, "memberships", (USER, GROUP)),
    RecordType(VPC_CONNECTION, "VPC connections"),
    RecordType(DATA_SOURCE, "data sources", (VPC_CONNECTION,)),
    RecordType(DATA_SET, "datasets", (DATA_SOURCE,)),
    RecordType(REFRESH_SCHEDULE, "refresh schedules", (DATA_SET,)),
    RecordType(TOPIC, "topics", (DATA_SET,)),
    RecordType(THEME, "themes"),
    RecordType(ANALYSIS, "analyses", (DATA_SET, THEME)),
    RecordType(DASHBOARD, "dashboards", (DATA_SET, THEME, ANALYSIS)),
    RecordType(FOLDER, "folders", (DATA_SOURCE, DATA_SET, TOPIC, ANALYSIS, DASHBOARD)),
)
IDENTITIES = (NAMESPACE, CUSTOM_PERMISSIONS, USER, GROUP, MEMBERSHIP)
"""What `users-only` keeps; asked for in the identity region."""

# Facets of an asset that calls of their own set; keys are (asset's key, detail).
PERMISSION = "permission"
TAG = "tag"
FOLDER_MEMBER = "folder.member"


@dataclass(frozen=True, slots=True)
class AssetKind:
    """A type of asset: its folder in a bundle (also its `resourceType`), its id's field there, its place in ARNs.

    `arn` is the resource part with `{}` for each part of the key.
    """

    type: str
    folder: str
    id_field: str
    arn: str

    def arn_of(self, partition: str, region: str, account: str, key: str) -> str:
        """The ARN of the asset with a natural key."""
        return f"arn:{partition}:quicksight:{region}:{account}:{self.arn.format(*split_key(key))}"


ASSET_KINDS = {
    kind.type: kind
    for kind in (
        AssetKind(VPC_CONNECTION, "vpcconnection", "vpcConnectionId", "vpcConnection/{}"),
        AssetKind(DATA_SOURCE, "datasource", "dataSourceId", "datasource/{}"),
        AssetKind(DATA_SET, "dataset", "dataSetId", "dataset/{}"),
        AssetKind(REFRESH_SCHEDULE, "refreshschedule", "scheduleId", "dataset/{}/refresh-schedule/{}"),
        AssetKind(TOPIC, "topic", "topicId", "topic/{}"),
        AssetKind(THEME, "theme", "themeId", "theme/{}"),
        AssetKind(ANALYSIS, "analysis", "analysisId", "analysis/{}"),
        AssetKind(DASHBOARD, "dashboard", "dashboardId", "dashboard/{}"),
        AssetKind(FOLDER, "folder", "folderId", "folder/{}"),
    )
}
"""By record type, in dependency order. A refresh schedule's key is dataset and schedule, every other's the id."""


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset as a backup holds it.

    `member` is what a bundle's member holds (camel case, with `resourceType`, id and name). `permissions` are the
    actions by principal ARN, `tags` values by key, `members` of a folder the ARNs of what lies in it.
    `described` tells that no bundle could be made of it and `member` was made of Describe* answers.
    """

    type: str
    key: str
    member: Mapping[str, Plain]
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    described: bool = False
