"""A snapshot: a sealed capture in the vault, addressed by id, prefix, date or `latest`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SAFETY_KIND = "safety"
"""The kind of the snapshots that restores take of what they are about to change."""
IMPORTED_KIND = "imported"
"""The kind of the snapshots that were made from a file."""
BY_ID_ALONE = frozenset({SAFETY_KIND, IMPORTED_KIND})
"""Kinds that `latest`, a date or a comparison with the backup before never mean: no capture of what was backed up."""
WITHOUT_PERSONAL = ("personal_fields", "left out")
"""The label of an imported snapshot whose file had no personal fields in it."""


@dataclass(frozen=True, slots=True)
class SourceIdentity:
    """Whose service this is: account, region, instance, and the principal that reads it."""

    system: str
    account: str
    region: str
    instance: str
    principal: str


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """What a snapshot holds of one record type.

    `captured` is False for a type that was left out on purpose; `complete` is False when some item
    of the inventory could not be read, which `reason` and the run's outcomes explain. `digest` is
    the hex digest over the type's records in key order.
    """

    type: str
    count: int
    captured: bool
    complete: bool
    reason: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """What is known of a snapshot without reading its records.

    `kind` is `full`, `incremental`, `safety` (taken before a restore) or `imported` (from a file);
    `parent` is the snapshot an incremental one was compared with. `during` names runs that were changing the same service
    while this was captured. `audit_head` anchors the audit chain.
    """

    id: str
    system: str
    kind: str
    taken_at: datetime
    source: SourceIdentity
    sections: tuple[SectionSummary, ...]
    run: str
    parent: str = ""
    during: tuple[str, ...] = ()
    audit_head: str = ""
    format_version: int = 1
    root: str = ""
    stored_bytes: int = 0
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every section that was asked for was read whole."""
        return all(section.complete for section in self.sections if section.captured)

    def section(self, type_name: str) -> SectionSummary | None:
        """The summary of one type, if the snapshot knows of it."""
        return next((section for section in self.sections if section.type == type_name), None)


@dataclass(frozen=True, slots=True)
class SnapshotFilter:
    """Which snapshots to list; what is empty or None does not filter, but safety snapshots must be asked for.

    `complete` False asks for the incomplete ones alone. `labels` must all be there with these values.
    """

    kinds: tuple[str, ...] = ()
    safety: bool = False
    since: datetime | None = None
    until: datetime | None = None
    account: str = ""
    region: str = ""
    instance: str = ""
    complete: bool | None = None
    labels: tuple[tuple[str, str], ...] = ()

    def passes(self, info: SnapshotInfo) -> bool:
        """Whether the snapshot is among those asked for."""
        source = info.source
        return (
            (self.safety or info.kind != SAFETY_KIND or SAFETY_KIND in self.kinds)
            and (not self.kinds or info.kind in self.kinds)
            and (self.since is None or info.taken_at >= self.since)
            and (self.until is None or info.taken_at <= self.until)
            and self.account in ("", source.account)
            and self.region in ("", source.region)
            and self.instance in ("", source.instance)
            and self.complete in (None, info.complete)
            and set(self.labels) <= set(info.labels)
        )
