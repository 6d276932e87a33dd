"""Short ways to read made-up result files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from holdfast.systems.scans.model import Scan, ScanContext
from holdfast.systems.scans.result import read_scan
from tests.simulators.ash_results import Made, result_file

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONTEXT = ScanContext(NOW)


def scan(
    findings: Sequence[Made] = (),
    statuses: Mapping[str, str] | None = None,
    *,
    started: str | None = "2026-03-01T08:00:00+00:00",
    context: ScanContext = CONTEXT,
) -> Scan:
    """The scan that a made-up result file is read as."""
    return read_scan(result_file(findings, statuses, started=started), context)
