"""The identity store's contents: users, groups, memberships, and the rules that hold between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.wire import Document, conflict, missing


@dataclass(slots=True)
class Entry:
    """A user or a group: `document` has the attributes as the API names them, the rest is the service's."""

    seq: int
    id: str
    document: Document
    created: float
    updated: float
    revision: int = 1
    encoded: msgspec.Raw | None = None

    @property
    def external_ids(self) -> list[tuple[str, str]]:
        listed = self.document.get("ExternalIds")
        pairs = listed if isinstance(listed, list) else []
        return [(str(each["Issuer"]), str(each["Id"])) for each in pairs if isinstance(each, dict)]


@dataclass(frozen=True, slots=True)
class Membership:
    """One user in one group."""

    seq: int
    id: str
    group: str
    user: str
    created: float


@dataclass(slots=True)
class Shelf:
    """All users, or all groups, with the one attribute that is unique among them in any case."""

    kind: str
    name_member: str
    entries: dict[str, Entry] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)

    def get(self, entry_id: str) -> Entry:
        """The entry. Raises: ApiRefusal (ResourceNotFoundException)."""
        # Ids are accepted in their ARN form too, as the model's pattern says.
        found = self.entries.get(entry_id.rsplit("/", 1)[-1])
        if found is None:
            raise missing(f"{self.kind} not found.", ResourceType=self.kind, ResourceId=entry_id)
        return found

    @property
    def noun(self) -> str:
        """User or Group, as the names of operations and members have it."""
        return self.kind.title()

    def name_of(self, entry_id: str) -> str:
        return str(self.entries[entry_id].document[self.name_member])

    def claim(self, document: Document, owner: str) -> None:
        """Takes the name for `owner`. Raises: ApiRefusal (ConflictException) when another one has it."""
        name = str(document[self.name_member]).casefold()
        if self.by_name.get(name, owner) != owner:
            raise conflict(f"Duplicate {self.name_member}", Reason="UNIQUENESS_CONSTRAINT_VIOLATION")
        self.by_name[name] = owner

    def add(self, entry: Entry) -> None:
        self.claim(entry.document, entry.id)
        self.entries[entry.id] = entry

    def replace(self, entry: Entry, document: Document, now: float) -> None:
        """Puts `document` in place of the entry's attributes; the old name is free afterwards."""
        self.claim(document, entry.id)
        old, new = (
            str(entry.document[self.name_member]).casefold(),
            str(document[self.name_member]).casefold(),
        )
        if old != new:
            del self.by_name[old]
        entry.document, entry.updated, entry.encoded = document, now, None
        entry.revision += 1

    def remove(self, entry: Entry) -> None:
        del self.entries[entry.id]
        del self.by_name[str(entry.document[self.name_member]).casefold()]

    def where(self, test: Callable[[Entry], bool]) -> Entry | None:
        return next((each for each in self.entries.values() if test(each)), None)


class Directory:
    """Users, groups and who is in what."""

    def __init__(self, identifiers: Identifiers, sequence: Iterator[int]) -> None:
        self._ids, self._sequence = identifiers, sequence
        self.users = Shelf("USER", "UserName")
        self.groups = Shelf("GROUP", "DisplayName")
        self.memberships: dict[str, Membership] = {}
        self._of_group: dict[str, dict[str, Membership]] = {}
        self._of_user: dict[str, dict[str, Membership]] = {}

    def add(self, shelf: Shelf, document: Document, now: float) -> Entry:
        """The new user or group. Raises: ApiRefusal (ConflictException) when the name is taken in any case."""
        entry = Entry(next(self._sequence), self._ids.resource(), document, now, now)
        shelf.add(entry)
        return entry

    def join(self, group: Entry, user: Entry, now: float) -> Membership:
        """The new membership. Raises: ApiRefusal (ConflictException) when the user is in it already."""
        members = self._of_group.setdefault(group.id, {})
        if user.id in members:
            raise conflict(
                "Member and Group relationship already exists.", Reason="UNIQUENESS_CONSTRAINT_VIOLATION"
            )
        made = Membership(next(self._sequence), self._ids.resource(), group.id, user.id, now)
        members[user.id] = self.memberships[made.id] = made
        self._of_user.setdefault(user.id, {})[group.id] = made
        return made

    def leave(self, membership: Membership) -> None:
        del self.memberships[membership.id]
        del self._of_group[membership.group][membership.user]
        del self._of_user[membership.user][membership.group]

    def membership(self, membership_id: str) -> Membership:
        """The membership. Raises: ApiRefusal (ResourceNotFoundException)."""
        found = self.memberships.get(membership_id.rsplit("/", 1)[-1])
        if found is None:
            raise missing(
                "GROUP_MEMBERSHIP not found.", ResourceType="GROUP_MEMBERSHIP", ResourceId=membership_id
            )
        return found

    def members_of(self, group_id: str) -> dict[str, Membership]:
        """Memberships of the group by user id, oldest first."""
        return self._of_group.get(group_id, {})

    def groups_of(self, user_id: str) -> dict[str, Membership]:
        """Memberships of the user by group id, oldest first."""
        return self._of_user.get(user_id, {})

    def remove(self, shelf: Shelf, entry: Entry) -> None:
        """Removes the user or group and, as the service does, the memberships with it."""
        held = self.groups_of(entry.id) if shelf is self.users else self.members_of(entry.id)
        for each in list(held.values()):
            self.leave(each)
        shelf.remove(entry)
