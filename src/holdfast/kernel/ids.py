"""Ids of runs and snapshots: UTC time first, so that they sort by age."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def new_id(now: datetime) -> str:
    """An id such as `20261120T090812.123Z-7f3a9c01`: time to the millisecond, then four random bytes."""
    moment = now.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z-{os.urandom(4).hex()}"


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC to the millisecond, for example `2026-11-20T09:08:12.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
