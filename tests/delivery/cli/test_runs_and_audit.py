"""`holdfast runs` and `holdfast audit` over an installation whose ledger has something in it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.adapters.audit_key import audit_key
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.ledger import SqlLedger
from holdfast.adapters.owner import is_alive, this_process
from holdfast.delivery.cli import main
from holdfast.domain.outcomes import DONE, Item
from holdfast.domain.runs import Run
from holdfast.kernel.audit import AuditTrail
from holdfast.kernel.runs.engine import Engine
from holdfast.kernel.runs.stages import Stage, StageKind
from tests.simulators.quiet import SilentProgress


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlLedger]:
    monkeypatch.chdir(tmp_path)
    opened = SqlLedger.open(tmp_path / ".holdfast" / "ledger.sqlite")
    yield opened
    opened.close()


def a_complete_run(ledger: SqlLedger) -> Run:
    engine = Engine(ledger, SystemClock(), SilentProgress(), this_process(), is_alive, lambda run: None)
    read = Stage("read", StageKind.GATHER, lambda context: context.record_items([Item("user", "ada", DONE)]))
    return engine.execute(engine.start("identity_center", "backup", b"{}"), [read])


def test_runs_are_listed_newest_first_as_json(ledger: SqlLedger, capfd: pytest.CaptureFixture[str]) -> None:
    first, second = a_complete_run(ledger), a_complete_run(ledger)
    assert main(["runs", "list", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert [(run["id"], run["state"], run["error"]) for run in listed] == [
        (second.id, "complete", None),
        (first.id, "complete", None),
    ]


def test_an_empty_list_says_so(ledger: SqlLedger, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 0
    assert capfd.readouterr().out == "Nothing was run yet.\n"


def test_a_run_is_shown_with_its_items(ledger: SqlLedger, capfd: pytest.CaptureFixture[str]) -> None:
    run = a_complete_run(ledger)
    assert main(["runs", "show", "latest", "--json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert (shown["run"], shown["state"]) == (run.id, "complete")


def test_a_complete_run_is_not_resumed(ledger: SqlLedger, capfd: pytest.CaptureFixture[str]) -> None:
    a_complete_run(ledger)
    assert main(["runs", "resume", "latest"]) == 4
    assert "there is nothing to resume" in capfd.readouterr().err


def test_a_run_that_changed_nothing_is_not_rolled_back(
    ledger: SqlLedger, capfd: pytest.CaptureFixture[str]
) -> None:
    run = a_complete_run(ledger)
    assert main(["runs", "rollback", run.id]) == 4
    assert "changed nothing" in capfd.readouterr().err


def test_the_audit_trail_is_listed(
    ledger: SqlLedger, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trail = AuditTrail(ledger, audit_key(tmp_path / ".holdfast" / "audit.key"), SystemClock(), "ada")
    trail.append("backup", "identity_center", {"run": "1"})
    assert main(["audit", "list", "--json"]) == 0
    (entry,) = json.loads(capfd.readouterr().out)
    assert (entry["actor"], entry["action"], entry["detail"]) == ("ada", "backup", {"run": "1"})


def test_an_edited_audit_trail_fails_its_check(
    ledger: SqlLedger, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trail = AuditTrail(ledger, audit_key(tmp_path / ".holdfast" / "audit.key"), SystemClock(), "ada")
    for number in range(3):
        trail.append("backup", f"run {number}")
    assert main(["audit", "verify", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "entries": 3,
        "anchored": 0,
        "problems": [],
        "unanchored": 3,
        "snapshots_of_other_installations": 0,
    }
    with sqlite3.connect(tmp_path / ".holdfast" / "ledger.sqlite") as connection:
        connection.execute("UPDATE audit SET actor = 'eve' WHERE position = 2")
    assert main(["audit", "verify"]) == 5
    assert "edited: 2" in capfd.readouterr().out
