"""How long a restore is said to take, with figures worked out by hand."""

from __future__ import annotations

import pytest

from holdfast.domain.changes import Change
from holdfast.systems.identity_center.model import ASSIGNMENT, GROUP, INLINE_POLICY, TAG, USER
from holdfast.systems.identity_center.restore.estimate import estimate_seconds, guarded
from holdfast.systems.identity_center.restore.order import make_change


def assignments(count: int, accounts: int) -> list[Change]:
    keys = [f"{number % accounts:012d}\x1fReader\x1fUSER\x1fuser{number}" for number in range(count)]
    return [make_change(ASSIGNMENT, key, None, b"{}") for key in keys]


def test_nothing_takes_no_time() -> None:
    assert estimate_seconds([]) == 0


def test_creations_cost_one_request_each() -> None:
    users = [make_change(USER, f"user{number}", None, b"{}") for number in range(100)]
    assert estimate_seconds(users) == pytest.approx(100 / 20)


def test_updates_are_read_before_and_after() -> None:
    users = [make_change(USER, f"user{number}", b"1", b"{}") for number in range(100)]
    assert estimate_seconds(users) == pytest.approx(300 / 20)


def test_assignments_in_one_account_follow_each_other() -> None:
    assert estimate_seconds(assignments(20, accounts=1)) == pytest.approx(20 * 3)


def test_assignments_in_many_accounts_run_ten_at_once() -> None:
    assert estimate_seconds(assignments(100, accounts=100)) == pytest.approx(100 * 3 / 10)


def test_ranks_follow_each_other() -> None:
    both = [make_change(GROUP, "G", None, b"{}"), *assignments(20, accounts=1)]
    assert estimate_seconds(both) == pytest.approx(1 / 20 + 60)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (make_change(USER, "u", None, b"1"), True),
        (make_change(USER, "u", b"0", b"1"), False),
        (make_change(USER, "u", b"0", None), False),
        (make_change(INLINE_POLICY, "p", None, b"1"), False),
        (make_change(TAG, "p\x1ft", None, b"1"), False),
        (make_change("membership", "g\x1fu", None, b"1"), True),
        (make_change("membership", "g\x1fu", b"1", None), True),
        (make_change(ASSIGNMENT, "a\x1fp\x1fUSER\x1fu", None, b"1"), False),
        (make_change(ASSIGNMENT, "a\x1fp\x1fUSER\x1fu", b"1", None), True),
    ],
)
def test_the_service_guards_what_it_refuses_to_do_twice(change: Change, expected: bool) -> None:
    assert guarded(change) is expected
