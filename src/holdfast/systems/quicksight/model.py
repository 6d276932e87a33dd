"""QuickSight in its own words: what is kept of it, and how its bundles and ARNs name that.

Names follow the QuickSight API reference (2018-04-01) and a real bundle, whose members are
`<folder>/<id>.json` with keys in camel case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

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

FILE = "FILE"
"""Type of a data source that is an uploaded file."""
NOT_IN_BUNDLES = frozenset({"ADOBE_ANALYTICS", FILE, "GITHUB", "JIRA", "SALESFORCE", "SERVICENOW", "TWITTER"})
"""Types of data sources that no bundle takes, nor datasets on them (user guide, asset bundle export)."""

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


@dataclass(frozen=True, slots=True)
class AssetSummary:
    """What a listing says of an asset; `source_type` is a data source's."""

    type: str
    key: str
    arn: str
    name: str = ""
    status: str = ""
    source_type: str = ""


@dataclass(frozen=True, slots=True)
class Grants:
    """Who may do what with an asset, by principal ARN; `linked` are those who may by knowing its address."""

    permissions: Mapping[str, tuple[str, ...]]
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; its ARN and status are evidence."""

    name: str
    capacity_region: str = ""
    identity_store: str = ""
    arn: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class CustomPermissions:
    """A custom permissions profile: what is denied or allowed, by capability."""

    name: str
    capabilities: Mapping[str, str]
    arn: str = ""


@dataclass(frozen=True, slots=True)
class User:
    """A user of a namespace. ARN, principal id and whether the user has signed in (`active`) are evidence."""

    namespace: str
    user_name: str
    role: str
    identity_type: str
    email: str = ""
    custom_permissions: str = ""
    provider_type: str = ""
    provider_url: str = ""
    external_login_id: str = ""
    arn: str = ""
    principal_id: str = ""
    active: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a namespace; ARN and principal id are evidence."""

    namespace: str
    name: str
    description: str = ""
    arn: str = ""
    principal_id: str = ""


class JobState(StrEnum):
    """Where an export job stands, as the API spells it."""

    QUEUED = "QUEUED_FOR_IMMEDIATE_EXECUTION"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class JobRemark:
    """What a job says of an asset, or of none in particular (no ARN); `kind` is an error's type."""

    arn: str
    message: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """An export job as it stands. The address of a successful one lives for five minutes."""

    id: str
    state: str
    created: datetime | None = None
    address: str = field(default="", repr=False)
    errors: tuple[JobRemark, ...] = ()
    warnings: tuple[JobRemark, ...] = ()
