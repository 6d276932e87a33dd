"""What became of one user, group, permission set or application from backup to backup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from holdfast.domain.records import Record, RecordView, join_key, show_key, split_key
from holdfast.kernel.canonical import canonical, plain
from holdfast.kernel.compare import field_differences
from holdfast.kernel.vault.reader import SnapshotReader
from holdfast.systems.identity_center.model import (
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
)
from holdfast.systems.identity_center.records.references import PRINCIPAL_TYPES

_ASSIGNMENTS = {
    USER: (ASSIGNMENT, APPLICATION_ASSIGNMENT),
    GROUP: (ASSIGNMENT, APPLICATION_ASSIGNMENT),
    PERMISSION_SET: (ASSIGNMENT,),
    APPLICATION: (APPLICATION_ASSIGNMENT,),
}
THINGS = tuple(_ASSIGNMENTS)
"""The record types that have a history."""


class EventKind(StrEnum):
    """What happened; NOT_KNOWN says that a backup does not hold a type whole, so that absence means nothing."""

    FIRST_SEEN = "first seen"
    CHANGED = "changed"
    GAINED = "gained"
    LOST = "lost"
    GONE = "gone"
    BACK = "back"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field before and after, as text; personal ones as `***`, absent ones empty."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is otherwise in a backup than in the one before.

    `type` is the record type concerned and `name` what of it: the group or the member, or the parts of an
    assignment that are not the thing itself. `via` is the group through which a user has an assignment.
    """

    snapshot: str
    at: datetime
    kind: EventKind
    type: str
    name: str = ""
    via: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A backup: its id, when it was taken, and its records."""

    snapshot: str
    at: datetime
    view: RecordView


def history(type_name: str, key: str, moments: Iterable[Moment]) -> Iterator[Event]:
    """All that happened to one thing, in the order of the moments, which must be the oldest first.

    `type_name` is one of `THINGS`. Nothing where no backup has ever held it. Raises: VaultDamaged; StoreError.
    """
    return _Life(type_name, key).events(moments)


class _Life:
    """The thing and all that concerns it, as the backups up to now have it."""

    def __init__(self, type_name: str, key: str) -> None:
        self._type, self._key = type_name, key
        self._seen = False
        self._unknown: frozenset[str] = frozenset()
        self._access: set[tuple[str, str, str]] = set()
        self._groups: set[str] = set()  # a user's
        self._itself = _Tracked(type_name, lambda found: found == key)
        at = {USER: 1, GROUP: 0}.get(type_name)
        self._memberships = (
            None if at is None else _Tracked(MEMBERSHIP, lambda found: split_key(found)[at] == key)
        )
        self._assignments = [_Tracked(name, self._concerns) for name in _ASSIGNMENTS[type_name]]

    def events(self, moments: Iterable[Moment]) -> Iterator[Event]:
        for moment in moments:
            for kind, type_name, name, via, fields in self._step(moment.view):
                yield Event(moment.snapshot, moment.at, kind, type_name, name, via, fields)

    def _step(self, view: RecordView) -> Iterator[_Happening]:
        yield from self._thing(view)
        members = self._memberships.step(view) if self._memberships else []
        for key, old, new in members:
            if (old is None) != (new is None):
                yield _turn(new is not None, MEMBERSHIP, _other(self._type, key), "")
        if members and self._memberships and self._type == USER:
            self._groups = {split_key(key)[0] for key in self._memberships.state}
        turned = [key for tracked in self._assignments for key, _, _ in tracked.step(view)]
        if members or any(map(self._way, turned)):
            access = set(self._reach())
            for name in sorted(self._access ^ access):
                yield _turn(name in access, *name)
            self._access = access
        if self._seen:
            yield from self._gaps(view)

    def _thing(self, view: RecordView) -> Iterator[_Happening]:
        for _, old, new in self._itself.step(view):
            if new is None:
                yield EventKind.GONE, self._type, show_key(self._key), "", ()
            elif old is None:
                kind = EventKind.BACK if self._seen else EventKind.FIRST_SEEN
                self._seen = True
                yield kind, self._type, show_key(self._key), "", ()
            elif fields := _changed_fields(old, new):
                yield EventKind.CHANGED, self._type, show_key(self._key), "", fields

    def _gaps(self, view: RecordView) -> Iterator[_Happening]:
        """The types that this backup does not hold whole, where the one before did."""
        tracked = [self._itself, *[self._memberships] * bool(self._memberships), *self._assignments]
        names = [each.type for each in tracked if each and (each.known or each is self._itself)]
        unknown = frozenset(name for name in names if not view.is_complete(name))
        for name in sorted(unknown - self._unknown):
            told = "not read whole" if name in view.types else "left out"
            yield EventKind.NOT_KNOWN, name, f"{told}: that something is absent here means nothing", "", ()
        self._unknown = unknown

    def _concerns(self, key: str) -> bool:
        """Whether an assignment may belong to the thing; of a user's, every group's may come to."""
        *place, kind, principal = split_key(key)
        if self._type == PERMISSION_SET:
            return place[1] == self._key
        if self._type == APPLICATION:
            return join_key(*place) == self._key
        own = (PRINCIPAL_TYPES[kind], principal) == (self._type, self._key)
        return own or (self._type == USER and PRINCIPAL_TYPES[kind] == GROUP)

    def _reach(self) -> Iterator[tuple[str, str, str]]:
        """Type, name and group of every assignment that the thing has now."""
        for tracked in self._assignments:
            for key in tracked.state:
                if way := self._way(key):
                    yield tracked.type, *way

    def _way(self, key: str) -> tuple[str, str] | None:
        """An assignment's name without the thing, and the group it comes through; None for one of others."""
        *place, kind, principal = split_key(key)
        if self._type in (PERMISSION_SET, APPLICATION):
            rest = (place[0], kind, principal) if self._type == PERMISSION_SET else (kind, principal)
            return show_key(join_key(*rest)), ""
        if PRINCIPAL_TYPES[kind] == self._type:
            return show_key(join_key(*place)), ""
        return (show_key(join_key(*place)), principal) if principal in self._groups else None


