"""How many calls a capture takes, against the fewest that any known way needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

from holdfast.kernel.system import Part
from holdfast.sandbox.company import company
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


def fewest_calls(known: Portrait) -> int:
    """The cheapest ways on the company as it is known, in pages of 100 (accounts: 20)."""
    accounts = [account.id for account in known.accounts]
    sets = [kept.name for kept in known.permission_sets]
    groups, users = [g.name for g in known.groups], [str(u["UserName"]) for u in known.users]
    pairs = Counter((a.account, a.permission_set) for a in known.assignments)
    asking_pairs = sum(pages(count) for count in pairs.values())
    per_account = asked(accounts, Counter(account for account, _ in pairs)) + asking_pairs
    per_set = asked(sets, Counter(name for _, name in pairs)) + asking_pairs
    of_principal = Counter((a.kind, a.principal) for a in known.assignments)
    through_groups = Counter[tuple[str, str]]()
    for member in known.memberships:
        through_groups["USER", member.user] += of_principal["GROUP", member.group]
    per_principal = asked((("GROUP", group) for group in groups), of_principal) + asked(
        (("USER", user) for user in users), of_principal + through_groups
    )
    by_group = asked(groups, Counter(member.group for member in known.memberships))
    by_user = asked(users, Counter(member.user for member in known.memberships))
    details = pages(len(sets)) + 6 * len(sets)
    listings = pages(len(users)) + pages(len(groups)) + pages(len(accounts), 20)
    return (
        settings_calls(known)
        + details
        + listings
        + min(per_account, per_set, per_principal)
        + min(by_group, by_user)
    )


def settings_calls(known: Portrait) -> int:
    """The instance, its tags and attributes; issuers in pages of 100 and two calls for each; applications in pages
    of 50, and for each its two configurations, grants, methods and tags, scopes by 10 and assignments by 100."""
    issuers = known.trusted_token_issuers
    each = sum(5 + pages(len(a.scopes), 10) + pages(len(a.assigned)) for a in known.applications)
    return 3 + pages(len(issuers)) + 2 * len(issuers) + pages(len(known.applications), 50) + each


def test_the_settings_of_the_medium_company_take_as_many_calls_as_counted_by_hand() -> None:
    # 3 for the instance, 1 + 2 for the one token issuer, 1 for the listing of 40 applications, 7 for each of them
    assert settings_calls(company("medium", 1)) == 3 + 3 + 1 + 40 * 7 == 287


@pytest.mark.parametrize("scale", ["small", "medium"])
def test_a_capture_takes_at_most_a_twentieth_more_calls_than_the_fewest_possible(
    scale: str, source_of: Callable[..., IdentityCenterSource], capture: Callable[..., dict[str, Part]]
) -> None:
    with SandboxServer(scale) as server:
        source = source_of(server)
        parts = capture(source)
        known = server.dump()
        assert source.calls().calls == server.status().requests_total
    assert {name: len(part.records) for name, part in parts.items()} == {
        "user": len(known.users),
        "group": len(known.groups),
        "membership": len(known.memberships),
        "permission_set": len(known.permission_sets),
        "assignment": len(known.assignments),
        "instance": 1,
        "access_control_attributes": 1,
        "trusted_token_issuer": 1,
        "application": len(known.applications),
        "application_assignment": sum(len(each.assigned) for each in known.applications),
    }
    assert source.calls().calls <= 1.05 * fewest_calls(known)
    largest = Counter(member.group for member in known.memberships).most_common(1)[0][1]
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
