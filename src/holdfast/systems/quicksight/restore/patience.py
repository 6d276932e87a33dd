"""Waiting for the service's own work, at growing intervals and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from holdfast.kernel.ports import Clock

T = TypeVar("T")

_FIRST_PAUSE, _GROWTH = 0.25, 1.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and the longest pause between two looks."""

    clock: Clock
    seconds: float = 900.0
    longest: float = 5.0

    def until(self, look: Callable[[], T | None], meanwhile: Callable[[], None] = lambda: None) -> T | None:
        """What a look gives at last; None where it gave nothing in all the time. `meanwhile` comes before each new look."""
        began, pause = self.clock.monotonic(), min(_FIRST_PAUSE, self.longest)
        while (found := look()) is None:
            if self.clock.monotonic() - began > self.seconds:
                return None
            self.clock.sleep(pause)
            meanwhile()
            pause = min(pause * _GROWTH, self.longest)
        return found
