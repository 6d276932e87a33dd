"""How long changes take within the service's limits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.domain.changes import Change, Verb
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    CUSTOMER_POLICY,
    GROUP,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.restore.application_facets import DEFAULTS
from holdfast.systems.identity_center.restore.operations import MOST_OUTSTANDING

SERVICE_RATE = 20.0
"""Requests a second that the service allows, all Identity Center APIs together (its quotas page)."""

ASYNCHRONOUS = (ASSIGNMENT, PROVISION)
_PRESENCE = (MEMBERSHIP, MANAGED_POLICY, CUSTOMER_POLICY, ASSIGNMENT, APPLICATION_ASSIGNMENT)
_REFUSED_TWICE = (
    *(USER, GROUP, PERMISSION_SET, MEMBERSHIP, MANAGED_POLICY, CUSTOMER_POLICY),
    *(TRUSTED_TOKEN_ISSUER, ACCESS_CONTROL_ATTRIBUTES, APPLICATION_ASSIGNMENT),
)
# Start, find that it has not ended, find that it has; the assignment listings of the read-back come on top.
_ASYNCHRONOUS_CALLS = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """What the estimate reckons with: requests a second, and seconds until an asynchronous operation ends.

    3 seconds is what 1,200 assignments in 61 minutes come to.
    """

    requests_per_second: float = SERVICE_RATE
    operation_seconds: float = 3.0


def guarded(change: Change) -> bool:
    """Whether the service refuses the call by itself when `before` does not hold.

    It refuses to create what exists, and to attach or detach what is or is not attached. It accepts
    an assignment to an account that exists already, a second application of a name, any update, policy
    document, boundary and tag, and any deletion of something that has content.
    """
    if change.verb is Verb.CREATE:
        return change.type in _REFUSED_TWICE
    return change.verb is Verb.DELETE and (change.type in _PRESENCE or change.type in DEFAULTS)


def estimate_seconds(changes: Iterable[Change], pace: Pace | None = None) -> float:
    """Seconds for applying the changes, without reading the service beforehand or verifying afterwards.

    Ranks follow each other. A rank takes the longest of three: its requests at the shared rate; its
    asynchronous operations, ten at once; those of its busiest lane, one after the other:
    sum over ranks of max(requests / rate, operations * seconds / 10, busiest lane * seconds).
    A change costs one request where the service guards it, else three (read, change, read back), and
    asynchronous ones two more for the questions whether they have ended.
    """
    used = pace or Pace()
    requests: Counter[int] = Counter()
    lanes: dict[int, Counter[str]] = defaultdict(Counter)
    for change in changes:
        requests[change.rank] += _requests(change)
        if change.type in ASYNCHRONOUS:
            lanes[change.rank][change.lane] += 1
    return sum(_rank_seconds(requests[rank], lanes[rank], used) for rank in requests)


def _requests(change: Change) -> int:
    waiting = _ASYNCHRONOUS_CALLS - 1 if change.type in ASYNCHRONOUS else 0
    return waiting + (1 if guarded(change) else 3)


def _rank_seconds(requests: int, lanes: Counter[str], pace: Pace) -> float:
    together = lanes.total() * pace.operation_seconds / MOST_OUTSTANDING
    busiest = max(lanes.values(), default=0) * pace.operation_seconds
    return max(requests / pace.requests_per_second, together, busiest)
