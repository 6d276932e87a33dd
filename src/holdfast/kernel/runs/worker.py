"""One worker's way with a unit of changes: compare, call, and find out what a lost answer did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from holdfast.domain.errors import Busy, HoldfastError, RemoteUnavailable
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.domain.runs import JournalEntry
from holdfast.kernel.runs.comparison import ALREADY, failed_by, found_done, judge
from holdfast.kernel.runs.lanes import Unit
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.system import Changer

TRIES = 3
"""Calls of one change whose answers may be lost before it counts as failed."""


class Worker:
    """Takes units of changes whose intent is on record through a target.

    `report` gets each outcome as soon as it is known. Between two calls a worker looks at `stop` and
    at the lease; what it leaves undone then stays in doubt, and resume reads it.
    """

    def __init__(
        self,
        context: RunContext,
        target: Changer,
        stop: Event,
        report: Callable[[JournalEntry, Outcome], None],
    ) -> None:
        self._context = context
        self._target = target
        self._stop = stop
        self._report = report

    def work(self, unit: Unit) -> None:
        """Bring every change of a unit, all of one type, to its outcome. Raises: what stops the whole run."""
        to_call = self._compared(unit)
        size = max(1, self._target.batch_size(unit[0].change.type))
        for start in range(0, len(to_call), size):
            if self._stop.is_set():
                return
            self._context.guard()
            self._call(to_call[start : start + size])

    def _compared(self, unit: Unit) -> list[JournalEntry]:
        """The entries still to be called, after reading those that the service itself does not guard."""
        unguarded = [entry for entry in unit if not self._target.guarded_by_service(entry.change)]
        rest = {entry.position for entry in self._reread(unguarded, called=False)}
        rest.update(entry.position for entry in unit if entry not in unguarded)
        return [entry for entry in unit if entry.position in rest]

    def _call(self, entries: Sequence[JournalEntry]) -> None:
        last: RemoteUnavailable | None = None
        for _ in range(TRIES):
            try:
                self._apply(entries, repeated=last is not None)
                return
            except HoldfastError as error:
                if error.ends_run:
                    raise
                if not isinstance(error, RemoteUnavailable):
                    self._fail(entries, error)
                    return
                last = error
                self._target.await_settled([entries[0].change.type])
                entries = self._reread(entries, called=True)
        if last is not None:
            self._fail(entries, last)

    def _apply(self, entries: Sequence[JournalEntry], *, repeated: bool) -> None:
        if not entries:
            return
        noted: set[str] = set()
        outcomes = self._target.apply(
            [entry.change for entry in entries], lambda request: self._note(entries, request, noted)
        )
        for entry, outcome in zip(entries, outcomes, strict=True):
            called_before = repeated or entry.intended
            self._report(entry, self._second_look(entry, outcome) if called_before else outcome)

    def _second_look(self, entry: JournalEntry, outcome: Outcome) -> Outcome:
        """The outcome of a repeated call: a refusal may mean that the first call took effect after all."""
        if outcome.code == ALREADY:
            return found_done()
        if outcome.kind is not OutcomeKind.FAILED:
            return outcome
        (present,) = self._target.present([entry.change])
        return found_done() if present.failure is None and present.value == entry.change.after else outcome

    def _reread(self, entries: Sequence[JournalEntry], *, called: bool) -> list[JournalEntry]:
        """Those of the entries that still hold what they held before; the others are reported."""
        if not entries:
            return []
        standing: list[JournalEntry] = []
        held = self._target.present([entry.change for entry in entries])
        for entry, present in zip(entries, held, strict=True):
            outcome = judge(entry.change, present, called=called or entry.intended)
            if outcome is None:
                standing.append(entry)
            else:
                self._report(entry, outcome)
        return standing

    def _note(self, entries: Sequence[JournalEntry], request: str, noted: set[str]) -> None:
        """Keep a request's id once. Raises: Busy when the run is to stop while the service still works on it."""
        if request not in noted:
            noted.add(request)
            for entry in entries:
                self._context.ledger.note_request(self._context.run, entry.position, request)
        if self._stop.is_set():
            run = self._context.run.id
            raise Busy(f"Run {run} stopped while the service worked on.", f"`holdfast runs resume {run}`")

    def _fail(self, entries: Sequence[JournalEntry], error: HoldfastError) -> None:
        for entry in entries:
            self._report(entry, failed_by(error))
