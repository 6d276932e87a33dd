"""Objects in memory: for tests, and as the plainest statement of what a store does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryStore:
    """A dictionary of objects, gone with the process."""

    def __init__(
        self, objects: dict[str, bytes] | None = None, now: Callable[[], datetime] = lambda: BEGINNING
    ) -> None:
        """`now` is the store's clock; what was there before is as old as can be."""
        self.objects: dict[str, bytes] = {} if objects is None else objects
        self.times: dict[str, datetime] = {}
        self._now = now
        self._lock = threading.Lock()

    @property
    def location(self) -> str:
        return "memory"

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        with self._lock:
            if name in self.objects and not replace:
                raise ObjectExists("put", name, self.location, "the name is taken")
            self.objects[name] = data
            self.times[name] = self._now()

    def get(self, name: str) -> bytes:
        try:
            return self.objects[name]
        except KeyError:
            raise ObjectMissing("get", name, self.location, "no such object") from None

    def get_range(self, name: str, start: int, length: int) -> bytes:
        return self.get(name)[start : start + length]

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for name in sorted(self.objects):
            if name.startswith(prefix):
                yield StoredObject(name, len(self.objects[name]), self.times.get(name, BEGINNING))

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)
