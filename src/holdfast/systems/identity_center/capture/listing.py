"""Which listing needs the fewest calls. Pure: counts in, a choice out.

The service has no call that lists all assignments or all memberships. Assignments can be asked for by
pair of account and permission set, where the pairs are found per account or per permission set, or by
principal. Memberships can be asked for by group or by user. Every call gives a page of 100.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

PAGE = 100
SETS_PER_ACCOUNT = 8
"""Permission sets that a typical account has, until the cheap listings tell; most have 4 to 10."""
ASSIGNMENTS_PER_PAIR = 2
"""Principals that a permission set typically has in an account."""
GROUPS_PER_USER = 6
"""Groups that a typical user is in."""


class AssignmentsBy(StrEnum):
    """How assignments are listed."""

    ACCOUNT = "account"
    PERMISSION_SET = "permission_set"
    PRINCIPAL = "principal"


class MembershipsBy(StrEnum):
    """How memberships are listed."""

    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Size:
    """What the cheap listings tell; `accounts` is None where the organization cannot be listed."""

    users: int
    groups: int
    permission_sets: int
    accounts: int | None

    @property
    def likely_pairs(self) -> int:
        """Pairs of account and permission set to expect before any was seen."""
        accounts = self.accounts or self.permission_sets
        return min(accounts * self.permission_sets, accounts * SETS_PER_ACCOUNT)


def pages(entries: float, page: int = PAGE) -> int:
    """Calls that a listing of so many entries takes; an empty one takes a call as well."""
    return max(1, math.ceil(entries / page))


def spread(entries: int, owners: int) -> int:
    """Calls for listings of `owners` that share `entries` evenly."""
    return owners * pages(entries / owners) if owners else 0


def pair_calls(size: Size, by: AssignmentsBy, pairs: int) -> int:
    """Calls to find the pairs, and one for each; a pair rarely has more assignments than a page."""
    owners = size.accounts if by is AssignmentsBy.ACCOUNT else size.permission_sets
    return spread(pairs, owners or 0) + pairs


def principal_calls(size: Size, pairs: int) -> int:
    """Calls to ask every principal; most have none or few, so a page each and one per further hundred."""
    return size.users + size.groups + pairs * ASSIGNMENTS_PER_PAIR // PAGE


def choose_assignments(size: Size, *, principals_known: bool) -> AssignmentsBy:
    """The way that should take the fewest calls.

    Asking principals needs all of them and cannot see assignments of principals that are gone. It is also
    the one choice that cannot be taken back once the pairs are counted, so it must promise half the calls.
    """
    pairs = size.likely_pairs
    costs = {AssignmentsBy.PERMISSION_SET: pair_calls(size, AssignmentsBy.PERMISSION_SET, pairs)}
    if size.accounts is not None:
        costs[AssignmentsBy.ACCOUNT] = pair_calls(size, AssignmentsBy.ACCOUNT, pairs)
    if principals_known:
        costs[AssignmentsBy.PRINCIPAL] = principal_calls(size, pairs) * 2
    return min(costs, key=lambda by: costs[by])


def principals_are_cheaper(size: Size, pairs: int) -> bool:
    """Whether, now that the pairs are counted, asking principals takes clearly fewer calls than the pairs."""
    return principal_calls(size, pairs) < pairs * 9 // 10


def choose_memberships(size: Size) -> MembershipsBy:
    """By group, unless there are so many groups that asking users takes fewer calls."""
    by_group = spread(size.users * GROUPS_PER_USER, size.groups)
    return MembershipsBy.GROUP if by_group <= size.users or not size.users else MembershipsBy.USER
