"""An object store in S3 that locks what a vault keeps, so that nobody with its credentials can take it away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from holdfast.adapters.s3_bucket import S3Bucket
from holdfast.kernel.ports import Clock, ObjectStore, StoredObject
from holdfast.kernel.vault.layout import PERMANENT
from holdfast.kernel.vault.settings import VaultSettings


class LockedStore:
    """Every object that is created for good gets a retention; all else goes to the store within."""

    def __init__(self, store: ObjectStore, bucket: S3Bucket, settings: VaultSettings, clock: Clock) -> None:
        self._store, self._bucket, self._settings, self._clock = store, bucket, settings, clock

    @property
    def location(self) -> str:
        return self._store.location

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        if replace or not name.startswith(PERMANENT):
            self._store.put(name, data, replace=replace)
            return
        until = self._clock.now() + timedelta(days=self._settings.object_lock_days)
        self._bucket.put_locked(name, data, until, self._settings)

    def get(self, name: str) -> bytes:
        return self._store.get(name)

    def get_range(self, name: str, start: int, length: int) -> bytes:
        return self._store.get_range(name, start, length)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        return self._store.list(prefix)

    def delete(self, name: str) -> None:
        self._store.delete(name)
