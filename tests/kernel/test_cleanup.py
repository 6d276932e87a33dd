"""What a cleanup keeps beside the rules, what it deletes, and what it says of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import pytest

from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.auto_cleanup import AutoCleanup
from holdfast.kernel.canonical import canonical
from holdfast.kernel.cleanup import Cleanup, needed
from holdfast.kernel.retention import RetentionSettings
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.vault.errors import ObjectLocked, StoreError
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.old_backups import put_backup, users
from tests.simulators.quiet import SilentProgress
from tests.simulators.sample_run import run

UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
LAST_ONE = RetentionSettings(keep_last=1, auto_cleanup=True)
POLICY = '{"keep_daily":0,"keep_weekly":0,"keep_monthly":0,"keep_yearly":1,"auto_cleanup":true}'


class Refusing(MemoryStore):
    """A store that can refuse to take anything, or to delete anything but leases."""

    refusal: StoreError | None = None
    locked = False

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if self.refusal:
            raise self.refusal
        super().put(name, data, replace=replace)

    def delete(self, name: str) -> None:
        if self.locked and not name.startswith("leases/"):
            raise ObjectLocked("delete", name, "memory", "by its retention")
        super().delete(name)


class Home(Installation):
    """An installation whose vault lies in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__(load(None, {}, folder), SilentProgress())
        self.objects = Refusing()

    @cached_property
    def store(self) -> Refusing:
        return self.objects


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.ensure_default_vault()
    return made


def start(home: Home, name: str, state: RunState = RunState.FAILED, **changes: object) -> None:
    """A run of that id, ended as given."""
    begun = run(RunState.RUNNING, id=name, **changes)
    home.ledger.start_run(begun)
    if state is not RunState.RUNNING:
        home.ledger.finish_run(begun, state, UNTIL)


def told(home: Home) -> dict[str, str]:
    return needed(home.ledger, home.vault.snapshots())


def test_what_an_unfinished_run_was_given_or_made_is_needed(home: Home) -> None:
    given = put_backup(home, "2026-11-01")
    made = put_backup(home, "2026-11-02", run="backup-1")
    put_backup(home, "2026-11-03", run="backup-2")
    start(home, "restore-1", arguments=canonical({"snapshot": given.id}))
    start(home, "backup-1", RunState.INTERRUPTED, kind="backup", arguments=b"{}")
    start(home, "backup-2", RunState.COMPLETE, kind="backup", arguments=b"{}")
    assert told(home) == {
        given.id: "run restore-1 (restore) can still be resumed and needs it",
        made.id: "run backup-1 (backup) can still be resumed and needs it",
    }


def test_a_run_that_was_undone_and_a_drill_that_is_over_need_nothing(home: Home) -> None:
    given = put_backup(home, "2026-11-01")
    start(home, "restore-1", arguments=canonical({"snapshot": given.id}))
    start(home, "rollback-1", RunState.COMPLETE, kind="rollback", undoes="restore-1")
    start(home, "drill-1", kind="drill", arguments=canonical({"snapshot": given.id}))
    assert told(home) == {}


def test_a_safety_snapshot_stays_until_its_restore_can_be_undone_otherwise_and_was_backed_up(
    home: Home,
) -> None:
    put_backup(home, "2026-11-01")
    foreign = put_backup(home, "2026-11-02", kind="safety", run="of-another-ledger")
    put_backup(home, "2026-11-03", kind="safety", run="restore-1")
    put_backup(home, "2026-11-04")
    put_backup(home, "2026-11-05", complete=False)
    last = put_backup(home, "2026-11-06", kind="safety", run="restore-2")
    for name in ("restore-1", "restore-2"):
        start(home, name, RunState.COMPLETE)
    assert told(home) == {
        foreign.id: "the journal of restore of-another-ledger is not here, so only this can undo it",
        last.id: "no complete backup was taken since restore restore-2",
    }


def test_without_a_rule_a_cleanup_is_refused(home: Home) -> None:
    put_backup(home, "2026-11-01")
    with pytest.raises(Refused, match="no rule says which backups to keep") as caught:
        home.cleanup.decide(RetentionSettings())
    assert caught.value.exit_code == 4
    assert "--keep-daily" in caught.value.advice


