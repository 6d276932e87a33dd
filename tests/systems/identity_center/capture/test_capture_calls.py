"""How many calls a capture takes, against the fewest that any known way needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

from holdfast.kernel.system import Part
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.capture.listing import (
    AssignmentsBy,
    MembershipsBy,
    Size,
    choose_assignments,
    choose_memberships,
    principals_are_cheaper,
)

K = TypeVar("K")


def pages(entries: int, page: int = 100) -> int:
    return max(1, math.ceil(entries / page))


def asked(owners: Iterable[K], entries: Counter[K]) -> int:
    return sum(pages(entries[owner]) for owner in owners)


def fewest_calls(company: Portrait) -> int:
    """The cheapest ways on the company as it is known, in pages of 100 (accounts: 20)."""
    accounts = [account.id for account in company.accounts]
    sets = [kept.name for kept in company.permission_sets]
    groups, users = [g.name for g in company.groups], [str(u["UserName"]) for u in company.users]
    pairs = Counter((a.account, a.permission_set) for a in company.assignments)
    asking_pairs = sum(pages(count) for count in pairs.values())
    per_account = asked(accounts, Counter(account for account, _ in pairs)) + asking_pairs
    per_set = asked(sets, Counter(name for _, name in pairs)) + asking_pairs
    of_principal = Counter((a.kind, a.principal) for a in company.assignments)
    through_groups = Counter[tuple[str, str]]()
    for member in company.memberships:
        through_groups["USER", member.user] += of_principal["GROUP", member.group]
    per_principal = asked((("GROUP", group) for group in groups), of_principal) + asked(
        (("USER", user) for user in users), of_principal + through_groups
    )
    by_group = asked(groups, Counter(member.group for member in company.memberships))
    by_user = asked(users, Counter(member.user for member in company.memberships))
    details = pages(len(sets)) + 6 * len(sets)
    listings = pages(len(users)) + pages(len(groups)) + pages(len(accounts), 20)
    return details + listings + min(per_account, per_set, per_principal) + min(by_group, by_user)


@pytest.mark.parametrize("scale", ["small", "medium"])
def test_a_capture_takes_at_most_a_twentieth_more_calls_than_the_fewest_possible(
    scale: str, source_of: Callable[..., IdentityCenterSource], capture: Callable[..., dict[str, Part]]
) -> None:
    with SandboxServer(scale) as server:
        source = source_of(server)
        parts = capture(source)
        company = server.dump()
        assert source.calls().calls == server.status().requests_total
    assert {name: len(part.records) for name, part in parts.items()} == {
        "user": len(company.users),
        "group": len(company.groups),
        "membership": len(company.memberships),
        "permission_set": len(company.permission_sets),
        "assignment": len(company.assignments),
    }
    assert source.calls().calls <= 1.05 * fewest_calls(company)
    largest = Counter(member.group for member in company.memberships).most_common(1)[0][1]
    assert scale == "small" or largest > 1000


@pytest.mark.parametrize(
    ("size", "by"),
    [
        (Size(users=5_000, groups=400, permission_sets=60, accounts=300), AssignmentsBy.PERMISSION_SET),
        (Size(users=50_000, groups=3_000, permission_sets=300, accounts=2_000), AssignmentsBy.PERMISSION_SET),
        (Size(users=500, groups=100, permission_sets=200, accounts=5), AssignmentsBy.ACCOUNT),
        (Size(users=10, groups=5, permission_sets=20, accounts=100), AssignmentsBy.PRINCIPAL),
        (Size(users=5_000, groups=400, permission_sets=200, accounts=None), AssignmentsBy.PERMISSION_SET),
    ],
)
def test_assignments_are_asked_for_in_the_cheaper_way(size: Size, by: AssignmentsBy) -> None:
    assert choose_assignments(size, principals_known=True) is by


def test_principals_are_not_asked_when_their_listing_failed() -> None:
    few = Size(users=10, groups=5, permission_sets=20, accounts=100)
    assert choose_assignments(few, principals_known=False) is AssignmentsBy.PERMISSION_SET


def test_counted_pairs_may_turn_the_choice_to_principals() -> None:
    size = Size(users=300, groups=50, permission_sets=50, accounts=40)
    assert not principals_are_cheaper(size, pairs=320)
    assert principals_are_cheaper(size, pairs=2_000)


def test_memberships_are_asked_by_group_unless_groups_outnumber_users() -> None:
    assert choose_memberships(Size(5_000, 400, 0, None)) is MembershipsBy.GROUP
    assert choose_memberships(Size(100, 400, 0, None)) is MembershipsBy.USER
