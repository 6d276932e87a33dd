"""Everything that the API tells of an asset, made of its member: what lists and descriptions choose from."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import cast

from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, Version
from holdfast.sandbox.quicksight.shapes import document, picked, shape
from holdfast.sandbox.wire import Document, Json

_NO_API = "The data set type is not supported through API yet"


def facts(asset: HeldAsset, now: float, number: int | None = None) -> Document:
    """By the API's names, of the version with that number (none: the published one)."""
    version = asset.at(number or asset.version)
    told: Document = {
        **document(shape(asset.kind.shape), version.member),
        "Arn": asset.arn,
        asset.kind.id_name: asset.id,
        "CreatedTime": asset.created,
        "LastUpdatedTime": asset.updated,
        "Status": asset.status(now),
    }
    more = _MORE.get(asset.kind.type)
    return {**told, **more(asset, version, now)} if more else told


def unreadable(estate: Estate, asset: HeldAsset) -> str:
    """Why Describe refuses the asset: it was loaded so, or it is an uploaded file; empty for most."""
    if asset.undescribable or asset.kind.type != "data_set":
        return asset.undescribable
    sources = (estate.assets.get(arn) for arn in references(asset.member))
    files = any(each is not None and each.member.get("type") == "FILE" for each in sources)
    return _NO_API if files else ""


def references(value: Json) -> Iterator[str]:
    """The QuickSight ARNs that a member names."""
    if isinstance(value, str):
        if value.startswith("arn:aws:quicksight:"):
            yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from references(each)


def missing_data_sets(estate: Estate, member: Document) -> list[str]:
    """The ARNs of datasets that the definition declares and that are not there."""
    return [arn for arn in _data_set_arns(member) if arn not in estate.assets]


def _data_set_arns(member: Document) -> list[str]:
    definition = cast("dict[str, list[dict[str, str]]]", member.get("definition") or {})
    declared = definition.get("dataSetIdentifierDeclarations") or []
    return list(dict.fromkeys(each["dataSetArn"] for each in declared))


def _sheets(member: Document) -> list[Json]:
    definition = cast("dict[str, list[dict[str, Json]]]", member.get("definition") or {})
    named = ("sheetId", "SheetId"), ("name", "Name")
    return [
        {name: each[key] for key, name in named if each.get(key)} for each in definition.get("sheets") or []
    ]


def errors_of(version: Version, now: float) -> list[Json]:
    """The errors of a dashboard, analysis or theme, one that made its creation fail among them."""
    told: list[Json] = [{"Type": kind, "Message": message} for kind, message in version.errors]
    if now < version.due:
        return []
    if version.failure and not told:
        told.append({"Type": "INTERNAL_FAILURE", "Message": version.failure})
    return told


def _of_data_source(asset: HeldAsset, version: Version, now: float) -> Document:
    told: Document = {"SecretArn": asset.secret} if asset.secret else {}
    if version.failure and now >= version.due:
        told["ErrorInfo"] = {"Type": "UNKNOWN", "Message": version.failure}
    return told


def _of_data_set(asset: HeldAsset, version: Version, now: float) -> Document:
    member = version.member
    tables = cast(
        "dict[str, dict[str, dict[str, list[dict[str, Json]]]]]", member.get("physicalTableMap") or {}
    )
    columns: list[Json] = []
    for table in tables.values():
        for body in table.values():
            listed = body.get("inputColumns") or body.get("columns") or []
            columns += [{"Name": each["name"], "Type": each["type"]} for each in listed]
    return {
        "OutputColumns": columns,
        "ConsumedSpiceCapacityInBytes": 0,
        "RowLevelPermissionTagConfigurationApplied": bool(member.get("rowLevelPermissionTagConfiguration")),
        "ColumnLevelPermissionRulesApplied": bool(member.get("columnLevelPermissionRules")),
    }


def _of_analysis(asset: HeldAsset, version: Version, now: float) -> Document:
    told: Document = {
        "DataSetArns": cast("list[Json]", _data_set_arns(version.member)),
        "Sheets": _sheets(version.member),
    }
    errors = errors_of(version, now)
    return {**told, "Errors": errors} if errors else told


def _of_dashboard(asset: HeldAsset, version: Version, now: float) -> Document:
    told = version_facts(asset, version, now)
    return {
        "Version": {**told, **_of_analysis(asset, version, now)},
        "PublishedVersionNumber": asset.version,
        "LastPublishedTime": asset.at(asset.version).created,
        "LinkEntities": version.member.get("linkEntities"),
    }


def _of_theme(asset: HeldAsset, version: Version, now: float) -> Document:
    return {
        "Version": version_facts(asset, version, now),
        "LatestVersionNumber": asset.latest.number,
        "Type": "CUSTOM" if asset.own else "QUICKSIGHT",
    }


def version_facts(asset: HeldAsset, version: Version, now: float) -> Document:
    """What the API tells of a version of a dashboard or theme."""
    name = f"{asset.kind.shape}Version"
    told: Document = {
        **document(shape(name), version.member),
        "VersionNumber": version.number,
        "Arn": f"{asset.arn}/version/{version.number}",
        "CreatedTime": version.created,
        "Status": version.status(now),
        "Description": version.description or None,
    }
    return picked(name, told)


def _of_vpc_connection(asset: HeldAsset, version: Version, now: float) -> Document:
    subnets = cast("list[str]", version.member.get("subnetIds") or [])
    interfaces: list[Json] = [
        {"SubnetId": each, "Status": "AVAILABLE", "NetworkInterfaceId": f"eni-{_digits(asset.arn + each)}"}
        for each in subnets
    ]
    working = now >= version.due and not version.failure and asset.deleted is None
    return {
        "NetworkInterfaces": interfaces,
        "VPCId": f"vpc-{_digits(asset.arn)}",
        "AvailabilityStatus": "AVAILABLE" if working else "UNAVAILABLE",
    }


def _digits(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


_MORE = {
    "data_source": _of_data_source,
    "data_set": _of_data_set,
    "analysis": _of_analysis,
    "dashboard": _of_dashboard,
    "theme": _of_theme,
    "vpc_connection": _of_vpc_connection,
}


def folder_path(estate: Estate, folder: HeldAsset) -> list[str]:
    """The ARNs of the folders that it lies in, the outermost first."""
    path: list[str] = []
    parent = folder.member.get("parentFolderArn")
    while isinstance(parent, str) and parent in estate.assets and parent not in path:
        path.insert(0, parent)
        parent = estate.assets[parent].member.get("parentFolderArn")
    return path
