"""The one table of all actions, and which of them some piece of work needs."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.domain.errors import UsageError
from holdfast.kernel.needs import Action, Kind
from holdfast.systems.identity_center.needs.applications import APPLICATION_CHANGES, APPLICATION_READS
from holdfast.systems.identity_center.needs.changes import ASKING, CHANGES, LOOKING, PROVISIONING
from holdfast.systems.identity_center.needs.reads import BACKUP_READS, RESTORE_READS

BACKUP, RESTORE = "backup", "restore"
ACTIONS: tuple[Action, ...] = (
    *BACKUP_READS,
    *APPLICATION_READS,
    *RESTORE_READS,
    *CHANGES,
    *APPLICATION_CHANGES,
    *ASKING,
    *LOOKING,
    *PROVISIONING,
)
"""Everything Holdfast calls of IAM's, and what AWS looks at beside it. STS's GetCallerIdentity needs no permission."""


def actions_for(work: str) -> tuple[Action, ...]:
    """What a backup needs, or a restore, which takes a backup first. Raises: UsageError for other work."""
    if work == RESTORE:
        return ACTIONS
    if work == BACKUP:
        return tuple(action for action in ACTIONS if action.backup)
    raise UsageError(f"There are no permissions for {work}.", f"Choose {BACKUP} or {RESTORE}.")


def actions_for_changes(kinds: Iterable[Kind]) -> tuple[Action, ...]:
    """What applying changes of these kinds calls."""
    wanted = frozenset(kinds)
    return tuple(action for action in ACTIONS if action.needed_for(wanted))
