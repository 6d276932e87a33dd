"""A small estate as records: people, and a dashboard with all that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.domain.changes import Change, RestoreScope
from holdfast.domain.outcomes import Finding
from holdfast.domain.records import Record, RecordView, join_key
from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.system import Part, PlanOptions
from holdfast.kernel.views import MemoryView
from holdfast.systems.quicksight.model import RECORD_TYPES, Asset
from holdfast.systems.quicksight.plan import plan
from holdfast.systems.quicksight.records.assets import asset_record
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides

TYPES = tuple(kind.name for kind in RECORD_TYPES)
EVERYTHING = PlanOptions(RestoreScope(TYPES))
HOME = "arn:aws:quicksight:us-east-1:123456789012:"
READ = ("quicksight:DescribeDashboard", "quicksight:QueryDashboard")


def user(name: str, role: str = "READER", space: str = "default", **fields: Plain) -> Record:
    """A user's record."""
    body: dict[str, Plain] = {"Role": role, "IdentityType": "QUICKSIGHT", **fields}
    personal = canonical({"UserName": name, "Email": f"{name}@example.com"})
    return Record("user", join_key(space, name), canonical(body), personal)


def group(name: str, description: str = "", space: str = "default") -> Record:
    """A group's record."""
    return Record("group", join_key(space, name), canonical({"Description": description}))


def membership(group_name: str, user_name: str, space: str = "default") -> Record:
    """A membership's record."""
    return Record("membership", join_key(space, group_name, user_name), canonical({}))


def namespace(name: str) -> Record:
    """A namespace's record."""
    return Record(
        "namespace", name, canonical({"CapacityRegion": "us-east-1", "IdentityStore": "QUICKSIGHT"})
    )


def data_source(key: str, kind: str = "POSTGRESQL") -> Asset:
    """A data source without credentials."""
    return Asset(
        "data_source",
        key,
        {"resourceType": "datasource", "dataSourceId": key, "name": key.title(), "type": kind},
    )


def data_set(key: str, source: str, mode: str = "SPICE") -> Asset:
    """A dataset over one table of a data source, or over another dataset (`dataset/ID`)."""
    arn = HOME + (source if "/" in source else f"datasource/{source}")
    table: dict[str, Plain] = {"relationalTable": {"dataSourceArn": arn, "name": "t", "inputColumns": []}}
    member: dict[str, Plain] = {"resourceType": "dataset", "dataSetId": key, "name": key.title()}
    return Asset("data_set", key, {**member, "importMode": mode, "physicalTableMap": {"t": table}})


def shown(kind: str, key: str, data: str, permissions: Mapping[str, tuple[str, ...]] | None = None) -> Asset:
    """An analysis or dashboard over one dataset."""
    declared: Plain = [{"identifier": data, "dataSetArn": f"{HOME}dataset/{data}"}]
    member: dict[str, Plain] = {"resourceType": kind, f"{kind}Id": key, "name": key.title()}
    member["definition"] = {"dataSetIdentifierDeclarations": declared, "sheets": []}
    return Asset(kind, key, member, permissions or {}, {"team": "blue"})


def folder(key: str, members: tuple[str, ...] = (), parent: str = "") -> Asset:
    """A folder with what lies in it, by ARN."""
    member: dict[str, Plain] = {"resourceType": "folder", "folderId": key, "name": key.title()}
    if parent:
        member["parentFolderArn"] = f"{HOME}folder/{parent}"
    return Asset("folder", key, member, members=members)


def estate() -> list[Record]:
    """People with rights on a dashboard, and what that rests on."""
    rights = {f"{HOME}group/default/crew": READ, f"{HOME}user/default/ann": READ}
    assets = (
        data_source("db"),
        data_set("sales", "db"),
        shown("analysis", "draft", "sales"),
        shown("dashboard", "board", "sales", rights),
        folder("top"),
        folder("sub", (f"{HOME}dashboard/board",), "top"),
    )
    people = (user("ann", "ADMIN"), user("bob"), group("crew", "all"), membership("crew", "bob"))
    return [namespace("default"), *people, *map(asset_record, assets)]


def view(records: Iterable[Record], incomplete: tuple[str, ...] = ()) -> MemoryView:
    """The records as a capture of every type."""
    held = list(records)
    return MemoryView(
        Part(
            name,
            sorted((record for record in held if record.type == name), key=lambda record: record.key),
            complete=name not in incomplete,
        )
        for name in TYPES
    )


def without(records: Iterable[Record], *names: str) -> list[Record]:
    """All but the records with these keys' last parts."""
    return [record for record in records if record.key.split("\x1f")[-1] not in names]


def changes(
    wanted: RecordView, present: RecordView, options: PlanOptions = EVERYTHING, overrides: Overrides = NONE
) -> list[Change]:
    """The changes of a plan."""
    return [item for item in plan(wanted, present, options, overrides) if isinstance(item, Change)]


def findings(
    wanted: RecordView, present: RecordView, options: PlanOptions = EVERYTHING, overrides: Overrides = NONE
) -> list[Finding]:
    """The findings of a plan."""
    return [item for item in plan(wanted, present, options, overrides) if isinstance(item, Finding)]


def names(found: Iterable[Change]) -> list[str]:
    """What changes do, in words."""
    return [change.name.replace(HOME, "") for change in found]
