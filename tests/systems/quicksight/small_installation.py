"""A QuickSight in the sandbox as it was kept and as it is after much damage, behind a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from holdfast.adapters.web_download import WebDownload
from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import Record
from holdfast.kernel.system import PlanOptions
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.quicksight.portraits import (
    AssetPortrait,
    EstatePortrait,
    NamespacePortrait,
    QuickSightGroupPortrait,
    QuickSightPortrait,
    QuickSightUserPortrait,
)
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.quicksight.capture.source import QuickSightSource
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.model import RECORD_TYPES
from holdfast.systems.quicksight.records.people import comparable
from holdfast.systems.quicksight.restore.exported import ExportedAssets
from holdfast.systems.quicksight.restore.imports import JobPace
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.target import QuickSightTarget, TargetSettings
from tests.simulators.sleeping_time import SleepingTime

TYPES = tuple(kind.name for kind in RECORD_TYPES)
REGION, ACCOUNT = "us-east-1", "123456789012"
HOME = f"arn:aws:quicksight:{REGION}:{ACCOUNT}:"
VIEW = ("quicksight:DescribeDashboard", "quicksight:ListDashboardVersions", "quicksight:QueryDashboard")
OWN = (*VIEW, "quicksight:UpdateDashboard", "quicksight:DeleteDashboard")


def asset(kind: str, key: str, fields: dict[str, object], **beside: object) -> AssetPortrait:
    """An asset with an id and a name."""
    folder, id_field = _IDS[kind]
    member = {"resourceType": folder, id_field: key, "name": key.title(), **fields}
    return AssetPortrait(kind, member, **beside)  # type: ignore[arg-type]


_IDS = {
    "vpc_connection": ("vpcconnection", "vpcConnectionId"),
    "data_source": ("datasource", "dataSourceId"),
    "data_set": ("dataset", "dataSetId"),
    "theme": ("theme", "themeId"),
    "analysis": ("analysis", "analysisId"),
    "dashboard": ("dashboard", "dashboardId"),
    "folder": ("folder", "folderId"),
}


def network(key: str) -> AssetPortrait:
    """A VPC connection."""
    ways: dict[str, object] = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    return asset("vpc_connection", key, {**ways, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/network"})


def source(key: str, **beside: object) -> AssetPortrait:
    """A database."""
    parameters = {"postgreSqlParameters": {"host": f"{key}.example.com", "port": 5432, "database": "d"}}
    return asset("data_source", key, {"type": "POSTGRESQL", "dataSourceParameters": parameters}, **beside)


def table(key: str, source_key: str, **beside: object) -> AssetPortrait:
    """A dataset over a table."""
    columns = [{"name": "n", "type": "INTEGER"}]
    relational = {"dataSourceArn": f"{HOME}datasource/{source_key}", "name": "t", "inputColumns": columns}
    return asset(
        "data_set",
        key,
        {"importMode": "SPICE", "physicalTableMap": {"t": {"relationalTable": relational}}},
        **beside,
    )


def schedule(data_set: str, key: str, start: str) -> AssetPortrait:
    """A daily refresh."""
    fields = {"dataSetId": data_set, "scheduleId": key, "refreshType": "FULL_REFRESH"}
    frequency = {"interval": "DAILY", "timeOfTheDay": "05:00"}
    member = {"resourceType": "refreshschedule", **fields, "startAfterDateTime": start}
    return AssetPortrait("refresh_schedule", {**member, "scheduleFrequency": frequency})


def view(kind: str, key: str, data_set: str, title: str = "", **beside: object) -> AssetPortrait:
    """An analysis or a dashboard of one sheet."""
    declared = [{"identifier": "d", "dataSetArn": f"{HOME}dataset/{data_set}"}]
    sheets = [{"sheetId": "s", "name": title or key, "visuals": [], "scale": 0.5}]
    definition = {"dataSetIdentifierDeclarations": declared, "sheets": sheets}
    return asset(kind, key, {"definition": definition}, **beside)


def folder(key: str, parent: str = "", **beside: object) -> AssetPortrait:
    """A shared folder."""
    above = {"parentFolderArn": f"{HOME}folder/{parent}"} if parent else {}
    return asset("folder", key, {"folderType": "SHARED", **above}, **beside)


def person(
    name: str, role: str = "READER", space: str = "default", **attributes: object
) -> QuickSightUserPortrait:
    """A user with a password of QuickSight's own, unless said otherwise."""
    known = {"Email": f"{name}@example.com", "Role": role, "IdentityType": "QUICKSIGHT", "Active": True}
    return QuickSightUserPortrait(name, space, {**known, **attributes})


