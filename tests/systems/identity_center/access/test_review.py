"""A review: who gained and lost what, by which path and why; and its page."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from holdfast.domain.records import Record
from holdfast.systems.identity_center.access.moments import AsOf
from holdfast.systems.identity_center.access.review import Review, TurnKind, review
from holdfast.systems.identity_center.access.review_page import review_page
from holdfast.systems.identity_center.model import PrincipalType
from holdfast.systems.identity_center.records.mapping import NamedAssignment, assignment_record
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    READ_ONLY,
    assigned,
    granted,
    group,
    member,
    user,
    view,
)

ANNA, OPS, LOOK = user("anna"), group("Ops"), granted("Look")
IN, GIVEN, OWN = (
    member("Ops", "anna"),
    assigned(ACCOUNT, "Look", "GROUP", "Ops"),
    assigned(ACCOUNT, "Look", "USER", "anna"),
)
ALL = (ANNA, OPS, LOOK, IN, GIVEN)
OLD = AsOf("old", datetime(2026, 1, 1, tzinfo=UTC), "d1", "123456789012", "ssoins-1")
NEW = AsOf("new", datetime(2026, 4, 1, tzinfo=UTC), "d2", "123456789012", "ssoins-1")


def between(old: tuple[Record, ...], new: tuple[Record, ...]) -> Review:
    return review(view(*old), view(*new))


def told(found: Review) -> list[str]:
    return [
        f"{turn.user} {turn.kind} {turn.permission_set} {turn.before}->{turn.after}: "
        + "; ".join(map(str, turn.causes))
        for turn in found.turns
    ]


@pytest.mark.parametrize(
    ("gone", "lost", "gained"),
    [
        ((IN,), "left group Ops", "joined group Ops"),
        ((GIVEN,), "assignment of group Ops removed", "assignment of group Ops added"),
        ((IN, GIVEN), "left group Ops; assignment of group Ops removed", "joined group Ops; assignment of group Ops added"),
        ((OPS, IN, GIVEN), "group Ops deleted", "group Ops created"),
        ((ANNA, IN), "user deleted", "user created"),
        ((LOOK, GIVEN), "permission set deleted", "permission set created"),
    ],
)  # fmt: skip
def test_a_path_that_came_or_went_has_its_cause(gone: tuple[Record, ...], lost: str, gained: str) -> None:
    rest = tuple(record for record in ALL if record not in gone)
    assert told(between(ALL, rest)) == [f"anna lost Look ('Ops',)->(): {lost}"]
    assert told(between(rest, ALL)) == [f"anna gained Look ()->('Ops',): {gained}"]


def test_a_direct_assignment_that_went_is_a_loss() -> None:
    rest = (ANNA, OPS, LOOK)
    assert told(between((*rest, OWN), rest)) == ["anna lost Look ('',)->(): assignment removed"]


def test_what_stays_by_another_path_is_no_loss() -> None:
    assert told(between(ALL, (ANNA, OPS, LOOK, GIVEN, OWN))) == [
        "anna path changed Look ('Ops',)->('',): left group Ops; assignment added"
    ]


def test_disabling_a_user_takes_the_access_away_and_enabling_gives_it_back() -> None:
    off = (user("anna", UserStatus="DISABLED"), *ALL[1:])
    assert told(between(ALL, off)) == ["anna lost Look ('Ops',)->(): user disabled"]
    assert told(between(off, ALL)) == ["anna gained Look ()->('Ops',): user enabled"]
    assert told(between(off, off)) == []


def test_an_assignment_to_a_group_without_members_is_told_with_no_user() -> None:
    empty = (ANNA, OPS, LOOK)
    assert told(between(empty, (*empty, GIVEN))) == [
        " gained Look ()->('Ops',): assignment of group Ops added"
    ]
    assert told(between((*empty, GIVEN), empty)) == [
        " lost Look ('Ops',)->(): assignment of group Ops removed"
    ]


def test_a_permission_set_that_means_something_else_is_listed_with_its_reach() -> None:
    wider = granted("Look", managed=[READ_ONLY], session="PT8H", description="as before")
    found = between(ALL, (ANNA, OPS, wider, IN, GIVEN))
    assert found.turns == ()
    (change,) = found.contents
    assert [(item.name, item.backup, item.live) for item in change.fields] == [
        ("ManagedPolicies", "", f'["{READ_ONLY}"]'),
        ("SessionDuration", "PT1H", "PT8H"),
    ]
    assert (change.permission_set, change.accounts, change.users) == ("Look", 1, 1)


def test_a_new_description_changes_no_meaning() -> None:
    assert between(ALL, (ANNA, OPS, granted("Look", description="Other"), IN, GIVEN)) == Review((), ())


def test_counts_are_of_accesses_users_and_accounts() -> None:
    other = assigned("444455556666", "Look", "GROUP", "Ops")
    found = between(ALL, (*ALL, other, user("bert"), member("Ops", "bert")))
    assert found.counts(TurnKind.GAINED) == (3, 2, 2)
    assert found.counts(TurnKind.LOST) == (0, 0, 0)
    assert found.causes() == [("assignment of group added", 2), ("user created", 2)]


class Elements(HTMLParser):
    """The names of a page's elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_names_are_text_on_the_page() -> None:
    bad = "<script>alert(1)</script>"
    records = (
        user(bad),
        group(f"{bad}&\u202e"),
        granted("a<img src=x>"),
        member(f"{bad}&\u202e", bad),
        assignment_record(
            NamedAssignment(ACCOUNT, "a<img src=x>", PrincipalType.GROUP, f"{bad}&\u202e", f"{bad}\u202e")
        ),
    )
    page = Elements(review_page(between((), records), OLD, NEW, "<b>auditor</b>"))
    assert page.names.isdisjoint({"script", "img", "b"})
    assert page.text.count(bad) >= 3
    assert "\u202e" not in page.text
    assert "\\u202e" in page.text


def test_the_page_says_from_what_it_was_made_and_has_places_to_sign() -> None:
    found = between(ALL, (ANNA, OPS, granted("Look", session="PT8H"), GIVEN, OWN))
    page = Elements(review_page(found, OLD, NEW, "auditor"))
    for told in (
        "Access review 2026-01-01 to 2026-04-01",
        "old, taken 2026-01-01T00:00:00.000Z of ssoins-1, account 123456789012, digest d1",
        "new, taken 2026-04-01T00:00:00.000Z of ssoins-1, account 123456789012, digest d2",
        "auditor",
        "Sandbox (111122223333)",
        "path changed",
        "left group Ops; assignment added",
        "SessionDuration",
        "initials",
        "Reviewed by",
    ):
        assert told in page.text


def test_the_page_is_the_same_each_time_and_warns_of_gaps() -> None:
    torn = AsOf("old", OLD.taken_at, "d1", gaps=("membership (denied)",))
    pages = {review_page(between(ALL, (ANNA, OPS)), torn, NEW, "auditor") for _ in range(2)}
    (page,) = pages
    assert "old was not read whole: membership (denied)." in page
    assert "What is listed as gained may only be unread there" in page
