"""The changes that undo changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdfast.domain.changes import Change, Verb
from holdfast.systems.identity_center.model import PERMISSION_SET, PROVISION, TAG
from holdfast.systems.identity_center.restore.facets import LATEST, STALE
from holdfast.systems.identity_center.restore.order import make_change, owner_of


def invert(changes: Iterable[Change]) -> Iterator[Change]:
    """Each change turned round, in rank order; what was recreated comes back under its names, not its ids.

    Every permission set whose content goes back is provisioned again, also when the run stopped
    before its own provisioning; where nothing is out of date that is no call.
    """
    done = list(changes)
    made = {change.key for change in done if change.type == PERMISSION_SET and change.verb is Verb.CREATE}
    removed = {change.key for change in done if change.type == PERMISSION_SET and change.verb is Verb.DELETE}
    undoing = [_turned_round(change, made) for change in done if change.type != PROVISION]
    touched = {owner_of(change.type, change.key) for change in done if _reaches_accounts(change)}
    undoing += [make_change(PROVISION, name, STALE, LATEST) for name in touched - made - removed]
    yield from sorted(undoing, key=lambda change: (change.rank, change.type, change.key))


def _turned_round(change: Change, made: set[str]) -> Change:
    doomed = owner_of(change.type, change.key) in made
    return make_change(change.type, change.key, change.after, change.before, doomed=doomed)


def _reaches_accounts(change: Change) -> bool:
    return change.type.startswith(PERMISSION_SET) and change.type != TAG
