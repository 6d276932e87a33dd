"""Sandboxes to capture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.sleeping_time import START, SleepingTime
from tests.systems.quicksight.capture.capturing import Captured, Capturing


def serve(scale: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Capturing]:
    time = SleepingTime()
    clock = lambda: START.timestamp() + time.elapsed  # noqa: E731
    with SandboxServer(scale, clock=clock, async_delay=20.0) as sandbox:
        for name, value in sandbox.env().items():
            monkeypatch.setenv(name, value)
        yield Capturing(sandbox, time)


@pytest.fixture
def capturing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Capturing]:
    """An empty QuickSight."""
    yield from serve("empty", monkeypatch)


@pytest.fixture(scope="module")
def three_hundred() -> Iterator[Captured]:
    """The capture of an estate with 300 assets."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for capturing in serve("small", monkeypatch):
            yield capturing.capture()
