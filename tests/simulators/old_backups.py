"""Backups of any age in an installation's vault, without any service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import shake_256

from holdfast.bootstrap import Installation
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity

HERE = SourceIdentity("identity_center", "111111111111", "eu-central-1", "arn:here", "me")


def users(count: int, title: str = "Engineer", photo: int = 64) -> list[Record]:
    """People whose records do not compress, since each has a photo of so many bytes; with the title it changes."""
    return [
        Record(
            "user",
            f"person-{number:05d}",
            f'{{"Photo":"{_photo(title, number, photo)}","Title":"{title}"}}'.encode(),
        )
        for number in range(count)
    ]


def _photo(title: str, number: int, size: int) -> str:
    return shake_256(f"{title} {number}".encode()).hexdigest(size)


def put_backup(
    home: Installation,
    day: str,
    records: Iterable[Record] = (),
    *,
    kind: str = "full",
    complete: bool = True,
    run: str = "",
    labels: tuple[tuple[str, str], ...] = (),
) -> SnapshotInfo:
    """A backup of users, taken at noon UTC of a day such as 2026-11-20."""
    writer = home.vault.begin("identity_center")
    writer.add_section("user", records, complete=complete)
    taken = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)
    return writer.seal(kind=kind, taken_at=taken, source=HERE, run=run, labels=labels)
