"""What the records of a scope depend on."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import Record, RecordView, split_key
from holdfast.kernel.side_by_side import widened
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


def closure(wanted: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with what its records need: the members of groups selected by name, and what things refer to.

    A plan closes the scope it gets by itself. Give it the scope as it was asked for: it then
    creates what is missing of the rest and leaves alone what exists, however different.
    """
    selected = with_members(wanted, scope)
    linked = widened(RECORD_TYPES, selected, _dependencies(wanted, selected))
    return widened(RECORD_TYPES, linked, _of_applications(wanted, linked))


def with_members(view: RecordView, scope: RestoreScope) -> RestoreScope:
    """The scope with the memberships that a view has of the groups selected by name: they belong to the group."""
    names = scope.keys.get(GROUP, frozenset()) if GROUP in scope.types else frozenset()
    if not names or (MEMBERSHIP in scope.types and MEMBERSHIP not in scope.keys):
        return scope
    members = (record.key for record in view.records(MEMBERSHIP) if split_key(record.key)[0] in names)
    return widened(RECORD_TYPES, scope, ((MEMBERSHIP, key) for key in members), MEMBERSHIP)


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
