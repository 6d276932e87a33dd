"""Evidence: writes what a run came to, for every run, however it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from holdfast.domain.errors import OutOfSpace
from holdfast.kernel.ports import RunRows
from holdfast.kernel.runs.manifest import EvidenceFile, ManifestPlace, manifest_chunks
from holdfast.kernel.runs.metrics import metrics_text
from holdfast.kernel.runs.report_html import report_html
from holdfast.kernel.runs.report_text import report_text
from holdfast.kernel.runs.report_values import RunReport
from holdfast.kernel.showing import Json

MANIFEST = "manifest.json"
LOG = "run.log"


class RunLog(Protocol):
    """What happened in a run, as it happens: one line for each event, personal fields masked."""

    def event(self, name: str, facts: Mapping[str, Json] | None = None) -> None:
        """Write an event with its facts. Called from several threads; never raises for a full disk."""


class EvidenceStore(Protocol):
    """A place for the evidence of runs, one folder each."""

    def location(self, run_id: str) -> str:
        """Where the evidence of a run is, as a person would write it."""

    def write(self, run_id: str, name: str, chunks: Iterable[bytes]) -> EvidenceFile:
        """Store a file whole or not at all, replacing an older one. Raises: OutOfSpace; CannotWrite."""

    def describe(self, run_id: str, name: str) -> EvidenceFile | None:
        """Size and digest of a file that is there; None where it is not. Raises: CannotWrite."""

    def log(self, run_id: str) -> AbstractContextManager[RunLog]:
        """The run's log, appended to until the context ends. Raises: OutOfSpace; CannotWrite."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The files that were written for a run, and the folder they are in."""

    location: str
    files: tuple[EvidenceFile, ...]


def write_evidence(
    report: RunReport,
    ledger: RunRows,
    store: EvidenceStore,
    fallback: Callable[[str], None],
    places: Iterable[ManifestPlace] = (),
) -> Evidence:
    """Write report, metrics and, last, the manifest with the digests of the others and of the log.

    `places` are where the run has put what it read, for a system that keeps it beside the vault too.
    A run that already has evidence gets new files in place of the old ones. When the disk is full,
    the text report goes to `fallback` (standard error) before the error leaves.

    Raises: OutOfSpace (exit code 75); CannotWrite.
    """
    try:
        written = [store.write(report.run, name, [text.encode()]) for name, text in _texts(report)]
        log = store.describe(report.run, LOG)
        others = [*written, log] if log else written
        manifest = store.write(report.run, MANIFEST, manifest_chunks(report, ledger, others, places))
    except OutOfSpace:
        fallback(report_text(report))
        raise
    return Evidence(store.location(report.run), (manifest, *others))


def _texts(report: RunReport) -> Iterator[tuple[str, str]]:
    yield "report.txt", report_text(report)
    yield "report.html", report_html(report)
    yield "metrics.prom", metrics_text(report)
