"""How many calls a capture takes, against the fewest that any known way needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from holdfast.kernel.system import Part
from holdfast.sandbox.portrait import MembershipPortrait, Portrait
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
from tests.simulators.fewest_calls import counts, fewest_calls


def crowded(known: Portrait) -> Portrait:
    """The company with a group of more members than ten pages hold."""
    users = [{"UserName": f"extra-{number:04d}", "UserStatus": "ENABLED"} for number in range(1_001)]
    group = known.groups[0].name
    members = [MembershipPortrait(group, str(user["UserName"])) for user in users]
    return replace(known, users=(*known.users, *users), memberships=(*known.memberships, *members))


@pytest.mark.parametrize("scale", ["tiny", pytest.param("medium", marks=pytest.mark.soak)])
def test_a_capture_takes_at_most_a_twentieth_more_calls_than_the_fewest_possible(
    scale: str, source_of: Callable[..., IdentityCenterSource], capture: Callable[..., dict[str, Part]]
) -> None:
    with SandboxServer(scale) as server:
        server.load(crowded(server.dump()))
        source = source_of(server)
        parts = capture(source)
        known = server.dump()
        assert source.calls().calls == server.status().requests_total
    assert {name: len(part.records) for name, part in parts.items()} == counts(known)
    assert source.calls().calls <= 1.05 * fewest_calls(known)
    largest = Counter(member.group for member in known.memberships).most_common(1)[0][1]
    assert largest > 1000


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
