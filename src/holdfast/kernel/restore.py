"""Restoring: what is there now is kept first, then planned, applied under the journal, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

import msgspec

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision, RestoreScope
from holdfast.domain.errors import NotFound, Refused
from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.records import RecordView, show_key
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.backup import SAFETY, Backup, BackupRequest, not_where_it_should_be
from holdfast.kernel.choosing import asking_once
from holdfast.kernel.destination import HERE, Destination
from holdfast.kernel.ports import Chooser, Progress
from holdfast.kernel.preview import Preview, names_in, preview_of
from holdfast.kernel.recall import Recall
from holdfast.kernel.runs.journal import apply_journal, verify_journal
from holdfast.kernel.runs.permitted import refuse_unpermitted
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.system import PlanOptions, Source, System, Target, Translation
from holdfast.kernel.vault.vault import Vault
from holdfast.kernel.views import MemoryView, OverlaidView
from holdfast.kernel.waiting import await_arrivals


class RestoreRequest(msgspec.Struct, frozen=True):
    """What a restore was asked for; kept with the run so that another process can resume it.

    `keys` limits a type to single records: pairs of type name and natural key, as the target has it, or a
    name that the system knows them by.
    `mapping` is the whole mapping as canonical JSON, not a path to it. `wait_minutes` is how long to wait
    for what only somebody else can bring.
    """

    snapshot: str
    types: tuple[str, ...]
    strategy: ConflictStrategy = ConflictStrategy.OVERWRITE
    keys: tuple[tuple[str, str], ...] = ()
    delete_extra: bool = False
    allow_lockout: bool = False
    wait_minutes: int = 0
    mapping: str = ""
    target: Destination = HERE

    def scope(self) -> RestoreScope:
        """The request's types and keys as a scope."""
        named: dict[str, set[str]] = {}
        for type_name, key in self.keys:
            named.setdefault(type_name, set()).add(key)
        return RestoreScope(self.types, {name: frozenset(keys) for name, keys in named.items()})


@dataclass(frozen=True, slots=True)
class Restore:
    """Puts a snapshot of one system back."""

    system: System
    source: Source
    target: Target
    vault: Vault
    audit_head: Callable[[], str]
    recall: Recall | None = None

    def stages(self, request: RestoreRequest, choose: Chooser | None) -> tuple[Stage, ...]:
        """Keep what is there now (a safety snapshot), wait where asked to, plan, apply, verify."""
        waiting = Stage("wait", StageKind.GATHER, lambda context: self._wait(context, request))
        return (
            Stage("keep", StageKind.GATHER, lambda context: self._keep(context, request)),
            *[waiting] * bool(request.wait_minutes),
            Stage("plan", StageKind.CHANGE, lambda context: self._plan(context, request, choose)),
            Stage("apply", StageKind.CHANGE, lambda context: apply_journal(context, self.target)),
            Stage("verify", StageKind.CHECK, lambda context: verify_journal(context, self.target)),
        )

    def preview(self, request: RestoreRequest, choose: Chooser | None, progress: Progress) -> Preview:
        """What a restore would do now; nothing is changed and nothing is stored.

        Raises: Refused as the restore itself would; what `Source.capture` raises.
        """
        wanted, request = self._asked(request)
        findings = self._compatible(wanted, request)
        present = MemoryView(self.source.capture(self._needed(wanted, request), progress))
        ask = asking_once(choose)
        decisions = self._decide(wanted, present, request, ask)
        found = preview_of(chain(findings, decisions), self.target.estimate_seconds)
        # Planned a second time rather than held: the changes of a large organization would fill the memory.
        again = self._decide(wanted, present, request, ask)
        changes = (decision for decision in again if isinstance(decision, Change))
        stands = refuse_errors(self.target.prerequisites(present, changes))
        stands += self.target.permitted({(each.type, each.verb) for each in found.changes_summary})
        names = names_in(found, self.system, wanted, present)
        return replace(found, findings=(*stands, *found.findings), names=names)

    def _keep(self, context: RunContext, request: RestoreRequest) -> None:
        wanted, request = self._asked(request)
        context.record_findings(self._compatible(wanted, request))
        backup = self._backup()
        kept = backup.snapshot_of(context.run.id)
        if kept is None:
            kept = backup.capture(context, BackupRequest(SAFETY, self._needed(wanted, request)), items=False)
        context.snapshot = kept.id
        context.record_findings(not_where_it_should_be(backup.vault, kept, Severity.WARNING))

    def _wait(self, context: RunContext, request: RestoreRequest) -> None:
        if self.system.arrivals is None:
            return
        arrivals = self.system.arrivals()
        wanted, request = self._asked(request)
        awaited = arrivals.awaited(wanted, self._kept(context), request.scope())
        if awaited:
            await_arrivals(context, arrivals, awaited, request.wait_minutes)

    def _plan(self, context: RunContext, request: RestoreRequest, choose: Chooser | None) -> None:
        wanted, request = self._asked(request)
        present = self._kept(context)
        if request.wait_minutes:
            present = self._with_arrivals(context, wanted, present, request.scope())
        store_plan(context, self._decide(wanted, present, request, choose))
        changes = (entry.change for entry in context.ledger.changes(context.run.id))
        context.record_findings(refuse_errors(self.target.prerequisites(present, changes)))
        refuse_unpermitted(context, self.target)

    def _kept(self, context: RunContext) -> RecordView:
        safety = self._backup().snapshot_of(context.run.id)
        if safety is None:
            raise Refused("the safety snapshot of this run is gone", "Start the restore again.")
        return self.vault.read(safety)

    def _with_arrivals(
        self, context: RunContext, wanted: RecordView, kept: RecordView, scope: RestoreScope
    ) -> RecordView:
        """What was kept, with what has come since read anew; asked of the service, so that a resume can repeat it."""
        if self.system.arrivals is None:
            return kept
        arrivals = self.system.arrivals()
        awaited = arrivals.awaited(wanted, kept, scope)
        if arrivals.missing(awaited) == awaited:
            return kept
        types = [name for name in arrivals.types if name in kept.types]
        return OverlaidView(kept, MemoryView(self.source.capture(types, context.progress)))

    def _decide(
        self, wanted: RecordView, present: RecordView, request: RestoreRequest, choose: Chooser | None
    ) -> Iterator[Decision]:
        options = PlanOptions(
            scope=request.scope(),
            strategy=request.strategy,
            delete_extra=request.delete_extra,
            operator=self.source.identity().principal,
            allow_lockout=request.allow_lockout,
            choose=choose,
        )
        return self.target.plan(wanted, present, options)

    def _needed(self, wanted: RecordView, request: RestoreRequest) -> tuple[str, ...]:
        """The types to read live: those in the scope after its closure, and what these refer to."""
        return self.system.required(self.target.closure(wanted, request.scope()).types)

    def _compatible(self, wanted: RecordView, request: RestoreRequest) -> list[Finding]:
        if request.target.account:
            request.target.refuse_other(self.source.identity())
        info = self._info(request)
        left_out = _left_out(info.id, wanted, request)
        found = self.target.compatibility(info, wanted, request.scope())
        return refuse_errors([*left_out, *translation_findings(wanted), *found])

    def _asked(self, request: RestoreRequest) -> tuple[RecordView, RestoreRequest]:
        """The backup under the mapping, and the request with natural keys for the names that it gives.

        Raises: NotFound, UsageError as `System.key_of`.
        """
        wanted = self.system.translated(self.vault.read(self._info(request)), request.mapping)
        keys = tuple((kind, self._key(wanted, kind, name, request)) for kind, name in request.keys)
        return wanted, msgspec.structs.replace(request, keys=keys)

    def _key(self, wanted: RecordView, kind: str, name: str, request: RestoreRequest) -> str:
        if self.system.key_of is None or kind not in wanted.types:
            return name
        try:
            return self.system.key_of(wanted, kind, name)
        except NotFound:
            if request.delete_extra:  # what the backup does not have may be meant: it is to go
                return name
            raise

    def _info(self, request: RestoreRequest) -> SnapshotInfo:
        return self.vault.resolve(request.snapshot, self.system.name)

    def _backup(self) -> Backup:
        return Backup(self.system, self.source, self.vault, self.audit_head, self.recall)


