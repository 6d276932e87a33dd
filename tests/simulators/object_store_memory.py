"""Objects in memory: for tests, and as the plainest statement of what a store does."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing


class MemoryStore:
    """A dictionary of objects, gone with the process."""

    def __init__(self, objects: dict[str, bytes] | None = None) -> None:
        self.objects: dict[str, bytes] = {} if objects is None else objects
        self._lock = threading.Lock()

    @property
    def location(self) -> str:
        return "memory"

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        with self._lock:
            if name in self.objects and not replace:
                raise ObjectExists("put", name, self.location, "the name is taken")
            self.objects[name] = data

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
                yield StoredObject(name, len(self.objects[name]))

    def delete(self, name: str) -> None:
        self.objects.pop(name, None)
