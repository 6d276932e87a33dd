"""One question after the other, until it is clear that nobody answers any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from holdfast.kernel.paging import Page
from holdfast.kernel.reading import Listing, Silence, read_all, read_one
from holdfast.systems.quicksight.errors import ServiceSilent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a capture asks: a failure lies beside what was read, and a service that has fallen silent ends it."""

    silence: Silence = field(default_factory=Silence)

    def one(self, call: Callable[[], T]) -> Listing[T]:
        """One value, or why there is none. Raises: ServiceSilent; Throttled, CredentialsError."""
        return self._noted(read_one(call))

    def all(self, page: Callable[[str], Page[T]]) -> Listing[T]:
        """Every page of a listing, or those before the one that failed. Raises: as `one`."""
        return self._noted(read_all(page))

    def _noted(self, listing: Listing[T]) -> Listing[T]:
        self.silence.note(listing.error)
        silent: Listing[T] | None = self.silence.last()
        if silent is not None:
            raise ServiceSilent(
                f"QuickSight does not answer any more: {silent.error}",
                "Resume the run once the network is back; what was read until then is kept.",
            )
        return listing
