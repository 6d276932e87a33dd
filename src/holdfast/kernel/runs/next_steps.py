"""Which commands fit the state a run is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.report_values import ChangeTally, NextStep

RESUMABLE = frozenset({RunState.RUNNING, RunState.FAILED, RunState.INTERRUPTED})
EFFECTIVE = frozenset({"done", "in doubt"})


def next_steps(run: Run, changes: Iterable[ChangeTally]) -> tuple[NextStep, ...]:
    """The commands to offer, the most fitting first; none for a refused run, which changed nothing."""
    return tuple(_steps(run, sum(tally.count for tally in changes if tally.outcome in EFFECTIVE)))


def _steps(run: Run, changed: int) -> Iterator[NextStep]:
    if run.state in RESUMABLE:
        yield NextStep(f"holdfast runs resume {run.id}", "go on where the run stopped; nothing is done twice")
    if run.state is RunState.PARTIAL:
        yield NextStep(
            f"holdfast runs show {run.id}", "see what failed, mend it, then run the same command again"
        )
    if changed and run.kind == "restore":
        yield NextStep(
            f"holdfast runs rollback {run.id}",
            f"undo what this run changed ({changed:,}), where it still stands as the run left it",
        )
    if run.state is RunState.COMPLETE and run.kind == "backup" and run.snapshot:
        yield NextStep(f"holdfast backups drill {run.snapshot}", "prove that this backup restores")
