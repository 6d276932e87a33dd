"""Exports to S3 and imports from it, streamed: a part or a piece at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, cast
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.adapters.aws_errors import code_of, message_of
from holdfast.domain.errors import HoldfastError, NotFound, RemoteError, UsageError
from holdfast.kernel.exchange.errors import TargetTaken
from holdfast.kernel.exchange.places import Sink
from holdfast.kernel.ports import PacedSession

PART = 8 * 1024 * 1024
"""Bytes of a part; S3 takes 10,000 parts, so an export may have 78 GiB. All but the last must have 5 MiB."""
PIECE = 1024 * 1024
MOST_FILES = 200
TAKEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class _Body(Protocol):
    def read(self, amount: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Calls to one bucket, with errors in our words."""

    session: PacedSession
    name: str

    def call(self, operation: str, key: str, **parameters: object) -> Mapping[str, object]:
        """The answer about a key. Raises: TargetTaken; NotFound; RemoteError; what the session raises."""
        try:
            asked = {"Bucket": self.name, "Key": key} | parameters
            return self.session.call(
                "s3", operation, {name: value for name, value in asked.items() if value is not None}
            )
        except ClientError as cause:
            raise self._meaning(operation, key, cause) from cause

    def _meaning(self, operation: str, key: str, cause: ClientError) -> HoldfastError:
        code, where = code_of(cause), f"s3://{self.name}/{key}"
        if code in TAKEN:
            return TargetTaken(where)
        if code in ABSENT or code == "NoSuchBucket":
            return NotFound(
                "object" if code in ABSENT else "bucket",
                where,
                "Check the name, the region and the endpoint.",
            )
        return RemoteError(f"s3:{operation} of {where}", code, message_of(cause))


class S3Export:
    """An `ExportPlace` at a key, or for tables at all keys below it; the manifest is put last."""

    def __init__(self, session: PacedSession, location: str, *, overwrite: bool) -> None:
        bucket, self._key = bucket_and_key(location)
        self._bucket, self._overwrite = _Bucket(session, bucket), overwrite

    @property
    def location(self) -> str:
        return f"s3://{self._bucket.name}/{self._key}"

    @contextmanager
    def opened(self, *, folder: bool) -> Iterator[Callable[[str], AbstractContextManager[Sink]]]:
        prefix = self._key.rstrip("/")
        yield lambda name: self._upload(f"{prefix}/{name}" if folder else self._key)

    @contextmanager
    def _upload(self, key: str) -> Iterator[Sink]:
        upload = _Upload(self._bucket, key, None if self._overwrite else "*")
        try:
            yield upload
            upload.finish()
        finally:
            upload.abandon()


class _Upload:
    """One object: a single put where it is small, else parts of which nothing shows before the last call."""

    def __init__(self, bucket: _Bucket, key: str, condition: str | None) -> None:
        self._bucket, self._key, self._condition = bucket, key, condition
        self._pending = bytearray()
        self._upload = ""
        self._parts: list[dict[str, object]] = []

    def write(self, data: bytes) -> int:
        """Take bytes; whole parts are sent."""
        self._pending += data
        while len(self._pending) > PART:
            self._send(bytes(self._pending[:PART]))
            del self._pending[:PART]
        return len(data)

    def flush(self) -> None:
        """Nothing: a part is sent when it is whole."""

    def finish(self) -> None:
        """Make the object appear. Raises: TargetTaken when the key was taken."""
        rest = bytes(self._pending)
        if not self._upload:
            self._bucket.call("PutObject", self._key, Body=rest, IfNoneMatch=self._condition)
            return
        self._send(rest)
        self._bucket.call(
            "CompleteMultipartUpload",
            self._key,
            UploadId=self._upload,
            MultipartUpload={"Parts": self._parts},
            IfNoneMatch=self._condition,
        )
        self._upload = ""

    def abandon(self) -> None:
        """Forget the parts of an object that did not come to its end."""
        if self._upload:
            upload, self._upload = self._upload, ""
            self._bucket.call("AbortMultipartUpload", self._key, UploadId=upload)

    def _send(self, data: bytes) -> None:
        if not self._upload:
            self._refuse_taken()
            made = self._bucket.call("CreateMultipartUpload", self._key)
            self._upload = str(made["UploadId"])
        number = len(self._parts) + 1
        sent = self._bucket.call("UploadPart", self._key, UploadId=self._upload, PartNumber=number, Body=data)
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})

    def _refuse_taken(self) -> None:
        """Tell of a taken key before gigabytes are sent; the last call is what makes sure."""
        if self._condition is None:
            return
        try:
            self._bucket.call("HeadObject", self._key)
        except NotFound:
            return
        raise TargetTaken(f"s3://{self._bucket.name}/{self._key}")


class S3Import:
    """An `ImportPlace` at a key, or at all keys below one that ends with a slash."""

    def __init__(self, session: PacedSession, location: str) -> None:
        bucket, self._key = bucket_and_key(location)
        self._bucket = _Bucket(session, bucket)

    @property
    def location(self) -> str:
        return f"s3://{self._bucket.name}/{self._key}"

    def files(self) -> Mapping[str, Callable[[], Iterator[bytes]]]:
        if not self._key.endswith("/"):
            return {"": lambda: self._read(self._key)}
        found = self._bucket.call("ListObjectsV2", "", Key=None, Prefix=self._key, MaxKeys=MOST_FILES)
        keys = [row["Key"] for row in cast("Sequence[Mapping[str, str]]", found.get("Contents", ()))]
        if not keys or found.get("IsTruncated"):
            raise NotFound("export", self.location, "Name the folder that an export of tables made.")
        return {key.removeprefix(self._key): lambda key=key: self._read(key) for key in keys}  # type: ignore[misc]

    def _read(self, key: str) -> Iterator[bytes]:
        body = cast(_Body, self._bucket.call("GetObject", key)["Body"])
        try:
            while piece := body.read(PIECE):
                yield piece
        except (BotoCoreError, OSError) as cause:
            raise RemoteError(
                f"s3:GetObject of s3://{self._bucket.name}/{key}", type(cause).__name__, str(cause)
            ) from cause


def bucket_and_key(location: str) -> tuple[str, str]:
    """Of `s3://bucket/key`. Raises: UsageError."""
    parts = urlsplit(location, allow_fragments=False)
    key = parts.path.removeprefix("/")
    if parts.scheme != "s3" or not parts.netloc or not key or "@" in parts.netloc or parts.query:
        raise UsageError(
            "An export or import in S3 has the form s3://bucket/key.", "Credentials are given apart."
        )
    return parts.netloc, key
