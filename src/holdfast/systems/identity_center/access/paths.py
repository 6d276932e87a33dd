"""Who could reach which account with what: one row for each path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from holdfast.domain.errors import NotFound
from holdfast.kernel.settings import near
from holdfast.systems.identity_center.access.entitlements import (
    DIRECT,
    NOBODY,
    Entitlements,
    Grant,
    Principals,
)
from holdfast.systems.identity_center.model import GROUP, PERMISSION_SET, USER
from holdfast.systems.identity_center.records.mapping import user_key

ACCOUNT_ID = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; all that is given must hold. `account` is an id or a name."""

    user: str = ""
    group: str = ""
    account: str = ""
    permission_set: str = ""


@dataclass(frozen=True, slots=True)
class AccessPath:
    """One way into an account.

    `group` is the group through which the user has it, empty for an assignment to the user alone.
    `user` is empty for a group without members. A disabled user cannot sign in.
    """

    account_id: str
    account_name: str
    permission_set: str
    user: str
    group: str = DIRECT
    disabled: bool = False


def in_words(group: str) -> str:
    """`direct`, or the group with the word before its name, since a group may be named so."""
    return f"group {group}" if group else "direct"


def answer(entitlements: Entitlements, question: Question) -> Iterator[AccessPath]:
    """The paths that fit a question, by account, permission set, user and group.

    Raises: NotFound, before the first path, for a name that nothing has.
    """
    chosen = Chosen(entitlements, question)
    return (path for grant in entitlements.grants if chosen.covers(grant) for path in chosen.paths(grant))


class Chosen:
    """The keys that the names of a question stand for; None where all are meant."""

    def __init__(self, entitlements: Entitlements, question: Question) -> None:
        self._entitlements = entitlements
        self._user = self._a_user(question.user) if question.user else None
        self._groups = self._some_groups(question.group) if question.group else None
        self._accounts = self._some_accounts(question.account) if question.account else None
        self._permission_set = self._a_set(question.permission_set) if question.permission_set else None

    def covers(self, grant: Grant) -> bool:
        """Whether account and permission set are among those asked for."""
        right_account = self._accounts is None or grant.account in self._accounts
        return right_account and self._permission_set in (None, grant.permission_set)

    def paths(self, grant: Grant) -> Iterator[AccessPath]:
        """The paths to one grant."""
        known = self._entitlements
        for user, group in sorted(self.pairs(known.grants[grant])):
            name, disabled = known.name(user), known.disabled(user)
            account_name = known.accounts[grant.account]
            yield AccessPath(grant.account, account_name, grant.permission_set, name, group, disabled)

    def users(self) -> Iterable[str]:
        """The keys of the users asked for: one, or all."""
        return (self._user,) if self._user is not None else self._entitlements.people

    def pairs(self, principals: Principals) -> Iterator[tuple[str, str]]:
        """Each user asked for who is among the principals, with the group through which."""
        if self._groups is None:
            yield from ((user, DIRECT) for user in principals.users if self._user in (None, user))
        for group in principals.groups:
            if self._groups is None or group in self._groups:
                yield from ((user, group) for user in self._members(group))

    def _members(self, group: str) -> Iterable[str]:
        if self._user is None:
            return self._entitlements.members.get(group, (NOBODY,))
        return (self._user,) if self._entitlements.belongs(self._user, group) else ()

    def _a_user(self, name: str) -> str:
        key, known = user_key(name), self._entitlements
        _check("user", USER, name, key in known.people or key in known.groups_of, known)
        return key

    def _some_groups(self, name: str) -> set[str]:
        # The service lets no two names differ by case alone.
        known = self._entitlements
        found = {group for group in known.names(GROUP) if group.casefold() == name.casefold()}
        _check("group", GROUP, name, bool(found), known)
        return found

    def _some_accounts(self, given: str) -> set[str]:
        if ACCOUNT_ID.fullmatch(given):
            return {given}
        accounts = self._entitlements.accounts
        found = {account for account, name in accounts.items() if name.casefold() == given.casefold()}
        if not found:
            alike = near(given, accounts.values())
            remedy = f"Only accounts with assignments are known by name; the id always works{alike or '.'}"
            raise NotFound("account", given, remedy)
        return found

    def _a_set(self, name: str) -> str:
        known = self._entitlements
        _check("permission set", PERMISSION_SET, name, name in known.names(PERMISSION_SET), known)
        return name


def _check(kind: str, type_name: str, name: str, there: bool, known: Entitlements) -> None:
    """Nothing, also where not all names could be read. Raises: NotFound with a name that is like it."""
    if not there and type_name not in known.gaps:
        alike = near(name, known.names(type_name))
        raise NotFound(kind, name, f"It was not there at that time, or is spelled otherwise{alike or '.'}")
