"""Calls under an assumed role, whose keys are renewed as long as there are calls."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol, cast

from holdfast.kernel.ports import CallCount, Clock, PacedSession

SESSION_NAME = "holdfast"
RENEWED_BEFORE = timedelta(minutes=5)
"""How long before its keys expire a role is assumed again; AWS gives keys for an hour."""


class Lender(PacedSession, Protocol):
    """A session that can be had with other keys."""

    @property
    def clock(self) -> Clock:
        """The clock by which keys expire."""

    def with_keys(self, access_key: str, secret_key: str, token: str) -> PacedSession:
        """The session with other keys and the same pace, limits and endpoint."""


class RoleSession:
    """A `PacedSession` under a role, with the pace, limits and endpoint of the session that assumes it.

    The role is assumed at the first call, and again before its keys expire. Raises at any call, besides
    what the call raises: what `sts:AssumeRole` does, such as AccessDenied.
    """

    def __init__(self, parent: Lender, role: str, external_id: str = "") -> None:
        self._parent, self._clock = parent, parent.clock
        self._asked = {"RoleArn": role, "RoleSessionName": SESSION_NAME}
        if external_id:
            self._asked["ExternalId"] = external_id
        self._lock = threading.Lock()
        self._session: PacedSession | None = None
        self._expires: datetime | None = None

    @property
    def region(self) -> str:
        """The region that the calls go to."""
        return self._parent.region

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        """The service's answer to the role. Raises: as `PacedSession.call`."""
        return self._current().call(service, operation, parameters, repeatable=repeatable)

    def calls(self) -> CallCount:
        """What was sent by the session that assumes the role and by all its roles."""
        return self._parent.calls()

    def assuming(self, role: str) -> PacedSession:
        """The session under another role, which this role assumes."""
        return self._current().assuming(role)

    def _current(self) -> PacedSession:
        with self._lock:
            fresh = self._expires is not None and self._clock.now() < self._expires - RENEWED_BEFORE
            if self._session is None or not fresh:
                answer = self._parent.call("sts", "AssumeRole", self._asked)
                keys = cast("Mapping[str, object]", answer["Credentials"])
                self._expires = cast("datetime", keys["Expiration"])
                self._session = self._parent.with_keys(
                    str(keys["AccessKeyId"]), str(keys["SecretAccessKey"]), str(keys["SessionToken"])
                )
            return self._session
