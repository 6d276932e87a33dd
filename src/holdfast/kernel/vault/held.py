"""A store that remembers the packs it has given whole, so that what is proved first and read then comes once."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.layout import PACKS

HELD_BYTES = 64 << 20


class HeldPacks:
    """Another store with the first packs that were got from it whole, up to 64 MiB of them, in memory.

    Packs never change, so a held one is as good as the stored one.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._held: dict[str, bytes] = {}
        self._room = HELD_BYTES
        self.location = store.location

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        self._store.put(name, data, replace=replace)
        self._forget(name)

    def get(self, name: str) -> bytes:
        data = self._held.get(name) or self._store.get(name)
        if name.startswith(PACKS) and name not in self._held and len(data) <= self._room:
            self._room -= len(data)
            self._held[name] = data
        return data

    def get_range(self, name: str, start: int, length: int) -> bytes:
        held = self._held.get(name)
        if held is not None:
            return held[start : start + length]
        return self._store.get_range(name, start, length)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        return self._store.list(prefix)

    def delete(self, name: str) -> None:
        self._store.delete(name)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._room += len(self._held.pop(name, b""))
