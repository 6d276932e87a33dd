"""Retention against calendars worked by hand: no date below comes from the code under test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from holdfast.domain.snapshots import SectionSummary, SnapshotInfo, SourceIdentity
from holdfast.kernel.retention import RetentionSettings, decide, ordinal
from holdfast.kernel.span import parse_span, parse_zone

ALL = ("user", "group")


def taken(
    at: str,
    *,
    complete: bool = True,
    kind: str = "full",
    types: Sequence[str] = ALL,
    account: str = "111111111111",
) -> SnapshotInfo:
    """A snapshot whose id is the minute it was taken at."""
    sections = tuple(
        SectionSummary(name, 1, captured=name in types, complete=complete or name not in types)
        for name in ALL
    )
    source = SourceIdentity("identity_center", account, "eu-central-1", "ssoins-1", "me")
    moment = datetime.fromisoformat(f"{at}:00").replace(tzinfo=UTC)
    return SnapshotInfo(at, "identity_center", kind, moment, source, sections, run="r")


@dataclass(frozen=True)
class Calendar:
    """Backups at minutes in UTC, and which of them the rules keep."""

    name: str
    backups: str
    kept: str
    zone: str = "UTC"
    rules: dict[str, int | str | None] = field(default_factory=dict)


CALENDARS = [
    Calendar(
        "29 February ends February of a leap year",
        "2028-02-27T12:00 2028-02-28T12:00 2028-02-29T12:00 2028-03-01T12:00 2028-03-02T12:00",
        "2028-02-29T12:00 2028-03-01T12:00 2028-03-02T12:00",
        rules={"keep_daily": 2, "keep_monthly": 2},
    ),
    Calendar(
        "a year before 29 February is 28 February",
        "2027-02-28T11:59 2027-02-28T12:00 2028-02-29T12:00",
        "2027-02-28T12:00 2028-02-29T12:00",
        rules={"keep_within": "1y"},
    ),
    # Clocks go from 02:00 to 03:00 on 29 March 2026 at 01:00 UTC: midnight is 23:00 UTC before, 22:00 after.
    Calendar(
        "Berlin, the day of 23 hours",
        "2026-03-28T22:30 2026-03-28T23:30 2026-03-29T21:30 2026-03-29T22:30",
        "2026-03-28T22:30 2026-03-29T21:30 2026-03-29T22:30",
        "Europe/Berlin",
        {"keep_daily": 3},
    ),
    # Clocks go from 03:00 to 02:00 on 25 October 2026 at 01:00 UTC; 02:30 comes twice.
    Calendar(
        "Berlin, the day of 25 hours",
        "2026-10-24T21:30 2026-10-24T22:30 2026-10-25T00:30 2026-10-25T01:30 2026-10-25T22:30 2026-10-25T23:30",
        "2026-10-24T21:30 2026-10-25T22:30 2026-10-25T23:30",
        "Europe/Berlin",
        {"keep_daily": 3},
    ),
    # Clocks go forward on 8 March 2026 at 07:00 UTC: midnight is 05:00 UTC before, 04:00 after.
    Calendar(
        "New York, the day of 23 hours",
        "2026-03-08T04:30 2026-03-08T05:30 2026-03-09T03:30 2026-03-09T04:30",
        "2026-03-08T04:30 2026-03-09T03:30 2026-03-09T04:30",
        "America/New_York",
        {"keep_daily": 3},
    ),
    # Clocks go back on 1 November 2026 at 06:00 UTC: midnight is 04:00 UTC before, 05:00 after.
    Calendar(
        "New York, the day of 25 hours, which begins a month",
        "2026-11-01T03:30 2026-11-01T04:30 2026-11-02T04:30 2026-11-02T05:30",
        "2026-11-01T03:30 2026-11-02T05:30",
        "America/New_York",
        {"keep_monthly": 2},
    ),
    Calendar(
        "the same moments are other days in UTC",
        "2026-11-01T03:30 2026-11-01T04:30 2026-11-02T04:30 2026-11-02T05:30",
        "2026-11-01T04:30 2026-11-02T05:30",
        rules={"keep_daily": 3},
    ),
    Calendar(
        "a civil day of 23 hours is a day",
        "2026-03-28T10:59 2026-03-28T11:00 2026-03-29T10:00",
        "2026-03-28T11:00 2026-03-29T10:00",
        "Europe/Berlin",
        {"keep_within": "1d"},
    ),
    Calendar(
        "a civil day of 25 hours is a day, 24 hours are not",
        "2026-10-24T09:59 2026-10-24T10:00 2026-10-24T11:00 2026-10-25T11:00",
        "2026-10-24T10:00 2026-10-24T11:00 2026-10-25T11:00",
        "Europe/Berlin",
        {"keep_within": "1d"},
    ),
    # 1 January 2027 is a Friday: it and the Sunday after lie in the 53rd week of 2026.
    Calendar(
        "the last week of a year reaches into the next",
        "2026-12-27T12:00 2026-12-31T12:00 2027-01-01T12:00 2027-01-03T12:00 2027-01-04T12:00",
        "2026-12-27T12:00 2027-01-03T12:00 2027-01-04T12:00",
        rules={"keep_weekly": 3},
    ),
    # 30 December 2024 is a Monday: it begins the first week of 2025.
    Calendar(
        "the first week of a year begins in the one before",
        "2024-12-29T12:00 2024-12-30T12:00 2024-12-31T12:00 2025-01-02T12:00",
        "2024-12-29T12:00 2025-01-02T12:00",
        rules={"keep_weekly": 2},
    ),
    Calendar(
        "years by the calendar, not by weeks",
        "2026-12-30T12:00 2026-12-31T12:00 2027-01-01T12:00 2027-01-03T12:00",
        "2026-12-31T12:00 2027-01-03T12:00",
        rules={"keep_yearly": 2},
    ),
    Calendar(
        "a year that is over in Auckland and not in UTC",
        "2026-12-31T10:30 2026-12-31T11:30",
        "2026-12-31T10:30 2026-12-31T11:30",
        "Pacific/Auckland",
        {"keep_yearly": 2},
    ),
    Calendar(
        "months of every length",
        "2026-01-30T12:00 2026-01-31T12:00 2026-02-28T12:00 2026-03-01T12:00 2026-03-31T12:00 2026-04-30T12:00",
        "2026-01-31T12:00 2026-02-28T12:00 2026-03-31T12:00 2026-04-30T12:00",
        rules={"keep_monthly": 4},
    ),
    Calendar(
        "a month before 31 March is 28 February",
        "2026-02-28T11:00 2026-02-28T12:00 2026-03-31T12:00",
        "2026-02-28T12:00 2026-03-31T12:00",
        rules={"keep_within": "1m"},
    ),
    Calendar(
        "several a day",
        "2026-11-19T00:00 2026-11-19T06:00 2026-11-19T23:59 2026-11-20T00:00 2026-11-20T08:00",
        "2026-11-19T23:59 2026-11-20T08:00",
        rules={"keep_daily": 7},
    ),
    Calendar(
        "days without a backup do not count",
        "2026-03-01T12:00 2026-06-15T12:00 2026-06-16T12:00 2026-11-20T12:00",
        "2026-06-15T12:00 2026-06-16T12:00 2026-11-20T12:00",
        rules={"keep_daily": 3},
    ),
    Calendar(
        "any rule keeps",
        "2025-12-31T12:00 2026-10-31T12:00 2026-11-08T12:00 2026-11-15T12:00 2026-11-18T12:00 2026-11-19T12:00",
        "2025-12-31T12:00 2026-10-31T12:00 2026-11-15T12:00 2026-11-18T12:00 2026-11-19T12:00",
        rules={"keep_last": 2, "keep_weekly": 2, "keep_monthly": 2, "keep_yearly": 2},
    ),
    Calendar(
        "the last good one stays whatever the rules say",
        "2026-11-19T12:00 2026-11-20T12:00",
        "2026-11-20T12:00",
        rules={"keep_within": "1h"},
    ),
]


def kept(snapshots: Sequence[SnapshotInfo], **rules: int | str | None) -> set[str]:
    decisions = decide(snapshots, RetentionSettings().with_rules(rules))
    assert {made.snapshot.id for made in decisions} == {info.id for info in snapshots}
    return {made.snapshot.id for made in decisions if made.keep}


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda calendar: calendar.name)
def test_a_worked_calendar(calendar: Calendar) -> None:
    backups = [taken(at) for at in calendar.backups.split()]
    assert kept(backups, time_zone=calendar.zone, **calendar.rules) == set(calendar.kept.split())


def test_every_rule_that_keeps_a_snapshot_is_told_in_words() -> None:
    days = ["2026-02-08T12:00", "2026-02-13T12:00", "2026-02-14T12:00", "2026-02-20T12:00"]
    rules = RetentionSettings(keep_last=1, keep_daily=2, keep_weekly=4, keep_within="7d")
    told = {made.snapshot.id: made.told for made in decide(map(taken, days), rules)}
    assert told == {
        "2026-02-20T12:00": "the last complete one; 1st of the last 1; the last of 2026-02-20, 1st of 2 daily; "
        "the last of 2026-W08, 1st of 4 weekly; within 7d of the newest",
        "2026-02-14T12:00": "the last of 2026-02-14, 2nd of 2 daily; the last of 2026-W07, 2nd of 4 weekly; "
        "within 7d of the newest",
        "2026-02-13T12:00": "within 7d of the newest",
        "2026-02-08T12:00": "the last of 2026-W06, 3rd of 4 weekly",
    }


def test_a_snapshot_that_no_rule_keeps_says_so() -> None:
    decisions = decide([taken("2026-02-13T12:00"), taken("2026-02-14T12:00")], RetentionSettings(keep_last=1))
    assert [made.told for made in decisions if not made.keep] == ["no rule keeps it"]


def test_a_partial_snapshot_is_not_a_periods_best_where_a_complete_one_is() -> None:
    backups = [
        taken("2026-11-18T09:00", complete=False),
        taken("2026-11-19T09:00"),
        taken("2026-11-19T18:00", complete=False),
        taken("2026-11-20T09:00", complete=False),
        taken("2026-11-20T18:00", complete=False),
    ]
    told = {made.snapshot.id: made.reasons for made in decide(backups, RetentionSettings(keep_daily=3))}
    assert told == {
        "2026-11-20T18:00": (
            "the newest one, though partial",
            "the last of 2026-11-20, none of which is complete, 1st of 3 daily",
        ),
        "2026-11-20T09:00": (),
        "2026-11-19T18:00": (),
        "2026-11-19T09:00": ("the last complete one", "the last complete of 2026-11-19, 2nd of 3 daily"),
        "2026-11-18T09:00": ("the last of 2026-11-18, none of which is complete, 3rd of 3 daily",),
    }


def test_partial_snapshots_do_not_push_complete_ones_out_of_the_last() -> None:
    whole = [taken("2026-11-17T09:00"), taken("2026-11-18T09:00")]
    days = ("2026-11-19T09:00", "2026-11-20T09:00", "2026-11-21T09:00")
    partial = [taken(day, complete=False) for day in days]
    two = {"2026-11-17T09:00", "2026-11-18T09:00", "2026-11-21T09:00"}
    assert kept([*whole, *partial], keep_last=2) == two  # the newest one stays in any case
    assert kept([*whole, *partial], keep_last=3) == two
    assert kept([*whole, *partial], keep_last=4) == {*two, "2026-11-20T09:00"}


def test_a_backup_of_users_alone_does_not_stand_for_a_whole_one() -> None:
    backups = [taken("2026-11-20T03:00"), taken("2026-11-20T15:00", types=("user",))]
    told = {made.snapshot.id: made.reasons for made in decide(backups, RetentionSettings(keep_daily=1))}
    assert told == {
        "2026-11-20T15:00": ("the last complete one of user",),
        "2026-11-20T03:00": (
            "the last complete one of group",
            "the widest of 2026-11-20, 1st of 1 daily",
        ),
    }


def test_each_instance_is_judged_by_itself() -> None:
    backups = [
        taken("2026-11-18T09:00"),
        taken("2026-11-19T09:00"),
        taken("2026-11-17T09:00", account="222222222222"),
    ]
    assert kept(backups, keep_last=1) == {"2026-11-19T09:00", "2026-11-17T09:00"}


def test_what_a_file_brought_takes_the_place_of_no_backup() -> None:
    snapshots = [
        taken("2026-11-19T10:00"),
        taken("2026-11-20T10:00"),
        taken("2026-11-20T11:00", kind="imported"),
        taken("2099-01-01T00:00", kind="imported"),
    ]
    made = decide(snapshots, RetentionSettings(keep_last=1))
    assert sorted(each.snapshot.id for each in made if each.keep) == ["2026-11-20T10:00", "2099-01-01T00:00"]


def test_a_rule_may_count_further_than_a_machine_word() -> None:
    [made] = decide([taken("2026-11-20T10:00")], RetentionSettings(keep_daily=10**30))
    assert f"1st of {10**30} daily" in made.told


def test_safety_snapshots_stand_for_no_day_and_stay_where_they_are_needed() -> None:
    backups = [
        taken("2026-11-20T09:00"),
        taken("2026-11-20T10:00", kind="safety"),
        taken("2026-11-20T11:00", kind="safety"),
    ]
    decisions = decide(backups, RetentionSettings(keep_daily=1), {"2026-11-20T10:00": "run 7 needs it"})
    assert [made.told for made in decisions] == [
        "no rule keeps it",
        "run 7 needs it",
        "the last complete one; the last of 2026-11-20, 1st of 1 daily",
    ]


def test_without_a_rule_everything_stays() -> None:
    backups = [taken("2026-11-19T09:00"), taken("2026-11-20T09:00", complete=False)]
    assert [made.reasons for made in decide(backups, RetentionSettings())] == [
        ("no rule is set", "the newest one, though partial"),
        ("no rule is set", "the last complete one"),
    ]


@pytest.mark.parametrize("text", ["", "0d", "d", "90", "-3d", "3d1y", "1.5d", "9d9d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a span such as 90d"):
        parse_span(text)


def test_a_span_is_taken_from_a_moment_by_the_calendar() -> None:
    moment = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)
    before = parse_span("1y1m1w1d1h").before(moment, parse_zone("Europe/Berlin"))
    assert before == datetime(2025, 2, 20, 10, 0, tzinfo=UTC)
    assert parse_span("9999y").before(moment, parse_zone("UTC")).year == 1


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (13, "13th"),
        (22, "22nd"),
        (112, "112th"),
    ],
)
def test_places_are_counted_in_words(number: int, word: str) -> None:
    assert ordinal(number) == word
