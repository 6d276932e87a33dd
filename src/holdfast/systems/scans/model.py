"""A security scan in the words of ASH and SARIF: its scanners, its findings, and how two scans differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

Content: TypeAlias = Literal["both", "summary", "findings"]
Format: TypeAlias = Literal["json", "yaml"]

UNKNOWN = "unknown"
"""What a project, branch or path is called where nothing says its name."""


class ScannerStatus(StrEnum):
    """How a scanner ended, as ASH spells it."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    MISSING = "MISSING"
    SKIPPED = "SKIPPED"

    @property
    def ran(self) -> bool:
        """Whether the scanner looked at the code to its end; only then do no findings mean clean."""
        return self in (ScannerStatus.PASSED, ScannerStatus.FAILED)


@dataclass(frozen=True, slots=True)
class ScanContext:
    """What the result file does not say: whose scan it is, and what time it is now.

    Empty names are filled from the file, or with `unknown`. `project` wins over the file's name,
    which wins over `repository`. `source_root` is the folder that was scanned, where it is known.
    """

    now: datetime
    project: str = ""
    branch: str = ""
    commit: str = ""
    ci_run: str = ""
    repository: str = ""
    source_root: str = ""


@dataclass(frozen=True, slots=True)
class ScannerRun:
    """One scanner's part of a scan; `reason` says in words why it did not run, empty where it did."""

    name: str
    status: ScannerStatus
    version: str = ""
    findings: int = 0
    suppressed: int = 0
    reason: str = ""

    @property
    def ran(self) -> bool:
        """Whether it looked at the code to its end."""
        return self.status.ran


@dataclass(frozen=True, slots=True)
class ScanFinding:
    """One finding, redacted. Lines count from 1; 0 where the scanner named none.

    `level` is SARIF's (error, warning, note, none), `severity` is on the scale of ASH's summary and
    `flat_severity` on that of its flat report; `severity.py` declares how they map.
    """

    fingerprint: str
    rule_id: str
    scanner: str
    path: str
    line: int
    end_line: int
    level: str
    severity: str
    flat_severity: str
    message: str
    snippet: str
    cwe: str = ""
    cve: str = ""
    suppressed: bool = False
    suppression_kind: str = ""
    suppression_reason: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of one project; findings in order of path, line and rule.

    `scan_id` is the start in UTC, then a part of `source_digest` (SHA-256 in hex of the result file):
    it sorts by time, and one file has one id.
    """

    scan_id: str
    project: str
    branch: str
    commit: str
    ci_run: str
    started_at: datetime
    tool_version: str
    scanners: tuple[ScannerRun, ...]
    findings: tuple[ScanFinding, ...]
    source_digest: str
    source_name: str = ""

    def ran(self, scanner: str) -> bool:
        """Whether the scanner of that name looked at the code to its end in this scan."""
        return any(run.ran for run in self.scanners if run.name == scanner)


@dataclass(frozen=True, slots=True)
class ReportBytes:
    """A report object ready to be stored: its bytes, its content type, its extension without a dot."""

    data: bytes
    content_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class ScanDiff:
    """What became of the findings between two scans; every finding is in exactly one list.

    `unknown`: the scanner that found it did not run in the later scan. `reopened`: absent from the
    earlier scan or suppressed in it, and back.
    """

    before: str
    after: str
    new: tuple[ScanFinding, ...] = ()
    fixed: tuple[ScanFinding, ...] = ()
    unchanged: tuple[ScanFinding, ...] = ()
    reopened: tuple[ScanFinding, ...] = ()
    suppressed: tuple[ScanFinding, ...] = ()
    unknown: tuple[ScanFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One scan in a row of scans: open findings by severity, and what changed against the scan before.

    The changes are None for the first scan of a project's branch. `not_run` names the scanners that did not look;
    a scan with any is not `clean`, whatever it counted.
    """

    scan_id: str
    started_at: datetime
    project: str
    branch: str
    commit: str
    counts: tuple[tuple[str, int], ...]
    total: int
    suppressed: int
    new: int | None = None
    fixed: int | None = None
    reopened: int | None = None
    unknown: int | None = None
    not_run: tuple[str, ...] = field(default=())

    @property
    def clean(self) -> bool:
        """Whether nothing is open and every scanner looked."""
        return self.total == 0 and not self.not_run
