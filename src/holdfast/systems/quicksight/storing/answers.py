"""What a vendor's error says, and what it means for a storage service."""

from __future__ import annotations

from botocore.exceptions import ClientError

from holdfast.domain.errors import HoldfastError, RemoteError
from holdfast.systems.quicksight.storing.errors import StorageQuota

QUOTAS = frozenset(
    {
        # DynamoDB
        "LimitExceededException",
        "ItemCollectionSizeLimitExceededException",
        "AccountLimitExceededException",
        "TableLimitExceededException",
        "ServiceQuotaExceededException",
        # S3 and its kin
        "QuotaExceeded",
        "EntityTooLarge",
        "InsufficientStorage",
        "ServiceQuotaExceeded",
        "XMinioStorageFull",
    }
)
"""Error codes that say that no room is left."""


def told(cause: ClientError) -> tuple[str, str]:
    """The error's code without its namespace, and what the service said."""
    found = cause.response.get("Error", {})
    return str(found.get("Code", "")).rpartition("#")[2], str(found.get("Message") or cause)


def meaning(operation: str, cause: ClientError) -> HoldfastError:
    """Our error for one that the session has left to the service's client."""
    code, said = told(cause)
    return (StorageQuota if code in QUOTAS else RemoteError)(operation, code, said)
