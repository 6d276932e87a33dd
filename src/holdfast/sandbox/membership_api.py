"""AWS Identity Store: who is in which group."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.directory import Membership
from holdfast.sandbox.identitystore_answers import named, shown_membership
from holdfast.sandbox.wire import Answer, Call, invalid, missing
from holdfast.sandbox.world import World

PAGE = 100


def _create_group_membership(world: World, call: Call) -> Answer:
    group = world.directory.groups.get(call.parameters.text("GroupId"))
    user = world.directory.users.get(_member(call))
    made = world.directory.join(group, user, call.now)
    world.journal.record("CreateGroupMembership", *_membership_names(world, made))
    return named(world, "Membership", made.id)


def _delete_group_membership(world: World, call: Call) -> Answer:
    gone = world.directory.membership(call.parameters.text("MembershipId"))
    world.journal.record("DeleteGroupMembership", *_membership_names(world, gone))
    world.directory.leave(gone)
    return {}


def _describe_group_membership(world: World, call: Call) -> Answer:
    return shown_membership(world, world.directory.membership(call.parameters.text("MembershipId")))


def _get_group_membership_id(world: World, call: Call) -> Answer:
    group = world.directory.groups.get(call.parameters.text("GroupId"))
    user = world.directory.users.get(_member(call))
    found = world.directory.members_of(group.id).get(user.id)
    if found is None:
        raise missing("GROUP_MEMBERSHIP not found.", ResourceType="GROUP_MEMBERSHIP")
    return named(world, "Membership", found.id)


def _list_group_memberships(world: World, call: Call) -> Answer:
    group = world.directory.groups.get(call.parameters.text("GroupId"))
    page = world.pager.page(call, world.directory.members_of(group.id).values(), lambda each: each.seq, PAGE)
    return page.answer("GroupMemberships", lambda each: shown_membership(world, each))


def _list_group_memberships_for_member(world: World, call: Call) -> Answer:
    user = world.directory.users.get(_member(call))
    page = world.pager.page(call, world.directory.groups_of(user.id).values(), lambda each: each.seq, PAGE)
    return page.answer("GroupMemberships", lambda each: shown_membership(world, each))


def _is_member_in_groups(world: World, call: Call) -> Answer:
    user = world.directory.users.get(_member(call))
    held = world.directory.groups_of(user.id)
    groups = [world.directory.groups.get(each).id for each in call.parameters.texts("GroupIds")]
    member = {"UserId": user.id}
    return {
        "Results": [
            {"GroupId": each, "MemberId": member, "MembershipExists": each in held} for each in groups
        ]
    }


def _member(call: Call) -> str:
    member = call.parameters.part("MemberId").find("UserId")
    if member is None:
        raise invalid("MemberId must hold a UserId.")
    return member


def _membership_names(world: World, membership: Membership) -> tuple[str, str]:
    directory = world.directory
    return directory.groups.name_of(membership.group), directory.users.name_of(membership.user)


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreateGroupMembership": _create_group_membership,
    "DeleteGroupMembership": _delete_group_membership,
    "DescribeGroupMembership": _describe_group_membership,
    "GetGroupMembershipId": _get_group_membership_id,
    "ListGroupMemberships": _list_group_memberships,
    "ListGroupMembershipsForMember": _list_group_memberships_for_member,
    "IsMemberInGroups": _is_member_in_groups,
}
