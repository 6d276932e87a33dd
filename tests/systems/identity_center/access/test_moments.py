"""Which snapshot answers for a moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from holdfast.domain.snapshots import SAFETY_KIND, SectionSummary, SnapshotInfo
from holdfast.systems.identity_center.access.moments import gaps, newest_whole
from tests.simulators.small_vault import SOURCE, START

TYPES = ("user", "group", "membership", "permission_set", "assignment")


def snapshot(day: int, *, torn: str = "", without: str = "", kind: str = "full") -> SnapshotInfo:
    sections = tuple(
        SectionSummary(
            name, 1, name != without, name not in (torn, without), "denied" if name == torn else ""
        )
        for name in TYPES
    )
    taken = START + timedelta(days=day)
    return SnapshotInfo(f"day-{day}", SOURCE.system, kind, taken, SOURCE, sections, f"run-{day}")


FOUND = [
    snapshot(5, kind=SAFETY_KIND),
    snapshot(4, without="membership"),
    snapshot(3, torn="membership"),
    snapshot(2),
    snapshot(1),
]


def test_the_newest_whole_one_answers_and_a_newer_torn_one_is_named() -> None:
    chosen, passed_over = newest_whole(FOUND, None)
    assert chosen == FOUND[3]
    assert [info.id for info in passed_over] == ["day-3"]


def test_nothing_after_the_moment_is_looked_at() -> None:
    assert newest_whole(FOUND, START + timedelta(days=1)) == (FOUND[4], ())
    assert newest_whole(FOUND, START) == (None, ())


def test_where_none_is_whole_the_newest_that_holds_something_of_each_answers() -> None:
    assert newest_whole(FOUND[:3], None) == (FOUND[2], ())


def test_gaps_say_what_is_left_out_and_why_something_is_not_whole() -> None:
    assert gaps(FOUND[1]) == ("membership (left out)",)
    assert gaps(FOUND[2]) == ("membership (denied)",)
    assert gaps(replace(FOUND[3], sections=FOUND[3].sections[:4])) == ("assignment (left out)",)
