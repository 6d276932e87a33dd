"""The few calls that publishing needs of S3, in our words; a folder answers them, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class S3Gateway(Protocol):
    """A place for published objects."""

    @property
    def location(self) -> str:
        """Where it is, such as `s3://bucket/`; a key appended to it is a URL."""

    def put(self, key: str, body: bytes, content_type: str) -> str:
        """Create an object; the SHA-256 in hex that the service says it stored, empty where it did not say.

        Never replaces. Raises: ObjectTaken; PutDenied; NoSuchBucket; RetriesExhausted; PutFailed;
        CredentialsError.
        """

    def digest(self, key: str) -> str | None:
        """SHA-256 in hex of what a key holds; None where it is absent, or where this role may not see it."""

    def get(self, key: str) -> bytes:
        """All bytes of an object. Raises: NotFound, and as `put`."""

    def list(self, prefix: str) -> Sequence[str]:
        """Every key with a prefix, in order. Raises: as `put`."""
