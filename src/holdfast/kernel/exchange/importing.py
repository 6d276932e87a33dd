"""An import as a run: the records of an examined file into a sealed snapshot, each an item of the inventory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.snapshots import IMPORTED_KIND, WITHOUT_PERSONAL, SnapshotInfo
from holdfast.kernel.backup import read_back
from holdfast.kernel.exchange.intake import Examined
from holdfast.kernel.exchange.layout import LEFT_OUT, Package
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.vault.vault import Vault

FROM, DIGEST, OF, CHANGED = "imported_from", "imported_sha256", "imported_snapshot", "imported_edited"
"""The labels by which an imported snapshot says where it came from."""


class ImportRequest(msgspec.Struct, frozen=True):
    """What an import was asked for; `location` is without credentials, `digest` is the file's SHA-256 in hex."""

    location: str
    digest: str
    format: str
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was examined and is held by this process."""

    package: Package
    examined: Examined


@dataclass(frozen=True, slots=True)
class Importing:
    """Imports what is held. `held` gives the file of a run, None once its process is gone."""

    vault: Vault
    audit_head: Callable[[], str]
    held: Callable[[ImportRequest], Held | None]

    def stages(self, request: ImportRequest) -> tuple[Stage, ...]:
        """Import (which ends with the seal) and a check that reads every stored byte back."""
        return (
            Stage("import", StageKind.GATHER, lambda context: self._import(context, request)),
            Stage("check", StageKind.CHECK, self._check),
        )

    def _import(self, context: RunContext, request: ImportRequest) -> None:
        # Sealed before a crash, the snapshot is whole; only the stage's end was not committed.
        sealed = self.vault.of_run(context.run.id) or self._store(context, request)
        reader = self.vault.read(sealed)
        for section in sealed.sections:
            stored = reader.records(section.type)
            context.record_items(Item(record.type, record.key, DONE, record.digest) for record in stored)
            if section.captured and not section.complete:
                lacking = Outcome(OutcomeKind.FAILED, section.reason)
                context.record_items([Item(section.type, "", lacking)])
        context.snapshot = sealed.id

    def _check(self, context: RunContext) -> None:
        read_back(self.vault, context)

    def _store(self, context: RunContext, request: ImportRequest) -> SnapshotInfo:
        held = self.held(request)
        if held is None:
            raise Refused(
                f"the file that run {context.run.id} was importing is no longer held",
                "Import it again; nothing of it was kept.",
            )
        examined = held.examined
        writer = self.vault.begin(context.run.system)
        context.progress.stage("importing", len(examined.sections))
        for section in held.package.read().sections():
            part = examined.sections[section.type]
            # All entries are taken, also of what was not captured: the next section begins behind them.
            records = (entry.record for entry in section.entries() if entry.record is not None)
            if part.captured:
                writer.add_section(section.type, records, complete=part.complete, reason=part.reason)
            elif next(records, None) is None:
                writer.leave_out(section.type, part.reason)
            context.progress.advance(note=section.type)
        context.record_findings(_notes(examined, request))
        return writer.seal(
            kind=IMPORTED_KIND,
            taken_at=examined.taken_at,
            source=examined.source,
            run=context.run.id,
            during=examined.metadata.during,
            audit_head=self.audit_head(),
            labels=_labels(examined, request),
        )


def _labels(examined: Examined, request: ImportRequest) -> tuple[tuple[str, str], ...]:
    told = examined.metadata
    own = {FROM: request.location, DIGEST: request.digest, OF: told.snapshot}
    if told.personal == LEFT_OUT:
        own |= dict([WITHOUT_PERSONAL])
    if examined.edited:
        own[CHANGED] = ", ".join(examined.edited)
    return tuple(sorted({**told.labels, **own}.items()))


def _notes(examined: Examined, request: ImportRequest) -> Iterator[Finding]:
    where = f"{request.location}, SHA-256 {request.digest}"
    yield Finding(Severity.NOTE, "imported-from", "", "", f"The records came from {where}.")
    for what in examined.edited:
        told = f"{what} was changed after the export was written; it was imported as it is now."
        yield Finding(Severity.WARNING, "edited", "", what, told[0].upper() + told[1:])
    if examined.metadata.personal == LEFT_OUT:
        told = "The file was exported without personal fields; users cannot be restored from it."
        yield Finding(Severity.WARNING, "without-personal", "", "", told)
