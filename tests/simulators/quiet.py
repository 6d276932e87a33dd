"""Stand-ins for clock and screen."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from holdfast.kernel import quiet as kernel_quiet


class SilentProgress(kernel_quiet.SilentProgress):
    """Counts the steps and prints nothing."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.steps = 0
        self.lines: list[str] = []
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage starts."""
        self.stages.append((name, total))

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps are done."""
        with self._lock:
            self.steps += steps

    def say(self, line: str) -> None:
        """A line is kept."""
        self.lines.append(line)


class HandClock:
    """A clock that moves a millisecond with each look, and as far as it is told."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present moment."""
        with self._lock:
            self._now += timedelta(milliseconds=1)
            return self._now

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Time passes at once."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
