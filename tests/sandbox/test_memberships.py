"""Who is in which group, and what goes when a user or group goes."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]


def test_a_membership_is_described_found_listed_both_ways_and_deleted(empty: Aws, refused: Refused) -> None:
    group, user = empty.group("Ops"), empty.user("ann")
    made = empty.member(group, user)
    seen = empty.ids.describe_group_membership(IdentityStoreId=empty.store, MembershipId=made)
    assert (seen["GroupId"], seen["MemberId"]) == (group, {"UserId": user})
    member = {"UserId": user}
    found = empty.ids.get_group_membership_id(IdentityStoreId=empty.store, GroupId=group, MemberId=member)
    assert found["MembershipId"] == made
    of_group = empty.ids.list_group_memberships(IdentityStoreId=empty.store, GroupId=group)[
        "GroupMemberships"
    ]
    of_user = empty.ids.list_group_memberships_for_member(IdentityStoreId=empty.store, MemberId=member)
    assert [each["MembershipId"] for each in of_group] == [made]
    assert [each["GroupId"] for each in of_user["GroupMemberships"]] == [group]
    empty.ids.delete_group_membership(IdentityStoreId=empty.store, MembershipId=made)
    code, _ = refused(
        lambda: empty.ids.get_group_membership_id(IdentityStoreId=empty.store, GroupId=group, MemberId=member)
    )
    assert code == "ResourceNotFoundException"


def test_a_second_membership_of_the_same_user_is_a_conflict(empty: Aws, refused: Refused) -> None:
    group, user = empty.group("Ops"), empty.user("ann")
    empty.member(group, user)
    assert refused(lambda: empty.member(group, user))[0] == "ConflictException"


def test_a_membership_of_someone_unknown_is_not_found(empty: Aws, refused: Refused) -> None:
    group, user = empty.group("Ops"), empty.user("ann")
    unknown = "9067012345-00000000-0000-4000-8000-000000000000"
    assert refused(lambda: empty.member(group, unknown))[0] == "ResourceNotFoundException"
    assert refused(lambda: empty.member(unknown, user))[0] == "ResourceNotFoundException"


def test_membership_in_several_groups_is_answered_group_by_group(empty: Aws) -> None:
    user, inside, outside = empty.user("ann"), empty.group("In"), empty.group("Out")
    empty.member(inside, user)
    asked = empty.ids.is_member_in_groups(
        IdentityStoreId=empty.store, MemberId={"UserId": user}, GroupIds=[outside, inside]
    )
    assert [(each["GroupId"], each["MembershipExists"]) for each in asked["Results"]] == [
        (outside, False),
        (inside, True),
    ]


def test_memberships_and_assignments_go_with_the_user_or_group_that_had_them(aws: Aws) -> None:
    account = aws.accounts()[0]
    user, gone, kept = aws.user("ann"), aws.group("Gone"), aws.group("Kept")
    granted = aws.permission_set("Granted")
    aws.member(gone, user)
    aws.member(kept, user)
    aws.assigned(account, granted, gone)
    aws.assigned(account, granted, user, "USER")
    aws.ids.delete_group(IdentityStoreId=aws.store, GroupId=gone)
    held = aws.ids.list_group_memberships_for_member(IdentityStoreId=aws.store, MemberId={"UserId": user})
    assert [each["GroupId"] for each in held["GroupMemberships"]] == [kept]
    aws.ids.delete_user(IdentityStoreId=aws.store, UserId=user)
    assert aws.ids.list_group_memberships(IdentityStoreId=aws.store, GroupId=kept)["GroupMemberships"] == []
    left = aws.sso.list_account_assignments(
        InstanceArn=aws.instance, AccountId=account, PermissionSetArn=granted
    )
    assert left["AccountAssignments"] == []
    provisioned = aws.sso.list_accounts_for_provisioned_permission_set(
        InstanceArn=aws.instance, PermissionSetArn=granted
    )
    assert provisioned["AccountIds"] == []
