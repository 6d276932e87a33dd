"""S3 through the paced session: create-only puts, repeated as the options say, errors in our words."""

from __future__ import annotations

import hashlib
import random
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, cast
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.domain.errors import AccessDenied, HoldfastError, NotFound, RemoteUnavailable
from holdfast.kernel.ports import Clock, PacedSession
from holdfast.kernel.settings import tag_pairs
from holdfast.systems.scans.errors import NoSuchBucket, ObjectTaken, PutDenied, PutFailed, RetriesExhausted
from holdfast.systems.scans.settings import ScansSettings

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
TAKEN = frozenset({"412", "PreconditionFailed"})
RACED = frozenset({"409", "ConditionalRequestConflict", "OperationAborted"})
"""Somebody else writes the same key at this moment; S3 says to send the request again."""


class _Body(Protocol):
    def read(self) -> bytes: ...


class S3Client:
    """An `S3Gateway` over one bucket. It never asks for the bucket or for its own identity: a put is all it needs."""

    def __init__(
        self,
        session: PacedSession,
        settings: ScansSettings,
        clock: Clock,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`session` repeats nothing by itself; `jitter` is between 0 and 1."""
        self._session, self._settings, self._clock, self._jitter = session, settings, clock, jitter
        self._bucket = settings.bucket_name
        owner = settings.expected_bucket_owner
        self._where = {"Bucket": self._bucket, **({"ExpectedBucketOwner": owner} if owner else {})}

    @property
    def location(self) -> str:
        return f"s3://{self._bucket}/"

    def put(self, key: str, body: bytes, content_type: str) -> str:
        sent = b64encode(hashlib.sha256(body).digest()).decode()
        parameters = {
            **self._where,
            "Key": key,
            "Body": body,
            "ContentType": content_type,
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": sent,
            "IfNoneMatch": "*",
            **self._kept_as(),
        }
        answer = self._call("PutObject", key, parameters)
        return _hex(answer.get("ChecksumSHA256"))

    def digest(self, key: str) -> str | None:
        try:
            answer = self._call("HeadObject", key, {**self._where, "Key": key, "ChecksumMode": "ENABLED"})
        except (NotFound, PutDenied):
            # Without s3:ListBucket a missing object looks like a denied one: the ledger must say.
            return None
        return _hex(answer.get("ChecksumSHA256"))

    def get(self, key: str) -> bytes:
        answer = self._call("GetObject", key, {**self._where, "Key": key})
        try:
            return cast(_Body, answer["Body"]).read()
        except (BotoCoreError, OSError) as cause:
            raise RetriesExhausted("s3:GetObject", type(cause).__name__, str(cause), 1) from cause

    def list(self, prefix: str) -> Sequence[str]:
        keys, more = list[str](), dict[str, object]()
        while True:
            answer = self._call("ListObjectsV2", prefix, {**self._where, "Prefix": prefix, **more})
            contents = cast("Sequence[Mapping[str, str]]", answer.get("Contents", ()))
            keys += [each["Key"] for each in contents]
            if not answer.get("IsTruncated"):
                return keys
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def _kept_as(self) -> dict[str, object]:
        """How S3 is to keep an object: encryption, class, tags, lock."""
        own, kept = self._settings, dict[str, object]()
        if own.kms_key_id:
            kept |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": own.kms_key_id}
        if own.storage_class:
            kept["StorageClass"] = own.storage_class
        if own.tags:
            kept["Tagging"] = urlencode(tag_pairs(own.tags))
        if own.object_lock_days:
            until = self._clock.now() + timedelta(days=own.object_lock_days)
            kept |= {"ObjectLockMode": own.object_lock_mode, "ObjectLockRetainUntilDate": until}
        return kept

    def _call(self, operation: str, key: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """The answer, after as many repeats as the options allow, each after twice the wait of the one before."""
        tries = 0
        while True:
            try:
                return self._session.call("s3", operation, parameters)
            except RemoteUnavailable as error:
                tries, last = tries + 1, error
                if tries > self._settings.max_retries:
                    said = last.service_said
                    raise RetriesExhausted(f"s3:{operation}", last.error, said, tries) from error
            except AccessDenied as error:
                action = "s3:GetObject" if operation == "HeadObject" else f"s3:{_action(operation)}"
                raise PutDenied(action, self._bucket, key, error.service_said) from error
            except ClientError as cause:
                tries = self._answered(operation, key, cause, tries)
            self._clock.sleep(self._pause(tries))

    def _answered(self, operation: str, key: str, cause: ClientError, tries: int) -> int:
        """The number of tries when the call is to be repeated. Raises: what the answer means otherwise."""
        found = cause.response.get("Error", {})
        code, said = str(found.get("Code", "")), str(found.get("Message") or cause)
        if code in RACED and tries < self._settings.max_retries:
            return tries + 1
        raise self._meaning(operation, key, code, said) from cause

    def _meaning(self, operation: str, key: str, code: str, said: str) -> HoldfastError:
        if code in TAKEN:
            return ObjectTaken(key)
        if code == "NoSuchBucket":
            return NoSuchBucket(f"s3:{operation}", code, said, self._bucket)
        if code in ABSENT:
            return NotFound(
                "published object", f"{self.location}{key}", "`holdfast scans list` shows what is there."
            )
        return PutFailed(f"s3:{operation}", code, said)

    def _pause(self, tries: int) -> float:
        """Between half and all of the exponential back-off, so that many jobs do not come back together."""
        most = min(self._settings.max_delay, self._settings.base_delay * 2.0 ** min(tries - 1, 30))
        return most * (0.5 + self._jitter() / 2)


def _action(operation: str) -> str:
    return "ListBucket" if operation == "ListObjectsV2" else operation


def _hex(checksum: object) -> str:
    return b64decode(checksum).hex() if isinstance(checksum, str) and "-" not in checksum else ""
