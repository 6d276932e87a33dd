"""In which order facets change, which changes exclude each other, and what undoes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import IntEnum

from holdfast.domain.changes import Change, Verb
from holdfast.domain.records import join_key, split_key
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    APPLICATION_TAG,
    ASSIGNMENT,
    AUTHENTICATION_METHOD,
    GRANT,
    GROUP,
    INSTANCE_TAG,
    ISSUER_TAG,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TAG,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.restore.application_facets import DEFAULTS
from holdfast.systems.identity_center.restore.facets import LATEST, STALE


class Rank(IntEnum):
    """The dependency levels of a plan.

    What gives access comes before what takes it away, so that a run that stops half-way leaves
    people in rather than out. Detaching comes before attaching, for the limits of a permission set.
    """

    PRINCIPALS = 0
    MEMBERSHIPS_AND_SETS = 1
    DETACH = 2
    ATTACH = 3
    PROVISION = 4
    ASSIGN = 5
    UNASSIGN = 6
    LEAVE = 7
    STRIP = 8
    DELETE = 9


_MAKING = {
    USER: Rank.PRINCIPALS,
    GROUP: Rank.PRINCIPALS,
    MEMBERSHIP: Rank.MEMBERSHIPS_AND_SETS,
    PERMISSION_SET: Rank.MEMBERSHIPS_AND_SETS,
    TRUSTED_TOKEN_ISSUER: Rank.MEMBERSHIPS_AND_SETS,
    APPLICATION: Rank.MEMBERSHIPS_AND_SETS,
    PROVISION: Rank.PROVISION,
    ASSIGNMENT: Rank.ASSIGN,
    APPLICATION_ASSIGNMENT: Rank.ASSIGN,
}
_DELETING = {
    USER: Rank.DELETE,
    GROUP: Rank.DELETE,
    PERMISSION_SET: Rank.DELETE,
    ACCESS_CONTROL_ATTRIBUTES: Rank.DELETE,
    TRUSTED_TOKEN_ISSUER: Rank.DELETE,
    APPLICATION: Rank.DELETE,
    MEMBERSHIP: Rank.LEAVE,
    ASSIGNMENT: Rank.UNASSIGN,
    APPLICATION_ASSIGNMENT: Rank.UNASSIGN,
}
# Facets of which a thing other than a permission set has several: the detail is the last part of their key.
_DETAILS = (GRANT, ACCESS_SCOPE, AUTHENTICATION_METHOD, APPLICATION_TAG, ISSUER_TAG, INSTANCE_TAG)


def owner_type(change_type: str) -> str:
    """The record type that a facet belongs to, for example `application` of `application.grant`."""
    return change_type.partition(".")[0]


def owner_of(change_type: str, key: str) -> str:
    """The key of the permission set, application or other thing that a facet belongs to; else the key itself."""
    if change_type.startswith(PERMISSION_SET):
        return split_key(key)[0]
    return join_key(*split_key(key)[:-1]) if change_type in _DETAILS else key


def make_change(
    change_type: str, key: str, before: bytes | None, after: bytes | None, *, doomed: bool = False
) -> Change:
    """A change with its rank and lane; `doomed` says that the thing it belongs to is deleted too."""
    change = Change(change_type, key, before, after, 0, _lane(change_type, key))
    return replace(change, rank=_rank(change, doomed))


def _rank(change: Change, doomed: bool) -> Rank:
    if change.verb is not Verb.DELETE:
        return _MAKING.get(change.type, Rank.ATTACH)
    return _DELETING.get(change.type, Rank.STRIP if doomed else Rank.DETACH)


def _lane(change_type: str, key: str) -> str:
    if change_type == ASSIGNMENT:
        # The service updates one IAM role per account at a time and refuses a second with a conflict.
        return f"account {split_key(key)[0]}"
    if change_type == PROVISION:
        # Sets are provisioned to overlapping accounts, so two at once would meet the same rule.
        return "provisioning"
    return f"{owner_type(change_type)} {owner_of(change_type, key)}"


def invert(changes: Iterable[Change]) -> Iterator[Change]:
    """Each change turned round, in rank order; what was recreated comes back under its names, not its ids.

    Every permission set whose content goes back is provisioned again, also when the run stopped
    before its own provisioning; where nothing is out of date that is no call.
    """
    done = list(changes)
    made = {(change.type, change.key) for change in done if change.verb is Verb.CREATE}
    removed = {(change.type, change.key) for change in done if change.verb is Verb.DELETE}
    undoing = [_turned_round(change, made) for change in done if change.type != PROVISION]
    touched = {_owner(change) for change in done if _reaches_accounts(change)}
    undoing += [make_change(PROVISION, name, STALE, LATEST) for _, name in touched - made - removed]
    yield from sorted(undoing, key=lambda change: (change.rank, change.type, change.key))


def _turned_round(change: Change, made: set[tuple[str, str]]) -> Change:
    """Of an application's configurations only the application itself comes and goes: a new one has the defaults."""
    doomed = _owner(change) in made
    before, after = change.after, change.before
    if change.type in DEFAULTS:
        before, after = before or DEFAULTS[change.type], None if doomed else after
    return make_change(change.type, change.key, before, after, doomed=doomed)


def _owner(change: Change) -> tuple[str, str]:
    return owner_type(change.type), owner_of(change.type, change.key)


def _reaches_accounts(change: Change) -> bool:
    return change.type.startswith(PERMISSION_SET) and change.type != TAG
