"""The report object: ASH's simple summary and the findings it leaves out, as JSON or YAML, redacted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields

import msgspec

from holdfast.systems.scans.model import Content, Format, ReportBytes, Scan, ScanFinding
from holdfast.systems.scans.result import ScanSource
from holdfast.systems.scans.severity import LEVELS, count_open

SCHEMA = "holdfast-scan-report/1"

CONTENT_TYPES: Mapping[Format, str] = {"json": "application/json", "yaml": "application/yaml"}

_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON may hold as they are and YAML 1.1 may not, or reads as the end of a line."""


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
    """Plain YAML; the findings are written here, because the library takes a second per 4,000 of them."""
    import yaml

    head = {name: value for name, value in document.items() if name != "findings"}
    dumper: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        msgspec.to_builtins(head), Dumper=dumper, sort_keys=False, allow_unicode=True, width=110
    )
    return text.encode() + b"".join(_yaml_findings(document))


def _yaml_findings(document: dict[str, object]) -> Iterator[bytes]:
    """The findings as block mappings of JSON scalars, which are YAML once they hold no control characters."""
    findings = document.get("findings")
    if not isinstance(findings, tuple):
        return
    yield b"findings:\n" if findings else b"findings: []\n"
    encode = msgspec.json.Encoder().encode
    names = [item.name for item in fields(ScanFinding)]
    for finding in findings:
        lines = b"".join(b"  %s: %s\n" % (name.encode(), encode(getattr(finding, name))) for name in names)
        yield b"-" + _UNPRINTABLE.sub(_escaped, lines.decode()).encode()[1:]


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
