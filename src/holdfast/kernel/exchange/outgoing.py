"""A snapshot on its way out: its records as they are written, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from holdfast.domain.errors import VaultDamaged
from holdfast.domain.records import Record, RecordView, show_key
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo
from holdfast.kernel.canonical import canonical, plain
from holdfast.kernel.exchange.errors import NotExportable
from holdfast.kernel.exchange.layout import (
    INCLUDED,
    LEFT_OUT,
    PERSONAL_GAP,
    End,
    Metadata,
    Summary,
    root_over,
)
from holdfast.kernel.ids import timestamp
from holdfast.kernel.vault.section_digest import SectionDigest


class OutgoingSection:
    """One type of a snapshot. `records` may be asked for again; `summary` is that of the last time."""

    def __init__(self, snapshot: str, view: RecordView, section: SectionSummary, *, personal: bool) -> None:
        self.type = section.type
        self._snapshot, self._view, self._section, self._personal = snapshot, view, section, personal
        own = (section.count, section.captured, section.complete, section.reason, section.digest)
        self.summary = Summary(*own)

    def records(self) -> Iterator[Record]:
        """The records in key order. Raises: NotExportable; VaultDamaged when they are not what was sealed."""
        digest, left_out = SectionDigest(), False
        for record in self._view.records(self.type) if self._section.captured else ():
            if record.personal and not self._personal:
                record, left_out = record._replace(personal=b""), True
            self._refuse_bytes(record)
            digest.extend([(record.key, record.schema, record.body, record.personal)])
            yield record
        if self._section.captured:
            self._conclude(digest, left_out)

    def _conclude(self, digest: SectionDigest, left_out: bool) -> None:
        found, section = digest.hex(), self._section
        if not left_out and section.digest not in ("", found):
            where = f"{self._snapshot}, type:{self.type}"
            raise VaultDamaged("its records are not those that were sealed", "Verify the backup.", where)
        reason = "; ".join(filter(None, (section.reason, PERSONAL_GAP))) if left_out else section.reason
        complete = section.complete and not left_out
        self.summary = Summary(digest.count, True, complete, reason, found)

    def _refuse_bytes(self, record: Record) -> None:
        """Only canonical JSON comes back as the same bytes from every format."""
        try:
            same = all(part == canonical(plain(part)) for part in (record.body, record.personal) if part)
        except (msgspec.MsgspecError, TypeError, UnicodeDecodeError):
            same = False
        if not same:
            told = f"the {self.type} {show_key(record.key)} is kept as bytes and not as fields."
            raise NotExportable(self._snapshot, told)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A snapshot to be written: what is known of it, and its sections in the sealed order."""

    metadata: Metadata
    sections: tuple[OutgoingSection, ...]

    @classmethod
    def of(cls, view: RecordView, info: SnapshotInfo, *, personal: bool = True) -> Outgoing:
        """A view with what is known of it; without `personal` the personal parts are left out."""
        source = info.source
        metadata = Metadata(
            system=info.system,
            snapshot=info.id,
            kind=info.kind,
            taken_at=timestamp(info.taken_at),
            account=source.account,
            region=source.region,
            instance=source.instance,
            principal=source.principal,
            personal=INCLUDED if personal else LEFT_OUT,
            during=info.during,
            labels=dict(info.labels),
        )
        parts = (OutgoingSection(info.id, view, section, personal=personal) for section in info.sections)
        return cls(metadata, tuple(parts))

    def end(self) -> End:
        """The root over what was written; known once every section was."""
        return End(root_over((section.type, section.summary) for section in self.sections))
