"""A sandbox on loopback and sessions that talk to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.sandbox.server import SandboxServer


class StoppedClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.elapsed += seconds
            self.sleeps.append(seconds)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny") as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> Iterator[SandboxServer]:
    shared_sandbox.engine.reset()
    yield shared_sandbox
    shared_sandbox.clear_faults()


@pytest.fixture
def session(sandbox: SandboxServer, clock: StoppedClock) -> Callable[..., AwsSession]:
    def make(**settings: float) -> AwsSession:
        chosen = AwsSettings(region="us-east-1", **settings)  # type: ignore[arg-type]
        endpoint = AwsEndpoint(sandbox.url, "AKIASANDBOXSANDBOX00", "sandbox")
        return AwsSession(chosen, clock, jitter=lambda: 1.0, endpoint=endpoint)

    return make
