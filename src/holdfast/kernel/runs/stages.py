"""What a run consists of: an ordered list of stages, and what each stage is given to work with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from holdfast.domain.changes import Change, Conflict
from holdfast.domain.outcomes import Finding, Item
from holdfast.domain.runs import Run
from holdfast.kernel.ports import Clock, Ledger, Progress

ENDED = "ended"
"""What `Run.stage` says once every stage has ended."""


class StageKind(StrEnum):
    """What a stage leaves in the ledger: items and a plan, journalled changes, or findings."""

    GATHER = "gather"
    CHANGE = "change"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a run. A stage that ended is never repeated; one that was cut off is repeated whole.

    A GATHER or CHECK stage must therefore bear repeating: its items, findings and conflicts are
    cleared before, unless `kept` says of the run that all of them were recorded. A CHANGE stage goes on
    from its journal.
    """

    name: str
    kind: StageKind
    work: Callable[[RunContext], None]
    kept: Callable[[Run], bool] = lambda run: False


class RunContext:
    """What a stage works with: the run, its ledger, clock and progress; everything recorded is fenced."""

    def __init__(
        self,
        run: Run,
        stage: str,
        ledger: Ledger,
        clock: Clock,
        progress: Progress,
        guard: Callable[[], None],
    ) -> None:
        self.run = run
        self.stage = stage
        self.ledger = ledger
        self.clock = clock
        self.progress = progress
        self.guard = guard
        """Raises Busy when this worker may no longer act: its lease is too old or was taken over."""
        self.snapshot = run.snapshot
        """The id of the snapshot that the run made; what a stage sets is kept when the stage ends."""
        self.times: dict[str, list[tuple[float, float]]] = {}
        """When parts of operations began and ended, for those whose time is told apart from the stage's."""

    def spent(self, operation: str, began: float, ended: float) -> None:
        """Note when a part of an operation began and ended, by the monotonic clock; parts may overlap."""
        self.times.setdefault(operation, []).append((began, ended))

    def seconds(self) -> dict[str, float]:
        """How long each operation was under way; what was done beside each other counts once."""
        return {operation: _covered(parts) for operation, parts in self.times.items()}

    def record_items(self, items: Iterable[Item]) -> None:
        """Store outcomes of items under this stage."""
        self.ledger.record_items(self.run, self.stage, items)

    def record_findings(self, findings: Iterable[Finding]) -> None:
        """Store what this stage noticed; an ERROR makes the run partial, unless of a GATHER stage."""
        self.ledger.record_findings(self.run, self.stage, findings)

    def record_conflicts(self, conflicts: Iterable[Conflict]) -> None:
        """Store the conflicts that this stage met."""
        self.ledger.record_conflicts(self.run, self.stage, conflicts)

    def plan_changes(self, changes: Iterable[Change]) -> int:
        """Replace the run's plan, streaming; the number of changes."""
        return self.ledger.plan_changes(self.run, changes)


def _covered(parts: list[tuple[float, float]]) -> float:
    seconds, until = 0.0, float("-inf")
    for began, ended in sorted(parts):
        seconds += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return seconds
