"""The service's asynchronous operations, followed to their real end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from holdfast.domain.errors import Busy, RemoteError, RemoteUnavailable
from holdfast.kernel.ports import Clock
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import RequestState, RequestStatus

T = TypeVar("T")

# "Maximum number of outstanding async calls: 10" (IAM Identity Center quotas).
MOST_OUTSTANDING = 10
PATIENCE = 900.0
"""Seconds that an operation may be under way."""
CONFLICT = "ConflictException"
_FIRST_LOOK, _EARLIEST_LOOK, _LONGEST_PAUSE, _GROWTH = 0.25, 0.02, 5.0, 1.5
# Three listings tell of everything under way; below this many single questions are cheaper.
_WORTH_LISTING = 4
_TRIES_WITHOUT_A_CAUSE = 3


class Operation(StrEnum):
    """The kinds of asynchronous operation."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    PROVISION = "provision"


class Operations:
    """Starts asynchronous operations, at most ten at once, and waits for each. Thread-safe.

    The first look comes when such operations have usually ended, which is learnt from those before;
    with several outstanding, one round of listings answers for all.
    """

    def __init__(self, sso_admin: SsoAdminGateway, clock: Clock) -> None:
        self._admin, self._clock = sso_admin, clock
        self._slots = threading.BoundedSemaphore(MOST_OUTSTANDING)
        self._lock = threading.Lock()
        self._waiting = 0
        self._running: frozenset[str] = frozenset()
        self._listed_at = 0.0
        self._usual = _FIRST_LOOK
        self._look = {
            Operation.ASSIGN: sso_admin.creation_status,
            Operation.UNASSIGN: sso_admin.deletion_status,
            Operation.PROVISION: sso_admin.provisioning_status,
        }

    def run(
        self, kind: Operation, start: Callable[[], RequestStatus], note_request: Callable[[str], None]
    ) -> RequestStatus:
        """How the operation ended; `note_request` gets its id, and again with each look while it runs.

        Raises: RemoteError as `start` does; RemoteUnavailable when its end was not seen within the patience;
        what `note_request` raises.
        """
        with self._slots:
            status = self.undisturbed(start, _TRIES_WITHOUT_A_CAUSE)
            note_request(status.request_id)
            with self._lock:
                self._waiting += 1
            try:
                return self._ended(kind, status, note_request)
            finally:
                with self._lock:
                    self._waiting -= 1

    def await_idle(self) -> None:
        """Return when nothing asynchronous is under way, anybody's. Raises: Busy after the patience."""
        began, pause = self._clock.monotonic(), _FIRST_LOOK
        while under_way := self._admin.requests_in_progress():
            if self._clock.monotonic() - began > PATIENCE:
                raise Busy(
                    f"{len(under_way)} operations of Identity Center still run after {PATIENCE:.0f} s.",
                    "Wait until they have ended, then resume the run.",
                )
            self._clock.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def await_end(self, operation: str, has_ended: Callable[[], bool]) -> None:
        """Return once it has, asking at growing intervals. Raises: RemoteUnavailable after the patience."""
        began, pause = self._clock.monotonic(), _EARLIEST_LOOK
        while not has_ended():
            if self._clock.monotonic() - began > PATIENCE:
                raise RemoteUnavailable(operation, "still in progress", f"not done after {PATIENCE:.0f} s")
            self._clock.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def undisturbed(self, call: Callable[[], T], tries: int = 1) -> T:
        """What the call gives, once no other change of the same roles or permission set is in its way.

        The service answers ConflictException as long as one is. `tries` is how often such an answer is
        believed while nothing is seen under way. Raises: what the call raises.
        """
        began, pause, unexplained = self._clock.monotonic(), _FIRST_LOOK, 0
        while True:
            try:
                return call()
            except RemoteError as error:
                if error.error != CONFLICT or self._clock.monotonic() - began > PATIENCE:
                    raise
                unexplained += not self._admin.requests_in_progress()
                if unexplained >= tries:
                    raise
            self._clock.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    def _ended(
        self, kind: Operation, status: RequestStatus, note_request: Callable[[str], None]
    ) -> RequestStatus:
        began, pause, looks = self._clock.monotonic(), self._usual, 0
        while status.state is RequestState.IN_PROGRESS:
            if self._clock.monotonic() - began > PATIENCE:
                said = f"request {status.request_id} is still in progress after {PATIENCE:.0f} s"
                raise RemoteUnavailable(f"sso:{kind}", "still in progress", said)
            self._clock.sleep(pause)
            note_request(status.request_id)
            pause, looks = min(pause * _GROWTH, _LONGEST_PAUSE), looks + 1
            if not self._known_running(status.request_id, pause):
                status = self._look[kind](status.request_id)
        self._learn(self._clock.monotonic() - began, looks)
        return status

    def _known_running(self, request_id: str, freshness: float) -> bool:
        """Whether a recent listing showed the request; one listing serves all who wait at that moment."""
        with self._lock:
            if self._waiting < _WORTH_LISTING:
                return False
            now = self._clock.monotonic()
            if now - self._listed_at >= freshness / 2 or not self._listed_at:
                self._running = frozenset(status.request_id for status in self._admin.requests_in_progress())
                self._listed_at = now
            return request_id in self._running

    def _learn(self, seconds: float, looks: int) -> None:
        """Look earlier next time when the first look saw the end, later when it took more than one."""
        with self._lock:
            usual = 0.85 * self._usual if looks <= 1 else 0.7 * self._usual + 0.3 * seconds
            self._usual = min(max(usual, _EARLIEST_LOOK), _LONGEST_PAUSE)
