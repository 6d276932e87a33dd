"""Examining a file before anything of it is kept: every problem with its place, nothing written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, show_key
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.exchange.errors import Malformed, NotImportable
from holdfast.kernel.exchange.layout import (
    INCLUDED,
    LEFT_OUT,
    Metadata,
    Package,
    ReadSection,
    Summary,
    root_over,
)
from holdfast.kernel.packed import PackedRecords
from holdfast.kernel.system import Part, System
from holdfast.kernel.vault.section_digest import SectionDigest

LISTED = 1_000
"""Problems that are kept; further ones are counted."""
MOST_SECTIONS = 200
"""Of a file; no system has more than ten types."""
EDITED = "changed since it was written"


@dataclass(slots=True)
class Examined:
    """What a file holds, and what is wrong with it. `edited` names what is not as its writer left it."""

    metadata: Metadata
    taken_at: datetime
    sections: dict[str, Summary] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    more: int = 0

    @property
    def source(self) -> SourceIdentity:
        """Whose snapshot the file says it is."""
        told = self.metadata
        return SourceIdentity(told.system, told.account, told.region, told.instance, told.principal)

    def note(self, code: str, section: str, place: str, problem: str) -> None:
        """Keep a problem, or count it where there are many."""
        if len(self.problems) < LISTED:
            self.problems.append(Finding(Severity.ERROR, code, section, place, f"{place}: {problem}"))
        else:
            self.more += 1

    def refuse(self, name: str, *, accept_edited: bool = False) -> None:
        """Return when the file can be imported. Raises: NotImportable."""
        found = [finding.message for finding in self.problems]
        if not accept_edited:
            found += [
                f"{what} is {EDITED}; to import it as it is now, say so with --edited" for what in self.edited
            ]
        if found:
            raise NotImportable(name, tuple(found), self.more)

    def findings(self) -> list[Finding]:
        """The problems, and what was changed as errors of their own."""
        changed = [
            Finding(
                Severity.ERROR,
                "edited",
                "",
                what,
                f"{what} is {EDITED}.",
                "Import it with --edited, or ask for a new export.",
            )
            for what in self.edited
        ]
        return [*self.problems, *changed]


def examine(package: Package, system: System, now: datetime) -> Examined:
    """All of a file looked at once. Raises: Malformed where it cannot be read on; then nothing is known of the rest."""
    reading = package.read()
    found = Examined(reading.metadata, _taken_at(reading.metadata, now))
    known = {kind.name for kind in system.types}
    keys: list[Part] = []
    for section in reading.sections():
        if section.type in found.sections:
            raise Malformed(section.type, "the section is there twice")
        if len(found.sections) == MOST_SECTIONS:
            raise Malformed(section.type, f"it is the section after {MOST_SECTIONS} others")
        digest = SectionDigest()
        held = PackedRecords(_looked_at(section, system, digest, found))
        found.sections[section.type] = _summed_up(section, digest, found)
        keys.append(Part(section.type, held, (), section.summary.complete))
        if section.type not in known:
            found.note("unknown-type", section.type, section.type, f"{system.title} has no such type")
    root = root_over(found.sections.items())
    if reading.end.root not in ("", root) and not found.edited and not found.problems:
        found.edited.append("what the file says of its sections")
    if not found.problems:
        found.problems += [each for each in system.source().validate(keys) if each.severity is Severity.ERROR]
    return found


def _looked_at(
    section: ReadSection, system: System, digest: SectionDigest, found: Examined
) -> Iterator[Record]:
    """The records of a section without their fields, for what is told from keys alone."""
    last: str | None = None
    for entry in section.entries():
        record = entry.record
        if record is None:
            found.note("unreadable", section.type, entry.place, entry.problem)
            continue
        for problem in system.faults(record) if system.faults else ():
            found.note("unknown-fields", section.type, entry.place, problem)
        if last is not None and record.key <= last:
            told = (
                "is there twice"
                if record.key == last
                else f"stands after {show_key(last)}; records come in key order"
            )
            found.note("order", section.type, entry.place, f"{section.type} {show_key(record.key)} {told}")
        last = record.key
        digest.extend([(record.key, record.schema, record.body, record.personal)])
        yield Record(record.type, record.key, b"{}")


def _summed_up(section: ReadSection, digest: SectionDigest, found: Examined) -> Summary:
    """The section's summary as it is to be sealed: with the digest of what was read."""
    told, actual = section.summary, digest.hex()
    if not told.captured:
        if digest.count:
            found.note(
                "not-captured",
                section.type,
                section.type,
                "it holds records and says that it was not captured",
            )
        return Summary(0, captured=False, complete=False, reason=told.reason)
    if not found.problems and (told.count != digest.count or told.digest not in ("", actual)):
        found.edited.append(f"section {section.type}")
    return Summary(digest.count, True, told.complete, told.reason, actual)


def _taken_at(metadata: Metadata, now: datetime) -> datetime:
    """When the snapshot was taken. Raises: Malformed for no time, one without zone, or one to come."""
    try:
        moment = datetime.fromisoformat(metadata.taken_at)
    except ValueError as error:
        raise Malformed("metadata", f"taken_at is no time: {metadata.taken_at!r}") from error
    if moment.tzinfo is None or moment > now + timedelta(days=1):
        raise Malformed("metadata", f"taken_at is in the future or has no zone: {metadata.taken_at!r}")
    if metadata.personal not in (INCLUDED, LEFT_OUT):
        raise Malformed("metadata", f"personal is neither {INCLUDED!r} nor {LEFT_OUT!r}")
    return moment
