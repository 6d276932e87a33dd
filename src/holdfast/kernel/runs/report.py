"""Builds the report of a run from the ledger, so that it says the same whoever asks and whenever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import JournalEntry, Run, RunState
from holdfast.domain.snapshots import SAFETY_KIND as SAFETY
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.canonical import plain
from holdfast.kernel.ports import CallCount, RunRows
from holdfast.kernel.preview import CANNOT_RETURN, worst_first
from holdfast.kernel.runs.report_values import (
    ChangeTally,
    Cost,
    Failure,
    Growth,
    ItemTally,
    LeftOut,
    NextStep,
    Problem,
    StageTime,
)
from holdfast.kernel.runs.report_values import (
    RunReport as RunReport,
)
from holdfast.kernel.showing import masked_bytes, masked_conflict, visible

LISTED = 50
"""Entries of each kind a report lists; the manifest has all of them."""

LEFT_OUT = "left-out"
"""Findings whose code starts so say what was left out on purpose."""

SECOND_PLACE = "second-place"
"""The code of findings that say which of the vault's two places lacks what."""

EXIT_CODES = {
    RunState.COMPLETE: 0,
    RunState.PARTIAL: 3,
    RunState.REFUSED: 4,
    RunState.FAILED: 1,
    RunState.RUNNING: 75,
    RunState.INTERRUPTED: 130,
}
CHECK_FAILED = 5
UNSETTLED = frozenset({"planned", "in doubt"})
RESUMABLE = frozenset({RunState.RUNNING, RunState.FAILED, RunState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Measured:
    """What only the process that asks knows: its calls, its stages' times, and `now`, which ends an unfinished run."""

    calls: CallCount | None = None
    stages: tuple[StageTime, ...] = ()
    now: datetime | None = None


def build_report(
    ledger: RunRows,
    run: Run,
    snapshot: SnapshotInfo | None = None,
    measured: Measured = Measured(),
    *,
    previous: SnapshotInfo | None = None,
) -> RunReport:
    """The report of a run in any state; reads each of the run's rows once.

    `snapshot` is the one the run sealed or worked on, `previous` the one before.
    """
    findings, conflicts, seen = ledger.findings(run.id), ledger.conflicts(run.id), _read(ledger, run)
    items, changes = _item_tallies(ledger, run, snapshot, seen.kept), _change_tallies(ledger, run)
    discrepancies = tuple(_discrepancies(items, changes))
    return RunReport(
        run=run.id,
        system=run.system,
        kind=run.kind,
        state=run.state,
        stage=run.stage,
        exit_code=exit_code(run, findings, bool(discrepancies)),
        arguments=msgspec.Raw(masked_bytes(run.arguments)),
        started_at=run.started_at,
        finished_at=run.finished_at,
        owner=run.owner,
        source=snapshot.source if snapshot else None,
        target=run.target,
        snapshot=run.snapshot or (snapshot.id if snapshot else ""),
        undoes=run.undoes,
        sums_up=not discrepancies,
        discrepancies=discrepancies,
        items=items,
        changes=changes,
        conflicts=tuple(masked_conflict(conflict) for conflict in conflicts[:LISTED]),
        conflicts_by_resolution=_count(conflict.resolution.value for conflict in conflicts),
        findings=worst_first(_ordinary(findings))[:LISTED],
        findings_by_severity=_count(finding.severity.value for finding in _ordinary(findings)),
        failures=tuple(seen.failures),
        failures_total=seen.failures_total,
        to_do=tuple(seen.to_do),
        to_do_total=seen.to_do_total,
        left_out=tuple(_left_out(findings, snapshot, seen)),
        cannot_return=_with_code(findings, CANNOT_RETURN)[:LISTED],
        cannot_return_total=len(_with_code(findings, CANNOT_RETURN)),
        taken_during=snapshot.during if snapshot else (),
        calls=measured.calls.calls if measured.calls else 0,
        cost=_cost(run, snapshot, seen.repeats, measured),
        growth=tuple(_growth(snapshot, previous)),
        error=_problem(plain(run.error)),
        next_steps=tuple(_next_steps(run, changes, findings)),
    )


def _cost(run: Run, snapshot: SnapshotInfo | None, repeats: int, measured: Measured) -> Cost:
    sent = measured.calls
    traffic = replace(sent, waited=round(sent.waited, 3)) if sent else None
    return Cost(_seconds(run, measured.now), _stored(run, snapshot), repeats, traffic, measured.stages)


def exit_code(run: Run, findings: Iterable[Finding], does_not_add_up: bool = False) -> int:
    """The exit code that fits the run: its error's own where it failed, 5 where a check found an error."""
    own = plain(run.error).get("exit_code") if run.error else None
    if run.state is not RunState.COMPLETE:
        return own if isinstance(own, int) and own else EXIT_CODES[run.state]
    failed = does_not_add_up or any(finding.severity is Severity.ERROR for finding in findings)
    return CHECK_FAILED if failed else 0


@dataclass(slots=True)
class _Seen:
    """What one pass over items and journal gathers."""

    failures: list[Failure] = field(default_factory=list)
    failures_total: int = 0
    to_do: list[Failure] = field(default_factory=list)
    to_do_total: int = 0
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    repeats: int = 0

    def item(self, item: Item) -> None:
        """Take one item of the inventory into account."""
        self.repeats += item.outcome.repeats
        self.kept[item.type] += item.outcome.kind is not OutcomeKind.DONE and bool(item.digest)
        if item.outcome.kind is OutcomeKind.SKIPPED:
            self.skipped[item.type, item.outcome.reason] += 1
        elif item.outcome.kind is not OutcomeKind.DONE:
            self._failed(visible(item.type), item.type, item.key, item.outcome)

    def entry(self, entry: JournalEntry) -> None:
        """Take one change of the journal into account."""
        change = entry.change
        if entry.in_doubt:
            self._failed(f"{change.verb} {change.type}", change.type, change.key, None)
        if entry.outcome is None:
            return
        self.repeats += entry.outcome.repeats
        if entry.outcome.kind is OutcomeKind.SKIPPED:
            self.skipped[change.type, entry.outcome.reason] += 1
        elif entry.outcome.kind is not OutcomeKind.DONE:
            self._failed(f"{change.verb} {change.type}", change.type, change.key, entry.outcome)
        elif entry.outcome.advice:
            self.to_do_total += 1
            told = _told(f"{change.verb} {change.type}", change.type, change.key, entry.outcome)
            self.to_do += [told] * (len(self.to_do) < LISTED)

    def _failed(self, what: str, type_name: str, key: str, outcome: Outcome | None) -> None:
        self.failures_total += 1
        if len(self.failures) < LISTED:
            self.failures.append(_told(what, type_name, key, outcome))


def _told(what: str, type_name: str, key: str, outcome: Outcome | None) -> Failure:
    kind, told = ("in doubt", IN_DOUBT) if outcome is None else (outcome.kind.value, outcome)
    return Failure(what, type_name, key, kind, told.reason, told.advice, told.code)


IN_DOUBT = Outcome(
    OutcomeKind.FAILED,
    "The call was about to be made when the run stopped; whether it reached the service is not known.",
    "Resume the run: it reads the service before it acts.",
    "in-doubt",
)


def _read(ledger: RunRows, run: Run) -> _Seen:
    seen = _Seen()
    for item in ledger.items(run.id):
        seen.item(item)
    for entry in ledger.changes(run.id):
        seen.entry(entry)
    return seen


def _item_tallies(
    ledger: RunRows, run: Run, snapshot: SnapshotInfo | None, kept: Mapping[str, int]
) -> tuple[ItemTally, ...]:
    counts = ledger.count_items(run.id)
    sealed = snapshot if _is_the_result(run, snapshot) else None
    captured = {part.type: part.count for part in sealed.sections if part.captured} if sealed else {}
    names = dict.fromkeys([*captured, *sorted(type_name for type_name, _ in counts)])
    tallies = (_item_tally(name, counts, captured.get(name)) for name in names)
    return tuple(replace(tally, kept=kept[tally.type] if tally.type in captured else 0) for tally in tallies)


def _item_tally(name: str, counts: dict[tuple[str, OutcomeKind], int], expected: int | None) -> ItemTally:
    done, failed, skipped, impossible = (counts.get((name, kind), 0) for kind in OutcomeKind)
    return ItemTally(name, done + failed + skipped + impossible, done, failed, skipped, impossible, expected)


def _is_the_result(run: Run, snapshot: SnapshotInfo | None) -> bool:
    """Whether the run's items are the snapshot's records; those of a safety snapshot are no one's task."""
    return snapshot is not None and snapshot.run == run.id and snapshot.kind != SAFETY


def _change_tallies(ledger: RunRows, run: Run) -> tuple[ChangeTally, ...]:
    counts = ledger.count_changes(run.id)
    return tuple(ChangeTally(*key, count) for key, count in sorted(counts.items()) if count)


def _discrepancies(items: Iterable[ItemTally], changes: Iterable[ChangeTally]) -> Iterator[str]:
    for tally in items:
        if tally.expected is not None and tally.expected != tally.done + tally.kept:
            yield (
                f"{visible(tally.type)}: the sealed snapshot holds {tally.expected:,} records, "
                f"the ledger says {tally.done + tally.kept:,} were done."
            )
    for change in changes:
        if change.outcome in UNSETTLED:
            what = f"{change.count:,} to {change.verb} without outcome ({change.outcome})"
            yield f"{visible(change.type)}: {what}."


def _left_out(findings: Iterable[Finding], snapshot: SnapshotInfo | None, seen: _Seen) -> Iterator[LeftOut]:
    for section in snapshot.sections if snapshot else ():
        if not section.captured:
            yield LeftOut(section.type, None, section.reason or "not asked for")
    for finding in _with_code(findings, LEFT_OUT)[:LISTED]:
        yield LeftOut(finding.type, None, finding.message)
    common = seen.skipped.most_common()
    for (type_name, reason), count in common[:LISTED]:
        yield LeftOut(type_name, count, reason or "skipped")
    rest = sum(count for _, count in common[LISTED:])
    if rest:
        yield LeftOut("", rest, f"for {len(common) - LISTED} other reasons, see the manifest")


def _with_code(findings: Iterable[Finding], code: str) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if finding.code.startswith(code))


def _ordinary(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.code.startswith((CANNOT_RETURN, LEFT_OUT))]


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _seconds(run: Run, now: datetime | None) -> float:
    ended = run.finished_at or now or run.heartbeat_at
    return max(0.0, (ended - run.started_at).total_seconds())


def _stored(run: Run, snapshot: SnapshotInfo | None) -> int:
    """Bytes of the snapshot that the run itself sealed, also of a safety snapshot."""
    return snapshot.stored_bytes if snapshot is not None and snapshot.run == run.id else 0


def _growth(snapshot: SnapshotInfo | None, previous: SnapshotInfo | None) -> Iterator[Growth]:
    if snapshot is None or previous is None:
        return
    for section in snapshot.sections:
        before = previous.section(section.type)
        if before is not None and before.captured and section.captured:
            yield Growth(section.type, before.count, section.count)


def _problem(error: Mapping[str, object]) -> Problem | None:
    if not error:
        return None
    code, message = str(error.get("code", "unknown")), error.get("message") or error.get("sentence")
    return Problem(code, str(message or "The run ended with an error."), str(error.get("advice", "")))


def _next_steps(run: Run, changes: Iterable[ChangeTally], findings: Iterable[Finding]) -> Iterator[NextStep]:
    """The commands to offer, the most fitting first; none for a refused run, which changed nothing."""
    changed = sum(tally.count for tally in changes if tally.outcome in {"done", "in doubt"})
    if run.state in RESUMABLE:
        yield NextStep(f"holdfast runs resume {run.id}", "go on where the run stopped; nothing is done twice")
    if any(finding.code == SECOND_PLACE for finding in findings):
        yield NextStep("holdfast vault repair", "put the snapshot's objects in the place that lacks them")
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
