"""Reading memberships, by group or by user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.domain.errors import HoldfastError
from holdfast.kernel.paging import Page
from holdfast.kernel.reading import Listing, read_all
from holdfast.systems.identity_center.capture.holding import Held
from holdfast.systems.identity_center.capture.listing import MembershipsBy, Size, choose_memberships
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.model import Membership

Pair = tuple[str, str]
"""Ids of a group and of a user in it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A group or user whose memberships could not be read."""

    owner_id: str
    name: str
    error: HoldfastError


@dataclass(slots=True)
class MembershipListing:
    """The ids of the users in each group, by the group's id, and whose memberships could not be read.

    Of 300,000 memberships the ids alone would take 100 MB; so each id is one string, however often it comes.
    """

    members: dict[str, list[str]] = field(default_factory=dict)
    failures: list[Unread] = field(default_factory=list)

    def pairs(self) -> Iterator[Pair]:
        """All memberships, each once."""
        for group_id, user_ids in self.members.items():
            for user_id in dict.fromkeys(user_ids):
                yield group_id, user_id

    def drop(self, pairs: Iterable[Pair]) -> None:
        """Forget some memberships."""
        for group_id, user_id in pairs:
            self.members[group_id] = [each for each in self.members[group_id] if each != user_id]


def read_memberships(reader: Reader, users: tuple[Held, ...], groups: tuple[Held, ...]) -> MembershipListing:
    """All memberships, asked for in the way that takes fewer calls."""
    by = choose_memberships(Size(len(users), len(groups), 0, None))
    owners, read = (groups, _by_group) if by is MembershipsBy.GROUP else (users, _by_user)
    ids = {each.id: each.id for each in (*users, *groups)}
    result = MembershipListing()
    for owner, listing in reader.each("memberships", owners, lambda owner: read(reader, owner.id)):
        for group_id, user_id in listing.items:
            members = result.members.setdefault(ids.get(group_id, group_id), [])
            members.append(ids.get(user_id, user_id))
        if listing.error:
            result.failures.append(Unread(owner.id, owner.name, listing.error))
    return result


def _by_group(reader: Reader, group_id: str) -> Listing[Pair]:
    store = reader.connection.identity_store
    return read_all(lambda token: _pairs(store.list_memberships(group_id, token)))


def _by_user(reader: Reader, user_id: str) -> Listing[Pair]:
    store = reader.connection.identity_store
    return read_all(lambda token: _pairs(store.list_memberships_for_member(user_id, token)))


def _pairs(page: Page[Membership]) -> Page[Pair]:
    return Page(tuple((item.group_id, item.user_id) for item in page.items), page.next_token)
