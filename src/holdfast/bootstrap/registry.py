"""The one table of all systems that are backed up and restored."""

from __future__ import annotations

from holdfast.bootstrap import identity_center, quicksight
from holdfast.bootstrap.surroundings import Registered
from holdfast.domain.errors import UsageError

IDENTITY_CENTER, QUICKSIGHT = "identity_center", "quicksight"
SYSTEMS: dict[str, Registered] = {
    IDENTITY_CENTER: identity_center.REGISTERED,
    QUICKSIGHT: quicksight.REGISTERED,
}


def registered(name: str) -> Registered:
    """What bootstrap knows of a system. Raises: UsageError for an unknown name."""
    if name not in SYSTEMS:
        raise UsageError(f"There is no system {name}.", f"Known systems: {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]
