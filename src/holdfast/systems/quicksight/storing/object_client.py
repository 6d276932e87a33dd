"""S3 through the paced session: create-only puts, whole or in parts, and what of them was really stored."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Protocol, cast
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.domain.errors import AccessDenied, HoldfastError, NotFound, RemoteUnavailable
from holdfast.kernel.ports import PacedSession
from holdfast.kernel.settings import tag_pairs
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.storing.answers import meaning, told
from holdfast.systems.quicksight.storing.errors import BucketMissing, ObjectTaken, PartsLeft

IN_PARTS_ABOVE = 100 * 1024 * 1024
"""Bytes above which an object is sent in parts, as drawn."""
PART = 16 * 1024 * 1024
"""Bytes of a part; S3 takes 10,000 of them and wants 5 MiB in each but the last."""
PARTS_AT_ONCE = 4
ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
TAKEN = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
GONE = frozenset({"NoSuchUpload"})
ACTIONS = {
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
"""IAM's name of an operation where it is not the operation's own."""


class _Body(Protocol):
    def read(self) -> bytes: ...


def in_parts(size: int) -> bool:
    """Whether an object of so many bytes is sent in parts."""
    return size > IN_PARTS_ABOVE


class ObjectClient:
    """An `ObjectGateway` over the bucket of the settings."""

    def __init__(
        self,
        session: PacedSession,
        settings: QuickSightSettings,
        *,
        divides: Callable[[int], bool] = in_parts,
        part: int = PART,
    ) -> None:
        """`divides` tells by an object's size whether it goes in parts, of `part` bytes each."""
        self._session, self._settings = session, settings
        self._divides, self._part = divides, part
        self._bucket = settings.bucket

    @property
    def location(self) -> str:
        return f"s3://{self._bucket}/"

    def put(
        self, key: str, body: bytes, metadata: Mapping[str, str], note_request: Callable[[str], None]
    ) -> None:
        kept = {"ContentType": "application/zip", "Metadata": dict(metadata), **self._kept_as()}
        if self._divides(len(body)):
            self._put_in_parts(key, body, kept, note_request)
            return
        sent = {"Body": body, "ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _sha256(body)}
        self._call("PutObject", key, {**sent, **kept, "IfNoneMatch": "*"})

    def differences(self, key: str, body: bytes) -> Sequence[str] | None:
        try:
            head = self._call("HeadObject", key, {"ChecksumMode": "ENABLED"})
        except NotFound:
            return None
        return list(self._differences(key, body, head))

    def get(self, key: str) -> bytes:
        answer = self._call("GetObject", key, {})
        try:
            return cast(_Body, answer["Body"]).read()
        except (BotoCoreError, OSError) as cause:
            raise RemoteUnavailable("s3:GetObject", type(cause).__name__, str(cause)) from cause

    def usage(self, prefix: str) -> tuple[int, int]:
        sizes = [
            cast(int, row["Size"])
            for page in self._pages("ListObjectsV2", prefix, {"ContinuationToken": "NextContinuationToken"})
            for row in _rows(page, "Contents")
        ]
        return len(sizes), sum(sizes)

    def _put_in_parts(
        self, key: str, body: bytes, kept: Mapping[str, object], note_request: Callable[[str], None]
    ) -> None:
        self._abort_left(key)
        made = self._call("CreateMultipartUpload", key, {**kept, "ChecksumAlgorithm": "SHA256"})
        upload = str(made["UploadId"])
        with ExitStack() as stack:
            stack.push(lambda kind, error, trace: self._give_up(key, upload, error))
            note_request(upload)
            parts = self._send_parts(key, upload, body)
            done = {"UploadId": upload, "MultipartUpload": {"Parts": parts}, "IfNoneMatch": "*"}
            self._call("CompleteMultipartUpload", key, done)

    def _send_parts(self, key: str, upload: str, body: bytes) -> list[Mapping[str, object]]:
        """Send all parts, several at once; the session repeats those that fail."""

        def send(number: int) -> Mapping[str, object]:
            data = body[(number - 1) * self._part : number * self._part]
            summed = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": _sha256(data)}
            sent = {"UploadId": upload, "PartNumber": number, "Body": data, **summed}
            answer = self._call("UploadPart", key, sent)
            return {
                "PartNumber": number,
                "ETag": answer["ETag"],
                "ChecksumSHA256": summed["ChecksumSHA256"],
            }

        numbers = range(1, -(-len(body) // self._part) + 1)
        with ThreadPoolExecutor(PARTS_AT_ONCE, thread_name_prefix="part") as pool:
            return list(pool.map(send, numbers))

    def _abort_left(self, key: str) -> None:
        """Abort what a process that was killed left of an upload under this very key, which no other run has."""
        onward = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        for page in self._pages("ListMultipartUploads", key, onward):
            for row in _rows(page, "Uploads"):
                if row["Key"] == key:
                    self._abort(key, str(row["UploadId"]))

    def _give_up(self, key: str, upload: str, because: BaseException | None) -> None:
        """Abort an upload that failed. Raises: PartsLeft; RemoteUnavailable, after which a resume aborts it."""
        if because is None:
            return
        # Also after Ctrl-C: parts of an upload that never ends are paid for and not seen in any listing.
        try:
            self._abort(key, upload)
        except RemoteUnavailable:
            raise
        except HoldfastError as error:
            raise PartsLeft(f"{self.location}{key}", str(because), str(error)) from because

    def _abort(self, key: str, upload: str) -> None:
        try:
            self._call("AbortMultipartUpload", key, {"UploadId": upload})
        except NotFound:
            return  # the upload has ended: its completion took effect and the answer was lost

    def _kept_as(self) -> dict[str, object]:
        """How S3 is to keep an object: encryption, class, tags."""
        own, kept = self._settings, dict[str, object]()
        kept["ServerSideEncryption"] = "aws:kms" if own.kms_key else "AES256"
        if own.kms_key:
            kept["SSEKMSKeyId"] = own.kms_key
        kept["StorageClass"] = own.storage_class
        if own.tags:
            kept["Tagging"] = urlencode(tag_pairs(own.tags))
        return kept

    def _differences(self, key: str, body: bytes, head: Mapping[str, object]) -> Iterator[str]:
        """In words, what HeadObject says that is not as it was sent."""
        if head["ContentLength"] != len(body):
            yield f"it has {head['ContentLength']} bytes, {len(body)} were sent"
        elif not self._same_bytes(key, body, head.get("ChecksumSHA256")):
            yield "its SHA-256 is not that of what was sent"
        key_id, how = self._settings.kms_key, head.get("ServerSideEncryption")
        if how != ("aws:kms" if key_id else "AES256"):
            yield f"it is encrypted by {how or 'nothing'}, not by {'aws:kms' if key_id else 'AES256'}"
        elif key_id and "alias/" not in key_id and not str(head.get("SSEKMSKeyId")).endswith(key_id):
            yield f"it is encrypted under the key {head.get('SSEKMSKeyId')}, not {key_id}"

    def _same_bytes(self, key: str, body: bytes, checksum: object) -> bool:
        """By the checksum that the service keeps; where it keeps none, by reading."""
        if not isinstance(checksum, str) or not checksum:
            return self.get(key) == body
        # That of an upload in parts is a digest over the digests of its parts, with their number behind it.
        digest = checksum.partition("-")[0]
        if "-" not in checksum and not self._divides(len(body)):
            return digest == _sha256(body)
        starts = range(0, len(body), self._part)
        parts = b"".join(hashlib.sha256(body[at : at + self._part]).digest() for at in starts)
        return digest == _sha256(parts)

    def _pages(
        self, operation: str, prefix: str, onward: Mapping[str, str]
    ) -> Iterator[Mapping[str, object]]:
        """The pages of a listing; `onward` has the name in the answer of each parameter of the next page."""
        more: dict[str, object] = {}
        while True:
            page = self._call(operation, "", {"Prefix": prefix, **more})
            yield page
            if not page.get("IsTruncated"):
                return
            more = {given: page[found] for given, found in onward.items() if page.get(found)}

    def _call(self, operation: str, key: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        where = {"Bucket": self._bucket, **({"Key": key} if key else {})}
        try:
            return self._session.call("s3", operation, {**where, **parameters})
        except AccessDenied as error:
            action = error.action  # the service names it, else it is only the operation's name
            if action == f"s3:{operation}":
                action = ACTIONS.get(operation, action)
            resource = f"arn:aws:s3:::{self._bucket}/{key}".rstrip("/")
            raise AccessDenied(action, resource, error.service_said) from error
        except ClientError as cause:
            raise self._error(operation, key, cause) from cause

    def _error(self, operation: str, key: str, cause: ClientError) -> HoldfastError:
        code, said = told(cause)
        if code in TAKEN:
            return ObjectTaken(f"{self.location}{key}")
        if code == "NoSuchBucket":
            return BucketMissing(f"s3:{operation}", code, said, self._bucket)
        if code in ABSENT or code in GONE:
            return NotFound("object", f"{self.location}{key}")
        return meaning(f"s3:{operation} of {self.location}{key}", cause)


def _sha256(data: bytes) -> str:
    return b64encode(hashlib.sha256(data).digest()).decode()


def _rows(page: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", page.get(name, ()))
