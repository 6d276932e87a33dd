"""What the records of a scope depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import Record, RecordView, split_key
from holdfast.systems.identity_center.model import (
    APPLICATION,
    GROUP,
    MEMBERSHIP,
    RECORD_TYPES,
    TRUSTED_TOKEN_ISSUER,
)
from holdfast.systems.identity_center.records.application_mapping import application_from
from holdfast.systems.identity_center.records.application_names import issuers_in
from holdfast.systems.identity_center.records.references import LINKS, references


@dataclass(frozen=True, slots=True)
class Reach:
    """What was asked for, and what that needs: the latter must exist but is not changed where it does."""

    asked: RestoreScope
    needed: RestoreScope


def closure(wanted: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with what its records need: the members of groups selected by name, and what things refer to.

    A plan closes the scope it gets by itself. Give it the scope as it was asked for: it then
    creates what is missing of the rest and leaves alone what exists, however different.
    """
    selected = with_members(wanted, scope)
    linked = _widened(selected, _dependencies(wanted, selected))
    return _widened(linked, _of_applications(wanted, linked))


def with_members(view: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with the memberships that a view has of the groups selected by name: they belong to the group."""
    names = scope.keys.get(GROUP, frozenset()) if GROUP in scope.types else frozenset()
    if not names or (MEMBERSHIP in scope.types and MEMBERSHIP not in scope.keys):
        return scope
    members = (record.key for record in view.records(MEMBERSHIP) if split_key(record.key)[0] in names)
    widened = _widened(scope, ((MEMBERSHIP, key) for key in members))
    return widened if MEMBERSHIP in widened.types else _widened(scope, (), MEMBERSHIP)


def _widened(scope: RestoreScope, records: Iterable[tuple[str, str]], *types: str) -> RestoreScope:
    added: dict[str, set[str]] = {name: set() for name in types}
    for type_name, key in records:
        if not scope.covers(type_name, key):
            added.setdefault(type_name, set()).add(key)
    if not added:
        return scope
    keys = {name: scope.keys[name] for name in scope.keys if name in scope.types}
    for type_name, names in added.items():
        keys[type_name] = keys.get(type_name, frozenset()) | names
    named = {*scope.types, *added}
    return RestoreScope(tuple(kind.name for kind in RECORD_TYPES if kind.name in named), keys)


def grant_issuers(record: Record) -> Iterator[tuple[str, str]]:
    """Type and key of the trusted token issuers that an application's grants name."""
    for _, grant in application_from(record).grants:
        for name in issuers_in(grant)[0]:
            yield TRUSTED_TOKEN_ISSUER, name


def _dependencies(wanted: RecordView, scope: RestoreScope) -> Iterator[tuple[str, str]]:
    for type_name in LINKS:
        if type_name in scope.types and type_name in wanted.types:
            for record in wanted.records(type_name):
                if scope.covers(type_name, record.key):
                    yield from references(type_name, record.key)


def _of_applications(wanted: RecordView, scope: RestoreScope) -> Iterator[tuple[str, str]]:
    if APPLICATION in scope.types and APPLICATION in wanted.types:
        for record in wanted.records(APPLICATION):
            if scope.covers(APPLICATION, record.key):
                yield from grant_issuers(record)
