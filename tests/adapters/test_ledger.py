"""The ledger: what is committed is there for every process, and only who holds a run writes for it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from holdfast.adapters.ledger import SqlLedger
from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.tables import metadata
from holdfast.adapters.owner import is_alive, this_process
from holdfast.domain.changes import Change, Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.errors import (
    Busy,
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    NotFound,
    Refused,
    TakenOver,
    UsageError,
)
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import JournalEntry, Run, RunState

NOW = datetime(2026, 11, 20, 9, 8, 12, 345678, tzinfo=UTC)
DEAD: set[str] = set()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    DEAD.clear()
    opened = SqlLedger(
        f"sqlite:///{tmp_path / 'ledger.db'}", alive=lambda owner: owner not in DEAD, durable=False
    )
    yield opened
    opened.close()


def new_run(run_id: str = "20261120T090812.345Z-00000001", **more: object) -> Run:
    run = Run(run_id, "memory", "restore", RunState.RUNNING, "", b'{"a":1}', NOW, "me", NOW)
    return replace(run, **more)  # type: ignore[arg-type]


def started(ledger: SqlLedger, **more: object) -> Run:
    run = new_run(**more)  # type: ignore[arg-type]
    ledger.start_run(run)
    return run


def change(key: str, rank: int = 0) -> Change:
    return Change("user", key, None, b'{"v":1}', rank, f"user:{key}", "a note")


# -- runs


def test_a_run_comes_back_as_it_was_stored(ledger: SqlLedger) -> None:
    run = started(ledger, undoes="x", target="account 1", error=b"{}", finished_at=NOW, snapshot="s")
    assert ledger.run(run.id) == run
    with pytest.raises(Busy, match="already"):
        ledger.start_run(run)


def test_runs_are_found_by_prefix_and_as_latest(ledger: SqlLedger) -> None:
    old = started(ledger, run_id="20261119T1-aa")
    new = started(ledger, run_id="20261120T1-bb", started_at=NOW + timedelta(days=1), system="other")
    assert (ledger.run("20261119"), ledger.run("latest")) == (old, new)
    assert ledger.runs() == [new, old]
    assert (ledger.runs(system="other"), ledger.runs(limit=1), ledger.runs(state=RunState.FAILED)) == (
        [new],
        [new],
        [],
    )
    with pytest.raises(UsageError, match="More than one run starts with 202611"):
        ledger.run("202611")
    for unknown in ("nothing", "", "%"):
        with pytest.raises(NotFound):
            ledger.run(unknown)


def test_a_run_is_claimed_only_when_nobody_works_on_it(ledger: SqlLedger) -> None:
    run = started(ledger)
    with pytest.raises(Busy, match="is being worked on by me"):
        ledger.claim_run(run.id, "other", NOW)
    DEAD.add("me")
    claimed = ledger.claim_run(run.id, "other", NOW)
    assert (claimed.owner, claimed.fence, claimed.state) == ("other", 2, RunState.RUNNING)
    later = ledger.claim_run(run.id, "third", NOW + timedelta(seconds=60))
    assert (later.owner, later.fence) == ("third", 3)


def test_every_write_of_an_owner_that_lost_its_run_is_refused(ledger: SqlLedger) -> None:
    run = started(ledger)
    ledger.plan_changes(run, [change("ada")])
    current = ledger.claim_run(run.id, run.owner, NOW + timedelta(hours=1))
    finding = Finding(Severity.NOTE, "x", "", "", "")
    conflict = Conflict("user", "ada", (), ConflictStrategy.SKIP)
    writes: list[Callable[[Run], object]] = [
        lambda r: ledger.heartbeat(r, NOW),
        lambda r: ledger.advance(r, "apply"),
        lambda r: ledger.record_items(r, "s", [Item("user", "ada", DONE)]),
        lambda r: ledger.record_findings(r, "s", [finding]),
        lambda r: ledger.record_conflicts(r, "s", [conflict]),
        lambda r: ledger.clear_stage(r, "s"),
        lambda r: ledger.plan_changes(r, []),
        lambda r: ledger.intend(r, [0]),
        lambda r: ledger.note_request(r, 0, "q"),
        lambda r: ledger.settle(r, [(0, DONE)]),
        lambda r: ledger.finish_run(r, RunState.COMPLETE, NOW),
    ]
    for write in writes:
        with pytest.raises(TakenOver):
            write(run)
    assert ledger.run(run.id) == current
    assert [entry.intended for entry in ledger.changes(run.id)] == [False]
    for write in writes[:6]:
        write(current)


def test_a_run_that_ended_takes_no_more_writes(ledger: SqlLedger) -> None:
    run = started(ledger)
    ended = ledger.finish_run(run, RunState.FAILED, NOW, b'{"code":"x"}')
    assert (ended.state, ended.finished_at, ended.error) == (RunState.FAILED, NOW, b'{"code":"x"}')
    with pytest.raises(TakenOver):
        ledger.heartbeat(run, NOW)
    claimed = ledger.claim_run(run.id, "next", NOW)
    assert (claimed.finished_at, claimed.error) == (None, b"")


def test_advancing_keeps_the_snapshot_of_an_earlier_stage(ledger: SqlLedger) -> None:
    run = ledger.advance(started(ledger), "check", snapshot="snap-1")
    assert (run.stage, run.snapshot) == ("check", "snap-1")
    assert ledger.advance(run, "ended").snapshot == "snap-1"


# -- items, findings, conflicts


def test_items_come_back_in_order_past_any_page_and_are_replaced(ledger: SqlLedger) -> None:
    run = started(ledger)
    failed = Outcome(OutcomeKind.FAILED, "no", "ask", "denied", 2)
    items = [Item("user", f"u{n:04}", failed if n % 2 else DONE, "d") for n in range(2100)]
    ledger.record_items(run, "read", reversed(items))
    assert list(ledger.items(run.id)) == items
    assert len(list(ledger.items(run.id, kind=OutcomeKind.FAILED))) == 1050
    ledger.record_items(run, "read", [Item("user", "u0001", DONE)])
    assert ledger.count_items(run.id) == {
        ("user", OutcomeKind.DONE): 1051,
        ("user", OutcomeKind.FAILED): 1049,
    }


def test_clearing_a_stage_forgets_what_it_stored_and_nothing_else(ledger: SqlLedger) -> None:
    run = started(ledger)
    fields = (FieldDifference("mail", "***", "***"),)
    for stage in ("one", "two"):
        ledger.record_items(run, stage, [Item("user", stage, DONE)])
        ledger.record_findings(run, stage, [Finding(Severity.ERROR, "c", "user", stage, "m", "a")])
        ledger.record_conflicts(run, stage, [Conflict("user", stage, fields, ConflictStrategy.MERGE)])
    ledger.plan_changes(run, [change("ada")])
    assert [f.key for f in ledger.findings(run.id)] == ["one", "two"]
    assert [f.key for f in ledger.findings(run.id, stage="two")] == ["two"]
    ledger.clear_stage(run, "one")
    assert list(ledger.items(run.id)) == [Item("user", "two", DONE)]
    assert ledger.findings(run.id) == [Finding(Severity.ERROR, "c", "user", "two", "m", "a")]
    assert ledger.conflicts(run.id) == [Conflict("user", "two", fields, ConflictStrategy.MERGE)]
    assert len(list(ledger.changes(run.id))) == 1


# -- changes


def test_the_journal_streams_in_rank_order_past_any_page(ledger: SqlLedger) -> None:
    run = started(ledger)
    assert ledger.plan_changes(run, (change(f"u{n}", rank=n % 3) for n in range(2500))) == 2500
    entries = list(ledger.changes(run.id))
    assert [entry.change.rank for entry in entries] == [0] * 834 + [1] * 833 + [2] * 833
    assert entries[0] == JournalEntry(0, change("u0"), intended=False, outcome=None)
    assert len({entry.position for entry in entries}) == 2500


def test_intent_request_and_outcome_are_kept(ledger: SqlLedger) -> None:
    run = started(ledger)
    ledger.plan_changes(run, [change("ada"), change("bob"), change("cyd")])
    ledger.intend(run, [0, 1])
    ledger.note_request(run, 1, "request-1")
    outcome = Outcome(OutcomeKind.FAILED, "no", "ask", "denied", 2)
    ledger.settle(run, [(0, outcome)])
    first, second, third = ledger.changes(run.id)
    assert (first.outcome, first.in_doubt) == (outcome, False)
    assert (second.in_doubt, second.request) == (True, "request-1")
    assert (third.intended, third.outcome) == (False, None)
    assert list(ledger.changes(run.id, unfinished=True)) == [second, third]
    counts = {("user", "create", kind): 1 for kind in ("failed", "in doubt", "planned")}
    assert ledger.count_changes(run.id) == counts


def test_a_plan_is_replaced_until_a_change_is_intended(ledger: SqlLedger) -> None:
    run = started(ledger)
    ledger.plan_changes(run, [change("ada"), change("bob")])
    ledger.plan_changes(run, [change("cyd")])
    assert [entry.change.key for entry in ledger.changes(run.id)] == ["cyd"]
    ledger.intend(run, [0])
    with pytest.raises(Refused, match="its plan stands"):
        ledger.plan_changes(run, [])


def test_outcomes_settled_while_the_journal_is_read_do_not_disturb_the_reader(ledger: SqlLedger) -> None:
    run = started(ledger)
    ledger.plan_changes(run, [change(f"u{n}") for n in range(1500)])
    seen = 0
    for entry in ledger.changes(run.id, unfinished=True):
        ledger.settle(run, [(entry.position, DONE)]) if entry.position % 50 == 0 else None
        seen += 1
    assert seen == 1500


# -- leases and audit


def test_a_lease_is_held_by_one_until_it_ends_is_given_back_or_its_process_is_gone(ledger: SqlLedger) -> None:
    lease = ledger.acquire("vault", "me", 60, NOW)
    for owner in ("me", "other"):
        with pytest.raises(Busy, match="vault is held by me"):
            ledger.acquire("vault", owner, 60, NOW + timedelta(seconds=59))
    second = ledger.acquire("vault", "other", 60, NOW + timedelta(seconds=90))
    assert second.fence == 2
    ledger.release(lease)
    with pytest.raises(Busy, match="vault is held by other"):
        ledger.acquire("vault", "me", 60, NOW + timedelta(seconds=90))
    DEAD.add("other")
    third = ledger.acquire("vault", "me", 60, NOW + timedelta(seconds=91))
    ledger.release(third)
    assert ledger.acquire("vault", "fourth", 60, NOW + timedelta(seconds=92)).fence == 4


# -- the file


def test_the_file_and_its_folder_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.db"
    ledger = SqlLedger.open(path)
    started(ledger)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    ledger.close()


def test_commits_are_synced_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'ledger.db'}")
    with database.reading() as connection:
        full, wal = (
            connection.exec_driver_sql("PRAGMA synchronous"),
            connection.exec_driver_sql("PRAGMA journal_mode"),
        )
        assert (full.scalar_one(), wal.scalar_one()) == (2, "wal")
    database.close()


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    SqlLedger.open(tmp_path / "ledger.db").close()
    with sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_current_ledger_opens_without_the_migration_tool(tmp_path: Path) -> None:
    SqlLedger.open(tmp_path / "ledger.db").close()
    code = (
        "import sys; from pathlib import Path; from holdfast.adapters.ledger import SqlLedger; "
        f"SqlLedger.open(Path({str(tmp_path / 'ledger.db')!r})); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "src"})


def test_processes_that_open_a_new_ledger_at_once_make_its_tables_once(tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            SqlLedger.open(tmp_path / "ledger.db").close()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_opening_a_ledger_twice_in_a_process_gives_none_of_its_locks_away(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first, second = SqlLedger(f"sqlite:///{path}"), SqlLedger(f"sqlite:///{path}")
    other = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM runs').fetchall()"
    subprocess.run([sys.executable, "-c", other, str(path)], check=True)
    # The last one who closes a database removes its log, and that was not the other process.
    assert path.with_name("ledger.sqlite-wal").exists()
    first.close()
    second.close()


def test_a_ledger_lies_where_its_path_says_whatever_stands_in_it(tmp_path: Path) -> None:
    path = tmp_path / "what?mode=ro#1 %41" / "ledger.sqlite"
    SqlLedger.open(path).close()
    assert path.is_file()


def test_a_ledger_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqlLedger.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match="newer Holdfast"):
        SqlLedger.open(path)


def test_a_file_that_is_no_database_is_damaged_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"this is not a database, " * 100)
    with pytest.raises(LedgerDamaged) as caught:
        SqlLedger.open(path)
    assert caught.value.exit_code == 20
    assert path.read_bytes().startswith(b"this is not")


def test_a_full_disk_is_said_and_what_was_committed_is_kept(ledger: SqlLedger) -> None:
    run = started(ledger)
    with ledger._database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        # SQLite answers with its own "disk is full" once a database may not grow.
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(LedgerFull) as caught:
        ledger.record_items(run, "read", [Item("user", "x" * 900 + str(n), DONE) for n in range(900)])
    assert (caught.value.exit_code, caught.value.permanent) == (75, False)
    assert (ledger.run(run.id), ledger.count_items(run.id)) == (run, {})


def test_a_ledger_locked_by_another_program_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    SqlLedger.open(path).close()
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match="locked"), database.writing():
        pass
    other.close()
    database.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match=r"file/ledger\.db cannot be used"):
        SqlLedger.open(tmp_path / "file" / "ledger.db")


# -- owners


def test_this_process_is_alive_and_one_that_ended_is_not() -> None:
    assert is_alive(this_process()) is True
    code = "from holdfast.adapters.owner import this_process; print(this_process())"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "src"},
    ).stdout.strip()
    assert ended.split(":")[0] == this_process().split(":")[0]
    assert is_alive(ended) is False


def test_a_later_process_with_the_same_number_is_another_owner() -> None:
    host, number, _ = this_process().split(":")
    assert is_alive(f"{host}:{number}:1") is False


def test_a_process_of_another_host_cannot_be_seen() -> None:
    assert is_alive("elsewhere/1/2:17:99") is None
