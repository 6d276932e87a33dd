"""Pages and their tokens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import AccountPortrait, GroupPortrait, MembershipPortrait, Portrait
from holdfast.sandbox.wire import Document
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]


def _people(count: int) -> tuple[Document, ...]:
    return tuple({"UserName": f"user-{number:04d}", "DisplayName": "U"} for number in range(count))


def test_a_listing_has_at_most_a_hundred_on_a_page_and_all_of_them_over_the_pages(empty: Aws) -> None:
    empty.sandbox.load(Portrait(users=_people(250)))
    pages = list(empty.ids.get_paginator("list_users").paginate(IdentityStoreId=empty.store))
    assert [len(page["Users"]) for page in pages] == [100, 100, 50]
    names = [each["UserName"] for page in pages for each in page["Users"]]
    assert names == [f"user-{number:04d}" for number in range(250)]
    assert "NextToken" not in pages[-1]


def test_a_page_that_ends_exactly_at_the_end_has_no_token(empty: Aws) -> None:
    empty.sandbox.load(Portrait(users=_people(100)))
    assert "NextToken" not in empty.ids.list_users(IdentityStoreId=empty.store)


def test_organizations_has_twenty_on_a_page(empty: Aws, refused: Refused) -> None:
    accounts = tuple(
        AccountPortrait(f"{number:012d}", f"a{number}", "a@example.com") for number in range(1, 46)
    )
    empty.sandbox.load(Portrait(accounts=accounts))
    client = empty.organizations
    pages = [len(page["Accounts"]) for page in client.get_paginator("list_accounts").paginate()]
    assert pages == [20, 20, 6]
    assert refused(lambda: client.list_accounts(MaxResults=21))[0] == "ValidationException"


def test_more_than_a_hundred_at_once_is_refused(empty: Aws, refused: Refused) -> None:
    code, message = refused(lambda: empty.ids.list_users(IdentityStoreId=empty.store, MaxResults=101))
    assert code == "ValidationException"
    assert "'maxResults'" in message
    assert "less than or equal to 100" in message
    code, _ = refused(lambda: empty.sso.list_permission_sets(InstanceArn=empty.instance, MaxResults=101))
    assert code == "ValidationException"


def test_a_token_is_good_only_for_the_request_that_got_it(empty: Aws, refused: Refused) -> None:
    members = tuple(MembershipPortrait(group, f"user-{number:04d}") for group in "AB" for number in range(3))
    groups = (GroupPortrait("A"), GroupPortrait("B"))
    empty.sandbox.load(Portrait(users=_people(3), groups=groups, memberships=members))
    listed = empty.ids.list_groups(IdentityStoreId=empty.store)["Groups"]
    ids = [each["GroupId"] for each in listed]
    first = empty.ids.list_group_memberships(IdentityStoreId=empty.store, GroupId=ids[0], MaxResults=2)
    token = first["NextToken"]
    again = empty.ids.list_group_memberships(IdentityStoreId=empty.store, GroupId=ids[0], NextToken=token)
    assert len(again["GroupMemberships"]) == 1
    other: list[Callable[[], object]] = [
        lambda: empty.ids.list_group_memberships(
            IdentityStoreId=empty.store, GroupId=ids[1], NextToken=token
        ),
        lambda: empty.ids.list_users(IdentityStoreId=empty.store, NextToken=token),
        lambda: empty.ids.list_group_memberships(
            IdentityStoreId=empty.store, GroupId=ids[0], NextToken="AAAA"
        ),
    ]
    assert [refused(each)[0] for each in other] == ["ValidationException"] * 3


def test_equal_places_have_unlike_tokens_so_that_none_tells_the_offset(empty: Aws) -> None:
    empty.sandbox.load(Portrait(users=_people(5)))
    first = empty.ids.list_users(IdentityStoreId=empty.store, MaxResults=2)["NextToken"]
    empty.sandbox.load(Portrait(users=_people(5)))
    second = empty.ids.list_users(IdentityStoreId=empty.store, MaxResults=2)["NextToken"]
    assert first != second


@pytest.mark.parametrize(("size", "sizes"), [(2, [2, 3]), (0, [0, 5])])
def test_a_page_may_be_short_or_empty_and_still_not_be_the_last(
    empty: Aws, size: int, sizes: list[int]
) -> None:
    empty.sandbox.load(Portrait(users=_people(5)))
    empty.sandbox.faults([FaultRule(operation="ListUsers", page_size=size, times=1)])
    pages = list(empty.ids.get_paginator("list_users").paginate(IdentityStoreId=empty.store))
    assert [len(page["Users"]) for page in pages] == sizes


def test_a_listing_goes_on_when_the_item_at_the_seam_vanishes_between_pages(empty: Aws) -> None:
    empty.sandbox.load(Portrait(users=_people(6)))
    page = empty.ids.list_users(IdentityStoreId=empty.store, MaxResults=3)
    everybody = empty.ids.list_users(IdentityStoreId=empty.store)["Users"]
    for place in (2, 3):
        empty.ids.delete_user(IdentityStoreId=empty.store, UserId=everybody[place]["UserId"])
    rest = empty.ids.list_users(IdentityStoreId=empty.store, MaxResults=3, NextToken=page["NextToken"])
    assert [each["UserName"] for each in rest["Users"]] == ["user-0004", "user-0005"]
