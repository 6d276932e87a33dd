"""What a restore removes: extra members under OVERWRITE, and extra records under `--delete-extra`."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import Change, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record
from holdfast.kernel.side_by_side import Pair
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.records.application_names import split_application_assignment
from holdfast.systems.identity_center.records.references import LINKS, references
from holdfast.systems.identity_center.restore.application_facets import DEFAULTS
from holdfast.systems.identity_center.restore.applications import refuse_extras
from holdfast.systems.identity_center.restore.comparison import Comparison
from holdfast.systems.identity_center.restore.facets import facets_of
from holdfast.systems.identity_center.restore.order import make_change
from holdfast.systems.identity_center.restore.principals import LEFT, surplus_memberships

# Deleting one of these takes these with it; each is planned as a change of its own, so that it can be undone.
_CASCADES = {
    USER: (MEMBERSHIP, ASSIGNMENT, APPLICATION_ASSIGNMENT),
    GROUP: (MEMBERSHIP, ASSIGNMENT, APPLICATION_ASSIGNMENT),
    PERMISSION_SET: (ASSIGNMENT,),
    APPLICATION: (APPLICATION_ASSIGNMENT,),
}
_DELETABLE = (
    *(USER, GROUP, PERMISSION_SET, ASSIGNMENT),
    *(ACCESS_CONTROL_ATTRIBUTES, TRUSTED_TOKEN_ISSUER, APPLICATION, APPLICATION_ASSIGNMENT),
)


def deletions(comparison: Comparison) -> Iterator[Decision]:
    """Every removal in reverse order of dependency, with what could not be removed."""
    changes = list(surplus_memberships(comparison))
    if comparison.options.delete_extra:
        extras = {type_name: list(_extras(comparison, type_name)) for type_name in _DELETABLE}
        yield from _left_to_source(comparison, extras)
        yield from _undeletable(comparison, extras)
        yield from refuse_extras(comparison, extras[APPLICATION])
        changes += _deleted(comparison, extras)
    unique = {(change.type, change.key): change for change in changes}
    yield from sorted(unique.values(), key=lambda change: (change.rank, change.type, change.key))


def _extras(comparison: Comparison, type_name: str) -> Iterator[Record]:
    if comparison.proves_extra(type_name):
        for pair in comparison.pairs(type_name):
            asked = comparison.reach.asked.covers(type_name, pair.key)
            if pair.backup is None and pair.live and asked and not _of_unclear_application(comparison, pair):
                yield pair.live


def _of_unclear_application(comparison: Comparison, pair: Pair) -> bool:
    """Whether it is use of an application that the backup may have under another key, or as another one."""
    if pair.live is None or pair.live.type != APPLICATION_ASSIGNMENT:
        return False
    return comparison.is_unclear(split_application_assignment(pair.key)[0])


def _left_to_source(comparison: Comparison, extras: dict[str, list[Record]]) -> Iterator[Finding]:
    """Takes out of `extras` what an identity source made; says how many."""
    for type_name in (USER, GROUP):
        own = [record for record in extras[type_name] if not comparison.awaited(type_name, record.key)]
        left = len(extras[type_name]) - len(own)
        extras[type_name] = own
        if left:
            message = f"{left} extra {type_name}s came from the identity source and are left to it."
            yield Finding(Severity.WARNING, LEFT, type_name, "", message, "Remove them there.")


def _undeletable(comparison: Comparison, extras: dict[str, list[Record]]) -> Iterator[Finding]:
    """Takes out of `extras` what would take along things that could not be read; says so."""
    for type_name in _DELETABLE:
        in_scope = type_name in comparison.reach.asked.types
        if in_scope and not comparison.wanted.is_complete(type_name):
            yield _not_deleted(type_name, "the backup does not hold all of them")
        unread = [name for name in _CASCADES.get(type_name, ()) if not comparison.present.is_complete(name)]
        if extras[type_name] and unread:
            extras[type_name] = []
            yield _not_deleted(type_name, f"the live {unread[0]}s that would go with them were not read")


def _not_deleted(type_name: str, reason: str) -> Finding:
    return Finding(
        Severity.WARNING,
        "not-deleted",
        type_name,
        "",
        f"No extra {type_name}s are deleted, because {reason}.",
    )


def _deleted(comparison: Comparison, extras: dict[str, list[Record]]) -> Iterator[Change]:
    gone = {(record.type, record.key) for records in extras.values() for record in records}
    for records in extras.values():
        for record in records:
            yield from _taken_down(record)
    for type_name in LINKS:
        if gone:
            yield from _cascade(comparison, type_name, gone)


def _taken_down(record: Record) -> Iterator[Change]:
    for facet in facets_of(record):
        if facet.value != DEFAULTS.get(facet.type):
            yield make_change(facet.type, facet.key, facet.value, None, doomed=True)


def _cascade(comparison: Comparison, type_name: str, gone: set[tuple[str, str]]) -> Iterator[Change]:
    for record in comparison.present.records(type_name):
        names = list(references(type_name, record.key))
        # The members of a group of the identity source are that source's; the service drops a deleted user's.
        foreign = type_name == MEMBERSHIP and comparison.awaited(*names[0])
        if not foreign and any(name in gone for name in names):
            yield from _taken_down(record)
