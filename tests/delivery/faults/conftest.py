"""A company in a sandbox, and a desk from which it is backed up."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", async_delay=0.01) as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> SandboxServer:
    """A fresh tiny company, without faults, with counts at zero."""
    shared_sandbox.engine.reset()
    return shared_sandbox


@pytest.fixture
def desk(sandbox: SandboxServer, tmp_path: Path) -> Desk:
    """An empty folder and an environment that points at the sandbox."""
    return Desk(tmp_path, sandbox.env())


@pytest.fixture
def admin(sandbox: SandboxServer) -> Administrator:
    """Somebody else who changes the company."""
    return Administrator(sandbox)


@pytest.fixture(scope="session")
def first_backup(shared_sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with one backup of the tiny company, to be copied, and the backup's id."""
    shared_sandbox.engine.reset()
    desk = Desk(tmp_path_factory.mktemp("first-backup"), shared_sandbox.env())
    return desk.folder, desk.backup()


@pytest.fixture
def backed_up(first_backup: tuple[Path, str], desk: Desk) -> str:
    """The id of a complete backup of the company, already at the desk."""
    folder, taken = first_backup
    shutil.copytree(folder, desk.folder, dirs_exist_ok=True)
    return taken
