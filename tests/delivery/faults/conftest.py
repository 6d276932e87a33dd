"""A company in a sandbox, and a desk from which it is backed up."""

from __future__ import annotations

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
