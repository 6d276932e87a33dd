"""Progress that nobody watches."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


class SilentProgress:
    """A `Progress` that prints nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Nothing."""

    def expect(self, steps: int) -> None:
        """Nothing."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def paused(self) -> AbstractContextManager[None]:
        """A context in which nothing is printed either."""
        return nullcontext()
