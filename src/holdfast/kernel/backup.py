"""Backing up: capture, refuse what contradicts itself, store, seal last, read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from holdfast.domain.errors import NotFound, Refused, VaultDamaged
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import BY_ID_ALONE, SAFETY_KIND, SnapshotInfo, SourceIdentity
from holdfast.kernel.compare import DifferenceKind, compare
from holdfast.kernel.ports import Ledger
from holdfast.kernel.recall import Recall
from holdfast.kernel.runs.report import SECOND_PLACE
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.showing import counted
from holdfast.kernel.system import Part, Source, System
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.repair import Lacking
from holdfast.kernel.vault.vault import Vault
from holdfast.kernel.vault.verification import Verification
from holdfast.kernel.views import MemoryView

CHANGING = ("restore", "rollback")
CLIENTS = "clients"
"""The operation of reaching the service and learning whose it is."""
FULL, INCREMENTAL, SAFETY = "full", "incremental", SAFETY_KIND


class BackupRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a backup was asked for; kept with the run so that another process can resume it.

    `since` is the RFC 3339 moment of an incremental backup: it is compared with the newest snapshot
    at or before it; empty means the newest there is. `options` are words of the system's own.
    """

    kind: str
    types: tuple[str, ...]
    since: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backup:
    """Captures one system into one vault."""

    system: System
    source: Source
    vault: Vault
    audit_head: Callable[[], str]
    recall: Recall | None = None
    clean_up: Callable[[RunContext, SnapshotInfo], None] | None = None
    storing: Callable[[BackupRequest], Sequence[Stage]] = lambda _: ()

    def stages(self, request: BackupRequest) -> tuple[Stage, ...]:
        """Capture (which ends with the seal), what `storing` puts elsewhere, a check that reads every stored byte back."""
        return (
            Stage(
                "capture",
                StageKind.GATHER,
                lambda context: self._capture(context, request),
                kept=lambda run: self.snapshot_of(run.id) is not None,
            ),
            *self.storing(request),
            Stage("check", StageKind.CHECK, self._check),
        )

    def _capture(self, context: RunContext, request: BackupRequest) -> None:
        # Sealed before a crash: the snapshot is whole and its inventory, which was recorded before, was kept;
        # only the stage's end was not committed.
        sealed = self.snapshot_of(context.run.id) or self.capture(context, request, items=True)
        context.snapshot = sealed.id

    def snapshot_of(self, run_id: str) -> SnapshotInfo | None:
        """The snapshot that a run sealed, if it did."""
        return self.vault.of_run(run_id)

    def capture(self, context: RunContext, request: BackupRequest, *, items: bool) -> SnapshotInfo:
        """The sealed snapshot of what the source has now.

        With `items` every record becomes an item of the run's inventory, otherwise only failures do.
        Raises: Refused when the capture contradicts itself; NotFound when an incremental backup has
        nothing to compare with; what `Source.capture` raises.
        """
        started, began = context.clock.now(), context.clock.monotonic()
        identity = self.source.identity()
        context.spent(CLIENTS, began, context.clock.monotonic())
        parent = self._parent(request, identity, started)
        parts, oldest = self._read(context, request, identity, items=items)
        started = min(started, oldest or started)
        self._refuse_contradictions(context, parts)
        return self._store(context, request, parts, identity, parent, started)

    def _read(
        self, context: RunContext, request: BackupRequest, identity: SourceIdentity, *, items: bool
    ) -> tuple[list[Part], datetime | None]:
        """All parts; and when the first answer came that a process which was cut off had got for this run."""
        if self.recall is None:
            return list(self._parts(context, request, items=items)), None
        with self.recall.during(context.run.id, identity, self.vault.seals) as answers:
            parts = list(self._parts(context, request, items=items))
            context.record_findings(answers.told() if answers else ())
            return parts, answers.oldest if answers else None

    def _parts(self, context: RunContext, request: BackupRequest, *, items: bool) -> Iterator[Part]:
        for part in self.source.capture(request.types, context.progress, f"{context.run.id}-{context.stage}"):
            for operation, began, ended in part.spent:
                context.spent(operation, began, ended)
            # Without an inventory only what is missing counts, not what is kept in another form.
            missing = (
                item for item in _inventory(part) if items or not (item.outcome == DONE or item.digest)
            )
            context.record_items(missing)
            yield part

    def _refuse_contradictions(self, context: RunContext, parts: Sequence[Part]) -> None:
        findings = self.source.validate(parts)
        context.record_findings(findings)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            raise Refused(
                f"the capture contradicts itself in {len(errors)} places and was not stored: {_listed(errors)}",
                "Run the backup again when nothing else changes the service; if it stays, repair what is named.",
            )

    def _store(
        self,
        context: RunContext,
        request: BackupRequest,
        parts: Sequence[Part],
        identity: SourceIdentity,
        parent: SnapshotInfo | None,
        started: datetime,
    ) -> SnapshotInfo:
        writer = self.vault.begin(self.system.name)
        by_type = {part.type: part for part in parts}
        context.progress.stage("storing", len(by_type))
        for kind in self.system.types:
            part = by_type.get(kind.name)
            if part is None:
                writer.leave_out(kind.name, "not asked for")
                continue
            writer.add_section(kind.name, part.records, complete=part.complete, reason=part.reason)
            context.progress.advance(note=kind.title)
        sealed = writer.seal(
            kind=request.kind,
            taken_at=started,
            source=identity,
            run=context.run.id,
            parent=parent.id if parent else "",
            during=changed_during(
                context.ledger, self.system.name, identity.instance, started, context.run.id
            ),
            audit_head=self.audit_head(),
            labels=request.labels,
        )
        if self.recall is not None:
            self.recall.forget(context.run.id)
        context.record_findings(beside_damage(writer.damage))
        if parent is not None:
            context.record_findings(self._changes_since(parent, parts))
        return sealed

    def _changes_since(self, parent: SnapshotInfo, parts: Sequence[Part]) -> Iterator[Finding]:
        """A note for each type: how many of its records are not as they were in the parent."""
        before, now = self.vault.read(parent), MemoryView(parts)
        for part in parts:
            told = f"not in backup {parent.id}, so what changed since is not known"
            if part.type in before.types:
                kinds = Counter(d.kind for d in compare(self.system, before, now, (part.type,)))
                unknown = ", what could not be read aside" if kinds.pop(DifferenceKind.UNKNOWN, 0) else ""
                counts = ", ".join(f"{kinds[kind]:,} {kind}" for kind in DifferenceKind if kind in kinds)
                told = f"{counts or 'nothing changed'} since backup {parent.id}{unknown}"
            yield Finding(Severity.NOTE, "changed-since", part.type, "", told)

    def _parent(self, request: BackupRequest, identity: SourceIdentity, now: datetime) -> SnapshotInfo | None:
        if request.kind != INCREMENTAL:
            return None
        since = datetime.fromisoformat(request.since) if request.since else now
        for info in self.vault.snapshots(self.system.name):
            is_backup = info.kind not in BY_ID_ALONE
            if is_backup and info.taken_at <= since and info.source.instance == identity.instance:
                return info
        raise NotFound(
            "snapshot to compare with",
            f"of {identity.instance} at or before {since.isoformat()}",
            f"Take a full backup first: `holdfast {self.system.name.replace('_', '-')} backup --type full`.",
        )

    def _check(self, context: RunContext) -> None:
        info = read_back(self.vault, context)
        if self.clean_up:
            self.clean_up(context, info)


