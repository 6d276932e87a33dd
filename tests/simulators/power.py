"""A power cut at a chosen moment: from then on nothing this process does reaches ledger or service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

from holdfast.kernel.ports import Ledger


class PowerCut(BaseException):
    """The process is gone."""


class Power:
    """Fails at the moment `cut_at` (counted from 1, 0 for never) and at every one after it."""

    def __init__(self, cut_at: int = 0) -> None:
        self.cut_at = cut_at
        self.moments = 0
        self._lock = threading.Lock()

    @property
    def is_out(self) -> bool:
        """Whether the cut has happened."""
        return 0 < self.cut_at <= self.moments

    def moment(self, name: str = "") -> None:
        """Something is about to happen, or has just happened. Raises: PowerCut."""
        with self._lock:
            self.moments += 1
            if self.is_out:
                raise PowerCut(f"moment {self.moments} {name}")


class FailingLedger:
    """A ledger in a process under `power`: each call has a moment before it and one after."""

    def __init__(self, ledger: Ledger, power: Power) -> None:
        self._ledger = ledger
        self._power = power

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = cast("Callable[..., object]", getattr(self._ledger, name))

        def call(*args: object, **options: object) -> object:
            self._power.moment(f"before {name}")
            result = method(*args, **options)
            self._power.moment(f"after {name}")
            return result

        return call


def under(power: Power, ledger: Ledger) -> Ledger:
    """The ledger as a process under `power` has it."""
    return cast("Ledger", FailingLedger(ledger, power))
