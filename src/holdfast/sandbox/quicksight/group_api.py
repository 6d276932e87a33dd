"""QuickSight: groups, who is in them, and custom permissions."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.quicksight.identities import CustomPermissions, Group, Identities
from holdfast.sandbox.quicksight.people_api import require_namespace, require_user
from holdfast.sandbox.quicksight.refusals import gone, identities_of, tags_of, taken
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Document

PAGE = 100


def _group(held: Identities, call: Call) -> Group:
    namespace, name = require_namespace(held, call), call.parameters.text("GroupName")
    if (namespace, name) not in held.groups:
        raise gone(f"Group {name} in namespace {namespace}")
    return held.groups[namespace, name]


def _create(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    namespace, name = require_namespace(held, call), call.parameters.text("GroupName")
    if (namespace, name) in held.groups:
        raise taken(f"Group {name} in namespace {namespace}")
    made = held.add_group(namespace, name, call.parameters.find("Description") or "")
    quicksight.journal.record("CreateGroup", namespace, name)
    return {"Group": _shown(held, made), "Status": 201}


def _update(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    changed = _group(held, call)
    changed.description = call.parameters.find("Description") or ""
    quicksight.journal.record("UpdateGroup", changed.namespace, changed.name)
    return {"Group": _shown(held, changed)}


def _describe(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    return {"Group": _shown(held, _group(held, call))}


def _delete(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    deleted = _group(held, call)
    del held.groups[deleted.namespace, deleted.name]
    quicksight.journal.record("DeleteGroup", deleted.namespace, deleted.name)
    return {}


def _list(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    namespace = require_namespace(held, call)
    listed = [each for each in held.groups.values() if each.namespace == namespace]
    page = quicksight.pager.page(call, listed, lambda each: each.seq, PAGE)
    return page.answer("GroupList", lambda each: _shown(held, each))


def _shown(held: Identities, shown: Group) -> Document:
    arn = held.arn(f"group/{shown.namespace}/{shown.name}")
    document: Document = {"Arn": arn, "GroupName": shown.name, "PrincipalId": shown.principal_id}
    return {**document, "Description": shown.description} if shown.description else document


def _join(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    group, user = _group(held, call), require_user(held, call, "MemberName")
    if user.name not in group.members:
        # The operation models no ResourceExistsException: joining twice is joining once.
        group.members[user.name] = held.place()
        quicksight.journal.record("CreateGroupMembership", group.namespace, group.name, user.name)
    return {"GroupMember": _shown_member(held, group, user.name)}


def _leave(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    group, name = _group(held, call), _member(_group(held, call), call)
    del group.members[name]
    quicksight.journal.record("DeleteGroupMembership", group.namespace, group.name, name)
    return {}


def _member(group: Group, call: Call) -> str:
    name = call.parameters.text("MemberName")
    if name not in group.members:
        raise gone(f"Member {name} of group {group.name}")
    return name


def _describe_membership(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    group = _group(held, call)
    return {"GroupMember": _shown_member(held, group, _member(group, call))}


def _list_members(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    group = _group(held, call)
    page = quicksight.pager.page(call, group.members.items(), lambda each: each[1], PAGE)
    return page.answer("GroupMemberList", lambda each: _shown_member(held, group, each[0]))


def _shown_member(held: Identities, group: Group, name: str) -> Document:
    return {"Arn": held.arn(f"user/{group.namespace}/{name}"), "MemberName": name}


def _list_groups_of_user(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    user = require_user(held, call)
    joined = [
        each
        for each in held.groups.values()
        if each.namespace == user.namespace and user.name in each.members
    ]
    page = quicksight.pager.page(call, joined, lambda each: each.seq, PAGE)
    return page.answer("GroupList", lambda each: _shown(held, each))


def _profile(held: Identities, call: Call) -> CustomPermissions:
    name = call.parameters.text("CustomPermissionsName")
    if name not in held.custom_permissions:
        raise gone(f"Custom permissions {name}")
    return held.custom_permissions[name]


def _create_profile(quicksight: QuickSight, call: Call) -> Answer:
    held, name = identities_of(quicksight, call), call.parameters.text("CustomPermissionsName")
    if name in held.custom_permissions:
        raise taken(f"Custom permissions {name}")
    made = CustomPermissions(held.place(), name, _contents(call), tags_of(call))
    held.custom_permissions[name] = made
    quicksight.journal.record("CreateCustomPermissions", name)
    return {"Arn": held.arn(f"custompermissions/{name}"), "Status": 201}


def _contents(call: Call) -> Document:
    names = ("Capabilities", "Governance")
    return {name: call.parameters.raw(name) for name in names if name in call.parameters}


def _update_profile(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    changed = _profile(held, call)
    changed.document = {**changed.document, **_contents(call)}
    quicksight.journal.record("UpdateCustomPermissions", changed.name)
    return {"Arn": held.arn(f"custompermissions/{changed.name}")}


def _delete_profile(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    deleted = _profile(held, call)
    if any(each.document.get("CustomPermissionsName") == deleted.name for each in held.users.values()):
        raise ApiRefusal(
            "ConflictException", f"Custom permissions {deleted.name} are assigned and cannot be deleted."
        )
    del held.custom_permissions[deleted.name]
    quicksight.journal.record("DeleteCustomPermissions", deleted.name)
    return {"Arn": held.arn(f"custompermissions/{deleted.name}")}


def _describe_profile(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    return {"CustomPermissions": _shown_profile(held, _profile(held, call))}


def _list_profiles(quicksight: QuickSight, call: Call) -> Answer:
    held = identities_of(quicksight, call)
    page = quicksight.pager.page(call, held.custom_permissions.values(), lambda each: each.seq, PAGE)
    return page.answer("CustomPermissionsList", lambda each: _shown_profile(held, each))


def _shown_profile(held: Identities, shown: CustomPermissions) -> Document:
    arn = held.arn(f"custompermissions/{shown.name}")
    return {"Arn": arn, "CustomPermissionsName": shown.name, **shown.document}


OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    "CreateGroup": _create,
    "UpdateGroup": _update,
    "DescribeGroup": _describe,
    "DeleteGroup": _delete,
    "ListGroups": _list,
    "CreateGroupMembership": _join,
    "DeleteGroupMembership": _leave,
    "DescribeGroupMembership": _describe_membership,
    "ListGroupMemberships": _list_members,
    "ListUserGroups": _list_groups_of_user,
    "CreateCustomPermissions": _create_profile,
    "UpdateCustomPermissions": _update_profile,
    "DeleteCustomPermissions": _delete_profile,
    "DescribeCustomPermissions": _describe_profile,
    "ListCustomPermissions": _list_profiles,
}
