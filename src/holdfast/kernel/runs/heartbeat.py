"""Keeps a run's lease young while its worker works, and tells the worker when it is too old."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from holdfast.domain.errors import Busy, HoldfastError, TakenOver
from holdfast.domain.runs import Run
from holdfast.kernel.ports import Clock, Ledger, Liveness

LEASE_SECONDS = 60.0
"""How long a run belongs to its owner after a heartbeat; a worker stops at half of it."""

HEARTBEAT_SECONDS = 5.0
"""How often an owner says that it lives."""


def is_held(owner: str, heartbeat_at: datetime, now: datetime, alive: Liveness) -> bool:
    """Whether an owner still holds what it took: its heartbeat is fresh, its process not known to be gone."""
    if now - heartbeat_at >= timedelta(seconds=LEASE_SECONDS):
        return False
    return alive(owner) is not False


class Heartbeat:
    """Says every few seconds, from a thread, that a run's owner lives; `guard` is what the worker asks.

    The lease's age is read on the wall clock, as others read it, so that a machine which slept
    counts its sleep.
    """

    def __init__(self, ledger: Ledger, clock: Clock, run: Run) -> None:
        self._ledger = ledger
        self._clock = clock
        self._run = run
        self._renewed_at = run.heartbeat_at
        self._lost: TakenOver | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name=f"heartbeat {run.id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.beat()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        self._thread.join()

    def guard(self) -> None:
        """Let the worker go on only while nobody else can have taken the run. Raises: TakenOver, Busy."""
        if self._lost is not None:
            raise self._lost
        age = self._clock.now() - self._renewed_at
        if age > timedelta(seconds=LEASE_SECONDS / 2):
            raise Busy(
                f"Run {self._run.id} stopped: for {age.total_seconds():.0f} s it could not renew its lease.",
                f"holdfast runs resume {self._run.id}",
            )

    def beat(self) -> None:
        """Renew the lease now. Raises: TakenOver; whatever else keeps the ledger from being written."""
        now = self._clock.now()
        self._ledger.heartbeat(self._run, now)
        self._renewed_at = now

    def _beat_on(self) -> None:
        while not self._end.wait(HEARTBEAT_SECONDS):
            try:
                self.beat()
            except TakenOver as lost:
                self._lost = lost
                return
            except HoldfastError:
                # A locked or full ledger may be free at the next beat; if not, the guard stops the worker.
                continue
