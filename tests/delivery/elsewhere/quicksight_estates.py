"""A QuickSight that is backed up, the empty one that it is restored into, and what it is there, written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.quicksight.portraits import (
    AssetPortrait,
    EstatePortrait,
    NamespacePortrait,
    QuickSightGroupPortrait,
    QuickSightPortrait,
    QuickSightUserPortrait,
)

OLD_ACCOUNT, NEW_ACCOUNT = "198737698272", "999999999999"
VIEW = ("quicksight:DescribeDashboard", "quicksight:ListDashboardVersions", "quicksight:QueryDashboard")
START = "2090-01-01T00:00:00Z"
MAPPING = """
[accounts]
198737698272 = "999999999999"

[regions]
us-east-2 = "eu-west-1"

[identity_regions]
us-east-1 = "eu-central-1"

[namespaces]
sales = "vertrieb"

[users]
"sales/anna" = "vertrieb/anna.new"

[groups]
"default/Staff" = "default/Crew"

[principals]
"user/default/gone" = "group/default/Crew"

[vpc_connections.net]
subnet_ids = ["subnet-1", "subnet-2"]
security_group_ids = ["sg-9"]
role_arn = "arn:aws:iam::999999999999:role/network"

[data_sources.db]
secret_arn = "SECRET"
parameters = { host = "db.eu.example.com" }

