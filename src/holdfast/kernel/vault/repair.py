"""Heals what is missing or wrong in one place of a vault with what another place has right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.domain.errors import VaultDamaged
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.catalogue import Catalogue, object_name
from holdfast.kernel.vault.errors import ObjectMissing
from holdfast.kernel.vault.layout import Manifest
from holdfast.kernel.vault.places import TwoPlaces, is_kept_in, places_of
from holdfast.kernel.vault.verify import Verification, packs_used

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
        return self._store.list(prefix)

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
        wrong: list[tuple[ObjectStore, str]] = []
        found: tuple[ObjectStore, bytes] | None = None
        second_best: tuple[ObjectStore, bytes] | None = None
        for place in places_of(self._store):
            if found and not is_kept_in(self._store, place, name):
                continue
            data, problem = self._look(place, name)
            if found and not problem and data != found[1]:
                problem = (
                    f"it is not the one in {found[0].location}"  # sound, but from before a change of keys
                )
            if problem and is_kept_in(self._store, place, name):
                wrong.append((place, problem))
            if problem and data is not None:
                second_best = second_best or (place, data)
            if not problem and data is not None:
                found = found or (place, data)
        if found is None:
            self.lost.add(name)
            if second_best is None:
                raise ObjectMissing("get", name, self.location, MISSING)
            found, wrong = second_best, []
        for place, problem in wrong:
            self._heal(place, name, problem, found[0].location, found[1])
        self._source[name] = found[0]
        return found[1]

    def _look(self, place: ObjectStore, name: str) -> tuple[bytes | None, str]:
        """What a place has under a name, and what is wrong with it."""
        try:
            data = place.get(name)
        except ObjectMissing:
            return None, MISSING
        try:
            self._check(place, name, data)
        except VaultDamaged as error:
            return data, error.problem
        return data, ""

    def _heal(self, place: ObjectStore, name: str, problem: str, source: str, data: bytes) -> None:
        if not self._dry_run:
            place.put(name, data, replace=True)
        self.healed.append(Healed(name, place.location, problem, source))


def objects_of(catalogue: Catalogue, manifest: Manifest) -> Iterator[tuple[str, int | None]]:
    """Every object that a snapshot needs, and its size where the vault knows it. Raises: VaultDamaged; StoreError."""
    yield object_name(manifest.id), None
    for ref in manifest.indexes:
        yield ref.name, ref.size
        yield from ((pack.name, pack.size) for pack in packs_used(manifest, ref, catalogue.index(ref)))


def unreadable(catalogue: Catalogue, lost: set[str]) -> Iterator[str]:
    """Ids of the snapshots that need an object which is lost, newest first. Raises: StoreError."""
    for snapshot in catalogue.ids():
        try:
            if any(name in lost for name, _ in objects_of(catalogue, catalogue.manifest(snapshot))):
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
    needed = tuple(objects_of(catalogue, manifest))
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
