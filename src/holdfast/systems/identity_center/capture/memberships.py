"""Reading memberships, by group or by user."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.domain.errors import HoldfastError
from holdfast.systems.identity_center.capture.listing import MembershipsBy, Size, choose_memberships
from holdfast.systems.identity_center.capture.reading import Listing, Reader, read_all
from holdfast.systems.identity_center.model import Group, Membership, User


@dataclass(frozen=True, slots=True)
class Unread:
    """A group or user whose memberships could not be read."""

    owner_id: str
    name: str
    error: HoldfastError


@dataclass(frozen=True, slots=True)
class MembershipListing:
    """Memberships by ids, each once, and whose could not be read."""

    memberships: tuple[Membership, ...] = ()
    failures: tuple[Unread, ...] = ()


def read_memberships(reader: Reader, users: tuple[User, ...], groups: tuple[Group, ...]) -> MembershipListing:
    """All memberships, asked for in the way that takes fewer calls."""
    by = choose_memberships(Size(len(users), len(groups), 0, None))
    if by is MembershipsBy.GROUP:
        owners = [(group.group_id, group.display_name) for group in groups]
    else:
        owners = [(user.user_id, user.user_name) for user in users]
    read = _by_group if by is MembershipsBy.GROUP else _by_user
    found: dict[tuple[str, str], Membership] = {}
    failures: list[Unread] = []
    for (owner_id, name), listing in reader.each(owners, lambda owner: read(reader, owner[0])):
        found.update({(item.group_id, item.user_id): item for item in listing.items})
        if listing.error:
            failures.append(Unread(owner_id, name, listing.error))
    return MembershipListing(tuple(found.values()), tuple(failures))


def _by_group(reader: Reader, group_id: str) -> Listing[Membership]:
    return read_all(lambda token: reader.connection.identity_store.list_memberships(group_id, token))


def _by_user(reader: Reader, user_id: str) -> Listing[Membership]:
    return read_all(
        lambda token: reader.connection.identity_store.list_memberships_for_member(user_id, token)
    )
