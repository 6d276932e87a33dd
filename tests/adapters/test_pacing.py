"""The token bucket: how fast calls leave, and what throttles do to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.adapters.pacing import Bucket


def test_after_the_burst_calls_leave_at_the_rate() -> None:
    bucket = Bucket(ceiling=20, burst=5, now=0.0)
    waits = [bucket.reserve(0.0) for _ in range(9)]
    assert waits == pytest.approx([0, 0, 0, 0, 0, 0.05, 0.10, 0.15, 0.20])


def test_a_rest_gives_back_no_more_than_the_burst() -> None:
    bucket = Bucket(ceiling=20, burst=5, now=0.0)
    assert [bucket.reserve(100.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0, 0, 0.05])


def test_throttles_of_one_moment_halve_the_rate_once() -> None:
    bucket = Bucket(ceiling=20, burst=5, now=0.0)
    for _ in range(8):
        bucket.throttled(1.0)
    assert bucket.rate == 10


def test_the_rate_never_falls_below_a_fortieth_and_comes_back_in_twenty_seconds() -> None:
    bucket = Bucket(ceiling=20, burst=5, now=0.0)
    for second in range(60):
        bucket.throttled(float(second))
    assert bucket.rate == 0.5
    for second in range(60, 81):
        bucket.answered(float(second))
    assert bucket.rate == 20


@given(st.lists(st.floats(0, 0.2), min_size=30, max_size=120))
def test_no_window_of_a_second_holds_more_than_the_rate_and_the_burst(gaps: list[float]) -> None:
    bucket, now, sent = Bucket(ceiling=20, burst=5, now=0.0), 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + bucket.reserve(now))
    for start in sent:
        assert sum(start <= moment < start + 1.0 - 1e-6 for moment in sent) <= 26