KEPT = QuickSightPortrait(
    namespaces=(NamespacePortrait("lost"),),
    custom_permissions={"strict": {"Capabilities": {"ExportToCsv": "DENY"}}, "gone": {"Capabilities": {}}},
    users=(
        person("ann", "ADMIN", CustomPermissionsName="strict"),
        person("bob"),
        person("Ops/cyd", "AUTHOR", IdentityType="IAM"),
        person("lea", space="lost"),
    ),
    groups=(
        QuickSightGroupPortrait("crew", description="all", members=("bob",)),
        QuickSightGroupPortrait("cooks"),
    ),
    estates=(
        EstatePortrait(
            REGION,
            (
                network("net"),
                source("db", permissions={f"{HOME}user/default/ann": ("quicksight:DescribeDataSource",)}),
                source("warehouse", tags={"team": "blue"}),
                table("sales", "db"),
                table("stock", "warehouse"),
                schedule("sales", "daily", "2026-01-01T00:00:00Z"),
                asset("theme", "house", {"baseThemeId": "CLASSIC", "configuration": {}}),
                view("analysis", "draft", "sales", tags={"team": "blue"}),
                view(
                    "dashboard",
                    "board",
                    "sales",
                    permissions={f"{HOME}user/default/ann": OWN},
                    tags={"team": "blue"},
                ),
                view("dashboard", "wall", "stock"),
                folder("top"),
                folder("sub", "top", members=(f"{HOME}dashboard/board", f"{HOME}analysis/draft")),
            ),
        ),
    ),
)
DAMAGED = QuickSightPortrait(
    namespaces=(NamespacePortrait("extra"),),
    custom_permissions={"strict": {"Capabilities": {"ExportToCsv": "ALLOW"}}, "new": {"Capabilities": {}}},
    users=(
        person("ann", "ADMIN_PRO"),
        person("eve", space="extra"),
        person("bob", "AUTHOR", CustomPermissionsName="new"),
        person("dan"),
    ),
    groups=(
        QuickSightGroupPortrait("crew", members=("dan",)),
        QuickSightGroupPortrait("waiters", members=("ann",)),
    ),
    estates=(
        EstatePortrait(
            REGION,
            (
                network("other"),
                source("db"),
                table("sales", "db", tags={"temporary": "1"}),
                table("scrap", "db"),
                schedule("scrap", "hourly", "2026-01-01T00:00:00Z"),
                view("analysis", "draft", "sales", "another"),
                view("analysis", "strange", "scrap"),
                view(
                    "dashboard",
                    "board",
                    "sales",
                    "another",
                    permissions={f"{HOME}user/default/ann": VIEW, f"{HOME}user/default/dan": VIEW},
                    tags={"team": "red", "temporary": "1"},
                ),
                folder("top", members=(f"{HOME}analysis/draft",)),
                folder("old"),
                folder("older", "old", members=(f"{HOME}dashboard/board",)),
            ),
        ),
    ),
)
EMPTY = QuickSightPortrait()


@dataclass
class Installation:
    """An arena on a sandbox: what `SystemContract` asks for, and a target with overrides."""

    sandbox: SandboxServer
    clock: SleepingTime
    connection: Connection
    overrides: Overrides = NONE
    types: Sequence[str] = TYPES
    options: PlanOptions = PlanOptions(RestoreScope(TYPES), delete_extra=True)
    settings: QuickSightSettings = field(default_factory=lambda: QuickSightSettings(poll_seconds=0.05))
    damages: int = 0

    def assets(self) -> ExportedAssets:
        """What reads assets."""
        return ExportedAssets(self.connection, WebDownload(), self.settings, self.clock)

    def source(self) -> QuickSightSource:
        """What captures."""
        return QuickSightSource(self.connection, self.settings, self.clock, WebDownload())

    def target(self) -> QuickSightTarget:
        """A fresh target."""
        settings = TargetSettings(concurrency=4, jobs=JobPace(0.05, 60))
        return QuickSightTarget(self.connection, self.clock, self.assets(), self.overrides, settings=settings)

    def comparable(self, record: Record) -> bytes:
        """As the system compares."""
        return comparable(record)

    def damage(self) -> None:
        """Everything is changed, and some of it gone."""
        self.load(DAMAGED)
        self.damages += 1

    def load(self, portrait: QuickSightPortrait) -> None:
        """QuickSight becomes as described."""
        self.sandbox.load(Portrait(quicksight=(portrait,)))

    def effects(self) -> int:
        """Changes that the service has made."""
        return len(self.sandbox.changes()) + self.damages
