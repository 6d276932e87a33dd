"""What Describe calls say of an asset, in the form that a member of a bundle has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from holdfast.domain.records import split_key
from holdfast.kernel.answers import Answer, part, rows, text, texts
from holdfast.kernel.canonical import Plain
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    ASSET_KINDS,
    DASHBOARD,
    DATA_SET,
    DATA_SOURCE,
    FOLDER,
    REFRESH_SCHEDULE,
    THEME,
    TOPIC,
    VPC_CONNECTION,
)
from holdfast.systems.quicksight.records.assets import NUMBER

MAPS = frozenset(
    {
        "AggregationFunctionParameters",
        "DestinationTableMap",
        "FieldFolders",
        "LogicalTableMap",
        "PhysicalTableMap",
        "SourceTableMap",
        "TableMap",
        "TransformStepMap",
        "TypeParameters",
    }
)
"""Members of the API's shapes that are maps: their keys are somebody's ids and names, and stay as they are."""
PARTS = {
    VPC_CONNECTION: ("VPCConnection",),
    DATA_SOURCE: ("DataSource",),
    DATA_SET: ("DataSet",),
    REFRESH_SCHEDULE: ("RefreshSchedule",),
    TOPIC: ("Topic",),
    THEME: ("Theme",),
    ANALYSIS: (),
    DASHBOARD: (),
    FOLDER: ("Folder",),
}
"""Where the answer of a type's Describe call has the asset; nowhere in particular for a definition."""
LEFT_OUT = frozenset(
    {
        *("Arn", "RequestId", "Status", "ResponseMetadata", "CreatedTime", "LastUpdatedTime", "Errors"),
        *("ErrorInfo", "ResourceStatus", "AvailabilityStatus", "NetworkInterfaces", "FolderPath"),
        *("OutputColumns", "ConsumedSpiceCapacityInBytes", "CredentialStatus", "LastCredentialVerifiedAt"),
        *("SecretArn", "Version", "Dashboard", "TopicId"),
    }
)
"""What the service says of an asset's state, and what is put elsewhere below."""
_LEADING = re.compile(r"^[A-Z]+")


def camel(name: str) -> str:
    """A name of the API as bundles write it: leading capitals small, as a real one has `qbusinessInsightsStatus`."""
    return _LEADING.sub(lambda found: found.group().lower(), name)


def member_of(asset_type: str, key: str, answer: Answer) -> dict[str, Plain]:
    """The member that a bundle would have of an asset, from the answers of its Describe calls."""
    kind = ASSET_KINDS[asset_type]
    held = answer
    for name in PARTS[asset_type]:
        held = part(held, name)
    ids = {"DataSourceId", "DataSetId", "ThemeId", "AnalysisId", "DashboardId", "FolderId", "ScheduleId"}
    fields = {name: value for name, value in held.items() if name not in LEFT_OUT | ids | {"VPCConnectionId"}}
    if asset_type == THEME:
        fields.pop("Type", None)
    found = cast("dict[str, Plain]", _plain(fields))
    found |= {"resourceType": kind.folder, kind.id_field: split_key(key)[-1]}
    return {**found, **_beside(asset_type, key, answer)}


def _beside(asset_type: str, key: str, answer: Answer) -> dict[str, Plain]:
    """What a member has in another place than the answer."""
    if asset_type in (ANALYSIS, DASHBOARD):
        linked = list(texts(part(answer, "Dashboard"), "LinkEntities"))
        lenient: dict[str, Plain] = {"validationStrategy": {"mode": "LENIENT"}}
        return lenient | ({"linkEntities": linked} if linked else {})
    if asset_type == THEME:
        version = part(part(answer, "Theme"), "Version")
        kept = ("BaseThemeId", "Configuration")
        return {camel(name): _plain(version[name]) for name in kept if name in version}
    if asset_type == REFRESH_SCHEDULE:
        return {ASSET_KINDS[DATA_SET].id_field: split_key(key)[0]}
    if asset_type == FOLDER:
        path = texts(part(answer, "Folder"), "FolderPath")
        return {"parentFolderArn": path[-1]} if path else {}
    if asset_type == VPC_CONNECTION:
        interfaces = rows(part(answer, "VPCConnection"), "NetworkInterfaces")
        return {"subnetIds": sorted({text(each, "SubnetId") for each in interfaces})}
    return {}


def _plain(value: object) -> Plain:
    """An answer's value with names as bundles write them, and fractions as records hold them."""
    if isinstance(value, Mapping):
        return {camel(str(name)): _entry(str(name), each) for name, each in value.items() if each is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return {NUMBER: repr(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return cast("Plain", value)


def _entry(name: str, value: object) -> Plain:
    if name in MAPS and isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return _plain(value)
