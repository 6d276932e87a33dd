"""Which packs may lie in a colder storage class, and moving them there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from holdfast.domain.errors import Refused
from holdfast.kernel.ports import Bucket, ClassedObject, Progress
from holdfast.kernel.vault.errors import ObjectMissing
from holdfast.kernel.vault.layout import PACKS
from holdfast.kernel.vault.settings import ARCHIVES
from holdfast.kernel.vault.usage import Usage

AT_A_TIME = 8
KIB = 1024


@dataclass(frozen=True, slots=True)
class StorageClass:
    """A class of S3, and in words what AWS charges at least; objects below `worth_bytes` save nothing there.

    The figures are those of the S3 user guide, "Understanding and managing Amazon S3 storage classes".
    """

    name: str
    worth_bytes: int = 0
    charges: str = ""

    @property
    def archive(self) -> bool:
        """Whether an object must be asked for before it can be read."""
        return self.name in ARCHIVES


_COLDER = "at least {} days are charged, smaller objects as 128 KiB"
_ARCHIVED = "at least {} days are charged, and 40 KiB more for each object"
CLASSES = {
    known.name: known
    for known in (
        StorageClass("STANDARD"),
        StorageClass("INTELLIGENT_TIERING", 128 * KIB, "a fee for each object from 128 KiB on"),
        StorageClass("STANDARD_IA", 128 * KIB, _COLDER.format(30)),
        StorageClass("ONEZONE_IA", 128 * KIB, _COLDER.format(30)),
        StorageClass("GLACIER_IR", 128 * KIB, _COLDER.format(90)),
        StorageClass("GLACIER", 128 * KIB, _ARCHIVED.format(90)),
        StorageClass("DEEP_ARCHIVE", 128 * KIB, _ARCHIVED.format(180)),
    )
}


@dataclass(frozen=True, slots=True)
class Tiering:
    """What a tiering moves, or has moved.

    `small` packs would cost more there than where they are; `warm` ones are needed by younger backups or by
    the next one; `already` lie in the class. `missing` were deleted meanwhile by somebody else.
    """

    storage_class: StorageClass
    moves: tuple[ClassedObject, ...]
    small: int
    warm: int
    already: int
    missing: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The bytes of all moves."""
        return sum(found.size for found in self.moves)


def chosen_class(name: str, *, allow_archive: bool) -> StorageClass:
    """The class of a name. Raises: Refused for one that cannot be read at once, unless it is allowed."""
    found = CLASSES[name]
    if found.archive and not allow_archive:
        raise Refused(
            f"what lies in {name} cannot be read before S3 was asked for it and hours have passed",
            "Choose GLACIER_IR, which is read at once, or give --allow-archive: then verify, prune and restore of "
            "such backups stop at the first pack until it is asked for with `aws s3api restore-object`.",
        )
    return found


def plan_tiering(usage: Usage, bucket: Bucket, older_than: datetime, into: StorageClass) -> Tiering:
    """The packs that only snapshots from before a moment need, and that are worth moving. Raises: StoreError.

    What the newest snapshot of each system needs stays where it is: the next backup reads it.
    """
    warm = _needed_soon(usage, older_than)
    packs = frozenset(usage.packs)
    cold = packs & usage.needed_objects - warm
    moves, small, already = list[ClassedObject](), 0, 0
    for found in bucket.classes(PACKS):
        if found.name not in cold:
            continue
        if found.storage_class == into.name:
            already += 1
        elif found.size < into.worth_bytes:
            small += 1
        else:
            moves.append(found)
    return Tiering(into, tuple(moves), small, len(warm & packs), already)


def carry_out(planned: Tiering, bucket: Bucket, progress: Progress) -> Tiering:
    """Move what was planned, several at a time. Raises: StoreError; AccessDenied."""
    progress.stage(f"Moving packs to {planned.storage_class.name}", len(planned.moves))

    def move(found: ClassedObject) -> bool:
        try:
            bucket.move(found.name, planned.storage_class.name)
        except ObjectMissing:
            return False  # a prune beside this one was faster
        progress.advance(note=found.name)
        return True

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        moved = list(zip(planned.moves, pool.map(move, planned.moves), strict=True))
    gone = tuple(found.name for found, done in moved if not done)
    return replace(planned, moves=tuple(found for found, done in moved if done), missing=gone)


def _needed_soon(usage: Usage, older_than: datetime) -> frozenset[str]:
    objects, systems = set[str](), set[str]()
    for needs in usage.snapshots:
        if needs.info.taken_at >= older_than or needs.info.system not in systems:
            objects |= needs.objects
        systems.add(needs.info.system)
    return frozenset(objects)
