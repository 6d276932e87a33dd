"""Why a backup could not be stored beside the vault; the vault's own copy does not depend on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.domain.errors import HoldfastError, RemoteError, RemoteUnavailable
from holdfast.systems.quicksight.errors import ServiceSilent


def no_answer(error: RemoteUnavailable, run: str) -> ServiceSilent:
    """Neither the call nor a look at what it did got an answer: nothing else would either, so the run waits."""
    return ServiceSilent(f"{error} Progress is saved.", f"holdfast runs resume {run}")


@dataclass(eq=False)
class StorageQuota(HoldfastError):
    """The service has no room left for this account, table or bucket; `usage` says what is used now."""

    operation: str
    error: str
    service_said: str
    usage: str = ""
    code: ClassVar[str] = "storage-quota"
    exit_code: ClassVar[int] = 30
    sentence: ClassVar[str] = (
        "{operation} was refused, because a storage limit is reached ({error}): {service_said} {usage}"
    )
    next_step: ClassVar[str] = (
        "Clean up: delete tables (`<date>-<name>`) or objects of backups that are no longer needed; or have the "
        "quota increased (AWS console, Service Quotas). Then run the backup again."
    )


@dataclass(eq=False)
class ObjectTaken(HoldfastError):
    """The key exists already; a create-only put changed nothing."""

    key: str
    code: ClassVar[str] = "object-taken"
    sentence: ClassVar[str] = "{key} is there already."


@dataclass(eq=False)
class TableTaken(HoldfastError):
    """Somebody made the table at the same moment."""

    table: str
    code: ClassVar[str] = "table-taken"
    sentence: ClassVar[str] = "The table {table} is there already."


@dataclass(eq=False)
class TableMissing(HoldfastError):
    """The table is not there, or cannot be written to yet."""

    table: str
    service_said: str
    code: ClassVar[str] = "table-missing"
    exit_code: ClassVar[int] = 30
    sentence: ClassVar[str] = "There is no table {table}: {service_said}"
    next_step: ClassVar[str] = "See in the report why it was not made, then run the backup again."


@dataclass(eq=False)
class BucketMissing(RemoteError):
    """The bucket does not exist."""

    bucket: str = ""
    code: ClassVar[str] = "bucket-missing"
    sentence: ClassVar[str] = "There is no bucket {bucket}. S3 said: {service_said}"
    next_step: ClassVar[str] = "Correct `[quicksight] bucket` or make the bucket, then run the backup again."


@dataclass(eq=False)
class BundleDiffers(HoldfastError):
    """Records of the snapshot no longer give the bytes that were planned: the software was changed in between."""

    key: str
    code: ClassVar[str] = "bundle-differs"
    sentence: ClassVar[str] = "The bundle {key} cannot be built as it was planned."
    next_step: ClassVar[str] = "Run the backup again; this one's records are safe in the vault."


@dataclass(eq=False)
class PartsLeft(HoldfastError):
    """An upload failed, and the parts that it had sent could not be removed."""

    key: str
    first: str
    then: str
    code: ClassVar[str] = "parts-left"
    exit_code: ClassVar[int] = 30
    sentence: ClassVar[str] = "{first} The parts sent for {key} could not be removed: {then}"
    next_step: ClassVar[str] = (
        "Allow s3:AbortMultipartUpload on the bucket, and give it a lifecycle rule that aborts incomplete multipart "
        "uploads; then run the backup again."
    )
