"""Waiting for the service's own work, at growing intervals and not for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from holdfast.domain.errors import AccessDenied, RemoteError, RemoteUnavailable
from holdfast.kernel.ports import Clock
from holdfast.systems.quicksight.errors import Missing

T = TypeVar("T")


def seen(operation: str, look: Callable[[], T]) -> T:
    """What a look at work tells that the service has begun.

    A look that is refused is no end of the work: the thing itself must tell what became of it.
    Raises: Missing; RemoteUnavailable.
    """
    try:
        return look()
    except Missing:
        raise
    except (AccessDenied, RemoteError) as error:
        if not error.permanent:
            raise
        raise RemoteUnavailable(operation, error.code, str(error)) from error


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
