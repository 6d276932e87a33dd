"""Two places for one vault: the first, and a second that keeps a copy or takes what the first refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from holdfast.domain.errors import AccessDenied, CredentialsError, HoldfastError, SettingsError
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.errors import CannotDelete, ObjectExists, ObjectMissing, StoreError, VaultNotThere

T = TypeVar("T")

CONFIG_NAME = "vault.json"
KEY_FOLDER = "keys/"
CONTENTS = ("packs/", "indexes/", "snapshots/")
UNAVAILABLE = (StoreError, AccessDenied, CredentialsError)
"""What a store raises when it does not do what was asked; a broken rule, such as one of TLS, is not among it."""


def is_frame(name: str) -> bool:
    """Whether the object is one without which nothing in a place can be opened; every place has it."""
    return name == CONFIG_NAME or name.startswith(KEY_FOLDER)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A place that did not take or give an object, what it said, and the next step."""

    location: str
    reason: str
    advice: str


class TwoPlaces:
    """An `ObjectStore` over two. Reads look in the first, then in the second; a listing is of both.

    What the first refuses goes to the second. With `copy` everything is kept in both, and what the
    second refuses is lacking there until a repair. A place that once refused or was silent is not
    asked again by this object where the other can do, so that a dead one costs its patience once.
    """

    def __init__(
        self, first: ObjectStore, second: ObjectStore, *, copy: bool, tell: Callable[[str], None]
    ) -> None:
        """`tell` is given a sentence for people when a place fails for the first time."""
        self.places = (first, second)
        self._copy = copy
        self._tell = tell
        self._refusing: dict[int, HoldfastError] = {}
        self._silent: dict[int, HoldfastError] = {}
        self._is_vault: set[int] = set()

    @property
    def location(self) -> str:
        return self.places[0].location

    def is_kept_in(self, place: ObjectStore, name: str) -> bool:
        """Whether an object that snapshots need should lie in a place."""
        return place is self.places[0] or self._copy or is_frame(name)

    def trouble(self, place: ObjectStore) -> Trouble | None:
        """What a place said when it failed; None for one that has not, as far as this object was used."""
        at = self.places.index(place)
        error = self._refusing.get(at) or self._silent.get(at)
        return Trouble(place.location, str(error), error.advice) if error else None

    def held(self, place: ObjectStore) -> dict[str, int] | None:
        """Names and sizes of what one place holds; None while it cannot be listed, which `trouble` then tells."""
        at = self.places.index(place)
        if at not in self._silent:
            try:
                return {found.name: found.size for found in place.list("")}
            except UNAVAILABLE as error:
                self._note(self._silent, at, "cannot be read", error)
        return None

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if replace and is_frame(name):
            # An old key header that stayed in one place would still open what the new one was to close.
            for place in self.places:
                place.put(name, data, replace=True)
            return
        refused = self._written(0, name, data, replace=replace)
        if refused is not None:
            if self._written(1, name, data, replace=replace) is not None:
                raise refused
        elif self.is_kept_in(self.places[1], name):
            with suppress(ObjectExists):  # a repair or an earlier attempt was there; a check compares bytes
                self._written(1, name, data, replace=replace)

    def get(self, name: str) -> bytes:
        def ask(at: int) -> bytes:
            data = self.places[at].get(name)
            if name == CONFIG_NAME:
                self._is_vault.add(at)
            return data

        return self._read(ask)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        return self._read(lambda at: self.places[at].get_range(name, start, length))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        found: dict[str, StoredObject] = {}
        errors, answered = [], False
        for at in (1, 0):  # of an object in both, what the first says counts
            if at in self._silent and len(self._silent) == 1:
                continue
            try:
                found.update((each.name, each) for each in self.places[at].list(prefix))
                answered = True
            except UNAVAILABLE as error:
                errors.append(self._note(self._silent, at, "cannot be read", error))
        if not answered:
            raise errors[-1]
        return iter([found[name] for name in sorted(found)])

    def delete(self, name: str) -> None:
        # What is said to be gone must be gone from both, so nothing is deleted while one is out of reach.
        strict = name.startswith(CONTENTS) or is_frame(name)
        if strict:
            self._reach_both()
        for at, place in enumerate(self.places):
            if not strict and at in self._silent:
                continue
            try:
                place.delete(name)
            except UNAVAILABLE as error:
                if strict:
                    raise CannotDelete("delete", name, place.location, str(error)) from error
                self._note(self._refusing, at, "does not delete", error)

    def differing(self) -> Iterator[str]:
        """Names of what opens the vault that are not equal in both places. Raises: StoreError."""
        for found in [*self.list(CONFIG_NAME), *self.list(KEY_FOLDER)]:
            try:
                first, second = (place.get(found.name) for place in self.places)
            except ObjectMissing:
                yield found.name
                continue
            if first != second:
                yield found.name

    def require_both(self) -> None:
        """Return when both places can be reached and hold the vault. Raises: CannotDelete."""
        self._is_vault.clear()
        self._reach_both()

    def _reach_both(self) -> None:
        for at in range(len(self.places)):
            try:
                self._require_vault(at)
            except UNAVAILABLE as error:
                raise CannotDelete("delete", "objects", self.places[at].location, str(error)) from error

    def _written(self, at: int, name: str, data: bytes, *, replace: bool) -> HoldfastError | None:
        """Put the object in a place; what the place said when it did not take it."""
        if at in self._refusing or at in self._silent:
            return self._refusing.get(at) or self._silent[at]
        try:
            if not is_frame(name):
                self._require_vault(at)
            self.places[at].put(name, data, replace=replace)
        except ObjectExists:
            raise
        except UNAVAILABLE as error:
            return self._note(self._refusing, at, "does not take what is written", error)
        return None

    def _require_vault(self, at: int) -> None:
        """Return when a place holds this vault: an unmounted disk is an empty folder. Raises: StoreError."""
        if at in self._is_vault:
            return
        place = self.places[at]
        try:
            held = place.get(CONFIG_NAME)
        except ObjectMissing as error:
            raise VaultNotThere("get", CONFIG_NAME, place.location, f"there is no {CONFIG_NAME}") from error
        if held != self.get(CONFIG_NAME):
            raise VaultNotThere("get", CONFIG_NAME, place.location, f"its {CONFIG_NAME} is another one")
        self._is_vault.add(at)

    def _read(self, ask: Callable[[int], T]) -> T:
        errors: list[HoldfastError] = []
        for at in sorted((0, 1), key=self._silent.__contains__):
            try:
                return ask(at)
            except ObjectMissing as error:
                errors.append(error)
            except UNAVAILABLE as error:
                errors.append(self._note(self._silent, at, "cannot be read", error))
        # Missing in one place says nothing while the other is silent.
        raise next((error for error in errors if not isinstance(error, ObjectMissing)), errors[0])

    def _note(
        self, kind: dict[int, HoldfastError], at: int, what: str, error: HoldfastError
    ) -> HoldfastError:
        if at not in kind:
            kind[at] = error
            which = ("The vault's first place", "The vault's second place")[at]
            self._tell(f"{which} {what}: {error}")
        return error


def refuse_overlap(first: str, second: str) -> None:
    """Return for two places apart from each other. Raises: SettingsError when one is in the other."""
    if f"{first}/".startswith(f"{second}/") or f"{second}/".startswith(f"{first}/"):
        problem = f"[vault] replica: {second} and [vault] location, {first}, lie in one another"
        raise SettingsError("the second place", (problem,))


def places_of(store: ObjectStore) -> tuple[ObjectStore, ...]:
    """The places behind a store, the first one first; a plain store is its own."""
    return store.places if isinstance(store, TwoPlaces) else (store,)


def require_all(store: ObjectStore) -> None:
    """Return when every place of a store can be reached: what is to be gone must go from all. Raises: CannotDelete."""
    if isinstance(store, TwoPlaces):
        store.require_both()


def is_kept_in(store: ObjectStore, place: ObjectStore, name: str) -> bool:
    """Whether an object that snapshots need should lie in one of the store's places."""
    return store.is_kept_in(place, name) if isinstance(store, TwoPlaces) else True
