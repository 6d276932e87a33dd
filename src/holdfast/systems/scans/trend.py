"""Scans in a row: what was open in each, and what changed against the one before."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.systems.scans.comparison import Known, in_order
from holdfast.systems.scans.model import Scan, ScanDiff, TrendRow
from holdfast.systems.scans.severity import count_open


def trend(scans: Iterable[Scan]) -> list[TrendRow]:
    """One row per scan, oldest first; each is compared with the one before of its project and branch."""
    lines: dict[tuple[str, str], tuple[str, Known]] = {}
    rows = []
    for scan in in_order(scans):
        line = (scan.project, scan.branch)
        before, known = lines.get(line, ("", Known()))
        rows.append(_row(scan, known.compare(before, scan) if before else None))
        known.advance(scan)
        lines[line] = (scan.scan_id, known)
    return rows


def _row(scan: Scan, diff: ScanDiff | None) -> TrendRow:
    counts = count_open(scan.findings)
    return TrendRow(
        scan_id=scan.scan_id,
        started_at=scan.started_at,
        project=scan.project,
        branch=scan.branch,
        commit=scan.commit,
        counts=tuple(counts.items()),
        total=sum(counts.values()),
        suppressed=sum(finding.suppressed for finding in scan.findings),
        new=len(diff.new) if diff else None,
        fixed=len(diff.fixed) if diff else None,
        reopened=len(diff.reopened) if diff else None,
        unknown=len(diff.unknown) if diff else None,
        not_run=tuple(run.name for run in scan.scanners if not run.ran),
    )
