"""A folder that answers as S3 would: to publish offline, and to read what was copied from a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from holdfast.domain.errors import NotFound
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing
from holdfast.systems.scans.errors import ObjectTaken


class FolderClient:
    """An `S3Gateway` over an object store of this machine."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def location(self) -> str:
        return f"{self._store.location}/"

    def put(self, key: str, body: bytes, content_type: str) -> str:
        try:
            self._store.put(key, body)
        except ObjectExists as error:
            raise ObjectTaken(key) from error
        return hashlib.sha256(self._store.get(key)).hexdigest()

    def digest(self, key: str) -> str | None:
        try:
            return hashlib.sha256(self._store.get(key)).hexdigest()
        except ObjectMissing:
            return None

    def get(self, key: str) -> bytes:
        try:
            return self._store.get(key)
        except ObjectMissing as error:
            raise NotFound("published object", f"{self.location}{key}") from error

    def list(self, prefix: str) -> Sequence[str]:
        return [found.name for found in self._store.list(prefix)]
