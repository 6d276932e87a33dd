"""The few calls that storing bundles needs of S3, in our words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol


class ObjectGateway(Protocol):
    """One bucket.

    Every call raises: AccessDenied; BucketMissing; StorageQuota; RemoteUnavailable; RemoteError; what ends a run.
    """

    @property
    def location(self) -> str:
        """Where it is, such as `s3://bucket/`; a key appended to it is a URL."""

    def put(
        self, key: str, body: bytes, metadata: Mapping[str, str], note_request: Callable[[str], None]
    ) -> None:
        """Create an object, in parts where it is large; never replaces and leaves no parts behind.

        `note_request` gets the id of an upload in parts. Raises: ObjectTaken.
        """

    def differences(self, key: str, body: bytes) -> Sequence[str] | None:
        """What of the stored object is not as it was to be sent: size, digest, encryption; None where it is absent."""

    def get(self, key: str) -> bytes:
        """All bytes of an object. Raises: NotFound."""

    def usage(self, prefix: str) -> tuple[int, int]:
        """How many objects lie under a prefix, and their bytes."""