def test_every_deletion_is_audited_with_its_reason(home: Home) -> None:
    gone = [put_backup(home, day) for day in ("2026-11-01", "2026-11-02")]
    kept = put_backup(home, "2026-11-03")
    cleaned = home.cleanup.delete(reversed(gone), "too old", SilentProgress())
    assert cleaned.deleted == tuple(info.id for info in gone)
    assert home.vault.snapshots() == [kept]
    details = [entry.detail for entry in home.ledger.audit() if entry.action == "backup deleted"]
    assert details == [canonical({"snapshot": info.id, "because": "too old"}) for info in gone]


def test_what_object_lock_keeps_is_told_and_is_no_error(home: Home) -> None:
    first, _ = (put_backup(home, day, users(3, day)) for day in ("2026-11-01", "2026-11-02"))
    cleanup = Cleanup(home.vault, home.ledger, home.audit, lambda name: UNTIL)
    cleaned = cleanup.delete([first], "", SilentProgress())
    assert [str(held) for held in cleaned.locked] == [
        f"{first.id} is deleted, but object lock keeps its bytes until 2027-01-01"
    ]
    home.objects.locked = True
    waiting = cleanup.prune(SilentProgress()).waiting
    assert any("is kept by object lock: by its retention" in held for held in waiting)
    assert home.vault.check(read_data=True).sound


@pytest.fixture
def context(home: Home) -> Iterator[RunContext]:
    """A backup run under way."""
    begun = run(RunState.RUNNING, kind="backup", started_at=UNTIL, heartbeat_at=UNTIL + timedelta(days=1))
    home.ledger.start_run(begun)
    yield RunContext(begun, "check", home.ledger, home.clock, SilentProgress(), lambda: None)
    home.ledger.close()  # type: ignore[attr-defined]  # SqlLedger's


def findings(
    home: Home, context: RunContext, sealed: SnapshotInfo, policy: RetentionSettings
) -> list[Finding]:
    """What the evidence says after the cleanup, as after a stage that is repeated."""
    home.ledger.clear_stage(context.run, context.stage)
    AutoCleanup(home.cleanup, policy)(context, sealed)
    return home.ledger.findings(context.run.id)


def test_after_a_complete_backup_the_evidence_says_what_was_deleted(home: Home, context: RunContext) -> None:
    old, sealed = put_backup(home, "2026-11-01"), put_backup(home, "2026-11-02")
    note = Finding(Severity.NOTE, "cleaned-up", "backup", old.id, "Deleted: no rule of retention keeps it.")
    assert findings(home, context, sealed, LAST_ONE) == [note]
    assert home.vault.snapshots() == [sealed]
    # Resumed after a crash: what was deleted before it is not forgotten.
    assert findings(home, context, sealed, LAST_ONE) == [note]


def test_a_partial_backup_cleans_nothing_up(home: Home, context: RunContext) -> None:
    put_backup(home, "2026-11-01")
    sealed = put_backup(home, "2026-11-02", complete=False)
    assert [found.message for found in findings(home, context, sealed, LAST_ONE)] == [
        "Nothing was cleaned up: this backup is partial."
    ]
    assert len(home.vault.snapshots()) == 2


def test_a_backups_own_policy_wins_over_the_settings(home: Home, context: RunContext) -> None:
    put_backup(home, "2025-11-01")
    put_backup(home, "2026-11-01")
    sealed = put_backup(home, "2026-11-02", users(3), labels=(("retention_policy", POLICY),))
    findings(home, context, sealed, RetentionSettings(keep_last=100))
    assert home.vault.snapshots() == [sealed]


def test_without_auto_cleanup_nothing_is_said_or_done(home: Home, context: RunContext) -> None:
    put_backup(home, "2026-11-01")
    sealed = put_backup(home, "2026-11-02")
    assert findings(home, context, sealed, RetentionSettings(keep_last=1)) == []
    assert len(home.vault.snapshots()) == 2


def test_a_cleanup_that_fails_is_a_finding_and_the_backup_stays_sound(
    home: Home, context: RunContext
) -> None:
    put_backup(home, "2026-11-01")
    sealed = put_backup(home, "2026-11-02")
    home.objects.refusal = StoreError("put", "name", "memory", "no answer")
    found = findings(home, context, sealed, LAST_ONE)
    assert [(each.severity, each.code) for each in found] == [(Severity.ERROR, "cleanup-failed")]
    assert "no answer" in found[0].message
