"""SIGKILL of a real process that works on a ledger file, then resume by another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.ledger import SqlLedger
from holdfast.adapters.owner import is_alive, this_process
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.engine import Engine
from tests.simulators.file_service import WANTED, FileService
from tests.simulators.quiet import SilentProgress
from tests.simulators.workbench import stages_towards

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("moment", "count"), [("apply", 1), ("applied", 4), ("applied", 9), ("present", 2)])
def test_a_killed_process_leaves_a_run_that_another_finishes_with_each_effect_once(
    tmp_path: Path, moment: str, count: int
) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-m", "tests.simulators.file_service", str(tmp_path), moment, str(count)]
    assert subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode == -signal.SIGKILL

    service, ledger, evidence = FileService(tmp_path), SqlLedger.open(tmp_path / "ledger.db"), list[Run]()
    engine = Engine(ledger, SystemClock(), SilentProgress(), this_process(), is_alive, evidence.append)
    (cut_off,) = engine.recover_abandoned()
    assert (cut_off.state, [run.state for run in evidence]) == (RunState.INTERRUPTED, [RunState.INTERRUPTED])
    ended = engine.resume(cut_off.id, lambda run: stages_towards(service, WANTED))
    assert (ended.state, service.facets) == (RunState.COMPLETE, WANTED)
    assert len(service.effects) == len(set(service.effects)) == 9
    ledger.close()
