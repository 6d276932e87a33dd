"""An access review: who gained and who lost what between two views, by which path and why. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from holdfast.domain.changes import FieldDifference
from holdfast.domain.records import RecordView
from holdfast.kernel.compare import field_differences, merge
from holdfast.systems.identity_center.access.entitlements import (
    NOBODY,
    Entitlements,
    Grant,
    Principals,
    read_entitlements,
)
from holdfast.systems.identity_center.model import PERMISSION_SET
from holdfast.systems.identity_center.records.mapping import comparable

MEANING = frozenset(
    {"InlinePolicy", "ManagedPolicies", "CustomerManagedPolicies", "PermissionsBoundary", "SessionDuration"}
)
"""Fields of a permission set that decide what access with it means."""


class TurnKind(StrEnum):
    """What became of a user's access to an account with a permission set."""

    GAINED = "gained"
    LOST = "lost"
    REROUTED = "path changed"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a path came or went, for example `joined group`, and the group it concerns, if any."""

    what: str
    group: str = ""

    def __str__(self) -> str:
        return self.what.replace("group", f"group {self.group}", 1) if self.group else self.what


@dataclass(frozen=True, slots=True)
class Turn:
    """A user's access to an account with a permission set that is not as it was.

    `before` and `after` are the groups it goes through, empty text for an assignment to the user
    alone, nothing where the user has no access. `user` is empty for a group without members.
    """

    kind: TurnKind
    user: str
    account_id: str
    account_name: str
    permission_set: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A permission set that means something else now, and the accounts and users that have it."""

    permission_set: str
    fields: tuple[FieldDifference, ...]
    accounts: int
    users: int


@dataclass(frozen=True, slots=True)
class Review:
    """What changed: turns by user, account and permission set; permission sets by name."""

    turns: tuple[Turn, ...]
    contents: tuple[ContentChange, ...]

    def counts(self, kind: TurnKind) -> tuple[int, int, int]:
        """How many accesses, users and accounts turned in a way."""
        found = [turn for turn in self.turns if turn.kind is kind]
        users = {turn.user for turn in found if turn.user}
        return len(found), len(users), len({turn.account_id for turn in found})

    def causes(self) -> list[tuple[str, int]]:
        """How often each cause is given, the most frequent first."""
        counted = Counter(cause.what for turn in self.turns for cause in turn.causes)
        return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def review(old: RecordView, new: RecordView) -> Review:
    """What changed from one view to another. Raises: VaultDamaged; StoreError."""
    before, after = read_entitlements(old), read_entitlements(new)
    found = (_turn(before, after, user, grant) for user, grant in _candidates(before, after))
    turns = sorted(
        (turn for turn in (*found, *_idle(before, after)) if turn is not None),
        key=lambda turn: (
            turn.user.casefold(),
            turn.account_id,
            turn.permission_set,
            turn.before,
            turn.after,
        ),
    )
    return Review(tuple(turns), tuple(_contents(old, new, after)))


def _candidates(before: Entitlements, after: Entitlements) -> set[tuple[str, Grant]]:
    """Users and grants that can have turned: those of assignments, memberships and states that did."""
    found: set[tuple[str, Grant]] = set()
    nobody = Principals()
    for grant in before.grants.keys() | after.grants.keys():
        old, new = before.grants.get(grant, nobody), after.grants.get(grant, nobody)
        found.update((user, grant) for user in set(old.users) ^ set(new.users))
        for group in set(old.groups) ^ set(new.groups):
            # Who is a member only since is among the movers.
            found.update((user, grant) for user in before.members.get(group, ()))
    turned = {user for user in before.people if before.disabled(user) != after.disabled(user)}
    movers = _movers(before, after, turned)
    for known in (before, after):
        for grant, principals in known.grants.items():
            found.update((user, grant) for user in turned.intersection(principals.users))
            for group in principals.groups:
                found.update((user, grant) for user in movers.get(group, ()))
    return found


def _movers(before: Entitlements, after: Entitlements, turned: set[str]) -> dict[str, set[str]]:
    """By group: who joined or left it, and who of its members was disabled or enabled."""
    movers: dict[str, set[str]] = {}
    for user in before.groups_of.keys() | after.groups_of.keys():
        old, new = (known.groups_of.get(user, frozenset()) for known in (before, after))
        for group in old | new if user in turned else old ^ new:
            movers.setdefault(group, set()).add(user)
    return movers


