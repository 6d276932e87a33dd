"""Why a scan could not be published; the scan waits in the ledger and `scans resend` delivers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.domain.errors import HoldfastError, RemoteError

AGAIN = "`holdfast scans resend` delivers what waits."


@dataclass(eq=False)
class PutDenied(HoldfastError):
    """The bucket refused the put (or the read) to this principal."""

    action: str
    bucket: str
    key: str
    service_said: str
    code: ClassVar[str] = "publish-denied"
    exit_code: ClassVar[int] = 11
    ends_run: ClassVar[bool] = True
    sentence: ClassVar[str] = "{action} on bucket {bucket} was denied for {key}. S3 said: {service_said}"
    next_step: ClassVar[str] = (
        "Allow {action} on arn:aws:s3:::{bucket}/* to the principal Holdfast runs as (with a KMS key also "
        "kms:GenerateDataKey), and check `expected_bucket_owner` if it is set. "
    ) + AGAIN


@dataclass(eq=False)
class NoSuchBucket(RemoteError):
    """The bucket does not exist."""

    bucket: str = ""
    code: ClassVar[str] = "no-such-bucket"
    ends_run: ClassVar[bool] = True
    sentence: ClassVar[str] = "There is no bucket {bucket}. S3 said: {service_said}"
    next_step: ClassVar[str] = "Correct `bucket_name` or create the bucket. " + AGAIN


@dataclass(eq=False)
class RetriesExhausted(RemoteError):
    """Every repeat of a put failed: throttled, a server error, or no answer at all."""

    tries: int = 0
    code: ClassVar[str] = "retries-exhausted"
    permanent: ClassVar[bool] = False
    ends_run: ClassVar[bool] = True
    sentence: ClassVar[str] = "{operation} failed {tries} times, at last with {error}: {service_said}"
    next_step: ClassVar[str] = (
        "Check the network, the region and AWS_ENDPOINT_URL; raise `max_retries` or `max_delay` if S3 is slow. "
    ) + AGAIN


@dataclass(eq=False)
class PutFailed(RemoteError):
    """S3 refused the put for another reason."""

    code: ClassVar[str] = "publish-failed"
    ends_run: ClassVar[bool] = True
    next_step: ClassVar[str] = "Look at what S3 said and mend it. " + AGAIN


@dataclass(eq=False)
class ObjectTaken(HoldfastError):
    """The key exists already; a create-only put changed nothing."""

    key: str
    code: ClassVar[str] = "published-already"
    sentence: ClassVar[str] = "{key} is there already."


@dataclass(eq=False)
class ResultChanged(HoldfastError):
    """A run that was cut off before it had read the result file finds another one, or none, in its place."""

    file: str
    code: ClassVar[str] = "result-changed"
    exit_code: ClassVar[int] = 2
    sentence: ClassVar[str] = "{file} is not there any more, or not the file that this run was started with."
    next_step: ClassVar[str] = "Publish the file you have: `holdfast scans publish FILE`."
