"""SIGKILL while export jobs run: the resume finds them, starts none twice, and the backup is that of a calm run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.command_line import Home, run_named

BUCKET = "example-bundles"
START = "quicksight:StartAssetBundleExportJob"
SHORT, LONG = 0.05, 1.0
"""Seconds that a job takes: in a calm run, and where it is to outlive the process that started it."""


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", async_delay=SHORT) as server:
        Administrator(server).s3.create_bucket(Bucket=BUCKET)
        yield server


def new_home(folder: Path, sandbox: SandboxServer) -> Home:
    folder.mkdir()
    return Home(folder, sandbox).with_settings(
        QUICKSIGHT_BUCKET=BUCKET, QUICKSIGHT_POLL_SECONDS="0.05", QUICKSIGHT_CONCURRENCY="2"
    )


def started(sandbox: SandboxServer) -> int:
    return sandbox.status().requests.get(START, 0)


def assets(home: Home) -> list[dict[str, object]]:
    """What the manifest of the home's only run says of every asset: outcome, reason and digest."""
    (folder,) = (home.folder / ".holdfast" / "reports").iterdir()
    found: list[dict[str, object]] = json.loads((folder / "manifest.json").read_bytes())["items"]
    return found


def kill_when(home: Home, seen: Callable[[], bool]) -> str:
    """Cuts a backup off once that is seen; the id of its run."""
    command = home.start("quicksight", "backup", "--mode", "assets-only")
    assert command.until(seen)
    command.kill()
    return run_named(home.run("runs", "list").errors)


def test_a_killed_export_is_taken_up_and_no_job_is_started_twice(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    calm = new_home(tmp_path / "calm", sandbox)
    calm.run("quicksight", "backup", "--mode", "assets-only", code=3)
    jobs = started(sandbox)
    home = new_home(tmp_path / "killed", sandbox)
    sandbox.faults([FaultRule(operation="StartAssetBundleExportJob", async_delay=LONG)])
    run = kill_when(home, lambda: started(sandbox) >= jobs + 4)
    assert made(sandbox) >= jobs + 4
    sandbox.clear_faults()
    home.run("runs", "resume", run, code=3)
    assert made(sandbox) == 2 * jobs
    assert assets(home) == assets(calm)


def made(sandbox: SandboxServer) -> int:
    """How many export jobs were ever made, those under an id that was used before among them."""
    held = sandbox.engine.world.quicksight.bundles
    status = sandbox.status()
    return max(
        each.seq for each in held.listed("export", status.management_account, status.region, time.time())
    )
