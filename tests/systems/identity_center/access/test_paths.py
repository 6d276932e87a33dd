"""Paths to an account: direct, through groups, of names however they are written."""

from __future__ import annotations

import pytest

from holdfast.domain.errors import NotFound
from holdfast.domain.records import Record
from holdfast.systems.identity_center.access.entitlements import read_entitlements
from holdfast.systems.identity_center.access.paths import Question, answer, in_words
from tests.systems.identity_center.small_company import ACCOUNT, assigned, granted, group, member, user, view

OTHER = "444455556666"
COMPANY = (
    user("Anna"),
    user("bert", UserStatus="DISABLED"),
    group("Admins"),
    group("direct"),
    group("Nobody yet"),
    member("Admins", "anna"),
    member("Admins", "bert"),
    member("direct", "anna"),
    granted("ReadOnly"),
    granted("Power"),
    assigned(ACCOUNT, "ReadOnly", "USER", "ANNA"),
    assigned(ACCOUNT, "ReadOnly", "GROUP", "Admins"),
    assigned(ACCOUNT, "ReadOnly", "GROUP", "direct"),
    assigned(OTHER, "Power", "GROUP", "Nobody yet"),
)


def ask(*records: Record, incomplete: tuple[str, ...] = (), **asked: str) -> list[tuple[str, str, str, str]]:
    """Account, permission set, user and way of each path; `!` marks a disabled user."""
    known = read_entitlements(view(*(records or COMPANY), incomplete=incomplete))
    return [
        (path.account_id, path.permission_set, path.user + "!" * path.disabled, in_words(path.group))
        for path in answer(known, Question(**asked))
    ]


def test_each_way_is_a_row_and_a_group_called_direct_is_still_a_group() -> None:
    assert ask(user="aNNa") == [
        (ACCOUNT, "ReadOnly", "Anna", "direct"),
        (ACCOUNT, "ReadOnly", "Anna", "group Admins"),
        (ACCOUNT, "ReadOnly", "Anna", "group direct"),
    ]


def test_a_disabled_user_is_listed_and_marked() -> None:
    assert ask(user="bert") == [(ACCOUNT, "ReadOnly", "bert!", "group Admins")]


def test_a_group_without_members_is_assigned_with_no_user() -> None:
    assert ask(account=OTHER) == [(OTHER, "Power", "", "group Nobody yet")]


def test_all_that_is_given_must_hold() -> None:
    assert ask(user="anna", group="admins", permission_set="ReadOnly", account="sandbox") == [
        (ACCOUNT, "ReadOnly", "Anna", "group Admins")
    ]
    assert ask(user="anna", group="Nobody yet") == []
    assert ask(account="999999999999") == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"user": "Ana"}, "did you mean Anna?"),
        ({"group": "Admin"}, "did you mean Admins?"),
        ({"permission_set": "readOnly"}, "did you mean ReadOnly?"),
        ({"account": "Sandbx"}, "did you mean Sandbox?"),
    ],
)
def test_a_name_that_nothing_has_is_an_error_and_no_empty_answer(asked: dict[str, str], told: str) -> None:
    with pytest.raises(NotFound) as caught:
        list(answer(read_entitlements(view(*COMPANY)), Question(**asked)))
    assert told in caught.value.advice


def test_where_users_are_not_whole_an_unknown_one_may_only_be_unread() -> None:
    assert ask(incomplete=("user",), user="zoe") == []


def test_a_member_that_could_not_be_read_is_listed_by_the_name_in_the_membership() -> None:
    records = [record for record in COMPANY if record.type != "user"]
    found = ask(*records, incomplete=("user",), group="Admins")
    assert [row[2] for row in found] == ["anna", "bert"]
