"""A store whose power fails at a chosen operation."""

from collections.abc import Iterator

from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import StoreError, StoreFull
from tests.simulators.object_store_memory import MemoryStore


class FailingStore:
    """Memory, until operation `fail_at` (counted from 0); that one and all later ones fail.

    With `late` the failing operation takes effect and only its answer is lost. With `full` writes
    fail as on a full disk, and reads go on.
    """

    def __init__(
        self, objects: dict[str, bytes], fail_at: int, *, late: bool = False, full: bool = False
    ) -> None:
        self._inner = MemoryStore(objects)
        self._left = fail_at
        self._late = late
        self._full = full

    @property
    def location(self) -> str:
        return "a failing store"

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if self._fails("put", name, late=self._late):
            self._inner.put(name, data, replace=replace)
            self._break("put", name)
        self._inner.put(name, data, replace=replace)

    def get(self, name: str) -> bytes:
        self._fails("get", name)
        return self._inner.get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        self._fails("get", name)
        return self._inner.get_range(name, start, length)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        self._fails("list", prefix)
        return self._inner.list(prefix)

    def delete(self, name: str) -> None:
        self._fails("delete", name)
        self._inner.delete(name)

    def _fails(self, operation: str, name: str, *, late: bool = False) -> bool:
        if self._full and operation != "put":
            return False
        self._left -= 1
        if self._left < 0 and not (late and self._left == -1):
            self._break(operation, name)
        return self._left < 0

    def _break(self, operation: str, name: str) -> None:
        kind = StoreFull if self._full else StoreError
        raise kind(operation, name, self.location, "the power failed")
