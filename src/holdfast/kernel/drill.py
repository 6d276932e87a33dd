"""The drill: a backup is restored into an empty stand-in and compared, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from holdfast.domain.changes import RestoreScope
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.records import RecordView
from holdfast.kernel.compare import Difference, DifferenceKind, compare
from holdfast.kernel.preview import CANNOT_BE_MADE, CANNOT_RETURN
from holdfast.kernel.restore import refuse_errors, store_plan, translation_findings
from holdfast.kernel.runs.journal import apply_journal, verify_journal
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.system import PlanOptions, Rehearsal, RehearsalStage, System
from holdfast.kernel.vault.vault import Vault
from holdfast.kernel.views import MemoryView


class DrillRequest(msgspec.Struct, frozen=True):
    """Which snapshot is drilled, and under which mapping (canonical JSON, empty for none)."""

    snapshot: str
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """Restores a snapshot where nothing can be harmed, with the code that a real restore runs."""

    system: System
    vault: Vault
    rehearsal: Rehearsal

    def stages(self, request: DrillRequest) -> tuple[Stage, ...]:
        """One stage: the stand-in lives only as long as it, so a drill that was cut off starts anew."""
        return (Stage("rehearse", StageKind.CHECK, lambda context: self._rehearse(context, request)),)

    def _rehearse(self, context: RunContext, request: DrillRequest) -> None:
        info = self.vault.resolve(request.snapshot, self.system.name)
        wanted = self.system.translated(self.vault.read(info), request.mapping)
        context.record_findings(refuse_errors(translation_findings(wanted)))
        types = tuple(section.type for section in info.sections if section.captured)
        with self.rehearsal(wanted) as stage:
            context.progress.say(f"Drill in {stage.description}")
            before = self._restore(context, stage, wanted, types)
            source = stage.system.source()
            returned = MemoryView(source.capture(types, context.progress))
            told = f"Rehearsed in {stage.description}: {source.calls().calls:,} calls, none to the service."
            context.record_findings([Finding(Severity.NOTE, "rehearsed", "", "", told)])
        self._judge(context, wanted, returned, before)

    def _restore(
        self, context: RunContext, stage: RehearsalStage, wanted: RecordView, types: tuple[str, ...]
    ) -> RecordView:
        """What was in the stand-in before the restore."""
        target = stage.system.target()
        empty = MemoryView(stage.system.source().capture(types, context.progress))
        options = PlanOptions(RestoreScope(types))
        store_plan(context, target.plan(wanted, empty, options))
        apply_journal(context, target)
        verify_journal(context, target)
        return empty

    def _judge(
        self, context: RunContext, wanted: RecordView, returned: RecordView, before: RecordView
    ) -> None:
        """Every record of the snapshot becomes an item: done when it came back equal, else why not."""
        types = before.types
        differences = {(d.type, d.key): d for d in compare(self.system, wanted, returned, types)}
        told = {
            (finding.type, finding.key): finding
            for finding in context.ledger.findings(context.run.id)
            if finding.code.startswith(CANNOT_RETURN)
        }
        items = (
            Item(record.type, record.key, _outcome(differences.get(name), told.get(name)), record.digest)
            for kind in types
            for record in wanted.records(kind)
            for name in [(record.type, record.key)]
        )
        context.record_items(items)
        context.record_findings(_extra(differences.values(), before))


def _outcome(difference: Difference | None, told: Finding | None) -> Outcome:
    """Done when it came back equal; impossible where the plan had said that it cannot; else failed."""
    if difference is None:
        return DONE
    foretold = DifferenceKind.REMOVED if told and told.code == CANNOT_BE_MADE else DifferenceKind.CHANGED
    if told is not None and difference.kind is foretold:
        return Outcome(OutcomeKind.IMPOSSIBLE, told.message, told.advice, told.code)
    fields = ", ".join(field.name for field in difference.fields)
    reason = (
        "did not come back"
        if difference.kind is DifferenceKind.REMOVED
        else f"came back different in {fields}"
    )
    return Outcome(OutcomeKind.FAILED, reason, code="drill")


def _extra(differences: Iterable[Difference], before: RecordView) -> Iterator[Finding]:
    for difference in differences:
        if difference.kind is DifferenceKind.ADDED and before.find(difference.type, difference.key):
            continue  # the stand-in has what a restore presupposes
        if difference.kind in (DifferenceKind.ADDED, DifferenceKind.UNKNOWN):
            why = difference.reason or "is there although the backup has no such record"
            yield Finding(Severity.ERROR, "drill", difference.type, difference.key, why)
