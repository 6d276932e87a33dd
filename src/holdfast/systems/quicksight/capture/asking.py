"""One question after the other, until it is clear that nobody answers any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from holdfast.kernel.paging import Page
from holdfast.kernel.reading import DEAD_AFTER, Listing, Silence, read_all, read_one
from holdfast.systems.quicksight.errors import ServiceSilent

T = TypeVar("T")

AT_THE_END = 3
"""Questions without an answer that no answer follows: the network is gone, however little there was to ask."""


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

    def require_answers(self, after: int = AT_THE_END) -> None:
        """Return unless the last so many questions had no answer. Raises: ServiceSilent."""
        silent: Listing[object] | None = self.silence.last(after)
        if silent is not None:
            raise ServiceSilent(
                f"QuickSight does not answer any more: {silent.error}",
                "Resume the run once the network is back; what was read until then is kept.",
            )

    def _noted(self, listing: Listing[T]) -> Listing[T]:
        self.silence.note(listing.error)
        self.require_answers(DEAD_AFTER)
        return listing
