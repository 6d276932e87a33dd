"""The sample company."""

from __future__ import annotations

from holdfast.sandbox.portrait import AccountPortrait, GroupPortrait, MembershipPortrait, Portrait

def company(scale: str, seed: int) -> Portrait:
    """The company of that scale."""
    return Portrait()
