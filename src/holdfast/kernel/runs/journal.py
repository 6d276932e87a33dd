"""Drives a target through a run's changes so that each takes effect once, whatever happens in between."""

from __future__ import annotations

import queue
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from itertools import groupby, islice
from threading import Event

from holdfast.domain.outcomes import Finding, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import JournalEntry
from holdfast.kernel.ports import Ledger
from holdfast.kernel.runs.comparison import describe, judge
from holdfast.kernel.runs.lanes import LOOKAHEAD, Lanes, Unit, positions
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.runs.worker import Worker
from holdfast.kernel.showing import without_values
from holdfast.kernel.system import Changer

PAGE = 200
"""Changes whose facets are read in one go when nothing is to be called in between."""


def apply_journal(context: RunContext, target: Changer, types: Collection[str] = ()) -> None:
    """Bring every unfinished change of the run to an outcome, rank by rank; the work of a CHANGE stage.

    With `types` only changes of these types: a run may have a stage for each service that it changes.
    Entries in doubt are settled first, by reading. Failed changes are outcomes and the rest goes on.
    Raises: CredentialsError, Throttled, RemoteUnavailable, Busy or KeyboardInterrupt, with a journal
    from which the run resumes.
    """
    counts = context.ledger.count_changes(context.run.id)
    counts = {each: count for each, count in counts.items() if not types or each[0] in types}
    unfinished = sum(count for (_, _, kind), count in counts.items() if kind in {"planned", "in doubt"})
    context.progress.stage(context.stage, unfinished)
    tally = _Tally(context)
    if any(kind == "in doubt" for _, _, kind in counts):  # else a long plan would be read once for nothing
        _settle_in_doubt(context, target, tally, types)
    entries = _unfinished(context, types)
    with ThreadPoolExecutor(max_workers=max(1, target.concurrency), thread_name_prefix="change") as pool:
        for _, of_rank in groupby(entries, key=lambda entry: entry.change.rank):
            _RankDriver(context, target, pool, tally).drive(of_rank)


def verify_journal(context: RunContext, target: Changer) -> None:
    """Read back every change that ended done and compare; the work of a CHECK stage.

    A facet that does not hold what the run left is an ERROR finding; a NOTE says how many were read.
    Of several changes to one facet the last counts.
    """
    last = last_done(context.ledger, context.run.id)
    context.progress.stage(context.stage, len(last))
    target.await_settled(sorted({change_type for change_type, _ in last}))
    entries = (entry for entry in context.ledger.changes(context.run.id) if is_last(entry, last))
    standing = 0
    for page in pages(entries):
        context.guard()
        findings = list(_mismatches(page, target))
        context.record_findings(findings)
        standing += len(page) - len(findings)
        context.progress.advance(len(page))
    message = f"{standing} of {len(last)} changed things stand as this run left them"
    context.record_findings([Finding(Severity.NOTE, "changes-verified", "", "", message)])


def last_done(ledger: Ledger, run_id: str) -> dict[tuple[str, str], int]:
    """The position of the last done change of each facet that a run changed, by type and key."""
    return {
        (entry.change.type, entry.change.key): entry.position
        for entry in ledger.changes(run_id)
        if entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE
    }


def is_last(entry: JournalEntry, last: dict[tuple[str, str], int]) -> bool:
    """Whether an entry is the one that `last_done` names for its facet."""
    return last.get((entry.change.type, entry.change.key)) == entry.position


def pages(entries: Iterable[JournalEntry], size: int = PAGE) -> Iterator[list[JournalEntry]]:
    """Lists of at most `size` entries."""
    source = iter(entries)
    while page := list(islice(source, size)):
        yield page


def _mismatches(page: list[JournalEntry], target: Changer) -> Iterator[Finding]:
    held = target.present([entry.change for entry in page])
    for entry, present in zip(page, held, strict=True):
        change = entry.change
        if present.failure is not None:
            message = f"{change.name}: could not be read back: {present.failure.reason}"
            advice = present.failure.advice
            yield Finding(Severity.ERROR, "change-not-readable", change.type, change.key, message, advice)
        elif present.value != change.after:
            message = f"{change.name}: it {describe(change.after, present.value)}"
            advice = "See who changed it; a new run of the same command brings it back."
            yield Finding(Severity.ERROR, "change-not-standing", change.type, change.key, message, advice)