_Happening = tuple[EventKind, str, str, str, tuple[FieldChange, ...]]
"""Kind, type, name, via and fields of an event."""


def _turn(gained: bool, type_name: str, name: str, via: str) -> _Happening:
    return (EventKind.GAINED if gained else EventKind.LOST), type_name, name, via, ()


def _other(type_name: str, membership: str) -> str:
    """The side of a membership that is not the thing: a user's group, a group's user."""
    group, user = split_key(membership)
    return group if type_name == USER else user


def _changed_fields(old: Record, new: Record) -> tuple[FieldChange, ...]:
    before, after = (canonical({**plain(each.body), **plain(each.personal)}) for each in (old, new))
    found = field_differences(before, after)
    return tuple(FieldChange(part.name, part.backup, part.live) for part in found)


class _Tracked:
    """The wanted records of one type as the backups up to now have them, by key."""

    def __init__(self, type_name: str, wanted: Callable[[str], bool]) -> None:
        self.type, self._wanted = type_name, wanted
        self.state: dict[str, Record] = {}
        self._whole: RecordView | None = None
        # What an incomplete backup showed otherwise than the last whole one: the next whole one must tell.
        self._open: set[str] = set()

    @property
    def known(self) -> bool:
        """Whether any backup has held the type whole."""
        return self._whole is not None

    def step(self, view: RecordView) -> list[tuple[str, Record | None, Record | None]]:
        """Key, old and new record of what differs in this backup; absence counts only in a whole one."""
        if self.type not in view.types:
            return []
        whole, found = view.is_complete(self.type), self._found(view)
        if whole:
            found.update({key: view.find(self.type, key) for key in self._open - found.keys()})
            self._whole, self._open = view, set()
        turned = []
        for key, new in sorted(found.items()):
            old = self.state.get(key)
            if new == old or (new is None and not whole):
                continue
            turned.append((key, old, new))
            if new is None:
                del self.state[key]
            else:
                self.state[key] = new
            if not whole:
                self._open.add(key)
        return turned

    def _found(self, view: RecordView) -> dict[str, Record | None]:
        """The wanted records that may differ from the last whole backup; None for those that are not there."""
        if isinstance(view, SnapshotReader) and isinstance(self._whole, SnapshotReader):
            return view.changes_since(self._whole, self.type, self._wanted)
        before = dict.fromkeys(self.state)
        return {**before, **{each.key: each for each in view.records(self.type) if self._wanted(each.key)}}
