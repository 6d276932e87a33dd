"""Who holds a run: a rule over heartbeats and living processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from holdfast.kernel.ports import Liveness

LEASE_SECONDS = 60.0
"""How long a run belongs to its owner after a heartbeat; a worker stops at half of it."""

HEARTBEAT_SECONDS = 5.0
"""How often an owner says that it lives."""


def is_held(
    owner: str, heartbeat_at: datetime, now: datetime, alive: Liveness, lease_seconds: float = LEASE_SECONDS
) -> bool:
    """Whether an owner still holds what it took: its heartbeat is fresh, its process not known to be gone."""
    if now - heartbeat_at >= timedelta(seconds=lease_seconds):
        return False
    return alive(owner) is not False
