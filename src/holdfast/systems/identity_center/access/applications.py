"""Who could use which application: one row for each path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from holdfast.domain.errors import NotFound
from holdfast.domain.records import RecordView, show_key
from holdfast.kernel.settings import near
from holdfast.systems.identity_center.access.entitlements import (
    DIRECT,
    Principals,
    read_people,
)
from holdfast.systems.identity_center.access.paths import Chosen, Question
from holdfast.systems.identity_center.model import (
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    USER,
    PrincipalType,
)
from holdfast.systems.identity_center.records.application_names import name_in, split_application_assignment

NEEDED = (USER, GROUP, MEMBERSHIP, APPLICATION, APPLICATION_ASSIGNMENT)
"""The record types that an answer rests on."""


class _ApplicationFields(msgspec.Struct, rename="pascal"):
    status: str = "ENABLED"
    assignment_required: bool = True


_fields = msgspec.json.Decoder(_ApplicationFields)


@dataclass(frozen=True, slots=True)
class UsableApplication:
    """An application by its natural key as people read it.

    Where it requires no assignment every user can use it. A disabled one nobody can use.
    """

    name: str
    assignment_required: bool = True
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationPath:
    """One way to an application.

    `group` is the group through which the user has it. `open_to_all` is the way of every user to an application
    that requires no assignment. `user` is empty for a group without members. A disabled user cannot sign in.
    """

    application: str
    user: str
    group: str = DIRECT
    disabled: bool = False
    open_to_all: bool = False


@dataclass(frozen=True, slots=True)
class ApplicationAccess:
    """The applications with the name asked for, and the paths by application, user and group."""

    applications: Sequence[UsableApplication]
    paths: Iterator[ApplicationPath]


def answer_for_application(view: RecordView, name: str, user: str = "", group: str = "") -> ApplicationAccess:
    """Who could use the applications of one name, in full or with the provider behind it.

    Raises: NotFound, before the first path, for a name that nothing has; VaultDamaged; StoreError.
    """
    known = read_people(view, NEEDED)
    chosen = Chosen(known, Question(user, group))
    principals = _principals(view)
    found = _applications(view, principals, name)
    if not found and APPLICATION not in known.gaps:
        alike = near(name, [name_in(key) for key in view.keys(APPLICATION)])
        raise NotFound(
            "application", name, f"It was not there at that time, or is spelled otherwise{alike or '.'}"
        )

    def paths() -> Iterator[ApplicationPath]:
        for key, application in found.items():
            if not application.assignment_required and not group:
                for each in sorted(chosen.users()):
                    yield ApplicationPath(
                        application.name, known.name(each), DIRECT, known.disabled(each), open_to_all=True
                    )
            for each, via in sorted(chosen.pairs(principals.get(key, Principals()))):
                yield ApplicationPath(application.name, known.name(each), via, known.disabled(each))

    return ApplicationAccess(list(found.values()), paths())


def _principals(view: RecordView) -> dict[str, Principals]:
    """Who is assigned, by the key of the application."""
    assigned: dict[str, Principals] = {}
    for each in view.keys(APPLICATION_ASSIGNMENT):
        key, kind, principal = split_application_assignment(each)
        principals = assigned.setdefault(key, Principals())
        (principals.users if kind == PrincipalType.USER else principals.groups).append(principal)
    return assigned


def _applications(view: RecordView, assigned: Iterable[str], name: str) -> dict[str, UsableApplication]:
    """The applications called so, by key; one that could not be read is known by its assignments."""
    wanted = name.casefold()

    def called_so(key: str) -> bool:
        return wanted in (name_in(key).casefold(), show_key(key).casefold())

    found = {key: UsableApplication(show_key(key)) for key in assigned if called_so(key)}
    for record in view.records(APPLICATION):
        if called_so(record.key):
            read = _fields.decode(record.body)
            disabled = read.status == "DISABLED"
            found[record.key] = UsableApplication(show_key(record.key), read.assignment_required, disabled)
    return dict(sorted(found.items()))
