"""The report object: ASH's simple summary and the findings it leaves out, as JSON or YAML, redacted."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.systems.scans.model import Content, Format, ReportBytes, Scan
from holdfast.systems.scans.result import ScanSource
from holdfast.systems.scans.severity import LEVELS, count_open

SCHEMA = "holdfast-scan-report/1"

CONTENT_TYPES: Mapping[Format, str] = {"json": "application/json", "yaml": "application/yaml"}


def report_document(
    source: ScanSource, scan: Scan, content: Content = "both", fmt: Format = "json"
) -> ReportBytes:
    """The report of a scan as bytes to store.

    `both` and `summary` hold the sections of ASH's own simple dictionary (name, description, metadata,
    scanner_results, converter_results, ash_config); `both` and `findings` hold every finding. YAML is
    of plain types alone: every safe loader reads it.
    """
    document: dict[str, object] = {"schema": SCHEMA, "scan": _heading(scan), "severities": _severities(scan)}
    if content in ("both", "summary"):
        document |= _summary(source, scan)
    if content in ("both", "findings"):
        document["findings"] = scan.findings
    data = msgspec.json.format(msgspec.json.encode(document), indent=2) if fmt == "json" else _yaml(document)
    return ReportBytes(data, CONTENT_TYPES[fmt], fmt)


def _heading(scan: Scan) -> dict[str, object]:
    return {
        "scan_id": scan.scan_id,
        "project": scan.project,
        "branch": scan.branch,
        "commit": scan.commit,
        "ci_run": scan.ci_run,
        "started_at": scan.started_at,
        "tool_version": scan.tool_version,
        "source_digest": scan.source_digest,
        "scanners": scan.scanners,
    }


def _severities(scan: Scan) -> dict[str, object]:
    return {
        "summary": count_open(scan.findings),
        "flat": count_open(scan.findings, flat=True),
        "suppressed": sum(finding.suppressed for finding in scan.findings),
        "levels": {level: {"summary": both[0], "flat": both[1]} for level, both in LEVELS.items()},
    }


def _summary(source: ScanSource, scan: Scan) -> dict[str, object]:
    """ASH's sections, redacted; the project has its own name instead of ASH's."""
    result = source.result
    metadata = dict(result.metadata) if isinstance(result.metadata, Mapping) else {}
    sections = {
        "name": result.name,
        "description": result.description,
        "metadata": metadata | {"project_name": scan.project},
        "scanner_results": result.scanner_results,
        "converter_results": result.converter_results,
        "ash_config": result.ash_config,
    }
    return {name: source.mask_json(section) for name, section in sections.items()}


def _yaml(document: dict[str, object]) -> bytes:
    import yaml

    plain = msgspec.to_builtins(document)
    dumper: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(plain, Dumper=dumper, sort_keys=False, allow_unicode=True, width=110)
    return text.encode()
