"""A sandbox on loopback and sources that read it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.system import Part
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import Connection, connect
from holdfast.systems.identity_center.model import RECORD_TYPES
from holdfast.systems.identity_center.settings import IdentityCenterSettings

ALL = tuple(kind.name for kind in RECORD_TYPES)


class FastClock:
    """The real clock with sleeps a thousand times as short, so that back-offs cost nothing."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 1000)


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny") as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer) -> SandboxServer:
    """A fresh tiny company, without faults, with counts at zero."""
    shared_sandbox.engine.reset()
    return shared_sandbox


@pytest.fixture
def source_of() -> Callable[..., IdentityCenterSource]:
    """A source on a sandbox; `wrap` may change its connection, the rest are settings of the system."""

    def make(
        server: SandboxServer,
        wrap: Callable[[Connection], Connection] = lambda connection: connection,
        **settings: object,
    ) -> IdentityCenterSource:
        chosen = IdentityCenterSettings(**settings)  # type: ignore[arg-type]
        endpoint = AwsEndpoint(server.url, "AKIASANDBOXSANDBOX00", "sandbox")
        pace = AwsSettings("", "us-east-1", requests_per_second=100_000, other_requests_per_second=100_000)
        session = AwsSession(pace, FastClock(), endpoint=endpoint)
        return IdentityCenterSource(wrap(connect(session, chosen)), chosen, FastClock())

    return make


@pytest.fixture
def capture() -> Callable[..., dict[str, Part]]:
    """The parts of one capture by type."""

    def run(source: IdentityCenterSource, types: Sequence[str] = ALL) -> dict[str, Part]:
        return {part.type: part for part in source.capture(types, SilentProgress())}

    return run
