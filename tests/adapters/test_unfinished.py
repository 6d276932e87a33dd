"""A first look into a ledger: whether somebody has to open it for runs that were cut off."""

from __future__ import annotations

from pathlib import Path

from holdfast.adapters.ledger.sql_ledger import SqlLedger
from holdfast.adapters.unfinished import may_hold_unfinished_runs
from holdfast.domain.runs import RunState
from tests.simulators.sample_run import FINISHED, run


def test_only_a_ledger_with_a_run_that_has_not_ended_is_worth_opening(tmp_path: Path) -> None:
    path = tmp_path / "ledger # 1%.sqlite"
    assert not may_hold_unfinished_runs(path)
    assert not path.exists()
    ledger = SqlLedger.open(path)
    assert not may_hold_unfinished_runs(path)
    started = run(RunState.RUNNING)
    ledger.start_run(started)
    assert may_hold_unfinished_runs(path)
    ledger.finish_run(started, RunState.COMPLETE, FINISHED)
    assert not may_hold_unfinished_runs(path)
    ledger.close()


def test_a_ledger_that_cannot_be_read_so_is_left_to_who_can_say_why(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"not a database, but longer than the header of one" * 40)
    assert may_hold_unfinished_runs(path)
