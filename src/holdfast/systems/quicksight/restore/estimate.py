"""How long changes take within the service's limits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.domain.changes import Change, Verb
from holdfast.systems.quicksight.model import (
    CUSTOM_PERMISSIONS,
    DATA_SOURCE,
    FOLDER_MEMBER,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    REFRESH_SCHEDULE,
    USER,
    VPC_CONNECTION,
)
from holdfast.systems.quicksight.restore.facets import is_asset, is_detail
from holdfast.systems.quicksight.restore.imports import MOST_JOBS

DETAILS_AT_ONCE = 20
"""Permissions or tags that one worker takes; those of one asset go in one call."""
ASSETS_AT_ONCE = 100
OVERRIDES_AT_ONCE = 50
"""Entries that each part of `OverrideParameters` takes."""
_REFUSED_TWICE = (NAMESPACE, CUSTOM_PERMISSIONS, USER, GROUP, FOLDER_MEMBER)
_PRESENCE = (MEMBERSHIP, FOLDER_MEMBER)


@dataclass(frozen=True, slots=True)
class Pace:
    """What the estimate reckons with: requests a second, and seconds until an import or export job ends."""

    requests_per_second: float = 20.0
    job_seconds: float = 60.0
    namespace_seconds: float = 60.0


def batch_size(change_type: str) -> int:
    """How many changes of a type one `apply` takes."""
    if change_type in (DATA_SOURCE, VPC_CONNECTION, REFRESH_SCHEDULE):
        return OVERRIDES_AT_ONCE
    if is_asset(change_type):
        return ASSETS_AT_ONCE
    return DETAILS_AT_ONCE if is_detail(change_type) and change_type != FOLDER_MEMBER else 1


def guarded(change: Change) -> bool:
    """Whether the service itself refuses the call when `before` no longer holds.

    It refuses to create what exists, and to remove what is not there. It does not refuse the removal of
    something that has content and was changed.
    """
    if change.verb is Verb.CREATE:
        return change.type in _REFUSED_TWICE
    return change.verb is Verb.DELETE and change.type in _PRESENCE


def estimate_seconds(changes: Iterable[Change], pace: Pace | None = None) -> float:
    """Seconds for applying the changes, without the capture before and the reading back afterwards.

    Ranks follow each other; a rank takes the longer of its requests at the shared rate and of its jobs, five
    at once: sum over ranks of max(requests / rate, jobs * seconds / 5), where a batch of assets takes an
    import job and, where something is overwritten, an export job to compare with.
    """
    used = pace or Pace()
    requests: Counter[int] = Counter()
    assets: Counter[tuple[int, str]] = Counter()
    overwriting: set[tuple[int, str]] = set()
    seconds = 0.0
    for change in changes:
        if is_asset(change.type) and change.after is not None:
            assets[change.rank, change.type] += 1
            if change.before is not None:
                overwriting.add((change.rank, change.type))
        else:
            requests[change.rank] += 1 if guarded(change) else 3
            seconds += used.namespace_seconds * (change.type == NAMESPACE)
    seconds += sum(count / used.requests_per_second for count in requests.values())
    for (rank, kind), count in assets.items():
        jobs = math.ceil(count / batch_size(kind))
        together = math.ceil(jobs / MOST_JOBS) * used.job_seconds
        seconds += together * (2 if (rank, kind) in overwriting else 1)
    return seconds
