"""Keeps a run's lease young while its worker works, and tells the worker when it is too old."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import TracebackType

from holdfast.domain.errors import Busy, HoldfastError, TakenOver
from holdfast.domain.runs import Run
from holdfast.kernel.ports import Clock, Ledger
from holdfast.kernel.runs.ownership import HEARTBEAT_SECONDS, LEASE_SECONDS


class Heartbeat:
    """Says every few seconds, from a thread, that a run's owner lives; `guard` is what the worker asks.

    The lease's age is read on the wall clock, as others read it, so that a machine which slept
    counts its sleep.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        run: Run,
        *,
        every: float = HEARTBEAT_SECONDS,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._run = run
        self._every = every
        self._oldest = timedelta(seconds=lease_seconds / 2)
        self._renewed_at = run.heartbeat_at
        self._lost: TakenOver | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name=f"heartbeat {run.id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        self.beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def guard(self) -> None:
        """Let the worker go on only while nobody else can have taken the run. Raises: TakenOver, Busy."""
        if self._lost is not None:
            raise self._lost
        age = self._clock.now() - self._renewed_at
        if age > self._oldest:
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
        while not self._end.wait(self._every):
            try:
                self.beat()
            except TakenOver as lost:
                self._lost = lost
                return
            except HoldfastError:
                # A locked or full ledger may be free at the next beat; if not, the guard stops the worker.
                continue
