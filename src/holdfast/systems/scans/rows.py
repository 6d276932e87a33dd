"""A scan as rows of a table: one list of columns for Parquet, NDJSON and the table's definition."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Literal, TypeAlias
from urllib.parse import quote

import msgspec

from holdfast.systems.scans.model import UNKNOWN, Scan, ScanFinding

Kind: TypeAlias = Literal["string", "integer", "boolean", "timestamp", "strings"]

_GLUE = {
    "string": "string",
    "integer": "int",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "strings": "array<string>",
}
_DUCKDB = {
    "string": "VARCHAR",
    "integer": "INTEGER",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "strings": "VARCHAR[]",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its kind, and what the two engines call that."""

    name: str
    kind: Kind

    @property
    def glue(self) -> str:
        """The type in a Glue or Athena table definition."""
        return _GLUE[self.kind]

    @property
    def duckdb(self) -> str:
        """The type in DuckDB, which writes the Parquet; times are UTC."""
        return _DUCKDB[self.kind]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding with the scan it is of; the partition's columns are not repeated."""

    scan_id: str
    started_at: datetime
    commit: str
    ci_run: str
    tool_version: str
    source_digest: str
    scanner_version: str
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
    cwe: str
    cve: str
    suppressed: bool
    suppression_kind: str
    suppression_reason: str
    tags: tuple[str, ...]


_FINDING_FIELDS = tuple(item.name for item in fields(ScanFinding))
_KINDS: dict[str, Kind] = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "datetime": "timestamp",
    "tuple[str, ...]": "strings",
}

COLUMNS = tuple(Column(item.name, _KINDS[str(item.type)]) for item in fields(FindingRow))
"""The columns of a finding in every form of the store, in order."""

PARTITIONS = tuple(Column(name, "string") for name in ("project", "branch", "date", "scan"))
"""The columns that stand in the path of the partition, in order."""


def partition_path(scan: Scan) -> str:
    """`project=/branch=/date=/scan=` with the scan's values, escaped as Hive readers expect; no end slash."""
    values = (scan.project, scan.branch, f"{scan.started_at:%Y-%m-%d}", scan.scan_id)
    return "/".join(
        f"{column.name}={_escaped(value)}" for column, value in zip(PARTITIONS, values, strict=True)
    )


def finding_rows(scan: Scan) -> list[FindingRow]:
    """One row per finding, in the scan's order."""
    versions = {run.name: run.version for run in scan.scanners}
    return [
        FindingRow(
            scan_id=scan.scan_id,
            started_at=scan.started_at,
            commit=scan.commit,
            ci_run=scan.ci_run,
            tool_version=scan.tool_version,
            source_digest=scan.source_digest,
            scanner_version=versions.get(finding.scanner, ""),
            **{name: getattr(finding, name) for name in _FINDING_FIELDS},
        )
        for finding in scan.findings
    ]


_findings = msgspec.json.Decoder(ScanFinding)
_scans = msgspec.json.Decoder(Scan)


def ndjson(scan: Scan) -> bytes:
    """The findings as one JSON object a line, with the names of `COLUMNS`; empty for no findings."""
    return msgspec.json.Encoder().encode_lines(finding_rows(scan))


def findings_of(lines: bytes) -> tuple[ScanFinding, ...]:
    """The findings that `ndjson` wrote. Raises: msgspec.DecodeError for other bytes."""
    return tuple(_findings.decode_lines(lines))


def scan_heading(scan: Scan) -> bytes:
    """The scan without its findings, as JSON: what a manifest keeps to read it back."""
    return msgspec.json.encode(replace(scan, findings=()))


def scan_from(heading: bytes, lines: bytes) -> Scan:
    """The scan that `scan_heading` and `ndjson` wrote. Raises: msgspec.DecodeError for other bytes."""
    return replace(_scans.decode(heading), findings=findings_of(lines))


def _escaped(value: str) -> str:
    return quote(value, safe="") or UNKNOWN
