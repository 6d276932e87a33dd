"""Spans such as `90d` or `1y6m`: calendar years, months, weeks and days of a time zone, and hours."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_SHAPE = re.compile(r"(?:(\d{1,4})y)?(?:(\d{1,5})m)?(?:(\d{1,5})w)?(?:(\d{1,6})d)?(?:(\d{1,7})h)?")


@dataclass(frozen=True, slots=True)
class Span:
    """How long something is kept: months and days by the calendar, hours by the clock."""

    months: int
    days: int
    hours: int

    def before(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The moment so long before, in UTC.

        A day is a civil day of the zone, so it has 23 or 25 hours where clocks are changed. The 31st less a
        month is the last day of a shorter one. What lies before the year 1 is the first moment there is.
        """
        try:
            local = moment.astimezone(zone)
            day = _months_before(local.date(), self.months) - timedelta(days=self.days)
            return datetime.combine(day, local.timetz()).astimezone(UTC) - timedelta(hours=self.hours)
        except (OverflowError, ValueError):
            return datetime.min.replace(tzinfo=UTC)


def parse_span(text: str) -> Span:
    """The span of a text such as `90d`, `8w`, `1y6m` or `36h`. Raises: ValueError for anything else."""
    found = _SHAPE.fullmatch(text.strip())
    years, months, weeks, days, hours = (int(part or 0) for part in found.groups()) if found else (0,) * 5
    span = Span(12 * years + months, 7 * weeks + days, hours)
    if span == Span(0, 0, 0):
        raise ValueError(
            f"must be a span such as 90d, 8w, 1y6m or 36h (y, m, w, d, h in this order), got {text!r}"
        )
    return span


def parse_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises: ValueError for an unknown one."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"must be a time zone such as UTC or Europe/Berlin, got {name!r}") from error


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
