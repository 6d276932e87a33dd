"""QuickSight: assets created, changed and deleted by calls of their own."""

from __future__ import annotations

from typing import cast

from holdfast.sandbox.quicksight.asset_api import Handler
from holdfast.sandbox.quicksight.asset_facts import missing_data_sets, references
from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight, Version
from holdfast.sandbox.quicksight.kinds import KINDS, Kind, camel, key_of
from holdfast.sandbox.quicksight.refusals import (
    asset_of,
    bad_value,
    busy,
    estate_of,
    gone,
    permissions_of,
    require_asset,
    tags_of,
    taken,
)
from holdfast.sandbox.quicksight.shapes import answered, input_members, may_refuse, members, to_api, to_member
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Document

_DEFAULTS: dict[str, Document] = {"folder": {"folderType": "SHARED"}}
_DAY = 86_400.0
# What requests hold beside the asset's own state, which a bundle does not have.
_ASIDE = frozenset(
    {
        "AwsAccountId", "Credentials", "FolderArns", "LinkSharingConfiguration", "Parameters", "Permissions",
        "SourceEntity", "Tags", "VersionDescription",
    }
)  # fmt: skip
_DEFINED = ("analysis", "dashboard")
# These are there at once; the rest begins as CREATION_IN_PROGRESS.
_AT_ONCE = frozenset({"data_set", "topic", "folder", "refresh_schedule"})
# What a request wraps into one structure and a bundle holds flat.
_WRAPPED = {"topic": ("Topic", "TopicDetails"), "refresh_schedule": ("Schedule", "RefreshSchedule")}


def _state(kind: Kind, call: Call) -> Document:
    """The member that the request asks for, without what says which asset it is."""
    known, given = input_members(call.operation), dict(call.parameters.values)
    wrapped, _ = _WRAPPED.get(kind.type, ("", ""))
    asked = {
        name: each for name, each in given.items() if name not in (*_ASIDE, wrapped) and each is not None
    }
    named = {kind.id_name: kind.id_field}
    state = {named.get(name) or camel(name): to_member(known[name], each) for name, each in asked.items()}
    if wrapped:
        state |= cast(Document, to_member(known[wrapped], given[wrapped]))
    state.pop("arn", None)
    return state