def _unfinished(context: RunContext, types: Collection[str]) -> Iterator[JournalEntry]:
    entries = context.ledger.changes(context.run.id, unfinished=True)
    return (entry for entry in entries if not types or entry.change.type in types)


def _settle_in_doubt(
    context: RunContext, target: Changer, tally: _Tally, types: Collection[str] = ()
) -> None:
    """Read what the calls of a cut-off attempt did; what they did not do is made later, with the rest."""
    for page in pages(entry for entry in _unfinished(context, types) if entry.in_doubt):
        context.guard()
        target.await_settled(sorted({entry.change.type for entry in page}))
        held = target.present([entry.change for entry in page])
        judged = zip(
            page, (judge(e.change, p, called=True) for e, p in zip(page, held, strict=True)), strict=True
        )
        tally.settle([(entry, outcome) for entry, outcome in judged if outcome is not None])


class _Tally:
    """Commits outcomes and counts them for the screen."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._done = 0
        self._failed = 0

    def settle(self, outcomes: list[tuple[JournalEntry, Outcome]]) -> None:
        """Commit some outcomes together."""
        if not outcomes:
            return
        outcomes = [(entry, _masked(entry, outcome)) for entry, outcome in outcomes]
        self._context.ledger.settle(
            self._context.run, [(entry.position, outcome) for entry, outcome in outcomes]
        )
        for entry, outcome in outcomes:
            self._done += outcome.kind is OutcomeKind.DONE
            self._failed += outcome.kind in {OutcomeKind.FAILED, OutcomeKind.IMPOSSIBLE}
            self._context.progress.advance(
                1, f"{entry.change.name} ({self._done} done, {self._failed} failed)"
            )


def _masked(entry: JournalEntry, outcome: Outcome) -> Outcome:
    """The outcome without personal values that a service quoted in its refusal."""
    change = entry.change
    if outcome.kind is OutcomeKind.DONE:
        return outcome
    return replace(outcome, reason=without_values(outcome.reason, change.key, change.before, change.after))


class _RankDriver:
    """Keeps workers busy with the changes of one rank; this thread alone commits intents and outcomes."""

    def __init__(self, context: RunContext, target: Changer, pool: ThreadPoolExecutor, tally: _Tally) -> None:
        self._context = context
        self._target = target
        self._pool = pool
        self._tally = tally
        self._lanes = Lanes(target.batch_size)
        self._stop = Event()
        self._running: dict[Future[None], Unit] = {}
        self._events: queue.SimpleQueue[tuple[JournalEntry, Outcome] | Future[None]] = queue.SimpleQueue()
        self._worker = Worker(
            context, target, self._stop, lambda entry, outcome: self._events.put((entry, outcome))
        )

    def drive(self, entries: Iterator[JournalEntry]) -> None:
        """Return when every change of the rank has its outcome."""
        try:
            while True:
                for entry in islice(entries, max(0, LOOKAHEAD - self._lanes.count)):
                    self._lanes.add(entry)
                self._submit()
                if not self._running:
                    return
                self._collect()
        finally:
            self._wind_down()

    def _submit(self) -> None:
        units = self._lanes.take(max(1, self._target.concurrency) - len(self._running))
        if not units:
            return
        self._context.guard()
        self._context.ledger.intend(self._context.run, positions(units))
        for unit in units:
            future = self._pool.submit(self._worker.work, unit)
            self._running[future] = unit
            future.add_done_callback(self._events.put)

    def _collect(self) -> None:
        """Wait for something to happen, commit the outcomes known by then, free the lanes of ended units."""
        ended = self._commit([self._events.get()])
        for future in ended:
            self._lanes.free(self._running.pop(future))
        for future in ended:
            future.result()

    def _commit(self, events: list[tuple[JournalEntry, Outcome] | Future[None]]) -> list[Future[None]]:
        with suppress(queue.Empty):
            while True:
                events.append(self._events.get_nowait())
        self._tally.settle([event for event in events if isinstance(event, tuple)])
        return [event for event in events if isinstance(event, Future)]

    def _wind_down(self) -> None:
        """Let the calls that are under way end and keep what they came to; begin no other."""
        self._stop.set()
        wait(self._running)
        self._commit([])
