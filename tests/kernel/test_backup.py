"""What a backup says of itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from holdfast.adapters.ledger import SqlLedger
from holdfast.domain.runs import RunState
from holdfast.kernel.backup import changed_during
from tests.simulators.sample_run import STARTED, run


def test_a_backup_was_taken_during_changes_of_its_own_instance_only(tmp_path: Path) -> None:
    ledger = SqlLedger.open(tmp_path / "ledger.db")
    for name, target in (("here", "arn:here"), ("elsewhere", "arn:there")):
        ledger.start_run(run(RunState.RUNNING, id=name, target=target))
    began = STARTED + timedelta(seconds=1)
    assert changed_during(ledger, "identity_center", "arn:here", began, own_run="mine") == ("here",)
    assert changed_during(ledger, "identity_center", "arn:here", began, own_run="here") == ()
    ledger.close()
