"""Waiting, before a plan is made, for what only somebody else can bring."""

from __future__ import annotations

from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.showing import duration
from holdfast.kernel.system import Arrivals

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 10.0, 60.0, 1.5


def await_arrivals(
    context: RunContext, arrivals: Arrivals, names: frozenset[tuple[str, str]], minutes: int
) -> None:
    """Return when all are there or the time is over; a finding keeps how many came.

    Raises: what the look-ups raise; Busy when this worker may no longer act.
    """
    began, pause = context.clock.monotonic(), _FIRST_PAUSE
    until = began + 60.0 * minutes
    missing = arrivals.missing(names)
    context.progress.stage("awaiting")  # without a total: nobody knows at what pace the rest comes
    context.progress.advance(len(names) - len(missing))
    while missing and (left := until - context.clock.monotonic()) > 0:
        context.progress.advance(
            0, f"{len(missing):,} of {len(names):,} not there, gives up in {duration(left)}"
        )
        context.clock.sleep(min(pause, left))
        context.guard()
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)
        still = arrivals.missing(missing)
        context.progress.advance(len(missing) - len(still))
        missing = still
    waited = duration(context.clock.monotonic() - began)
    message = (
        f"{len(names) - len(missing)} of {len(names)} that the identity source brings came within {waited}."
    )
    context.record_findings([Finding(Severity.NOTE, "awaited", "", "", message)])
