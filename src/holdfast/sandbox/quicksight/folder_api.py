"""QuickSight: what lies in folders."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight
from holdfast.sandbox.quicksight.kinds import KINDS
from holdfast.sandbox.quicksight.refusals import asset_of, estate_of, gone, require_asset, taken
from holdfast.sandbox.wire import Answer, Call, Document

PAGE = 100
_TYPES = {kind.member_type: kind for kind in KINDS.values() if kind.member_type}


def _named(estate: Estate, call: Call) -> HeldAsset:
    return require_asset(estate, _TYPES[call.parameters.text("MemberType")], call.parameters.text("MemberId"))


def _join(quicksight: QuickSight, call: Call) -> Answer:
    estate, folder = estate_of(quicksight, call), asset_of(quicksight, call, KINDS["folder"])
    member = _named(estate, call)
    if member.arn in folder.members:
        raise taken(f"Member {member.key} of folder {folder.key}")
    folder.members[member.arn] = estate.place()
    quicksight.journal.record("CreateFolderMembership", call.region, folder.key, member.kind.type, member.key)
    return {"FolderMember": _shown(member)}


def _leave(quicksight: QuickSight, call: Call) -> Answer:
    folder, member = asset_of(quicksight, call, KINDS["folder"]), _named(estate_of(quicksight, call), call)
    if folder.members.pop(member.arn, None) is None:
        raise gone(f"Member {member.key} of folder {folder.key}")
    quicksight.journal.record("DeleteFolderMembership", call.region, folder.key, member.kind.type, member.key)
    return {}


def _list(quicksight: QuickSight, call: Call) -> Answer:
    estate, folder = estate_of(quicksight, call), asset_of(quicksight, call, KINDS["folder"])
    held = [(estate.assets[arn], place) for arn, place in folder.members.items() if arn in estate.assets]
    page = quicksight.pager.page(call, held, lambda each: each[1], PAGE)
    return page.answer("FolderMemberList", lambda each: _listed(each[0]))


def _list_folders(quicksight: QuickSight, call: Call) -> Answer:
    estate, arn = estate_of(quicksight, call), call.parameters.text("ResourceArn")
    if arn not in estate.assets:
        raise gone(f"Resource {arn}")
    held = [each for each in estate.of("folder") if arn in each.members]
    return quicksight.pager.page(call, held, lambda each: each.seq, PAGE).answer(
        "Folders", lambda each: each.arn
    )


def _shown(member: HeldAsset) -> Document:
    return {"MemberId": member.key, "MemberType": member.kind.member_type}


def _listed(member: HeldAsset) -> Document:
    # The list gives an ARN instead of a type.
    return {"MemberId": member.key, "MemberArn": member.arn}


OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    "CreateFolderMembership": _join,
    "DeleteFolderMembership": _leave,
    "ListFolderMembers": _list,
    "ListFoldersForResource": _list_folders,
}
