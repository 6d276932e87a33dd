"""What a facet's present value says about a change: still to be made, made, or somebody else's. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.domain.changes import Change
from holdfast.domain.errors import HoldfastError
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.kernel.system import Present

CONFLICT = "conflict"
"""Code of an outcome: the facet holds neither what the plan saw nor what it wants."""

IN_DOUBT = "in-doubt"
"""Code of an outcome: a call may have been made, and what it did could not be read back."""

ALREADY = "already-so"
"""Code of an outcome: the facet held what the change wants before this run called; nothing to undo."""


def judge(change: Change, present: Present, *, called: bool) -> Outcome | None:
    """How a change stands by what its facet holds now; None when it is still to be made.

    `called` says that this run may have called the service for it before, so that finding it done
    is its own effect, counted as one repeat.
    """
    if present.failure is not None:
        return unread(present.failure, called=called)
    if present.value == change.after:
        return (
            found_done()
            if called
            else Outcome(OutcomeKind.SKIPPED, "is so already, not by this run", code=ALREADY)
        )
    if present.value == change.before:
        return None
    return Outcome(
        OutcomeKind.FAILED,
        f"somebody else changed it since the plan: it {describe(change.before, present.value)}",
        "Look at it and run the command again; the new plan starts from what is there now.",
        CONFLICT,
    )


def found_done() -> Outcome:
    """The outcome of a change whose answer was lost and whose effect is there."""
    return Outcome(OutcomeKind.DONE, "found done on reading it back", repeats=1)


def failed_by(error: HoldfastError, code: str = "") -> Outcome:
    """The outcome of what an error kept from being done or read; `code` instead of the error's own."""
    return Outcome(OutcomeKind.FAILED, str(error), error.advice, code or error.code)


def unread(failure: Outcome, *, called: bool) -> Outcome:
    """The outcome of a change whose facet could not be read."""
    if not called:
        return Outcome(
            OutcomeKind.FAILED, f"could not be read before: {failure.reason}", failure.advice, failure.code
        )
    return Outcome(
        OutcomeKind.FAILED,
        f"it is not known whether it took effect: {failure.reason}",
        failure.advice,
        IN_DOUBT,
    )


def describe(expected: bytes | None, present: bytes | None) -> str:
    """What a facet holds now against what was expected; values may be personal, so only fields are named."""
    if present is None:
        return "is absent now"
    if expected is None:
        return "exists now"
    old, new = msgspec.json.decode(expected), msgspec.json.decode(present)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = sorted(name for name in old.keys() | new.keys() if old.get(name, ...) != new.get(name, ...))
        return f"holds something else now in {', '.join(map(str, names))}"
    return "holds something else now"
