"""Sandboxes to capture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.sleeping_time import SleepingTime
from tests.systems.quicksight.capture.capturing import Capturing, timed_session


@pytest.fixture(scope="session")
def shared() -> Iterator[Capturing]:
    time = SleepingTime()
    with SandboxServer("empty", clock=lambda: time.now().timestamp(), async_delay=20.0) as sandbox:
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name, value in sandbox.env().items():
                monkeypatch.setenv(name, value)
            session = timed_session(time)
            session.call("sts", "GetCallerIdentity", {})  # its clients are made for these addresses
            session.call("quicksight", "ListNamespaces", {"AwsAccountId": "123456789012"})
        yield Capturing(sandbox, time, session)


@pytest.fixture
def capturing(shared: Capturing) -> Capturing:
    """An empty QuickSight."""
    shared.sandbox.engine.reset()
    return Capturing(shared.sandbox, shared.time, shared.session)