def _create(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        estate = estate_of(quicksight, call)
        member = {"resourceType": kind.folder, **_DEFAULTS.get(kind.type, {}), **_state(kind, call)}
        key = key_of(kind, dict(member))
        if estate.find(kind.type, key) is not None:
            raise taken(f"{kind.shape} {key}")
        _require_sense(estate, kind, call)
        folders = [_folder(estate, arn) for arn in call.parameters.texts("FolderArns")]
        permissions = permissions_of(estate.identities, kind, call.parameters.parts("Permissions"))
        tags = tags_of(call)
        made = estate.add(kind, member, call.now)
        made.permissions, made.tags = permissions, tags
        made.secret = call.parameters.part("Credentials").find("SecretArn") or ""
        for folder in folders:
            folder.members[made.arn] = estate.place()
        _begin(quicksight, estate, call, made, made.latest)
        quicksight.journal.record(call.operation, call.region, key)
        return _told(call, made, made.latest, "Creation")

    return handler


def _update(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        estate = estate_of(quicksight, call)
        if kind.type == "refresh_schedule":
            schedule = call.parameters.part("Schedule").text("ScheduleId")
            asset = require_asset(estate, kind, f"{call.parameters.text('DataSetId')}/{schedule}")
        else:
            asset = asset_of(quicksight, call, kind)
        if not asset.own:
            raise ApiRefusal("AccessDeniedException", f"{asset.arn} belongs to AWS.")
        if asset.deleted is not None:
            raise gone(f"{kind.shape} {asset.key}")
        _require_settled(asset, call)
        _require_sense(estate, kind, call)
        version = asset.replace(_replaced(kind, call, asset), call.now, publish=kind.type != "dashboard")
        asset.secret = call.parameters.part("Credentials").find("SecretArn") or asset.secret
        _begin(quicksight, estate, call, asset, version)
        quicksight.journal.record(call.operation, call.region, asset.key)
        return _told(call, asset, version, "Update")

    return handler


def _replaced(kind: Kind, call: Call, asset: HeldAsset) -> Document:
    """The state after an update: what it can set is replaced whole; a theme's update changes what it passes."""
    state = _state(kind, call)
    if kind.type == "theme":
        return {**asset.latest.member, **state}
    inner = _WRAPPED.get(kind.type, ("", ""))[1]
    settable = {camel(name) for name in input_members(call.operation)} - {camel(kind.id_name)}
    settable |= {camel(name) for name in members(inner)} if inner else set()
    return {name: each for name, each in asset.latest.member.items() if name not in settable} | state


def _require_sense(estate: Estate, kind: Kind, call: Call) -> None:
    """Nothing when what the request names is there. Raises: ApiRefusal."""
    if kind.type in _DEFINED and "Definition" not in call.parameters:
        raise bad_value("A Definition is required; the sandbox has no templates for a SourceEntity.")
    if kind.type == "refresh_schedule":
        data_set = require_asset(estate, KINDS["data_set"], call.parameters.text("DataSetId"))
        if data_set.member.get("importMode") != "SPICE":
            raise bad_value(f"Dataset {data_set.key} is not a SPICE dataset.")
        _require_future(call)
    if kind.type == "theme" and estate.find("theme", call.parameters.text("BaseThemeId")) is None:
        raise gone(f"Theme {call.parameters.text('BaseThemeId')}")
    if kind.type in ("data_source", "data_set", "topic"):
        absent = [arn for arn in references(_state(kind, call)) if arn not in estate.assets]
        if absent:
            raise bad_value(f"Resource {absent[0]} does not exist in account {estate.account}.")
    if kind.type == "folder" and call.operation == "CreateFolder":
        parent = call.parameters.find("ParentFolderArn")
        if parent is not None:
            _folder(estate, parent)


def _require_settled(asset: HeldAsset, call: Call) -> None:
    """Nothing unless a version is being made, where the operation may refuse that."""
    if asset.latest.status(call.now).endswith("IN_PROGRESS") and may_refuse(
        call.operation, "ConflictException"
    ):
        raise busy(f"{asset.kind.shape} {asset.key}")


def _require_future(call: Call) -> None:
    start = call.parameters.part("Schedule").raw("StartAfterDateTime")
    if isinstance(start, (int, float)) and start <= call.now:
        raise bad_value("StartAfterDateTime must be in the future.")


def _folder(estate: Estate, arn: str) -> HeldAsset:
    found = estate.assets.get(arn)
    if found is None or found.kind.type != "folder":
        raise gone(f"Folder {arn}")
    return found


def _begin(quicksight: QuickSight, estate: Estate, call: Call, asset: HeldAsset, version: Version) -> None:
    """Sets when the version takes hold, and whether it fails."""
    version.description = call.parameters.find("VersionDescription") or ""
    if asset.kind.type in _AT_ONCE:
        return
    delay = call.conduct.async_delay
    version.due = call.now + (quicksight.async_delay if delay is None else delay)
    version.failure = call.conduct.async_failure or ""
    if asset.kind.type in _DEFINED:
        version.errors = tuple(
            ("DATA_SET_NOT_FOUND", f"Dataset {arn} does not exist.")
            for arn in missing_data_sets(estate, version.member)
        )
        if version.errors:
            version.failure = version.errors[0][1]


def _told(call: Call, asset: HeldAsset, version: Version, verb: str) -> Answer:
    kind, status = asset.kind, version.status(call.now)
    told: Document = {
        "Arn": asset.arn,
        kind.id_name: asset.id,
        "CreationStatus": status,
        "UpdateStatus": status,
        "AvailabilityStatus": "UNAVAILABLE",
        "VersionArn": f"{asset.arn}/version/{version.number}",
    }
    if asset.member.get("importMode") == "SPICE":
        ingestion = f"sandbox-{version.number}"
        told |= {"IngestionId": ingestion, "IngestionArn": f"{asset.arn}/ingestion/{ingestion}"}
    answer = answered(call.operation, told)
    started = kind.type not in _AT_ONCE or "IngestionId" in answer
    return {**answer, "Status": 202 if started else 201 if verb == "Creation" else 200}


def _delete(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        estate, asset = estate_of(quicksight, call), asset_of(quicksight, call, kind)
        if not asset.own:
            raise ApiRefusal("AccessDeniedException", f"{asset.arn} belongs to AWS and cannot be deleted.")
        _require_settled(asset, call)
        number = call.parameters.raw("VersionNumber")
        if number is not None:
            _delete_version(asset, cast(int, number))
        elif kind.type == "vpc_connection":
            asset.deleted = call.now + quicksight.async_delay
        else:
            _remove(estate, asset)
        quicksight.journal.record(call.operation, call.region, asset.key)
        told: Document = {
            "Arn": asset.arn,
            kind.id_name: asset.id,
            "DeletionStatus": "DELETION_IN_PROGRESS",
            "AvailabilityStatus": "UNAVAILABLE",
        }
        return answered(call.operation, told)

    return handler


def _delete_version(asset: HeldAsset, number: int) -> None:
    if all(each.number != number for each in asset.versions):
        raise gone(f"Version {number} of {asset.kind.shape} {asset.key}")
    if number == asset.version:
        raise ApiRefusal("ConflictException", f"Version {number} is in use and cannot be deleted.")
    asset.versions = [each for each in asset.versions if each.number != number]


def _remove(estate: Estate, asset: HeldAsset) -> None:
    """Takes it away; a dataset takes its schedules along, a folder must be empty. Raises: ApiRefusal."""
    if asset.kind.type == "folder":
        inner = [each for each in estate.of("folder") if each.member.get("parentFolderArn") == asset.arn]
        if inner or asset.members:
            raise ApiRefusal("PreconditionNotMetException", f"Folder {asset.key} is not empty.")
    if asset.kind.type == "data_set":
        for each in [each for each in estate.of("refresh_schedule") if each.key.startswith(f"{asset.key}/")]:
            estate.remove(each)
    estate.remove(asset)


def _delete_analysis(quicksight: QuickSight, call: Call) -> Answer:
    """Marks it as deleted. It stays, and is listed, until its recovery window ends."""
    estate, asset = estate_of(quicksight, call), asset_of(quicksight, call, KINDS["analysis"])
    forced = bool(call.parameters.raw("ForceDeleteWithoutRecovery"))
    _require_settled(asset, call)
    if forced and "RecoveryWindowInDays" in call.parameters:
        raise bad_value("RecoveryWindowInDays and ForceDeleteWithoutRecovery exclude each other.")
    if asset.deleted is not None and not forced:
        raise gone(f"Analysis {asset.key}")
    told: Document = {"Arn": asset.arn, "AnalysisId": asset.key}
    if forced:
        estate.remove(asset)
    else:
        asset.deleted = call.now + call.parameters.number("RecoveryWindowInDays", 30) * _DAY
        told["DeletionTime"] = asset.deleted
    quicksight.journal.record("DeleteAnalysis", call.region, asset.key)
    return told


def _restore_analysis(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["analysis"])
    if asset.deleted is None:
        raise ApiRefusal("ConflictException", f"Analysis {asset.key} is not deleted.")
    asset.deleted = None
    quicksight.journal.record("RestoreAnalysis", call.region, asset.key)
    return {"Arn": asset.arn, "AnalysisId": asset.key}


def _publish(quicksight: QuickSight, call: Call) -> Answer:
    asset, number = (
        asset_of(quicksight, call, KINDS["dashboard"]),
        cast(int, call.parameters.raw("VersionNumber")),
    )
    version = next((each for each in asset.versions if each.number == number), None)
    if version is None:
        raise gone(f"Version {number} of Dashboard {asset.key}")
    if not version.status(call.now).endswith("SUCCESSFUL"):
        raise ApiRefusal("ConflictException", f"Version {number} is {version.status(call.now)}.")
    asset.version, asset.updated = number, call.now
    quicksight.journal.record("UpdateDashboardPublishedVersion", call.region, asset.key, str(number))
    return {"DashboardId": asset.key, "DashboardArn": asset.arn}


def _link(quicksight: QuickSight, call: Call) -> Answer:
    asset, links = asset_of(quicksight, call, KINDS["dashboard"]), call.parameters.raw("LinkEntities")
    asset.member["linkEntities"] = links
    quicksight.journal.record("UpdateDashboardLinks", call.region, asset.key)
    return {"DashboardArn": asset.arn, "LinkEntities": links}


_PROPERTIES = "dataSetRefreshProperties"


def _put_refresh_properties(quicksight: QuickSight, call: Call) -> Answer:
    asset = _spice(quicksight, call)
    known = input_members("PutDataSetRefreshProperties")["DataSetRefreshProperties"]
    asset.member[_PROPERTIES] = to_member(known, call.parameters.raw("DataSetRefreshProperties"))
    quicksight.journal.record("PutDataSetRefreshProperties", call.region, asset.key)
    return {}


def _spice(quicksight: QuickSight, call: Call) -> HeldAsset:
    asset = asset_of(quicksight, call, KINDS["data_set"])
    if asset.member.get("importMode") != "SPICE":
        raise bad_value(
            f"The dataset {asset.key} is not a SPICE dataset and is not supported for incremental refresh."
        )
    return asset


def _describe_refresh_properties(quicksight: QuickSight, call: Call) -> Answer:
    asset = _spice(quicksight, call)
    if _PROPERTIES not in asset.member:
        raise gone(f"Refresh properties of dataset {asset.key}")
    known = input_members("PutDataSetRefreshProperties")["DataSetRefreshProperties"]
    return {"DataSetRefreshProperties": to_api(known, asset.member[_PROPERTIES])}


def _delete_refresh_properties(quicksight: QuickSight, call: Call) -> Answer:
    asset = _spice(quicksight, call)
    if asset.member.pop(_PROPERTIES, None) is None:
        raise gone(f"Refresh properties of dataset {asset.key}")
    quicksight.journal.record("DeleteDataSetRefreshProperties", call.region, asset.key)
    return {}


OPERATIONS: dict[str, Handler] = {
    **{
        f"{verb}{kind.shape.removesuffix('Details')}": made(kind)
        for kind in KINDS.values()
        for verb, made in (("Create", _create), ("Update", _update), ("Delete", _delete))
    },
    "DeleteAnalysis": _delete_analysis,
    "RestoreAnalysis": _restore_analysis,
    "UpdateDashboardPublishedVersion": _publish,
    "UpdateDashboardLinks": _link,
    "PutDataSetRefreshProperties": _put_refresh_properties,
    "DescribeDataSetRefreshProperties": _describe_refresh_properties,
    "DeleteDataSetRefreshProperties": _delete_refresh_properties,
}
