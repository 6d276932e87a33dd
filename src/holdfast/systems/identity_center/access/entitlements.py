"""Users, groups, memberships and assignments of one view, joined: by which ways a user has what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from holdfast.domain.records import RecordView, split_key
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    PrincipalType,
)
from holdfast.systems.identity_center.records.mapping import user_key

NEEDED = (USER, GROUP, MEMBERSHIP, PERMISSION_SET, ASSIGNMENT)
"""The record types that an answer rests on."""

DIRECT = ""
"""Stands for a group's name where a user is assigned without one."""

NOBODY = ""
"""Stands for a user's key in a group that has no members."""


class _UserFields(msgspec.Struct, rename="pascal"):
    user_name: str
    user_status: str = ""


class _AccountField(msgspec.Struct, rename="pascal"):
    account_name: str = ""


_user_fields = msgspec.json.Decoder(_UserFields)
_account_fields = msgspec.json.Decoder(_AccountField)


@dataclass(frozen=True, slots=True)
class Person:
    """A user: the name as it was written, and whether the user is disabled and so cannot sign in."""

    name: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """What an assignment gives: a permission set in an account."""

    account: str
    permission_set: str


@dataclass(frozen=True, slots=True)
class Principals:
    """Who is assigned: users by their keys and groups by their names, each in order."""

    users: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Everything that access rests on, as of one view.

    `grants` are in order of account and permission set. `accounts` are names by id, of accounts that
    assignments name; `people` are users by key. `gaps` are the record types that are not there whole, so
    that the absence of one proves nothing.
    """

    grants: Mapping[Grant, Principals]
    members: Mapping[str, Sequence[str]]
    groups_of: Mapping[str, frozenset[str]]
    people: Mapping[str, Person]
    groups: frozenset[str]
    permission_sets: frozenset[str]
    accounts: Mapping[str, str]
    gaps: tuple[str, ...] = ()

    def names(self, type_name: str) -> Collection[str]:
        """The names of users, groups or permission sets."""
        if type_name == USER:
            return [person.name for person in self.people.values()]
        return self.groups if type_name == GROUP else self.permission_sets

    def name(self, user: str) -> str:
        """A user's name as it was written; the key where the user could not be read."""
        return self.people[user].name if user in self.people else user

    def disabled(self, user: str) -> bool:
        """Whether a user is there and disabled."""
        return user in self.people and self.people[user].disabled

    def belongs(self, user: str, group: str) -> bool:
        """Whether a user is in a group."""
        return group in self.groups_of.get(user, ())

    def ways(self, user: str, grant: Grant) -> tuple[str, ...]:
        """The groups through which a user has a grant, in order; `DIRECT` first where assigned without one."""
        principals = self.grants.get(grant)
        if principals is None:
            return ()
        direct = (DIRECT,) if user in principals.users else ()
        return (*direct, *(group for group in principals.groups if self.belongs(user, group)))


def read_entitlements(view: RecordView) -> Entitlements:
    """What access rests on in a view. Raises: VaultDamaged; StoreError."""
    grants, accounts = _grants(view)
    known = read_people(view, NEEDED)
    return replace(
        known, grants=grants, accounts=accounts, permission_sets=frozenset(view.keys(PERMISSION_SET))
    )


def read_people(view: RecordView, needed: Iterable[str]) -> Entitlements:
    """The users, groups and members of a view, with the gaps among what is needed; no grants."""
    members: dict[str, list[str]] = {}
    groups_of: dict[str, set[str]] = {}
    for key in view.keys(MEMBERSHIP):
        group, user = split_key(key)
        members.setdefault(group, []).append(user)
        groups_of.setdefault(user, set()).add(group)
    return Entitlements(
        grants={},
        members=members,
        groups_of={user: frozenset(groups) for user, groups in groups_of.items()},
        people=dict(_people(view)),
        groups=frozenset(view.keys(GROUP)),
        permission_sets=frozenset(),
        accounts={},
        gaps=tuple(name for name in needed if not view.is_complete(name)),
    )


def _grants(view: RecordView) -> tuple[dict[Grant, Principals], dict[str, str]]:
    grants: dict[Grant, Principals] = {}
    accounts: dict[str, str] = {}
    for record in view.records(ASSIGNMENT):
        account, permission_set, kind, principal = split_key(record.key)
        if not accounts.get(account):
            accounts[account] = _account_fields.decode(record.body).account_name
        principals = grants.setdefault(Grant(account, permission_set), Principals())
        (principals.users if kind == PrincipalType.USER else principals.groups).append(principal)
    return grants, accounts


def _people(view: RecordView) -> Iterator[tuple[str, Person]]:
    for record in view.records(USER):
        user = _user_fields.decode(record.body)
        yield user_key(user.user_name), Person(user.user_name, user.user_status == "DISABLED")
