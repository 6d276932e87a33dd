"""Small behaviour of the words that ports speak."""

from __future__ import annotations

from holdfast.kernel.ports import CallCount


def test_calls_are_counted_for_each_run_of_a_session_apart() -> None:
    first = CallCount(3, 1, 0.5, (("sso-admin:ListPermissionSets", 1), ("sts:GetCallerIdentity", 2)))
    both = CallCount(5, 1, 2.0, (("sso-admin:ListPermissionSets", 3), ("sts:GetCallerIdentity", 2)))
    assert both.since(first) == CallCount(2, 0, 1.5, (("sso-admin:ListPermissionSets", 2),))
    assert both.since(None) == both
