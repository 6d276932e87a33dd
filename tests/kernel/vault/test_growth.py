"""The line through stored bytes, against figures worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.growth_picture import growth_line
from holdfast.kernel.vault.stats import growth_of
from tests.simulators.small_vault import SOURCE

START = datetime(2026, 1, 1, tzinfo=UTC)
GIB = 1 << 30


def added(*sizes: int, days: float = 10.0) -> list[SnapshotInfo]:
    """Backups so many days apart that added so many GiB."""
    first = SnapshotInfo("1", SOURCE.system, "full", START, SOURCE, (), "r")
    return [
        replace(first, id=str(place), taken_at=START + place * timedelta(days=days), stored_bytes=size * GIB)
        for place, size in enumerate(sizes)
    ]


def test_even_growth_is_a_line_that_says_when_the_place_is_full() -> None:
    found = growth_of(reversed(added(10, 2, 2, 2)), capacity=28 * GIB)
    assert [size // GIB for _, size in found.points] == [10, 12, 14, 16]
    assert found.per_month == 6 * GIB
    # 12 GiB are left at 0.2 GiB a day: 60 days after 31 January.
    assert found.full_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert growth_line(found) == "16.0 GiB in backups, +6.0 GiB in 30 days; 28.0 GiB reached on 2026-04-01."


def test_uneven_growth_is_the_line_of_least_squares() -> None:
    # Totals 0, 6, 6 GiB at days 0, 10, 20: mean 4 at day 10, slope (-10 * -4 + 10 * 2) / 200 = 0.3 GiB a day.
    assert growth_of(added(0, 6, 0), None).per_month == 9 * GIB


def test_what_is_full_already_is_full_with_the_newest_backup() -> None:
    assert growth_of(added(10, 2), capacity=5 * GIB).full_at == START + timedelta(days=10)


def test_backups_of_one_day_and_no_growth_foretell_nothing() -> None:
    assert growth_of(added(10, 2, days=0.4), capacity=100 * GIB).per_month is None
    level = growth_of(added(10, 0), capacity=100 * GIB)
    assert (level.per_month, level.full_at) == (0, None)
    assert growth_line(level).endswith("100.0 GiB not reached at this pace.")
