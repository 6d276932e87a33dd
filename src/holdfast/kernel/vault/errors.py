"""What can go wrong with the place that keeps the vault's bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.domain.errors import HoldfastError, VaultDamaged, VaultError

REPAIR = (
    "`holdfast vault check --read-data` names everything that is damaged, and `holdfast vault repair` heals what "
    "a second place still has. Other snapshots can be read, and a new backup does not rest on what is damaged."
)


def damaged(where: str, problem: str) -> VaultDamaged:
    """The error for stored bytes that are not what was written."""
    return VaultDamaged(problem=problem, remedy=REPAIR, where=where)


@dataclass(eq=False)
class SnapshotGone(VaultError):
    """A snapshot was deleted, and its data pruned, while it was about to be read."""

    code: ClassVar[str] = "snapshot-gone"


def gone(snapshot: str) -> SnapshotGone:
    """The error for a snapshot that was there a moment ago."""
    return SnapshotGone(
        f"Snapshot {snapshot} was deleted meanwhile.", "`holdfast backups list` shows what there is."
    )


@dataclass(eq=False)
class StoreError(HoldfastError):
    """The place that keeps the bytes did not do what was asked."""

    operation: str
    name: str
    location: str
    cause: str
    code: ClassVar[str] = "store"
    ends_run: ClassVar[bool] = True
    exit_code: ClassVar[int] = 20
    sentence: ClassVar[str] = "{operation} {name} in {location} failed: {cause}"
    next_step: ClassVar[str] = (
        "Check that {location} is reachable, that the credentials may list, get, put and delete there, "
        "and AWS_ENDPOINT_URL_S3 if it is set; then run the command again."
    )


@dataclass(eq=False)
class StoreUnavailable(StoreError):
    """The place did not answer, or failed on its side, and repeats did not help."""

    code: ClassVar[str] = "store-unavailable"
    permanent: ClassVar[bool] = False


@dataclass(eq=False)
class BucketMissing(StoreError):
    """There is no bucket of this name."""

    code: ClassVar[str] = "store-bucket-missing"
    sentence: ClassVar[str] = "There is no bucket for {location}: {cause}"
    next_step: ClassVar[str] = "Correct `[vault] location` or `[vault] replica`, or make the bucket."


@dataclass(eq=False)
class BucketElsewhere(StoreError):
    """The bucket lies in another region than the requests were sent to."""

    code: ClassVar[str] = "store-bucket-elsewhere"
    sentence: ClassVar[str] = "The bucket of {location} was asked in the wrong region: {cause}."
    next_step: ClassVar[str] = (
        "Set `[aws] region`, or `[vault] replica_region` for the second place, to the bucket's region "
        "(`aws s3api get-bucket-location` tells it)."
    )


@dataclass(eq=False)
class ObjectExists(StoreError):
    """The name is taken, and the caller asked not to replace."""

    code: ClassVar[str] = "store-object-exists"
    sentence: ClassVar[str] = "{name} is already in {location}."
    next_step: ClassVar[str] = "Nothing was replaced."


@dataclass(eq=False)
class ObjectMissing(StoreError):
    """There is no object of this name."""

    code: ClassVar[str] = "store-object-missing"
    sentence: ClassVar[str] = "{name} is not in {location}."
    next_step: ClassVar[str] = "Run `holdfast vault check` to see what else is missing."


@dataclass(eq=False)
class StoreFull(StoreError):
    """No space or quota is left; nothing that was stored before is harmed."""

    code: ClassVar[str] = "store-full"
    exit_code: ClassVar[int] = 75
    sentence: ClassVar[str] = "{location} is full: {operation} {name} failed ({cause})."
    next_step: ClassVar[str] = (
        "Make space in {location}, then resume the run; what was sealed before is unharmed."
    )


@dataclass(eq=False)
class VaultNotThere(StoreError):
    """One of the vault's two places does not hold the vault: a disk that is not mounted, or a new place."""

    code: ClassVar[str] = "store-holds-no-vault"
    sentence: ClassVar[str] = "{location} does not hold this vault: {cause}."
    next_step: ClassVar[str] = (
        "Mount or reach the right place; if it is new or was emptied, `holdfast vault repair` fills it."
    )


@dataclass(eq=False)
class CannotDelete(StoreError):
    """Of a vault in two places one cannot be reached: what is deleted in the other alone would live on there."""

    code: ClassVar[str] = "store-cannot-delete"
    sentence: ClassVar[str] = "A deletion must reach both places, and {location} would keep its copy: {cause}"
    next_step: ClassVar[str] = (
        "Bring {location} back and run the command again. Where the second place is gone, run it with "
        "HOLDFAST_VAULT_REPLICA set to nothing: a copy there then stays, and is not erased. Where the first is "
        "gone, make the second the only one: `[vault] location`."
    )


@dataclass(eq=False)
class ObjectLocked(StoreError):
    """Object lock keeps the object until a date; nothing is wrong with it."""

    code: ClassVar[str] = "store-object-locked"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "{name} in {location} is kept by object lock: {cause}"
    next_step: ClassVar[str] = "Delete it again when its retention has ended."


@dataclass(eq=False)
class ObjectArchived(StoreError):
    """The object lies in an archive class and must be restored before it can be read."""

    code: ClassVar[str] = "store-object-archived"
    sentence: ClassVar[str] = "{name} in {location} lies in an archive class and cannot be read now: {cause}"
    next_step: ClassVar[str] = (
        "Ask S3 for it: `aws s3api restore-object --bucket BUCKET --key PREFIX/{name} --restore-request Days=7`, "
        'wait until head-object says ongoing-request="false" (hours), then run the command again.'
    )
