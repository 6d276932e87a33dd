"""The contract of every system, on QuickSight in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSettings
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.quicksight.clients.connection import connect
from tests.contracts.system_contract import SystemContract
from tests.simulators.sleeping_time import SleepingTime, TimedSession
from tests.systems.quicksight.small_installation import KEPT, REGION, Installation


@pytest.fixture(scope="module")
def sandbox() -> Iterator[tuple[SandboxServer, SleepingTime]]:
    time = SleepingTime()
    with SandboxServer("empty", async_delay=0.0, clock=lambda: time.now().timestamp()) as server:
        yield server, time


@pytest.fixture
def installation(sandbox: tuple[SandboxServer, SleepingTime]) -> Installation:
    server, time = sandbox
    pace = AwsSettings("", REGION, requests_per_second=100_000, other_requests_per_second=100_000)
    endpoint = AwsEndpoint(server.url, "AKIASANDBOXSANDBOX00", "sandbox")
    session = TimedSession(pace, time, endpoint=endpoint)
    made = Installation(server, time, connect(session, session))
    made.load(KEPT)
    return made


class TestQuickSight(SystemContract):
    @pytest.fixture
    def arena(self, installation: Installation) -> Installation:
        return installation
