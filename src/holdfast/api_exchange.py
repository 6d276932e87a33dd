"""Exports and imports from Python, with the names and types of the first design."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from holdfast import api_answers as answers
from holdfast import api_records as records
from holdfast.api import Manager
from holdfast.api_exchange_models import (
    ConvertResult,
    ExportFormat,
    ExportResult,
    ExportTarget,
    ImportFormat,
    ImportOptions,
    ImportResult,
    ImportSource,
)
from holdfast.api_models import BackupData, ValidationResult
from holdfast.bootstrap import IDENTITY_CENTER
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo
from holdfast.kernel.exchange.exporting import Shape, files_of
from holdfast.kernel.exchange.layout import LEFT_OUT, PERSONAL_GAP, Summary
from holdfast.kernel.exchange.outgoing import Outgoing
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.model import RECORD_TYPES

if TYPE_CHECKING:
    from holdfast.adapters.age import Locks
    from holdfast.bootstrap.exchange import ImportOrder

__all__ = ["ExportImportManager"]


class ExportImportManager(Manager):
    """Writes backups into files for other tools and installations, and takes such files in."""

    def export_backup(self, backup_id: str, format: ExportFormat, target: ExportTarget) -> ExportResult:  # noqa: A002
        """What was written there; the backup is streamed.

        Raises: NotFound; UsageError; TargetTaken; NotExportable; VaultDamaged; CannotWrite; OutOfSpace;
        AccessDenied; CredentialsError; RemoteError.
        """
        from holdfast.bootstrap.exchange import ExportOrder

        order = ExportOrder(
            shape=_shape(format),
            kind=target.target_type.lower(),
            location=target.location,
            credentials=target.credentials or {},
            locks=_locks(format),
            personal=format.personal_fields,
            overwrite=target.overwrite,
        )
        exported = self._home.exchange.export(backup_id, order)
        summaries = {section.type: section.summary for section in exported.outgoing.sections}
        return ExportResult(
            backup_id=exported.snapshot.id,
            location=exported.location,
            files=list(exported.written.files),
            size_bytes=exported.written.size,
            sha256=exported.written.digest,
            encrypted=format.encryption,
            resource_counts=_counts(summaries),
            warnings=_gaps(exported.outgoing),
        )

    def import_backup(
        self,
        source: ImportSource,
        format: ImportFormat,  # noqa: A002
        options: ImportOptions,
    ) -> ImportResult:
        """How the import ended: a run with evidence and a sealed snapshot of kind `imported`.

        A file that lacks something gives PARTIAL. With `dry_run` it is only examined.
        Raises: NotImportable with every problem; NotFound; UsageError; CredentialsError; Refused; RemoteError.
        """
        order, desk = _order(source, format, options), self._home.exchange
        if options.dry_run:
            with desk.look(order) as looked:
                held = looked.refuse(accept_edited=options.accept_edited)
                counts = _counts(held.examined.sections)
                findings = list(looked.findings)
                return ImportResult("", "", RunState.COMPLETE, True, looked.digest, counts, [], findings)
        run = desk.bring_in(order)
        result = answers.backup_result(run, self._home.vault.of_run(run.id), self._home.ledger)
        digest = next(
            (value for name, value in self._labels(result.backup_id) if name == "imported_sha256"), ""
        )
        return ImportResult(
            backup_id=result.backup_id,
            run_id=run.id,
            state=run.state,
            dry_run=False,
            sha256=digest,
            resource_counts=result.resource_counts,
            failures=result.failures,
            findings=result.findings,
        )

    def validate_import_format(self, source: ImportSource, format: ImportFormat) -> ValidationResult:  # noqa: A002
        """Every problem of a file with its place; nothing is written. `backup_id` is the one that the file names.

        Raises: NotFound; UsageError; CredentialsError; Refused; RemoteError.
        """
        with self._home.exchange.look(_order(source, format, ImportOptions())) as looked:
            named = looked.held.examined.metadata.snapshot if looked.held else ""
            return ValidationResult(named, list(looked.findings))

    def convert_format(
        self, data: BackupData, from_format: ExportFormat, to_format: ExportFormat
    ) -> ConvertResult:
        """A backup in memory as the files of a format; `from_format` is where it came from, and only told again.

        Raises: Refused for data that contradicts itself or its checksums; UsageError.
        """
        _shape(from_format)
        outgoing = _outgoing(data, to_format)
        files = {name: b"".join(chunks) for name, chunks in files_of(outgoing, _shape(to_format))}
        locks = _locks(to_format)
        if locks is not None:
            files = {f"{name}.age": _locked(content, locks) for name, content in files.items()}
        return ConvertResult(from_format, to_format, files, _gaps(outgoing))

    def _labels(self, backup_id: str) -> Iterable[tuple[str, str]]:
        return self._info(backup_id).labels if backup_id else ()


def _shape(asked: ExportFormat) -> Shape:
    return Shape(asked.format_type.lower(), (asked.compression or "").lower(), asked.encryption)


def _locks(asked: ExportFormat) -> Locks | None:
    from holdfast.adapters.age import Locks

    return Locks(tuple(asked.recipients), asked.passphrase or "") if asked.encryption else None


def _locked(content: bytes, locks: Locks) -> bytes:
    from holdfast.adapters.age import encrypt

    sink = io.BytesIO()
    encrypt(iter([content]), sink, locks)
    return sink.getvalue()


def _order(source: ImportSource, asked: ImportFormat, options: ImportOptions) -> ImportOrder:
    from holdfast.adapters.age import Keys
    from holdfast.bootstrap.exchange import ImportOrder
    from holdfast.kernel.exchange.containers import MOST_BYTES

    return ImportOrder(
        kind=source.source_type.lower(),
        location=source.location,
        format=asked.format_type.lower(),
        credentials=source.credentials or {},
        keys=Keys(tuple(asked.identities), asked.passphrase or ""),
        edited=options.accept_edited,
        most=options.maximum_bytes or MOST_BYTES,
    )


def _counts(sections: Mapping[str, Summary]) -> dict[str, int]:
    return {records.counted_as(name): part.count for name, part in sections.items() if part.captured}


def _gaps(outgoing: Outgoing) -> list[str]:
    """What an export lacks, in words."""
    told = [
        f"{section.type} is incomplete: {section.summary.reason}"
        for section in outgoing.sections
        if section.summary.captured and not section.summary.complete
    ]
    return told + [PERSONAL_GAP.capitalize() + "."] * (outgoing.metadata.personal == LEFT_OUT)


def _outgoing(data: BackupData, to_format: ExportFormat) -> Outgoing:
    held = records.records_of(data)
    view = MemoryView(Part(name, stored) for name, stored in held.items())
    sections = tuple(
        _section(kind.name, data, len(held.get(kind.name, ())), kind.name in held) for kind in RECORD_TYPES
    )
    metadata = data.metadata
    info = SnapshotInfo(
        id=metadata.backup_id,
        system=IDENTITY_CENTER,
        kind=str(metadata.backup_type),
        taken_at=answers.in_utc(metadata.timestamp),
        source=answers.source_of(metadata, IDENTITY_CENTER),
        sections=sections,
        run="",
        labels=answers.labels_of({}, metadata.retention_policy),
    )
    return Outgoing.of(view, info, personal=to_format.personal_fields)


def _section(name: str, data: BackupData, count: int, held: bool) -> SectionSummary:
    if not held:
        return SectionSummary(name, 0, captured=False, complete=False, reason="not in the data")
    reason = data.checksums.get(answers.INCOMPLETE + name)
    return SectionSummary(name, count, captured=True, complete=reason is None, reason=reason or "")
