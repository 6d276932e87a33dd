"""A sandbox with Identity Center's two halves on it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from holdfast.adapters.aws import AwsSession, AwsSettings
from holdfast.adapters.clock import SystemClock
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.clients.connection import connect
from holdfast.systems.identity_center.settings import IdentityCenterSettings
from tests.systems.identity_center.restored import Restorer


@pytest.fixture(scope="session")
def shared_restore_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", async_delay=0.02) as server:
        yield server


@pytest.fixture
def sandbox(shared_restore_sandbox: SandboxServer) -> SandboxServer:
    """The tiny company with a tenth of its assignments, and asynchronous operations that take a moment."""
    server = shared_restore_sandbox
    server.engine.reset()
    whole = server.dump()
    server.load(msgspec.structs.replace(whole, assignments=whole.assignments[::10], stale=()))
    return server


@pytest.fixture
def restorer(sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Restorer:
    """Both halves on the sandbox, unpaced."""
    for name, value in sandbox.env().items():
        monkeypatch.setenv(name, value)
    session = AwsSession(
        AwsSettings(requests_per_second=5000.0, other_requests_per_second=5000.0), SystemClock()
    )
    return Restorer(connect(session, IdentityCenterSettings()))