[drop]
users = ["default/bert"]
"""


@dataclass(frozen=True)
class Place:
    """What differs between the two places."""

    arn: str
    people: str
    anna: str
    crew: str
    network: dict[str, object]
    host: str


OLD_PLACE = Place(
    arn=f"arn:aws:quicksight:us-east-2:{OLD_ACCOUNT}:",
    people=f"arn:aws:quicksight:us-east-1:{OLD_ACCOUNT}:",
    anna="user/sales/anna",
    crew="group/default/Staff",
    network={"securityGroupIds": ["sg-1"], "roleArn": f"arn:aws:iam::{OLD_ACCOUNT}:role/network"},
    host="db.example.com",
)
NEW_PLACE = Place(
    arn=f"arn:aws:quicksight:eu-west-1:{NEW_ACCOUNT}:",
    people=f"arn:aws:quicksight:eu-central-1:{NEW_ACCOUNT}:",
    anna="user/vertrieb/anna.new",
    crew="group/default/Crew",
    network={
        "securityGroupIds": ["sg-9"],
        "roleArn": f"arn:aws:iam::{NEW_ACCOUNT}:role/network",
        "subnetIds": ["subnet-1", "subnet-2"],
    },
    host="db.eu.example.com",
)


def _asset(kind: str, folder: str, key: str, fields: Mapping[str, object], **beside: object) -> AssetPortrait:
    member = {"resourceType": folder, _ID_FIELDS[kind]: key, "name": f"The {key}", **fields}
    return AssetPortrait(kind, member, **beside)  # type: ignore[arg-type]  # beside are its other fields


_ID_FIELDS = {
    "vpc_connection": "vpcConnectionId",
    "data_source": "dataSourceId",
    "data_set": "dataSetId",
    "theme": "themeId",
    "analysis": "analysisId",
    "dashboard": "dashboardId",
    "folder": "folderId",
}


def _data(place: Place, secret: str = "") -> tuple[AssetPortrait, ...]:
    database = {"postgreSqlParameters": {"host": place.host, "port": 5432, "database": "app"}}
    through = {"vpcConnectionArn": f"{place.arn}vpcConnection/net"}
    table = {
        "dataSourceArn": f"{place.arn}datasource/db",
        "name": "t",
        "inputColumns": [{"name": "n", "type": "INTEGER"}],
    }
    refresh: dict[str, object] = {
        "resourceType": "refreshschedule",
        "dataSetId": "sales",
        "scheduleId": "daily",
        "scheduleFrequency": {"interval": "DAILY", "timeOfTheDay": "05:00"},
        "startAfterDateTime": START,
        "refreshType": "FULL_REFRESH",
    }
    source = {"type": "POSTGRESQL", "dataSourceParameters": database, "vpcConnectionProperties": through}
    rows = {"importMode": "SPICE", "physicalTableMap": {"t": {"relationalTable": table}}}
    return (
        _asset("vpc_connection", "vpcconnection", "net", place.network),
        _asset("data_source", "datasource", "db", source, secret=secret),
        _asset("data_set", "dataset", "sales", rows, tags={"owner": OLD_ACCOUNT}),
        AssetPortrait("refresh_schedule", refresh),
    )


def _views(place: Place, board: dict[str, tuple[str, ...]]) -> tuple[AssetPortrait, ...]:
    shown = {
        "dataSetIdentifierDeclarations": [{"identifier": "d", "dataSetArn": f"{place.arn}dataset/sales"}],
        "sheets": [{"sheetId": "s", "name": f"of {OLD_ACCOUNT} in us-east-2", "visuals": [], "scale": 0.5}],
    }
    linked = [f"{place.arn}analysis/draft"]
    above = {"folderType": "SHARED", "parentFolderArn": f"{place.arn}folder/top"}
    return (
        _asset("theme", "theme", "house", {"baseThemeId": "CLASSIC", "configuration": {}}),
        _asset("analysis", "analysis", "draft", {"definition": shown, "themeArn": f"{place.arn}theme/house"}),
        _asset(
            "dashboard",
            "dashboard",
            "board",
            {"definition": shown, "linkEntities": linked},
            permissions=board,
        ),
        _asset("dashboard", "dashboard", "spare", {"definition": shown}),
        _asset("folder", "folder", "top", {"folderType": "SHARED"}),
        _asset("folder", "folder", "under", above, members=(f"{place.arn}dashboard/board",)),
    )


def _user(
    name: str, space: str = "default", email: str = "", *, active: bool = False
) -> QuickSightUserPortrait:
    """A user; whoever is registered anew has not signed in yet."""
    told = {"Email": f"{email or name}@example.com", "Role": "AUTHOR", "IdentityType": "QUICKSIGHT"}
    return QuickSightUserPortrait(name, space, {**told, "Active": active})


OLD = QuickSightPortrait(
    account=OLD_ACCOUNT,
    identity_region="us-east-1",
    namespaces=(NamespacePortrait("sales", "us-east-1"),),
    custom_permissions={"strict": {"Capabilities": {"ExportToCsv": "DENY"}}},
    users=tuple(_user(*who, active=True) for who in (("bert",), ("carl",), ("gone",), ("anna", "sales"))),
    groups=(QuickSightGroupPortrait("Staff", members=("bert", "carl")),),
    estates=(
        EstatePortrait(
            "us-east-2",
            (
                *_data(OLD_PLACE),
                *_views(
                    OLD_PLACE,
                    {
                        f"{OLD_PLACE.people}{OLD_PLACE.anna}": VIEW,
                        f"{OLD_PLACE.people}user/default/bert": VIEW,
                        f"{OLD_PLACE.people}user/default/gone": VIEW[:2],
                        f"{OLD_PLACE.people}{OLD_PLACE.crew}": VIEW[1:],
                    },
                ),
            ),
        ),
    ),
)
_TICKETS = {
    "dataSourceArn": f"{OLD_PLACE.arn}datasource/tickets",
    "tablePath": [{"name": "issues"}],
    "inputColumns": [{"name": "n", "type": "INTEGER"}],
}
_UPLOADED = [{"identifier": "d", "dataSetArn": f"{OLD_PLACE.arn}dataset/upload"}]
ODD = QuickSightPortrait(
    account=OLD_ACCOUNT,
    identity_region="us-east-1",
    users=(_user("carl"),),
    estates=(
        EstatePortrait(
            "us-east-2",
            (
                _asset(
                    "data_source",
                    "datasource",
                    "tickets",
                    {
                        "type": "JIRA",
                        "dataSourceParameters": {
                            "jiraParameters": {"siteBaseUrl": "https://tickets.example.com"}
                        },
                    },
                ),
                _asset(
                    "data_set",
                    "dataset",
                    "issues",
                    {"importMode": "SPICE", "physicalTableMap": {"t": {"saaSTable": _TICKETS}}},
                ),
                _asset(
                    "dashboard",
                    "dashboard",
                    "lost",
                    {"definition": {"dataSetIdentifierDeclarations": _UPLOADED, "sheets": []}},
                    permissions={f"{OLD_PLACE.people}user/default/carl": VIEW},
                ),
            ),
        ),
    ),
)
"""Assets of which no bundle can be made, and one whose dataset is not there."""
EMPTY = QuickSightPortrait(account=NEW_ACCOUNT, identity_region="eu-central-1")


OLD_WORLD = Portrait(management_account=OLD_ACCOUNT, region="us-east-2", quicksight=(OLD,))
EMPTY_WORLD = Portrait(management_account=NEW_ACCOUNT, region="eu-west-1", quicksight=(EMPTY,))


def as_new(secret: str) -> QuickSightPortrait:
    """What the old one is in the new place, whose data source has a secret there."""
    return QuickSightPortrait(
        account=NEW_ACCOUNT,
        identity_region="eu-central-1",
        namespaces=(NamespacePortrait("vertrieb", "eu-central-1"),),
        custom_permissions={"strict": {"Capabilities": {"ExportToCsv": "DENY"}}},
        users=(_user("carl"), _user("gone"), _user("anna.new", "vertrieb", "anna")),
        groups=(QuickSightGroupPortrait("Crew", members=("carl",)),),
        estates=(
            EstatePortrait(
                "eu-west-1",
                (
                    *_data(NEW_PLACE, secret),
                    *_views(
                        NEW_PLACE,
                        {f"{NEW_PLACE.people}{NEW_PLACE.anna}": VIEW, f"{NEW_PLACE.people}{NEW_PLACE.crew}": VIEW},
                    ),
                ),
            ),
        ),
    )  # fmt: skip
