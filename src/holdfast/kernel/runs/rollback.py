"""Undoes what one run changed, and only where it still stands as that run left it."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import Change
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Item, Outcome, OutcomeKind
from holdfast.domain.runs import JournalEntry, Run, RunState
from holdfast.kernel.ports import Ledger
from holdfast.kernel.runs.comparison import CONFLICT, IN_DOUBT, describe
from holdfast.kernel.runs.journal import apply_journal, pages, verify_journal
from holdfast.kernel.runs.permitted import refuse_unpermitted
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.system import Present, Target

Facet = tuple[str, str]
"""Type and key: the smallest thing that one change sets."""


def rollback_stages(target: Target) -> tuple[Stage, ...]:
    """Plan, apply, verify: the stages of a run whose `undoes` names the run to undo."""
    return (
        Stage("plan", StageKind.GATHER, lambda context: plan_rollback(context, target)),
        Stage("apply", StageKind.CHANGE, lambda context: apply_journal(context, target)),
        Stage("verify", StageKind.CHECK, lambda context: verify_journal(context, target)),
    )


def undoable(ledger: Ledger, run_id: str) -> Run:
    """The run to undo. Raises: NotFound; Refused while it runs or when it changed nothing."""
    run = ledger.run(run_id)
    if run.state is RunState.RUNNING:
        raise Refused(
            f"run {run.id} is still running",
            f"Wait until it ends or stop it, then `holdfast runs rollback {run.id}`.",
        )
    if not any(
        kind in {OutcomeKind.DONE, OutcomeKind.FAILED, "in doubt"}
        for _, _, kind in ledger.count_changes(run.id)
    ):
        raise Refused(f"run {run.id} changed nothing", "`holdfast runs list` shows the runs that did.")
    return run


def plan_rollback(context: RunContext, target: Target) -> None:
    """Plan the inverse of the changes of the run that `context.run.undoes` names; the work of a GATHER stage.

    Changes in doubt are settled by reading: one that took effect is undone. A facet that somebody
    changed since becomes a skipped item that says so.
    """
    undone = undoable(context.ledger, context.run.undoes)
    context.progress.stage(context.stage)
    standing = _standing(context, target, undone)
    context.plan_changes(target.invert(_to_undo(context.ledger, undone, standing)))
    refuse_unpermitted(context, target)


def _standing(context: RunContext, target: Target, undone: Run) -> dict[Facet, int]:
    """By facet, the position of the last change that took effect, where it still stands."""
    last = _last_acts(context.ledger, undone)
    entries = (
        entry for entry in context.ledger.changes(undone.id) if entry.position in last.get(_facet(entry), ())
    )
    target.await_settled(sorted({change_type for change_type, _ in last}))
    standing: dict[Facet, int] = {}
    for page in pages(entries):
        context.guard()
        held = target.present([entry.change for entry in page])
        for entry, present in zip(page, held, strict=True):
            if present.failure is None and present.value == entry.change.after:
                standing[_facet(entry)] = entry.position
            elif entry.position == last[_facet(entry)][-1] and not _had_no_effect(entry, present):
                standing.pop(_facet(entry), None)
                context.record_items([_left_alone(undone, entry, present)])
    return standing


def _last_acts(ledger: Ledger, undone: Run) -> dict[Facet, tuple[int, ...]]:
    """By facet, the position of the last done change and of one in doubt after it."""
    last: dict[Facet, tuple[int, ...]] = {}
    for entry in ledger.changes(undone.id):
        if _is_done(entry):
            last[_facet(entry)] = (entry.position,)
        elif _is_in_doubt(entry):
            last[_facet(entry)] = (*last.get(_facet(entry), ())[:1], entry.position)
    return last


def _to_undo(ledger: Ledger, undone: Run, standing: dict[Facet, int]) -> Iterator[Change]:
    """The changes of every standing facet, also those that a later change of the same run overlaid."""
    for entry in ledger.changes(undone.id):
        newest = standing.get(_facet(entry), -1)
        if entry.position == newest or (entry.position < newest and _is_done(entry)):
            yield entry.change


def _facet(entry: JournalEntry) -> Facet:
    return entry.change.type, entry.change.key


def _is_done(entry: JournalEntry) -> bool:
    return entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE


def _is_in_doubt(entry: JournalEntry) -> bool:
    return entry.in_doubt or (entry.outcome is not None and entry.outcome.code == IN_DOUBT)


def _had_no_effect(entry: JournalEntry, present: Present) -> bool:
    return _is_in_doubt(entry) and present.failure is None and present.value == entry.change.before


def _left_alone(undone: Run, entry: JournalEntry, present: Present) -> Item:
    """The outcome of a facet that is not undone; unreadable is a failure, somebody's edit is respected."""
    change = entry.change
    if present.failure is not None:
        reason = f"could not be read, so it was not undone: {present.failure.reason}"
        outcome = Outcome(OutcomeKind.FAILED, reason, present.failure.advice, present.failure.code)
    else:
        reason = f"not undone, because since run {undone.id} it {describe(change.after, present.value)}"
        outcome = Outcome(OutcomeKind.SKIPPED, reason, "Undo it by hand if it should go.", CONFLICT)
    return Item(change.type, change.key, outcome)
