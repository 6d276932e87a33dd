"""Users and groups as a capture holds them: bytes from the page on, because there may be 50,000."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from holdfast.domain.records import Record
from holdfast.kernel.paging import Page
from holdfast.systems.identity_center.model import Group, User
from holdfast.systems.identity_center.records.mapping import group_record, user_record

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """A user or group: the service's id, the name as it is written, and the record."""

    id: str
    name: str
    record: Record


def hold_user(user: User) -> Held:
    """The user as it is held."""
    return Held(user.user_id, user.user_name, user_record(user))


def hold_group(group: Group) -> Held:
    """The group as it is held."""
    return Held(group.group_id, group.display_name, group_record(group))


def held(page: Callable[[str], Page[T]], hold: Callable[[T], Held]) -> Callable[[str], Page[Held]]:
    """A listing whose items are held from the moment on at which their page was read."""

    def held_page(token: str) -> Page[Held]:
        found = page(token)
        return Page(tuple(map(hold, found.items)), found.next_token)

    return held_page