def refuse_errors(findings: list[Finding]) -> list[Finding]:
    """The findings, when none is an error. Raises: Refused with every error."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        listed = "\n  ".join(f"{finding.message} {finding.advice}".rstrip() for finding in errors)
        raise Refused(f"this backup cannot be restored here:\n  {listed}", "Nothing was changed.")
    return findings


def translation_findings(wanted: RecordView) -> list[Finding]:
    """What a mapping's own findings are; none for a view without a mapping."""
    return wanted.findings() if isinstance(wanted, Translation) else []


def _left_out(backup: str, wanted: RecordView, request: RestoreRequest) -> list[Finding]:
    """The asked types that the backup does not hold: what it left out must not look restored.

    Raises: Refused when it holds none of them; NotFound for a single record that it does not hold.
    """
    missing = [name for name in request.types if name not in wanted.types]
    if len(missing) == len(request.types):
        raise Refused(
            f"backup {backup} holds no {', '.join(missing)}: that was left out of it",
            f"`holdfast backups show {backup}` says what it holds; choose another backup.",
        )
    for name, key in request.keys:
        # With --delete-extra a record that the backup does not have may be meant: it is to go.
        if not request.delete_extra and wanted.find(name, key) is None:
            raise NotFound(name, f"{show_key(key)} in backup {backup}", "Look at the spelling and the case.")
    told = "not in this backup, which left it out"
    return [Finding(Severity.NOTE, "left-out", name, "", told) for name in missing]


def store_plan(context: RunContext, decisions: Iterator[Decision]) -> int:
    """Store a plan as it streams: changes in the journal, conflicts and findings beside it.

    A conflict that was skipped is an outcome of the run, not a change.
    """
    conflicts, findings = list[Conflict](), list[Finding]()

    def changes() -> Iterator[Change]:
        for decision in decisions:
            if isinstance(decision, Change):
                yield decision
            elif isinstance(decision, Conflict):
                conflicts.append(decision)
            else:
                findings.append(decision)

    count = context.plan_changes(changes())
    context.record_conflicts(conflicts)
    context.record_findings(findings)
    skipped = Outcome(OutcomeKind.SKIPPED, "differs from the backup and was left as it is", code="conflict")
    context.record_items(
        Item(c.type, c.key, skipped) for c in conflicts if c.resolution is ConflictStrategy.SKIP
    )
    return count
