"""What the records of a scope depend on."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import Record, RecordView, join_key, split_key
from holdfast.kernel.side_by_side import widened
from holdfast.systems.quicksight.model import DATA_SET, GROUP, MEMBERSHIP, RECORD_TYPES, REFRESH_SCHEDULE
from holdfast.systems.quicksight.records.dependencies import Name, dependencies

_BELONGING = {MEMBERSHIP: (GROUP, 2), REFRESH_SCHEDULE: (DATA_SET, 1)}
"""Records that belong to another one, named by so many parts of their key."""


def closure(wanted: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with what its records need, by ARNs in members and names in keys, however deep.

    Who may use an asset is not needed by it: nobody is registered because a dashboard comes back.
    """
    selected = with_belongings(wanted, scope)
    found: set[Name] = set()
    waiting = [name for record in _selected(wanted, selected) for name in dependencies(record)]
    while waiting:
        name = waiting.pop()
        if name in found or selected.covers(*name):
            continue
        record = wanted.find(*name) if name[0] in wanted.types else None
        found.add(name)
        waiting += dependencies(record) if record is not None else ()
    return widened(RECORD_TYPES, selected, found)


def with_belongings(view: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with the members of groups, and the refresh schedules of datasets, that are selected by name."""
    for type_name, (owner, parts) in _BELONGING.items():
        names = scope.keys.get(owner, frozenset()) if owner in scope.types else frozenset()
        if names and (type_name not in scope.types or type_name in scope.keys):
            keys = [key for key in view.keys(type_name) if join_key(*split_key(key)[:parts]) in names]
            scope = widened(RECORD_TYPES, scope, ((type_name, key) for key in keys), type_name)
    return scope


def _selected(wanted: RecordView, scope: RestoreScope) -> Iterator[Record]:
    """The records in the scope that may need something outside of it."""
    for name in scope.types:
        if name not in wanted.types:
            continue
        if name in scope.keys:
            found = (wanted.find(name, key) for key in sorted(scope.keys[name]))
            yield from (record for record in found if record is not None)
        elif not set(_requires(name)) <= set(scope.types) - set(scope.keys):
            yield from wanted.records(name)


def _requires(name: str) -> tuple[str, ...]:
    return next(kind.requires for kind in RECORD_TYPES if kind.name == name)