def read_back(vault: Vault, context: RunContext, *, read_chunks: bool = True) -> SnapshotInfo:
    """The snapshot that the run sealed, checked byte by byte, chunks as `Vault.verify` does.

    What one of two places lacks of it is a finding. Raises: NotFound; VaultDamaged; StoreError.
    """
    info = vault.of_run(context.run.id)
    if info is None:
        raise NotFound("snapshot of run", context.run.id, "Start the run again.")
    lacking = not_where_it_should_be(vault, info, Severity.ERROR)
    _refuse_unreadable(context, info, vault.verify(info, context.progress, read_chunks=read_chunks), lacking)
    return info


def not_where_it_should_be(vault: Vault, info: SnapshotInfo, severity: Severity) -> Iterator[Finding]:
    """For each of two places that lacks objects of a snapshot: how many, why, and which."""
    for found in vault.lacking(info):
        yield from _lacks(found, info.id, severity)


def _refuse_unreadable(
    context: RunContext, info: SnapshotInfo, verification: Verification, beside: Iterable[Finding] = ()
) -> None:
    """Record what is wrong with a new snapshot, and what is `beside`. Raises: VaultDamaged when it cannot be read."""
    findings = [
        Finding(Severity.ERROR, "damaged", problem.level, problem.where, problem.message)
        for problem in verification.problems
    ]
    context.record_findings([*findings, *beside])
    if verification.problems:
        # What it shares with earlier snapshots may have been damaged before: then it is no backup.
        first = verification.problems[0]
        raise damaged(first.where, f"snapshot {info.id} cannot be read back: {first.message}")


def _lacks(found: Lacking, snapshot: str, severity: Severity) -> Iterator[Finding]:
    because = f": {found.reason}" if found.reason else ""
    be = "is" if len(found.names) == 1 else "are"
    are = f"{be} not in" if found.seen else "cannot be seen in"
    objects = counted(len(found.names), "object")
    told = f"{objects} of snapshot {snapshot} {are} {found.location}{because}"
    advice = f"`holdfast vault repair` puts them there once {found.location} takes them."
    yield Finding(severity, SECOND_PLACE, "vault", "", told, advice)
    for name in found.names:
        yield Finding(
            Severity.NOTE,
            SECOND_PLACE,
            "vault",
            name,
            f"{'not' if found.seen else 'not seen'} in {found.location}",
        )


def beside_damage(damage: Sequence[VaultDamaged]) -> Iterator[Finding]:
    """A sound backup beside damaged ones must not pass unnoticed: the errors make its exit code 5."""
    for error in damage:
        message = f"An earlier backup is damaged; this one does not rest on it. {error}"
        yield Finding(Severity.ERROR, "earlier-damage", "vault", "", message, error.advice)


def _inventory(part: Part) -> Iterator[Item]:
    """The items of a part: its records, and what could not be read, of which a part may be recorded all the same."""
    failed, kept = {failure.key for failure in part.failures}, dict[str, str]()
    for record in part.records:
        if record.key in failed:
            kept[record.key] = record.digest
        else:
            yield Item(record.type, record.key, DONE, record.digest)
    if not part.complete and not part.failures:
        yield Item(part.type, "", Outcome(OutcomeKind.FAILED, part.reason))
    yield from (replace(failure, digest=kept.get(failure.key, "")) for failure in part.failures)


def changed_during(
    ledger: Ledger, system: str, instance: str, started: datetime, own_run: str
) -> tuple[str, ...]:
    """Runs that were changing this instance of the system between `started` and now, newest first, without our own."""
    return tuple(
        run.id
        for run in ledger.runs(system=system)
        if run.kind in CHANGING
        and run.target == instance
        and run.id != own_run
        and (run.state is RunState.RUNNING or (run.finished_at is not None and run.finished_at >= started))
    )


def _listed(errors: Sequence[Finding]) -> str:
    shown = "; ".join(finding.message for finding in errors[:5])
    return shown + (f"; and {len(errors) - 5} more" if len(errors) > 5 else "")
