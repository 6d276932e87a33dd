"""QuickSight: lists and descriptions of assets, and who may use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from holdfast.sandbox.quicksight.asset_facts import errors_of, facts, folder_path, unreadable, version_facts
from holdfast.sandbox.quicksight.estate import HeldAsset, QuickSight
from holdfast.sandbox.quicksight.kinds import KINDS, Kind
from holdfast.sandbox.quicksight.refusals import (
    MOST_PERMISSIONS,
    asset_of,
    bad_value,
    estate_of,
    gone,
    permissions_of,
    require_asset,
)
from holdfast.sandbox.quicksight.shapes import answered, document, members, picked, shape
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Document, Json, Parameters

PAGE = 100
Handler = Callable[[QuickSight, Call], Answer]


@dataclass(frozen=True, slots=True)
class Listing:
    """How a type is listed: the operation, the list's name in the answer, and the shape of one item."""

    kind: Kind
    operation: str
    name: str
    item: str


_LISTINGS = (
    Listing(KINDS["vpc_connection"], "ListVPCConnections", "VPCConnectionSummaries", "VPCConnectionSummary"),
    Listing(KINDS["data_source"], "ListDataSources", "DataSources", "DataSource"),
    Listing(KINDS["data_set"], "ListDataSets", "DataSetSummaries", "DataSetSummary"),
    Listing(KINDS["topic"], "ListTopics", "TopicsSummaries", "TopicSummary"),
    Listing(KINDS["theme"], "ListThemes", "ThemeSummaryList", "ThemeSummary"),
    Listing(KINDS["analysis"], "ListAnalyses", "AnalysisSummaryList", "AnalysisSummary"),
    Listing(KINDS["dashboard"], "ListDashboards", "DashboardSummaryList", "DashboardSummary"),
    Listing(KINDS["folder"], "ListFolders", "FolderSummaryList", "FolderSummary"),
)


def _list(listing: Listing) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        held = estate_of(quicksight, call).of(listing.kind.type)
        wanted = call.parameters.find("Type") or "ALL"
        if wanted != "ALL":
            held = [each for each in held if each.own == (wanted == "CUSTOM")]
        page = quicksight.pager.page(call, held, lambda each: each.seq, PAGE)
        return page.answer(listing.name, lambda each: picked(listing.item, facts(each, call.now)))

    return handler


def _list_schedules(quicksight: QuickSight, call: Call) -> Answer:
    estate, data_set = estate_of(quicksight, call), call.parameters.text("DataSetId")
    require_asset(estate, KINDS["data_set"], data_set)
    held = [each for each in estate.of("refresh_schedule") if each.key.startswith(f"{data_set}/")]
    return {"RefreshSchedules": [picked("RefreshSchedule", facts(each, call.now)) for each in held]}


