"""A process that is gone in the middle of storing, and the one that resumes: nothing is stored twice or lost."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.object_store_folder import FolderStore
from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.runs import RunState
from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.errors import ServiceSilent
from holdfast.systems.quicksight.model import DASHBOARD, USER
from tests.simulators.memory_system import MemoryService
from tests.simulators.power import Power
from tests.simulators.quiet import HandClock
from tests.simulators.small_vault import new_vault, open_vault
from tests.simulators.workbench import Bench
from tests.systems.quicksight.storing.storage import Storage, company, person


@pytest.fixture
def little(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Two users and a bundle in three parts."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 100)
    storage.divides, storage.part = (lambda size: True), 100
    storage.contents = {USER: [person("ada"), person("bob")], DASHBOARD: company()[DASHBOARD][:2]}
    return storage


def is_whole(storage: Storage) -> None:
    """All is stored once, and nothing is left over."""
    assert len(storage.items("users")) == 2
    assert len(storage.keys()) == 1
    assert storage.uploads() == []
    for change_type in ("table", "user.item", "bundle"):
        kinds = {outcome.kind for outcome in storage.outcomes(change_type).values()}
        assert kinds <= {OutcomeKind.DONE, OutcomeKind.SKIPPED} and kinds


def fresh(storage: Storage, name: str) -> None:
    """Another installation's worth of names, in the same sandbox."""
    storage.settings = replace(storage.settings, bucket=name, users_table=f"{name}-users")
    storage.name = name
    storage.s3.create_bucket(Bucket=name)


def sweep(storage: Storage, step: int) -> None:
    """Cuts the power at every so manieth moment of a run, each time for another backup, and resumes."""
    power, first = Power(), storage.name
    assert storage.cut_off(power) is not None
    is_whole(storage)
    known = {run.id for run in storage.bench.ledger.runs()}
    for cut in range(1, power.moments, step):
        fresh(storage, f"{first}-{cut}")
        assert storage.cut_off(Power(cut)) is None, cut
        begun = {run.id for run in storage.bench.ledger.runs()} - known
        if begun:  # else it was cut off before the run was on record
            known |= begun
            assert storage.resumed().state is RunState.COMPLETE, cut
            is_whole(storage)


def test_a_crash_at_a_step_and_a_resume_store_everything_once(little: Storage) -> None:
    sweep(little, 41)


@pytest.mark.soak
def test_a_crash_at_any_step_and_a_resume_store_everything_once(little: Storage) -> None:
    sweep(little, 1)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("dynamodb", "BatchWriteItem"), ("s3", "PUT .*bundle_1.*")],
    ids=["dynamodb write", "upload"],
)
def test_kill_9_during_a_write_and_a_resume_store_everything_once(
    little: Storage, tmp_path: Path, service: str, operation: str
) -> None:
    """The killed process's request has taken effect, and it never heard of that."""
    store = FolderStore(tmp_path / "vault")
    little.vault, little.bench = new_vault(store, _made(tmp_path / "keys")), Bench(tmp_path, MemoryService())
    little.faults(FaultRule(service=service, operation=operation, delay=1.0, after=True, times=1))
    child = get_context("fork").Process(target=_store_in_a_child, args=(little, tmp_path))
    child.start()
    while not little.requests(f"{service}:{operation.partition(' ')[0]}") > (service == "s3"):
        child.join(0.01)
        assert child.is_alive()
    child.join(0.05)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    little.bench.dead.add("first")
    little.vault = open_vault(store, tmp_path / "keys")
    assert little.resumed().state is RunState.COMPLETE
    is_whole(little)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _store_in_a_child(storage: Storage, folder: Path) -> None:
    # Connections of the parent are not for the child to use.
    endpoint = AwsEndpoint(storage.sandbox.url, ACCESS_KEY, SECRET_KEY)
    storage.session = AwsSession(AwsSettings(region="us-east-1"), HandClock(), endpoint=endpoint)
    storage.bench = Bench(folder, MemoryService())
    storage.store()


def test_scenario_2_network_interruption_saves_progress_and_resume_finishes(little: Storage) -> None:
    little.faults(FaultRule(service="s3", operation=".*bundle.*", region_down=True))
    with pytest.raises(ServiceSilent) as stopped:
        little.store()
    run = little.bench.ledger.run("latest")
    assert stopped.value.exit_code == 75 and f"holdfast runs resume {run.id}" in stopped.value.advice
    assert run.state is RunState.INTERRUPTED
    assert len(little.items("users")) == 2
    written = little.requests("dynamodb:BatchWriteItem")
    little.sandbox.clear_faults()
    assert little.resumed().state is RunState.COMPLETE
    is_whole(little)
    assert little.requests("dynamodb:BatchWriteItem") == written


def test_scenario_2_also_for_tables(little: Storage) -> None:
    little.faults(FaultRule(service="dynamodb", operation="Batch.*", region_down=True))
    with pytest.raises(ServiceSilent):
        little.store()
    little.sandbox.clear_faults()
    assert little.resumed().state is RunState.COMPLETE
    is_whole(little)
