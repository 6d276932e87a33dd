"""What S3 does beyond keeping bytes under names: storage classes, object lock, versions. Through the paced session.

obstore can choose a storage class at a put and no more: it copies without one, sets no retention, and lists neither
classes nor versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import cast

from botocore.exceptions import ClientError

from holdfast.adapters.aws_errors import code_of, message_of
from holdfast.domain.errors import AccessDenied
from holdfast.kernel.ports import ClassedObject, OldVersions, PacedSession, Protection
from holdfast.kernel.vault.errors import ObjectArchived, ObjectExists, ObjectMissing, StoreError
from holdfast.kernel.vault.settings import VaultSettings

ACTIONS = {
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "HeadObject": "s3:GetObject",
    "CopyObject": "s3:PutObject (with s3:GetObject, s3:GetObjectTagging and s3:PutObjectTagging)",
    "PutObject": "s3:PutObject (with s3:PutObjectRetention)",
    "GetObjectRetention": "s3:GetObjectRetention",
    "GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
}
MEANINGS = {
    "NoSuchKey": ObjectMissing,
    "404": ObjectMissing,
    "PreconditionFailed": ObjectExists,
    "InvalidObjectState": ObjectArchived,
}
NO_LOCK = "ObjectLockConfigurationNotFoundError"
WITHOUT_LOCK = "the bucket has no object lock; make one that has, or set `[vault] object_lock_days` to 0"
DEFAULT_CLASS = "STANDARD"
UNLOCKED = "NoSuchObjectLockConfiguration"
CARRIED = ("ObjectLockLegalHoldStatus", "ServerSideEncryption", "SSEKMSKeyId")
"""What a copy does not take along by itself, as HeadObject and CopyObject name it."""


class S3Bucket:
    """A `Bucket` over one prefix of an S3 bucket."""

    def __init__(self, session: PacedSession, bucket: str, prefix: str) -> None:
        self._session, self._bucket = session, bucket
        self._prefix = f"{prefix}/" if prefix else ""

    @property
    def location(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def classes(self, prefix: str) -> Iterator[ClassedObject]:
        for page in self._pages("ListObjectsV2", prefix, {"ContinuationToken": "NextContinuationToken"}):
            for each in _rows(page, "Contents"):
                name = str(each["Key"]).removeprefix(self._prefix)
                yield ClassedObject(name, _size(each), str(each.get("StorageClass") or DEFAULT_CLASS))

    def move(self, name: str, storage_class: str) -> None:
        head = self._call("HeadObject", name, {"Key": self._prefix + name})
        carried = {each: head[each] for each in CARRIED if head.get(each)}
        lock = self._lock_in_force(name, head)
        source = {"Bucket": self._bucket, "Key": self._prefix + name}
        own = {"MetadataDirective": "COPY", "TaggingDirective": "COPY", "CopySourceIfMatch": head["ETag"]}
        how = {"Key": self._prefix + name, "CopySource": source, "StorageClass": storage_class}
        self._call("CopyObject", name, {**how, **own, **carried, **lock})

    def _lock_in_force(self, name: str, head: Mapping[str, object]) -> Mapping[str, object]:
        """The retention that a copy must be given: it may not name an end that has passed by S3's clock.

        Asked for by itself: without permission HeadObject leaves it out, and the copy would lie there unlocked.
        """
        if self._lock_settings is None:
            return {}
        try:
            answer = self._call("GetObjectRetention", name, {"Key": self._prefix + name})
        except StoreError as error:
            if UNLOCKED not in error.cause:
                raise
            return {}
        found = cast("Mapping[str, object]", answer["Retention"])
        until = cast(datetime, found["RetainUntilDate"])
        headers = cast("Mapping[str, Mapping[str, str]]", head["ResponseMetadata"])["HTTPHeaders"]
        if until <= parsedate_to_datetime(headers["date"]):
            return {}
        return {"ObjectLockMode": found["Mode"], "ObjectLockRetainUntilDate": until}

    @cached_property
    def _lock_settings(self) -> Mapping[str, Mapping[str, object]] | None:
        """How the bucket locks objects; None where it cannot."""
        try:
            answer = self._call("GetObjectLockConfiguration", "", {})
        except StoreError as error:
            if NO_LOCK not in error.cause:
                raise
            return None
        return cast("Mapping[str, Mapping[str, object]]", answer["ObjectLockConfiguration"])

    def put_locked(self, name: str, data: bytes, until: datetime, keeping: VaultSettings) -> None:
        """Create an object with a retention. Raises: ObjectExists; AccessDenied; StoreError without object lock."""
        what = {"Key": self._prefix + name, "Body": data, "IfNoneMatch": "*"}
        lock = {"ObjectLockMode": keeping.object_lock_mode, "ObjectLockRetainUntilDate": until}
        key = keeping.sse_kms_key
        sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}
        chosen = keeping.class_of(name)
        self._call(
            "PutObject", name, {**what, **lock, **sealed, **({"StorageClass": chosen} if chosen else {})}
        )

    def locked_until(self, name: str) -> datetime | None:
        try:
            head = self._call("HeadObject", name, {"Key": self._prefix + name})
        except ObjectMissing:
            return None
        return cast("datetime | None", head.get("ObjectLockRetainUntilDate"))

    def old_versions(self) -> OldVersions:
        onward = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
        objects = size = markers = 0
        for page in self._pages("ListObjectVersions", "", onward):
            old = [each for each in _rows(page, "Versions") if not each["IsLatest"]]
            objects, size = objects + len(old), size + sum(map(_size, old))
            markers += len(_rows(page, "DeleteMarkers"))
        return OldVersions(objects, size, markers)

    def protection(self) -> Protection:
        found = self._lock_settings
        if found is None:
            return Protection(lock=False)
        rule = cast("Mapping[str, object]", found.get("Rule", {}).get("DefaultRetention", {}))
        unit = "days" if "Days" in rule else "years"
        default = f"{rule.get('Mode')}, {rule.get('Days') or rule.get('Years')} {unit}" if rule else ""
        return Protection(lock=True, default_retention=default)

    def _pages(
        self, operation: str, prefix: str, onward: Mapping[str, str]
    ) -> Iterator[Mapping[str, object]]:
        """The pages of a listing; `onward` has the parameter of the next one by its name in the answer."""
        more: dict[str, object] = {}
        while True:
            page = self._call(operation, prefix, {"Prefix": self._prefix + prefix, **more})
            yield page
            if not page.get("IsTruncated"):
                return
            more = {given: page[found] for given, found in onward.items() if page.get(found)}

    def _call(self, operation: str, name: str, parameters: Mapping[str, object]) -> Mapping[str, object]:
        try:
            return self._session.call("s3", operation, {"Bucket": self._bucket, **parameters})
        except AccessDenied as error:
            where = f"{self.location}/{name}"
            raise AccessDenied(ACTIONS[operation], where, error.service_said) from error
        except ClientError as cause:
            code, said = code_of(cause), message_of(cause)
            without = operation == "PutObject" and code == "InvalidRequest" and "ObjectLock" in said
            told = WITHOUT_LOCK if without else f"{code}: {said}"
            raise MEANINGS.get(code, StoreError)(operation, name, self.location, told) from cause


def _rows(page: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", page.get(name, ()))


def _size(row: Mapping[str, object]) -> int:
    return cast(int, row["Size"])
