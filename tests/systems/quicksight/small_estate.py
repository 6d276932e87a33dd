"""A few records of QuickSight, to map, plan and compare without a service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.systems.quicksight.model import ASSET_KINDS, RECORD_TYPES, Asset
from holdfast.systems.quicksight.records.assets import asset_record

ALL_TYPES = tuple(kind.name for kind in RECORD_TYPES)
ACCOUNT, REGION, IDENTITY_REGION = "111111111111", "us-east-2", "us-east-1"


def arn(path: str, account: str = ACCOUNT, region: str = REGION) -> str:
    return f"arn:aws:quicksight:{region}:{account}:{path}"


def person(path: str, account: str = ACCOUNT, region: str = IDENTITY_REGION) -> str:
    return arn(path, account, region)


def namespace(name: str) -> Record:
    return Record(
        "namespace", name, canonical({"CapacityRegion": IDENTITY_REGION, "IdentityStore": "QUICKSIGHT"})
    )


def user(name: str, within: str = "default") -> Record:
    body: dict[str, Plain] = {"Role": "AUTHOR", "IdentityType": "QUICKSIGHT"}
    personal: dict[str, Plain] = {"UserName": name, "Email": f"{name}@example.com"}
    return Record("user", join_key(within, name), canonical(body), canonical(personal))


def group(name: str, within: str = "default") -> Record:
    return Record("group", join_key(within, name), canonical({"Description": f"the {name}"}))


def member(of: str, name: str, within: str = "default") -> Record:
    return Record("membership", join_key(within, of, name), canonical({}))


def asset(
    kind: str,
    key: str,
    fields: Mapping[str, Plain] | None = None,
    permissions: Mapping[str, tuple[str, ...]] | None = None,
    **more: object,
) -> Record:
    """An asset whose name is its id in capitals unless `fields` name it."""
    shape = ASSET_KINDS[kind]
    made: dict[str, Plain] = {"resourceType": shape.folder, "name": key.upper(), **(fields or {})}
    made[shape.id_field] = key.rpartition("\x1f")[2]
    if kind == "refresh_schedule":
        made["dataSetId"] = key.partition("\x1f")[0]
    return asset_record(Asset(kind, key, made, permissions or {}, **more))  # type: ignore[arg-type]


def view(records: Iterable[Record]) -> MemoryView:
    """Records as a backup of everything has them."""
    ordered = sorted(records, key=lambda record: record.key)
    return MemoryView(Part(name, [each for each in ordered if each.type == name]) for name in ALL_TYPES)
