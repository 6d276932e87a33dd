"""What a restore decides about permission sets, what hangs on them, and assignments."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, split_key
from holdfast.kernel.preview import CANNOT_RETURN
from holdfast.systems.identity_center.model import ASSIGNMENT, PERMISSION_SET, PROVISION, TAG
from holdfast.systems.identity_center.records.mapping import permission_set_from
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.restore.conflicts import differences, merged, settable
from holdfast.systems.identity_center.restore.facet import Facet
from holdfast.systems.identity_center.restore.facets import LATEST, STALE, facets_of, meaning
from holdfast.systems.identity_center.restore.order import make_change


def permission_sets(comparison: Comparison) -> Iterator[Decision]:
    """Changes of permission sets and what hangs on them, in no order; conflicts come first.

    Held in memory: an instance has at most a few thousand permission sets.
    """
    changes: list[Change] = []
    assigned = _assigned(comparison)
    for pair in comparison.pairs(PERMISSION_SET):
        if pair.backup is None:
            continue
        if pair.live is None:
            changes += [
                make_change(facet.type, facet.key, None, facet.value) for facet in facets_of(pair.backup)
            ]
        elif comparison.to_decide(pair) and (fields := differences(pair.backup, pair.live)):
            conflict = comparison.conflict(PERMISSION_SET, pair.key, fields)
            yield conflict
            yield from _uncleared(pair.backup, pair.live, conflict)
            changes += _reconcile(pair.backup, pair.live, conflict, assigned)
    yield from changes


def _assigned(comparison: Comparison) -> frozenset[str] | None:
    """Names of the permission sets that are assigned somewhere; None where that could not be read."""
    if not comparison.present.is_complete(ASSIGNMENT):
        return None
    return frozenset(split_key(record.key)[1] for record in comparison.present.records(ASSIGNMENT))


def _reconcile(
    backup: Record, live: Record, conflict: Conflict, assigned: frozenset[str] | None
) -> list[Change]:
    if conflict.resolution is ConflictStrategy.SKIP:
        return []
    changes = list(facet_changes(backup, live, keep_extras=conflict.resolution is ConflictStrategy.MERGE))
    reaches_accounts = any(change.type != TAG for change in changes)
    if reaches_accounts and (assigned is None or backup.key in assigned):
        changes.append(make_change(PROVISION, backup.key, STALE, LATEST))
    return changes


def facet_changes(backup: Record, live: Record, *, keep_extras: bool) -> Iterator[Change]:
    """The changes that make a live record the backup's as far as the API can, in the order of their names."""
    ours = {(facet.type, facet.key): facet for facet in facets_of(backup)}
    theirs = {(facet.type, facet.key): facet for facet in facets_of(live)}
    for name in sorted({*ours, *theirs}):
        before, after = _value(theirs, name), _value(ours, name)
        if before is not None and after is not None:
            after = merged(name[0], after, before) if keep_extras else settable(name[0], after, before)
        elif keep_extras and before is not None:
            after = before
        if meaning(name[0], before) != meaning(name[0], after):
            yield make_change(*name, before, after)


def _uncleared(backup: Record, live: Record, conflict: Conflict) -> Iterator[Finding]:
    ours, theirs = permission_set_from(backup).summary, permission_set_from(live).summary
    kept = [
        name
        for name, mine, present in (
            ("description", ours.description, theirs.description),
            ("relay state", ours.relay_state, theirs.relay_state),
        )
        if present and not mine
    ]
    if kept and conflict.resolution is ConflictStrategy.OVERWRITE:
        message = f"The live {' and '.join(kept)} cannot be emptied through the API and stays."
        yield Finding(
            Severity.NOTE, CANNOT_RETURN, PERMISSION_SET, backup.key, message, "Clear it in the console."
        )


def _value(facets: dict[tuple[str, str], Facet], name: tuple[str, str]) -> bytes | None:
    facet = facets.get(name)
    return None if facet is None else facet.value
