"""What the records of a scope depend on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import RecordView, split_key
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    RECORD_TYPES,
    USER,
    PrincipalType,
)

PRINCIPAL_TYPES = {PrincipalType.USER.value: USER, PrincipalType.GROUP.value: GROUP}


@dataclass(frozen=True, slots=True)
class Reach:
    """What was asked for, and what that needs: the latter must exist but is not changed where it does."""

    asked: RestoreScope
    needed: RestoreScope


def closure(wanted: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with the principals and permission sets that its memberships and assignments name.

    A plan closes the scope it gets by itself. Give it the scope as it was asked for: it then
    creates what is missing of the rest and leaves alone what exists, however different.
    """
    added: dict[str, set[str]] = {}
    for type_name, key in _dependencies(wanted, scope):
        if not scope.covers(type_name, key):
            added.setdefault(type_name, set()).add(key)
    if not added:
        return scope
    keys = {name: scope.keys[name] for name in scope.keys if name in scope.types}
    for type_name, names in added.items():
        keys[type_name] = keys.get(type_name, frozenset()) | names
    types = {*scope.types, *added}
    return RestoreScope(tuple(kind.name for kind in RECORD_TYPES if kind.name in types), keys)


def references(type_name: str, key: str) -> Iterator[tuple[str, str]]:
    """Type and key of the records that a membership or an assignment names."""
    if type_name == MEMBERSHIP:
        group, user = split_key(key)
        yield GROUP, group
        yield USER, user
    elif type_name == ASSIGNMENT:
        _, permission_set, principal_type, principal = split_key(key)
        yield PERMISSION_SET, permission_set
        yield PRINCIPAL_TYPES[principal_type], principal


def _dependencies(wanted: RecordView, scope: RestoreScope) -> Iterator[tuple[str, str]]:
    for type_name in (MEMBERSHIP, ASSIGNMENT):
        if type_name in scope.types and type_name in wanted.types:
            for record in wanted.records(type_name):
                if scope.covers(type_name, record.key):
                    yield from references(type_name, record.key)
