"""Publishing a scan as a run: read the result, keep copies, put each object once, say what is certain."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import msgspec

from holdfast.domain.changes import Change
from holdfast.domain.outcomes import DONE, Finding, Item, OutcomeKind, Severity
from holdfast.domain.records import RecordType, join_key
from holdfast.domain.runs import JournalEntry
from holdfast.kernel.ports import Ledger, ObjectStore
from holdfast.kernel.runs.journal import apply_journal
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.systems.scans.errors import ResultChanged
from holdfast.systems.scans.model import Content, Format, Scan, ScanContext
from holdfast.systems.scans.report import report_document
from holdfast.systems.scans.result import ScanSource, read_source, scan_of
from holdfast.systems.scans.s3_gateway import S3Gateway
from holdfast.systems.scans.settings import ScansSettings, overlaid, require_destination
from holdfast.systems.scans.store import (
    REPORT,
    PublishedObject,
    ToParquet,
    findings_objects,
    manifest_of,
    put_of,
    put_value,
)
from holdfast.systems.scans.target import DIFFERENT, UNCONFIRMED, PublishTarget

SYSTEM, KIND = "scans", "publish"
REPORT_NAME = "ash-report-"
SCAN_RESULT = RecordType("scan_result", "Scan results")


class PublishRequest(msgspec.Struct, frozen=True):
    """What a publish was asked for; kept with the run so that another process can resume it.

    `file` is the result file, `digest` its SHA-256 in hex; `reports` is the folder of local copies.
    `settings` are those in force when the run was started; `context` says whose scan it is.
    """

    file: str
    digest: str
    reports: str
    settings: ScansSettings
    context: ScanContext


class KeepRaw(Protocol):
    """Keeps the raw result in the vault."""

    def __call__(self, context: RunContext, scan: Scan, data: bytes) -> str:
        """The id of the snapshot that holds it."""


class WriteLocally(Protocol):
    """Writes local copies."""

    def __call__(self, folder: str, name: str, data: bytes) -> None:
        """Write a file whole, making the folder. Raises: OutOfSpace; CannotWrite."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What publishing needs of the outside: adapters, handed in by bootstrap.

    `settings` are those of today, which overrule what a run recorded; `to_parquet` and `keep` are
    None where this installation has no DuckDB or no vault.
    """

    ledger: Ledger
    outbox: ObjectStore
    settings: ScansSettings
    gateway: Callable[[ScansSettings], S3Gateway]
    write_locally: WriteLocally
    to_parquet: ToParquet | None = None
    keep: KeepRaw | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    source: ScanSource
    scan: Scan
    data: bytes


@dataclass(frozen=True, slots=True)
class Publishing:
    """Publishes scans. What waits in a run that could not be sent is the spool: there is no second queue."""

    outside: Outside
    _read: dict[str, _Read] = field(default_factory=dict)

    def accept(self, data: bytes, request: PublishRequest) -> Scan:
        """Read a result before a run is started for it. Raises: NotAScanResult."""
        source = read_source(data, Path(request.file).name, redact=request.settings.redact)
        scan = scan_of(source, request.context)
        self._read[request.digest] = _Read(source, scan, data)
        return scan

    def stages(self, request: PublishRequest) -> tuple[Stage, ...]:
        """Gather (read, write local copies, plan the puts), put, check."""
        return (
            Stage("gather", StageKind.GATHER, lambda context: self._gather(context, request)),
            Stage("put", StageKind.CHANGE, lambda context: self._put(context, request)),
            Stage("check", StageKind.CHECK, self._check),
        )

    def _gather(self, context: RunContext, request: PublishRequest) -> None:
        found = self._result(request)
        scan, settings = found.scan, overlaid(request.settings, self.outside.settings)
        objects = list(self._objects(found, settings))
        report = next(each for each in objects if each.kind == REPORT)
        # Local first: what follows may fail, and a scan that exists only in a bucket is not in our hands.
        self.outside.write_locally(request.reports, report.name, report.data)
        for each in objects:
            self.outside.outbox.put(put_value(put_of(each, context.run.id)).body, each.data, replace=True)
        if self.outside.keep is not None:
            context.snapshot = self.outside.keep(context, scan, found.data)
            context.record_items([Item(SCAN_RESULT.name, scan.source_digest, DONE)])
        context.record_items(_inventory(scan))
        context.record_findings(_doubts(scan, self.outside.to_parquet is not None))
        context.plan_changes(put_of(each, context.run.id) for each in objects)

    def _result(self, request: PublishRequest) -> _Read:
        """The result as it was read before the run, or from its file again after a crash."""
        if request.digest not in self._read:
            try:
                data = Path(request.file).read_bytes()
            except OSError as problem:
                raise ResultChanged(request.file) from problem
            if hashlib.sha256(data).hexdigest() != request.digest:
                raise ResultChanged(request.file)
            self.accept(data, request)
        return self._read[request.digest]

    def _objects(self, found: _Read, settings: ScansSettings) -> Iterator[PublishedObject]:
        scan, prefix = found.scan, settings.key_prefix
        report = report_document(
            found.source, scan, cast(Content, settings.content), cast(Format, settings.file_format)
        )
        key = f"{prefix}{REPORT_NAME}{scan.scan_id}.{report.extension}"
        objects = [PublishedObject(REPORT, key, report.data, report.content_type)]
        objects += findings_objects(scan, prefix, self.outside.to_parquet)
        yield from objects
        yield manifest_of(scan, objects, prefix)

    def _put(self, context: RunContext, request: PublishRequest) -> None:
        settings = overlaid(request.settings, self.outside.settings)
        require_destination(settings)
        gateway = self.outside.gateway(settings)
        delivered = Delivered(context.ledger, gateway.location, context.run.id)
        apply_journal(context, PublishTarget(gateway, self.outside.outbox, delivered))
        context.record_findings([Finding(Severity.NOTE, "published-to", "", "", gateway.location)])

    def _check(self, context: RunContext) -> None:
        entries = list(context.ledger.changes(context.run.id))
        context.record_findings(_verified(entries))
        for entry in entries:
            self.outside.outbox.delete(put_value(entry.change).body)


class Delivered:
    """What the ledger knows to lie under a key: the digest that an earlier run put there."""

    def __init__(self, ledger: Ledger, location: str, own_run: str) -> None:
        self._ledger, self._location, self._own = ledger, location, own_run

    def __call__(self, key: str) -> str | None:
        for run in self._ledger.runs(system=SYSTEM):
            if run.id != self._own and location_of(self._ledger, run.id) == self._location:
                for entry in self._ledger.changes(run.id):
                    if entry.change.key == key and _is_done(entry):
                        return put_value(entry.change).sha256
        return None


def location_of(ledger: Ledger, run_id: str) -> str:
    """Where a run has put its objects; empty where it has not come so far."""
    found = (each for each in ledger.findings(run_id) if each.code == "published-to")
    return next((each.message for each in found), "")


def scan_id_of(changes: Iterator[JournalEntry]) -> tuple[str, str]:
    """The key of the report object among a run's changes, and the scan's id; both empty before they were planned."""
    key = next((entry.change.key for entry in changes if entry.change.type == REPORT), "")
    name = key.rpartition("/")[2]
    return key, name.removeprefix(REPORT_NAME).rpartition(".")[0]


def _is_done(entry: JournalEntry) -> bool:
    return entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE


def _inventory(scan: Scan) -> Iterator[Item]:
    for finding in scan.findings:
        yield Item("finding", join_key(finding.path, finding.rule_id, finding.fingerprint), DONE)


def _doubts(scan: Scan, parquet: bool) -> Iterator[Finding]:
    """What the scan itself does not say, and what this installation could not write."""
    silent = [f"{run.name} ({run.status})" for run in scan.scanners if not run.ran]
    if silent:
        told = f"did not run, so that their silence is not clean: {', '.join(silent)}"
        yield Finding(Severity.WARNING, "scanners-did-not-run", "", "", told)
    if not parquet:
        told = "findings are published as NDJSON only: DuckDB, which writes Parquet, is not installed"
        advice = "pip install duckdb"
        yield Finding(Severity.WARNING, "no-parquet", "", "", told, advice)


def _verified(entries: list[JournalEntry]) -> Iterator[Finding]:
    """How sure it is that each object arrived, in words."""
    codes = Counter(entry.outcome.code for entry in entries if entry.outcome and _is_done(entry))
    sure = sum(codes.values()) - codes[UNCONFIRMED]
    told = f"{sure} of {len(entries)} objects were put and confirmed by their SHA-256"
    there = sum(1 for entry in entries if entry.outcome and entry.outcome.kind is OutcomeKind.SKIPPED)
    if there:
        told += f"; {there} were there already"
    yield Finding(Severity.NOTE, "objects-verified", "", "", told)
    for entry in entries:
        if entry.outcome and entry.outcome.code in (UNCONFIRMED, DIFFERENT):
            change: Change = entry.change
            yield Finding(
                Severity.WARNING,
                entry.outcome.code,
                change.type,
                change.key,
                f"{change.key}: {entry.outcome.reason}",
                entry.outcome.advice,
            )
