"""References to things that the listings did not show: read once more before anything is said about them.

A capture takes minutes, and people work meanwhile. A membership or assignment may name a user, group or
permission set that was made after its listing, or that is gone by now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from holdfast.domain.errors import HoldfastError, RemoteError
from holdfast.kernel.reading import Listing, read_all, read_one
from holdfast.systems.identity_center.capture.holding import Held, hold_group, hold_user
from holdfast.systems.identity_center.capture.memberships import Pair
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.model import Assignment


@dataclass(slots=True)
class Late:
    """A second look: users and groups made meanwhile, ids that are gone, ids that could not be read."""

    users: list[Held] = field(default_factory=list)
    groups: list[Held] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    unread: dict[str, HoldfastError] = field(default_factory=dict)


def look_again(reader: Reader, user_ids: Iterable[str], group_ids: Iterable[str]) -> Late:
    """Describe principals that the listings did not show."""
    late = Late()
    store = reader.connection.identity_store
    late.users = _describe(reader, sorted(user_ids), lambda item: hold_user(store.describe_user(item)), late)
    late.groups = _describe(
        reader, sorted(group_ids), lambda item: hold_group(store.describe_group(item)), late
    )
    return late


def _describe(reader: Reader, ids: list[str], describe: Callable[[str], Held], late: Late) -> list[Held]:
    found: list[Held] = []
    for thing_id, listing in reader.each("second looks", ids, lambda item: read_one(lambda: describe(item))):
        found += listing.items
        if listing.error and is_gone(listing.error):
            late.gone.add(thing_id)
        elif listing.error:
            late.unread[thing_id] = listing.error
    return found


def still_there(reader: Reader, memberships: Iterable[Pair]) -> list[Pair]:
    """Those of the memberships that the service still has, or of which it will not say."""
    store = reader.connection.identity_store
    suspects = list(memberships)
    read = reader.each(
        "second looks at memberships",
        suspects,
        lambda pair: read_one(lambda: store.find_membership_id(*pair)),
    )
    return [item for item, listing in read if listing.error or listing.items != ("",)]


def still_assigned(reader: Reader, assignments: Iterable[Assignment]) -> list[Assignment]:
    """Those of the assignments that the service still has, or of which it will not say; a read per pair."""
    suspects = list(assignments)
    pairs = sorted({(item.account_id, item.permission_set_arn) for item in suspects})
    kept: set[Assignment] = set()
    for pair, listing in reader.each(
        "second looks at assignments", pairs, lambda item: _assignments_of(reader, item)
    ):
        same_pair = {item for item in suspects if (item.account_id, item.permission_set_arn) == pair}
        if listing.error is None or is_gone(listing.error):
            same_pair &= set(listing.items)
        kept |= same_pair
    return [item for item in suspects if item in kept]


def _assignments_of(reader: Reader, pair: tuple[str, str]) -> Listing[Assignment]:
    account, arn = pair
    return read_all(lambda token: reader.connection.sso_admin.list_assignments(account, arn, token))


def is_gone(error: HoldfastError) -> bool:
    """Whether the service says that what was asked about does not exist."""
    return isinstance(error, RemoteError) and error.error == "ResourceNotFoundException"
