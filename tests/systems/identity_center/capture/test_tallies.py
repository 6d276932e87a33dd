"""What people see of a capture under way."""

from __future__ import annotations

from holdfast.kernel.reading import Tallies


def test_every_listing_under_way_is_told_with_its_count_and_an_ended_one_no_more() -> None:
    tallies = Tallies()
    assert tallies.add("users", 12_300) == "users 12,300"
    assert tallies.add("memberships", 1, 2_000) == "users 12,300, memberships 1/2,000"
    assert tallies.add("users", 100, ended=True) == "users 12,400, memberships 1/2,000"
    assert tallies.add("memberships", 1_999, 2_000) == "memberships 2,000/2,000"
    assert tallies.add("assignments", 1, 17_000) == "assignments 1/17,000"
