"""One read of the service, with its failure beside what was read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteError, RemoteUnavailable, Throttled
from holdfast.domain.outcomes import Item
from holdfast.kernel.paging import Page, every
from holdfast.kernel.ports import Progress
from holdfast.kernel.runs.comparison import failed_by
from holdfast.kernel.workers import Workers

C = TypeVar("C")
S = TypeVar("S")
T = TypeVar("T")

DEAD_AFTER = 10
"""Items in a row without an answer, each after its repeats, until the rest are not tried any more."""


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """What a read gave, and why it gave no more; items before a failing page are kept."""

    items: tuple[T, ...] = ()
    error: HoldfastError | None = None


def read_all(page: Callable[[str], Page[T]]) -> Listing[T]:
    """Every page of a listing. A refusal or failure is returned; what ends everything is raised."""
    found: list[T] = []
    try:
        for item in every(page):
            found.append(item)  # noqa: PERF402  # those before a failing page are kept
        return Listing(tuple(found))
    except (AccessDenied, RemoteError) as error:
        _raise_if_final(error)
        return Listing(tuple(found), error)


def read_one(call: Callable[[], T]) -> Listing[T]:
    """One value. A refusal or failure is returned; what ends everything is raised."""
    try:
        return Listing((call(),))
    except (AccessDenied, RemoteError) as error:
        _raise_if_final(error)
        return Listing((), error)


def _raise_if_final(error: HoldfastError) -> None:
    if isinstance(error, Throttled):
        raise error


class Tallies:
    """Which listings are under way, and how far each has come, as people read it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, str]] = {}

    def add(self, title: str, steps: int, total: int | None = None, *, ended: bool = False) -> str:
        """Count what was read of a listing; the state of all that are under way."""
        with self._lock:
            done = self._counts.get(title, (0, ""))[0] + steps
            self._counts[title] = done, "" if total is None else f"/{total:,}"
            told = ", ".join(f"{name} {count:,}{of}" for name, (count, of) in self._counts.items())
            if ended or done == total:
                del self._counts[title]
            return told


@dataclass(frozen=True, slots=True)
class Reader(Generic[C]):
    """What every read needs: the gateways, the threads, and who is told of progress."""

    connection: C
    workers: Workers
    progress: Progress
    tallies: Tallies = field(default_factory=Tallies)

    def counted(self, title: str, page: Callable[[str], Page[T]]) -> Callable[[str], Page[T]]:
        """A listing whose pages people see coming."""

        def counted_page(token: str) -> Page[T]:
            found = page(token)
            self.progress.expect(1)
            note = self.tallies.add(title, len(found.items), ended=not found.next_token)
            self.progress.advance(note=note)
            return found

        return counted_page

    def each(
        self, title: str, items: Sequence[S], read: Callable[[S], Listing[T]]
    ) -> Iterator[tuple[S, Listing[T]]]:
        """A read for every item, concurrently, in the items' order; one failure leaves the others alone."""
        silence = Silence()
        self.progress.expect(len(items))

        def attempt(item: S) -> Listing[T]:
            listing = silence.last() or read(item)
            silence.note(listing.error)
            self.progress.advance(note=self.tallies.add(title, 1, len(items)))
            return Listing(listing.items, listing.error)

        return zip(items, self.workers.each(items, attempt), strict=True)


class Silence:
    """Notices that a service has stopped answering, so that hundreds of items do not each wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._length = 0
        self._error: HoldfastError | None = None

    def note(self, error: HoldfastError | None) -> None:
        """Count a read without answer; an answer, also a refusal, ends the silence."""
        with self._lock:
            self._length = self._length + 1 if isinstance(error, RemoteUnavailable) else 0
            self._error = error

    def last(self, after: int = DEAD_AFTER) -> Listing[T] | None:
        """The failure to report without trying, once so many reads in a row had no answer."""
        with self._lock:
            return Listing((), self._error) if self._length >= after else None


def failed(type_name: str, key: str, error: HoldfastError) -> Item:
    """An item that could not be read, with the reason and the next step."""
    return Item(type_name, key, failed_by(error))
