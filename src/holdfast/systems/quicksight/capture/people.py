"""Namespaces, custom permissions, users, groups and memberships as parts of a capture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from holdfast.domain.errors import HoldfastError
from holdfast.domain.outcomes import Item
from holdfast.domain.records import Record, join_key
from holdfast.kernel.packed import PackedRecords
from holdfast.kernel.paging import Page
from holdfast.kernel.reading import Listing, Reader, failed
from holdfast.kernel.system import Part
from holdfast.systems.quicksight.capture.asking import Asking
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.clients.gateways import IdentitiesGateway
from holdfast.systems.quicksight.model import (
    CUSTOM_PERMISSIONS,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    USER,
    Group,
    Namespace,
    User,
)
from holdfast.systems.quicksight.records.people import (
    custom_permissions_record,
    group_record,
    membership_record,
    namespace_record,
    user_record,
)

T = TypeVar("T")

INVENTORY = "*"
"""Key of the failure item that stands for a listing which could not be read to its end."""
DEFAULT = "default"
CREATED = "CREATED"
"""Status of a namespace that can be asked; one that is being made or deleted has nobody in it to keep."""


@dataclass(slots=True)
class _Found:
    records: list[Record] = field(default_factory=list)
    failures: list[Item] = field(default_factory=list)

    def part(self, type_name: str) -> Part:
        return make_part(type_name, self.records, self.failures)


def make_part(type_name: str, records: Iterable[Record], failures: Sequence[Item]) -> Part:
    """A part that is complete unless there are failures; records in key order, each once."""
    by_key = {record.key: record for record in records}
    reason = failures[0].outcome.reason if failures else ""
    packed = PackedRecords(by_key[key] for key in sorted(by_key))
    return Part(type_name, packed, tuple(failures), not failures, reason)


class People:
    """Reads the people of every namespace; a listing that fails leaves the others alone."""

    def __init__(self, reader: Reader[Connection], asking: Asking, wanted: frozenset[str]) -> None:
        self._reader, self._asking, self._wanted = reader, asking, wanted

    @property
    def _gateway(self) -> IdentitiesGateway:
        return self._reader.connection.identities

    def parts(self) -> Iterator[Part]:
        """The parts asked for, in dependency order."""
        namespaces = self._all("namespaces", self._gateway.list_namespaces)
        names = [each.name for each in namespaces.items if each.status in ("", CREATED)]
        # The one that every account has can be read also where nobody may list them.
        names = names or [DEFAULT] * (namespaces.error is not None)
        if NAMESPACE in self._wanted:
            yield self._whole(NAMESPACE, namespaces, namespace_record)
        if CUSTOM_PERMISSIONS in self._wanted:
            profiles = self._all("custom permissions", self._gateway.list_custom_permissions)
            yield self._whole(CUSTOM_PERMISSIONS, profiles, custom_permissions_record)
        if USER in self._wanted:
            listing = partial(self._users, names)
            yield self._everywhere(USER, namespaces, listing)
        if self._wanted & {GROUP, MEMBERSHIP}:
            yield from self._groups(names, namespaces)

    def _groups(self, names: Sequence[str], namespaces: Listing[Namespace]) -> Iterator[Part]:
        groups: list[Group] = []

        def listing() -> Iterator[tuple[str, Listing[Record]]]:
            for name in names:
                found = self._all("groups", partial(self._gateway.list_groups, name))
                groups.extend(found.items)
                yield join_key(name, INVENTORY), Listing(tuple(map(group_record, found.items)), found.error)

        part = self._everywhere(GROUP, namespaces, listing)
        if GROUP in self._wanted:
            yield part
        if MEMBERSHIP in self._wanted:
            unlisted = part.failures[0] if part.failures else None
            yield self._memberships(groups, unlisted)

    def _memberships(self, groups: Sequence[Group], unlisted: Item | None) -> Part:
        found = _Found()
        if unlisted is not None:  # without all groups the memberships are not all known
            found.failures.append(Item(MEMBERSHIP, INVENTORY, unlisted.outcome))
        for group, listing in self._reader.each("memberships", groups, self._members_of):
            found.records += listing.items
            if listing.error is not None:
                key = join_key(group.namespace, group.name, INVENTORY)
                found.failures.append(failed(MEMBERSHIP, key, listing.error))
        return found.part(MEMBERSHIP)

    def _members_of(self, group: Group) -> Listing[Record]:
        listing = self._asking.all(partial(self._gateway.list_members, group.namespace, group.name))
        named = (membership_record(group.namespace, group.name, user) for user in listing.items)
        return Listing(tuple(named), listing.error)

    def _users(self, names: Sequence[str]) -> Iterator[tuple[str, Listing[Record]]]:
        for name in names:
            found: Listing[User] = self._all("users", partial(self._gateway.list_users, name))
            yield join_key(name, INVENTORY), Listing(tuple(map(user_record, found.items)), found.error)

    def _everywhere(
        self,
        type_name: str,
        namespaces: Listing[Namespace],
        listing: Callable[[], Iterator[tuple[str, Listing[Record]]]],
    ) -> Part:
        found = _Found()
        _note(found, type_name, INVENTORY, namespaces.error)
        for key, each in listing():
            found.records += each.items
            _note(found, type_name, key, each.error)
        return found.part(type_name)

    def _whole(self, type_name: str, listing: Listing[T], record: Callable[[T], Record]) -> Part:
        found = _Found([record(each) for each in listing.items])
        _note(found, type_name, INVENTORY, listing.error)
        return found.part(type_name)

    def _all(self, title: str, page: Callable[[str], Page[T]]) -> Listing[T]:
        return self._asking.all(self._reader.counted(title, page))


def _note(found: _Found, type_name: str, key: str, error: HoldfastError | None) -> None:
    if error is not None:
        found.failures.append(failed(type_name, key, error))
