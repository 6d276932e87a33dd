"""Heals what is missing or wrong in one place of a vault with what another place has right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.domain.errors import VaultDamaged
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.errors import ObjectMissing
from holdfast.kernel.vault.layout import Manifest
from holdfast.kernel.vault.places import TwoPlaces, is_kept_in, places_of
from holdfast.kernel.vault.usage import objects_of
from holdfast.kernel.vault.verification import Verification

MISSING = "the object is missing"
Check = Callable[[ObjectStore, str, bytes], None]
"""Returns when an object that one place holds is what was written. Raises: VaultDamaged; VaultError."""


@dataclass(frozen=True, slots=True)
class Healed:
    """An object that was put right: where, what was wrong there, and where the right bytes came from."""

    name: str
    location: str
    problem: str
    source: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair came to; in a dry run what it would have come to.

    `left` is what could be read afterwards, and names every record that cannot be had back; `unreadable`
    are the snapshots that need what is lost, newest first, and `dropped` those taken out of the vault for it.
    """

    dry_run: bool
    healed: tuple[Healed, ...]
    left: Verification
    unreadable: tuple[str, ...]
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """What a place has of an object, what is wrong with it, and whether it should hold it."""

    place: ObjectStore
    data: bytes
    problem: str
    is_kept: bool


class HealingStore:
    """A store that gives right bytes from whichever place has them, and puts them where they are not.

    An object that no place has right is given as it is, so that the part of it that is whole can be read.
    """

    def __init__(self, store: ObjectStore, check: Check, *, dry_run: bool) -> None:
        self._store = store
        self._check = check
        self._dry_run = dry_run
        self._source: dict[str, ObjectStore] = {}
        self._renewed: dict[str, bytes] = {}
        self.healed: list[Healed] = []
        self.lost: set[str] = set()

    @property
    def location(self) -> str:
        return self._store.location

    def get(self, name: str) -> bytes:
        """The object's bytes, compared in every place that should hold it at the first call."""
        if name in self._renewed:
            return self._renewed[name]
        return self._source[name].get(name) if name in self._source else self._examined(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        if name not in self._source:
            self._examined(name)
        return self._source[name].get_range(name, start, length)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """What there is; in a dry run also what would have been put anew."""
        found = {item.name: item for item in self._store.list(prefix)}
        for name, data in self._renewed.items():
            if name.startswith(prefix):
                found.setdefault(name, StoredObject(name, len(data), datetime.min.replace(tzinfo=UTC)))
        return iter([found[name] for name in sorted(found)])

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self._store.put(name, data, replace=replace)

    def delete(self, name: str) -> None:
        self._store.delete(name)

    def renew(self, name: str, data: bytes) -> None:
        """Put new bytes in every place for an object that was lost. Raises: StoreError."""
        self.lost.discard(name)
        self._renewed[name] = data
        for place in places_of(self._store):
            self._heal(place, name, "no place had it right", "the vault's keys", data)

    def _examined(self, name: str) -> bytes:
        """Raises: ObjectMissing where no place has the object; StoreError."""
        looks = list(self._looks(name))
        right = next((look for look in looks if not look.problem), None)
        chosen = right or next((look for look in looks if look.problem != MISSING), None)
        if right is None:
            self.lost.add(name)
        if chosen is None:
            raise ObjectMissing("get", name, self.location, MISSING)
        for look in looks if right else ():
            if look.problem and look.is_kept:
                self._heal(look.place, name, look.problem, chosen.place.location, chosen.data)
        self._source[name] = chosen.place
        return chosen.data

    def _looks(self, name: str) -> Iterator[_Look]:
        """What each place has; once one has it right, only what those have that should hold it."""
        right: _Look | None = None
        for place in places_of(self._store):
            is_kept = is_kept_in(self._store, place, name)
            if right and not is_kept:
                continue
            data, problem = self._look(place, name)
            if right and not problem and data != right.data:
                problem = f"it is not the one in {right.place.location}"  # from before a change of keys
            look = _Look(place, data, problem, is_kept)
            right = right or (None if problem else look)
            yield look

    def _look(self, place: ObjectStore, name: str) -> tuple[bytes, str]:
        """What a place has under a name, and what is wrong with it."""
        try:
            data = place.get(name)
        except ObjectMissing:
            return b"", MISSING
        try:
            self._check(place, name, data)
        except VaultDamaged as error:
            return data, error.problem
        return data, ""

    def _heal(self, place: ObjectStore, name: str, problem: str, source: str, data: bytes) -> None:
        if not self._dry_run:
            place.put(name, data, replace=True)
        self.healed.append(Healed(name, place.location, problem, source))


def _sizes(catalogue: Catalogue, manifest: Manifest) -> Iterator[tuple[str, int | None]]:
    """Every object that a snapshot needs, and its size where the vault knows it. Raises: VaultDamaged; StoreError."""
    yield catalogue.name(manifest.id), None
    yield from ((ref.name, ref.size) for ref in objects_of(catalogue, manifest))


def unreadable(catalogue: Catalogue, lost: set[str]) -> Iterator[str]:
    """Ids of the snapshots that need an object which is lost, newest first. Raises: StoreError."""
    for snapshot in catalogue.ids():
        try:
            if any(name in lost for name, _ in _sizes(catalogue, catalogue.manifest(snapshot))):
                yield snapshot
        except VaultDamaged:
            yield snapshot


@dataclass(frozen=True, slots=True)
class Lacking:
    """A place that does not hold objects it should hold, and what it said, where it said something.

    Where it cannot be looked at, `seen` is False and `names` are all that it should hold.
    """

    location: str
    names: tuple[str, ...]
    reason: str
    seen: bool


def lacking(store: TwoPlaces, catalogue: Catalogue, manifest: Manifest) -> Iterator[Lacking]:
    """The places that lack objects of a snapshot, told by listings. Raises: VaultDamaged; StoreError."""
    needed = tuple(_sizes(catalogue, manifest))
    for place in store.places:
        held = store.held(place)
        missing = tuple(
            name
            for name, size in needed
            if store.is_kept_in(place, name)
            and (held is None or name not in held or size not in (None, held[name]))
        )
        if missing:
            said = store.trouble(place)
            yield Lacking(place.location, missing, said.reason if said else "", held is not None)
