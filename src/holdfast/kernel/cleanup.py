"""Deletes the snapshots that retention does not keep, says what is kept all the same, and prunes the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.domain.errors import Refused
from holdfast.domain.runs import Run, RunState
from holdfast.domain.snapshots import SAFETY_KIND, SnapshotInfo
from holdfast.kernel.audit import AuditTrail
from holdfast.kernel.ports import Ledger, Progress
from holdfast.kernel.retention import Decision, RetentionSettings, decide, group_of, last_good
from holdfast.kernel.runs.report import DRILL, RESUMABLE
from holdfast.kernel.vault.prune import Pruned
from holdfast.kernel.vault.vault import Vault

DELETED = "backup deleted"
"""The audit trail's word for a deletion."""
RETENTION = "retention"
"""Why a snapshot was deleted that no rule keeps."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A deleted snapshot whose bytes the store's object lock keeps until a date."""

    id: str
    until: datetime

    def __str__(self) -> str:
        return f"{self.id} is deleted, but object lock keeps its bytes until {self.until:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What deleting came to: ids of the snapshots that are gone, and what object lock keeps."""

    deleted: tuple[str, ...]
    locked: tuple[Locked, ...]


class _Named(msgspec.Struct):
    """The snapshot that a run's arguments name, if they do."""

    snapshot: str = ""


_arguments = msgspec.json.Decoder(_Named)


class Cleanup:
    """Decides, deletes and prunes for one installation; every deletion and every prune is audited."""

    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        audit: AuditTrail,
        locked_until: Callable[[str], datetime | None] | None = None,
    ) -> None:
        """`locked_until` says until when object lock keeps an object; None for a store without locks."""
        self._vault, self._ledger, self._audit = vault, ledger, audit
        self._locked_until = locked_until

    def decide(self, policy: RetentionSettings, system: str = "") -> tuple[Decision, ...]:
        """A decision for each snapshot of a system, or of all. Raises: Refused where no rule is set; VaultDamaged."""
        if not policy.rules:
            raise Refused(
                "no rule says which backups to keep, so all are kept",
                "Set keep_daily, keep_weekly, keep_monthly, keep_yearly, keep_last or keep_within under "
                "`[retention]`, or give such an option, for example `--keep-daily 7 --keep-weekly 4`.",
            )
        found = self._vault.snapshots(system)
        return decide(found, policy, needed(self._ledger, found))

    def after(
        self, sealed: SnapshotInfo, policy: RetentionSettings, progress: Progress, run: str = ""
    ) -> Cleaned:
        """Delete what no rule keeps beside a new snapshot of the same instance, and prune if anything went.

        The new one stays, however old its contents are. Raises: as `decide`, `delete` and `prune`.
        """
        doomed = [
            made.snapshot
            for made in self.decide(policy, sealed.system)
            if not made.keep and made.snapshot.id != sealed.id and group_of(made.snapshot) == group_of(sealed)
        ]
        cleaned = self.delete(doomed, RETENTION, progress, run)
        if cleaned.deleted:
            self.prune(progress)
        return cleaned

    def protected(self, chosen: Iterable[SnapshotInfo]) -> dict[str, str]:
        """Of the chosen snapshots those that should not go by the way, by id, and why.

        Raises: VaultDamaged; StoreError.
        """
        found = self._vault.snapshots()
        reasons = {**last_good(found), **needed(self._ledger, found)}
        return {info.id: reasons[info.id] for info in chosen if info.id in reasons}

    def delete(
        self, chosen: Iterable[SnapshotInfo], because: str, progress: Progress, run: str = ""
    ) -> Cleaned:
        """Delete snapshots, oldest first, and say what object lock keeps. Raises: StoreError; AccessDenied."""
        doomed = sorted(chosen, key=lambda info: info.taken_at)
        deleted, locked = list[str](), list[Locked]()
        if doomed:
            progress.stage("Deleting backups", len(doomed))
        for info in doomed:
            until = self._locked_until(self._vault.name_of(info)) if self._locked_until else None
            self._vault.delete(info)
            told = {"snapshot": info.id, "because": because, "run": run}
            self._audit.append(DELETED, info.system, {name: text for name, text in told.items() if text})
            deleted.append(info.id)
            if until:
                locked.append(Locked(info.id, until))
            progress.advance(note=info.id)
        return Cleaned(tuple(deleted), tuple(locked))

    def drop(self, snapshot: str) -> None:
        """Take a snapshot that cannot be read out of the vault, by its id. Raises: StoreError."""
        self._vault.delete(snapshot)
        self._audit.append(DELETED, "vault", {"snapshot": snapshot, "because": "unreadable"})

    def prune(self, progress: Progress, *, dry_run: bool = False) -> Pruned:
        """What the vault removed, or with `dry_run` would remove, that no snapshot needs. Raises: as `Vault.prune`."""
        done = self._vault.prune(dry_run=dry_run, progress=progress)
        if not dry_run:
            facts = {"objects": str(done.objects_removed), "epoch_destroyed": str(done.epoch_destroyed or "")}
            self._audit.append("vault pruned", "vault", facts)
        return done


def needed(ledger: Ledger, snapshots: Sequence[SnapshotInfo]) -> dict[str, str]:
    """Why single snapshots must stay whatever the rules say, by id: runs that go on, restores to be undone."""
    runs = {run.id: run for run in ledger.runs()}
    return dict([*_ways_back(snapshots, runs), *_of_unfinished(snapshots, runs)])


def _ways_back(snapshots: Sequence[SnapshotInfo], runs: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    """Safety snapshots that are the only way back, or the only record of what a restore changed."""
    newest = {group_of(info): info.taken_at for info in reversed(snapshots) if _is_backup(info)}
    for info in snapshots:
        if info.kind != SAFETY_KIND:
            continue
        followed = newest.get(group_of(info))
        if info.run not in runs:
            yield info.id, f"the journal of restore {info.run} is not here, so only this can undo it"
        elif followed is None or followed < info.taken_at:
            yield info.id, f"no complete backup was taken since restore {info.run}"


def _is_backup(info: SnapshotInfo) -> bool:
    return info.complete and info.kind != SAFETY_KIND


def _of_unfinished(snapshots: Sequence[SnapshotInfo], runs: Mapping[str, Run]) -> Iterator[tuple[str, str]]:
    """What runs made or were given that are under way or can be resumed."""
    undone = {run.undoes for run in runs.values()}
    for run in runs.values():
        resumable = run.state in RESUMABLE and run.id not in undone
        if not resumable or (run.kind == DRILL and run.state is not RunState.RUNNING):
            continue  # a drill's sandbox is gone with its process
        named = _arguments.decode(run.arguments).snapshot if run.arguments else ""
        told = "is under way" if run.state is RunState.RUNNING else "can still be resumed"
        for info in snapshots:
            if info.id in (run.snapshot, named) or info.run == run.id:
                yield info.id, f"run {run.id} ({run.kind}) {told} and needs it"
