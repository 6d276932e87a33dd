"""A backup cut off while export jobs run, or by the network: the resume starts no job twice, and all is as in calm."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.command_line import Home, run_named

BUCKET = "example-bundles"
BACKUP = ("quicksight", "backup", "--mode", "assets-only")
START = "quicksight:StartAssetBundleExportJob"
SHORT, LONG = 0.05, 1.0
"""Seconds that a job takes: in a calm run, and where it is to outlive the process that started it."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", async_delay=SHORT) as server:
        Administrator(server).s3.create_bucket(Bucket=BUCKET)
        yield server


def new_home(folder: Path, sandbox: SandboxServer) -> Home:
    folder.mkdir()
    return Home(folder, sandbox).with_settings(
        QUICKSIGHT_BUCKET=BUCKET, QUICKSIGHT_POLL_SECONDS="0.05", QUICKSIGHT_CONCURRENCY="2", AWS_RETRIES="1"
    )


@dataclass(frozen=True)
class Calm:
    """What an undisturbed backup came to: the jobs that it took, and what its manifest says of every asset."""

    jobs: int
    assets: list[dict[str, object]]


@pytest.fixture(scope="module")
def calm(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    home = new_home(tmp_path_factory.mktemp("calm") / "home", sandbox)
    home.run(*BACKUP, code=3)
    return Calm(made(sandbox), assets(home))


def started(sandbox: SandboxServer) -> int:
    return sandbox.status().requests.get(START, 0)


def assets(home: Home) -> list[dict[str, object]]:
    """What the manifest of the home's only run says of every asset: outcome, reason and digest."""
    (folder,) = (home.folder / ".holdfast" / "reports").iterdir()
    found: list[dict[str, object]] = json.loads((folder / "manifest.json").read_bytes())["items"]
    return found


def made(sandbox: SandboxServer) -> int:
    """How many export jobs were ever made, those under an id that was used before among them."""
    held = sandbox.engine.world.quicksight.bundles
    status = sandbox.status()
    jobs = held.listed("export", status.management_account, status.region, time.time())
    return max(each.seq for each in jobs)


def test_a_killed_export_is_taken_up_and_no_job_is_started_twice(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path
) -> None:
    home, before, asked = new_home(tmp_path / "home", sandbox), made(sandbox), started(sandbox)
    sandbox.faults([FaultRule(operation="StartAssetBundleExportJob", async_delay=LONG)])
    command = home.start(*BACKUP)
    assert command.until(lambda: started(sandbox) >= asked + 4)
    command.kill()
    sandbox.clear_faults()
    home.run("runs", "resume", run_named(home.run("runs", "list").errors), code=3)
    assert made(sandbox) == before + calm.jobs
    assert assets(home) == calm.assets


def test_scenario_2_network_interruption_saves_what_was_read_and_a_resume_finishes(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path
) -> None:
    home, before = new_home(tmp_path / "home", sandbox), made(sandbox)
    sandbox.faults([FaultRule(service="quicksight", operation="Describe.*|ListTags.*", reset=True)])
    ended = home.run(*BACKUP, code=75)
    assert "QuickSight does not answer any more" in ended.errors
    sandbox.clear_faults()
    home.run("runs", "resume", run_named(ended.errors), code=3)
    assert made(sandbox) == before + calm.jobs
    assert assets(home) == calm.assets


@pytest.mark.soak
@pytest.mark.parametrize("calls", [29, 47])
def test_killed_over_and_over_a_backup_starts_no_job_twice(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path, calls: int
) -> None:
    """Each process gets further than what it asks anew: who it is, and how each job stands."""
    home, before = new_home(tmp_path / "home", sandbox), made(sandbox)
    command = home.start(*BACKUP)
    for _ in range(10):
        asked = sandbox.status().requests_total
        if not command.until(partial(lambda least: sandbox.status().requests_total >= least, asked + calls)):
            break
        command.kill()
        home.run("runs", "list")  # which ends the run that was cut off
        command = home.start("runs", "resume", "latest")
    assert command.ended().code == 3
    assert made(sandbox) == before + calm.jobs
    assert assets(home) == calm.assets