def _idle(before: Entitlements, after: Entitlements) -> Iterator[Turn]:
    """Assignments to groups that have no members on either side: nobody's now, somebody's tomorrow."""
    nobody = Principals()
    for grant in before.grants.keys() | after.grants.keys():
        old = set(before.grants.get(grant, nobody).groups)
        new = set(after.grants.get(grant, nobody).groups)
        for group in old ^ new:
            if group in before.members or group in after.members:
                continue
            gained = group in new
            without, words = (before, GAINING) if gained else (after, LOSING)
            kind = TurnKind.GAINED if gained else TurnKind.LOST
            old_ways, new_ways = ((), (group,)) if gained else ((group,), ())
            causes = tuple(_causes(without, NOBODY, grant, group, words))
            account = (after if gained else before).accounts[grant.account]
            yield Turn(kind, NOBODY, grant.account, account, grant.permission_set, old_ways, new_ways, causes)


def _turn(before: Entitlements, after: Entitlements, user: str, grant: Grant) -> Turn | None:
    old, new = _effective(before, user, grant), _effective(after, user, grant)
    if old == new:
        return None
    kind = TurnKind.REROUTED if old and new else TurnKind.GAINED if new else TurnKind.LOST
    gone = (cause for way in old if way not in new for cause in _causes(after, user, grant, way, LOSING))
    come = (cause for way in new if way not in old for cause in _causes(before, user, grant, way, GAINING))
    names = after if user in after.people else before
    account = after.accounts.get(grant.account) or before.accounts.get(grant.account, "")
    causes = tuple(dict.fromkeys((*gone, *come)))
    return Turn(kind, names.name(user), grant.account, account, grant.permission_set, old, new, causes)


def _effective(known: Entitlements, user: str, grant: Grant) -> tuple[str, ...]:
    """The ways of a user who can sign in."""
    return () if known.disabled(user) else known.ways(user, grant)


@dataclass(frozen=True, slots=True)
class _Words:
    user: str
    state: str
    permission_set: str
    group: str
    membership: str
    assignment: str
    group_assignment: str


LOSING = _Words(
    "user deleted",
    "user disabled",
    "permission set deleted",
    "group deleted",
    "left group",
    "assignment removed",
    "assignment of group removed",
)
GAINING = _Words(
    "user created",
    "user enabled",
    "permission set created",
    "group created",
    "joined group",
    "assignment added",
    "assignment of group added",
)


def _causes(without: Entitlements, user: str, grant: Grant, way: str, words: _Words) -> Iterator[Cause]:
    """Why a way is missing on the side that lacks it; what a deletion takes along is not told apart."""
    absent = bool(user) and user not in without.people
    if absent:
        yield Cause(words.user)
    elif without.disabled(user):
        yield Cause(words.state)
    unset = grant.permission_set not in without.permission_sets
    if unset:
        yield Cause(words.permission_set)
    principals = without.grants.get(grant, Principals())
    if not way:
        if not absent and not unset and user not in principals.users:
            yield Cause(words.assignment)
        return
    if way not in without.groups:
        yield Cause(words.group, way)
        return
    if user and not absent and not without.belongs(user, way):
        yield Cause(words.membership, way)
    if not unset and way not in principals.groups:
        yield Cause(words.group_assignment, way)


def _contents(old: RecordView, new: RecordView, after: Entitlements) -> Iterator[ContentChange]:
    for a, b in merge(old.records(PERMISSION_SET), new.records(PERMISSION_SET)):
        if a is None or b is None:
            continue
        differences = field_differences(comparable(a), comparable(b))
        telling = tuple(item for item in differences if item.name in MEANING)
        if telling:
            yield ContentChange(b.key, telling, *_reach(after, b.key))


def _reach(known: Entitlements, permission_set: str) -> tuple[int, int]:
    """How many accounts have a permission set, and how many users can use it."""
    grants = [grant for grant in known.grants if grant.permission_set == permission_set]
    users = {user for grant in grants for user in _users(known, known.grants[grant])}
    return len({grant.account for grant in grants}), len({u for u in users if not known.disabled(u)})


def _users(known: Entitlements, principals: Principals) -> Iterable[str]:
    yield from principals.users
    for group in principals.groups:
        yield from known.members.get(group, ())
