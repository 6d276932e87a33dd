"""Which snapshot answers for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast.domain.snapshots import BY_ID_ALONE, SnapshotInfo
from holdfast.systems.identity_center.access.entitlements import NEEDED


def of_one_instance(found: Sequence[SnapshotInfo], instance: str = "") -> list[SnapshotInfo]:
    """Those of one instance; where none is named it is that of the newest backup.

    `found` is newest first. A safety snapshot says nothing of what is backed up, since a restore elsewhere
    takes it of its target, nor does one that a file brought.
    """
    backups = (info for info in found if info.kind not in BY_ID_ALONE)
    newest = next(backups, found[0] if found else None)
    wanted = instance or (newest.source.instance if newest else "")
    return [info for info in found if info.source.instance == wanted]


def newest_whole(
    found: Sequence[SnapshotInfo], until: datetime | None, needed: Sequence[str] = NEEDED
) -> tuple[SnapshotInfo | None, tuple[SnapshotInfo, ...]]:
    """The snapshot to answer from, and the newer ones that were passed over because they lack something.

    `found` is newest first; None for `until` means now. It is the newest one at or before the moment
    that holds all that is needed whole; where there is none, the newest that holds something of each.
    """
    candidates = [
        info
        for info in found
        if info.kind not in BY_ID_ALONE
        and (until is None or info.taken_at <= until)
        and not left_out(info, needed)
    ]
    for place, info in enumerate(candidates):
        if not gaps(info, needed):
            return info, tuple(candidates[:place])
    return (candidates[0] if candidates else None), ()


def gaps(info: SnapshotInfo, needed: Sequence[str] = NEEDED) -> tuple[str, ...]:
    """What a snapshot does not hold whole of what is needed, each with the reason."""
    return tuple(told for name in needed if (told := _gap(info, name)))


def left_out(info: SnapshotInfo, needed: Sequence[str] = NEEDED) -> tuple[str, ...]:
    """The types of what is needed that a snapshot does not hold at all."""
    return tuple(name for name in needed if (part := info.section(name)) is None or not part.captured)


def _gap(info: SnapshotInfo, name: str) -> str:
    section = info.section(name)
    if section is None or not section.captured:
        return f"{name} (left out)"
    reason = f" ({section.reason})" if section.reason else ""
    return "" if section.complete else f"{name}{reason}"


@dataclass(frozen=True, slots=True)
class AsOf:
    """What an answer is as of: a snapshot by id, moment and root digest, or `live` without a digest.

    `gaps` is what could not be read whole, each with the reason: there, absence proves nothing.
    `passed_over` are newer snapshots that were not taken because they have gaps.
    """

    id: str
    taken_at: datetime
    digest: str = ""
    account: str = ""
    instance: str = ""
    gaps: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()


def other_instance(old: AsOf, new: AsOf) -> str:
    """What is to be said of two answers that are not as of one instance; empty where they are."""
    if old.instance == new.instance:
        return ""
    return (
        f"{old.id} is of {old.instance} and {new.id} of {new.instance}, which is another instance: "
        "what differs was mostly never the same."
    )