def _describe(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        asset = asset_of(quicksight, call, kind)
        refusal = unreadable(estate_of(quicksight, call), asset)
        if refusal:
            raise bad_value(refusal)
        told = picked(kind.shape, facts(asset, call.now, _version(asset, call)))
        return {kind.shape: told}

    return handler


def _version(asset: HeldAsset, call: Call) -> int | None:
    number = call.parameters.raw("VersionNumber")
    if call.parameters.find("AliasName") == "$LATEST":
        return asset.latest.number
    if isinstance(number, int) and all(each.number != number for each in asset.versions):
        raise gone(f"Version {number} of {asset.kind.shape} {asset.key}")
    return cast("int | None", number)


def _describe_topic(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["topic"])
    told: Document = {
        "Arn": asset.arn,
        "TopicId": asset.key,
        "Topic": document(shape("TopicDetails"), asset.member),
    }
    instructions = asset.member.get("customInstructions")
    if instructions:
        told["CustomInstructions"] = document(shape("CustomInstructions"), instructions)
    return told


def _describe_schedule(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["refresh_schedule"])
    return {"RefreshSchedule": picked("RefreshSchedule", facts(asset, call.now)), "Arn": asset.arn}


def _describe_folder(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["folder"])
    path = folder_path(estate_of(quicksight, call), asset)
    told = picked("Folder", facts(asset, call.now))
    return {"Folder": {**told, "FolderPath": path} if path else told}


def _describe_definition(kind: Kind) -> Handler:
    operation = f"Describe{kind.shape}Definition"

    def handler(quicksight: QuickSight, call: Call) -> Answer:
        asset = asset_of(quicksight, call, kind)
        version = asset.at(_version(asset, call) or asset.version)
        parts = members(f"{operation}Response")
        told: Document = {
            kind.id_name: asset.key,
            "Name": version.member.get("name"),
            "ResourceStatus": "DELETED" if asset.deleted is not None else version.status(call.now),
            "ThemeArn": version.member.get("themeArn"),
            "Definition": document(parts["Definition"], version.member.get("definition")),
            "Errors": errors_of(version, call.now) or None,
        }
        if "dashboardPublishOptions" in version.member and "DashboardPublishOptions" in parts:
            told["DashboardPublishOptions"] = document(
                parts["DashboardPublishOptions"], version.member["dashboardPublishOptions"]
            )
        return {name: each for name, each in told.items() if each is not None}

    return handler


def _list_dashboard_versions(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["dashboard"])
    page = quicksight.pager.page(call, asset.versions, lambda each: each.number, PAGE)
    return page.answer(
        "DashboardVersionSummaryList",
        lambda each: picked("DashboardVersionSummary", version_facts(asset, each, call.now)),
    )


def _permissions(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        return _shown_permissions(asset_of(quicksight, call, kind), call)

    return handler


def _describe_folder_permissions(quicksight: QuickSight, call: Call) -> Answer:
    asset = asset_of(quicksight, call, KINDS["folder"])
    page = quicksight.pager.page(call, enumerate(_listed(asset), 1), lambda each: each[0], PAGE)
    return {**_shown_permissions(asset, call), **page.answer("Permissions", lambda each: each[1])}


def _listed(asset: HeldAsset) -> list[Json]:
    held = asset.permissions.items()
    return [{"Principal": principal, "Actions": list(actions)} for principal, actions in held]


def _shown_permissions(asset: HeldAsset, call: Call) -> Document:
    told: Document = {
        asset.kind.id_name: asset.key,
        "Arn": asset.arn,
        f"{asset.kind.shape.removesuffix('Details')}Arn": asset.arn,
        "Permissions": _listed(asset),
    }
    return answered(call.operation, told)


def _update_permissions(kind: Kind) -> Handler:
    def handler(quicksight: QuickSight, call: Call) -> Answer:
        asset, asked = asset_of(quicksight, call, kind), call.parameters
        if not asset.own:
            raise ApiRefusal("AccessDeniedException", f"{asset.arn} belongs to AWS.")
        granted = permissions_of(
            quicksight.identities(call.caller.account), kind, asked.parts("GrantPermissions")
        )
        changed = _without(asset.permissions, asked.parts("RevokePermissions"))
        for principal, actions in granted.items():
            changed[principal] = tuple(sorted({*changed.get(principal, ()), *actions}))
        if len(changed) > MOST_PERMISSIONS:
            raise ApiRefusal(
                "LimitExceededException", f"More than {MOST_PERMISSIONS} principals on {asset.arn}."
            )
        asset.permissions = changed
        quicksight.journal.record(call.operation, call.region, asset.key)
        return _shown_permissions(asset, call)

    return handler


def _without(held: dict[str, tuple[str, ...]], revoked: tuple[Parameters, ...]) -> dict[str, tuple[str, ...]]:
    """The permissions that are left. A principal that is gone can still be revoked."""
    left = dict(held)
    for each in revoked:
        principal, actions = each.text("Principal"), set(each.texts("Actions"))
        kept = tuple(action for action in left.pop(principal, ()) if action not in actions)
        if kept:
            left[principal] = kept
    return left


_NOUNS = {name: kind.shape.removesuffix("Details") for name, kind in KINDS.items()}
_OWNED = [kind for kind in KINDS.values() if kind.permissions]
OPERATIONS: dict[str, Handler] = {
    **{each.operation: _list(each) for each in _LISTINGS},
    **{f"Describe{_NOUNS[kind.type]}": _describe(kind) for kind in KINDS.values()},
    **{f"Describe{_NOUNS[kind.type]}Permissions": _permissions(kind) for kind in _OWNED},
    **{f"Update{_NOUNS[kind.type]}Permissions": _update_permissions(kind) for kind in _OWNED},
    "DescribeAnalysisDefinition": _describe_definition(KINDS["analysis"]),
    "DescribeDashboardDefinition": _describe_definition(KINDS["dashboard"]),
    "DescribeFolder": _describe_folder,
    "DescribeFolderPermissions": _describe_folder_permissions,
    "DescribeRefreshSchedule": _describe_schedule,
    "DescribeTopic": _describe_topic,
    "ListDashboardVersions": _list_dashboard_versions,
    "ListRefreshSchedules": _list_schedules,
}
