"""Result files as ASH writes them: any findings, scanners and statuses, in the shape of 3.0.0 or of 3.5.9."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

ROOT = "/builds/proj"
STARTED = "2026-03-01T08:00:00+00:00"
SCANNERS = ("bandit", "checkov", "detect-secrets", "grype", "npm-audit", "semgrep")
SUMMARY = {"error": "critical", "warning": "medium", "note": "low", "none": "info"}
"""How ASH's summary counts levels, written down from its source."""


@dataclass(frozen=True)
class Made:
    """One finding to write; `context` are the code lines around it, which some scanners give besides."""

    rule_id: str = "python.lang.security.audit.eval-detected"
    scanner: str = "semgrep"
    path: str = "src/app.py"
    line: int = 10
    snippet: str = "    eval(user_input)"
    message: str = "Detected the use of eval()."
    level: str | None = "error"
    issue_severity: str | None = None
    suppressed: str | None = None
    context: str | None = None
    end_line: int | None = None
    tags: tuple[str, ...] = ()


def result_file(
    findings: Sequence[Made] = (),
    statuses: Mapping[str, str] | None = None,
    *,
    project: str | None = "webshop",
    started: str | None = STARTED,
    version: str = "3.5.9",
    root: str = ROOT,
) -> bytes:
    """The bytes of ash_aggregated_results.json; `started` None is the file as reporters see it.

    Scanners that `statuses` does not name are FAILED with findings and PASSED without.
    """
    document = {
        "name": f"ASH Scan {started}",
        "description": "Aggregated security scan results",
        "metadata": _metadata(findings, started, version),
        "ash_config": {"project_name": project, "fail_on_findings": True, "build": None},
        "scanner_results": _scanner_results(findings, statuses or {}),
        "converter_results": {"archive": {"dependencies_satisfied": True, "excluded": False}},
        "sarif": _sarif(findings, version, root),
        "cyclonedx": {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": None},
        "additional_reports": {
            name: {"source": {"scanner_name": name, "target": root, "target_type": "source"}}
            for name in SCANNERS
        },
        "validation_checkpoints": [],
    }
    return json.dumps(document).encode()


def many(number: int, *, files: int = 400) -> list[Made]:
    """A large project's findings: several scanners, equal code in many places, and some secrets in plain text."""
    return [_one_of_many(count, files) for count in range(number)]


def shifted(findings: Iterable[Made], lines: int) -> list[Made]:
    """The same findings after so many lines were put in at the top of every file."""
    return [replace(each, line=each.line + lines) for each in findings]


def _one_of_many(count: int, files: int) -> Made:
    path, line = f"src/module_{count % files:04d}.py", 3 + count // files * 7
    if count % 20 == 0:
        secret = f"tk{count:05d}Zq{count * 7919 % 99991:05d}"
        code = f'    password = "{secret}"'
        return Made("B105", "bandit", path, line, code, f"Possible hardcoded password: '{secret}'", "note")
    if count % 3 == 0:
        return Made(
            "B602",
            "bandit",
            path,
            line,
            f"    run(command_{count % 50}, shell=True)",
            "subprocess call with shell=True",
            "warning",
        )
    return Made(
        path=path,
        line=line,
        snippet=f"    eval(expression_{count % 90})",
        suppressed="reviewed" if count % 11 == 0 else None,
    )


def _metadata(findings: Sequence[Made], started: str | None, version: str) -> dict[str, object]:
    counts = Counter(
        "suppressed" if each.suppressed is not None else SUMMARY[each.level or "warning"] for each in findings
    )
    severities = {name: counts[name] for name in ("suppressed", "critical", "high", "medium", "low", "info")}
    shaped: dict[str, object] = dict(severities) if version < "3.5.9" else {"severity_counts": severities}
    return {
        "report_id": "ASH-20260301",
        "generated_at": STARTED,
        "project_name": "ASH",
        "tool_version": version,
        "summary_stats": {
            **shaped,
            "start": started,
            "end": started,
            "duration": 1.5,
            "total": len(findings),
        },
    }


def _scanner_results(findings: Sequence[Made], statuses: Mapping[str, str]) -> dict[str, object]:
    found = Counter(each.scanner for each in findings)
    hidden = Counter(each.scanner for each in findings if each.suppressed is not None)
    return {
        name: {
            "status": statuses.get(name, "FAILED" if found[name] else "PASSED"),
            "dependencies_satisfied": statuses.get(name) != "MISSING",
            "excluded": False,
            "finding_count": found[name],
            "suppressed_finding_count": hidden[name],
            "exit_code": 1 if statuses.get(name) == "ERROR" else 0,
            "duration": 1.0,
        }
        for name in sorted({*SCANNERS, *statuses, *found})
    }


def _sarif(findings: Sequence[Made], version: str, root: str) -> dict[str, object]:
    driver: dict[str, object] = {
        "name": "AWS Labs - Automated Security Helper",
        "version": version,
        "rules": [],
        "properties": None,
    }
    run = {
        "tool": {"driver": driver, "extensions": []},
        "invocations": [{"startTimeUtc": None, "workingDirectory": {"uri": root}}],
        "originalUriBaseIds": None,
        "results": [_result(each) for each in findings],
        "versionControlProvenance": [],
    }
    return {"version": "2.1.0", "runs": [run], "properties": {"tags": []}}


def _result(each: Made) -> dict[str, object]:
    region = {
        **_region(each.line, each.end_line or each.line, each.snippet),
        "charOffset": -1,
        "charLength": None,
    }
    around = _region(each.line - 1, each.line + 1, each.context) if each.context is not None else None
    place = {
        "artifactLocation": {"uri": each.path, "uriBaseId": "%SRCROOT%", "index": -1},
        "region": region,
        "contextRegion": around,
    }
    own = {
        "tags": [each.scanner, *each.tags],
        "scanner_name": each.scanner,
        "scanner_details": {"tool_name": each.scanner},
    }
    suppression = {"kind": "external", "state": None, "justification": each.suppressed}
    return {
        "ruleId": each.rule_id,
        "ruleIndex": -1,
        "level": each.level,
        "message": {"text": each.message, "markdown": None, "id": None, "arguments": []},
        "locations": [{"id": -1, "physicalLocation": place, "logicalLocations": []}],
        "fingerprints": {"matchBasedId/v1": "requires login"},
        "codeFlows": [],
        "suppressions": None if each.suppressed is None else [suppression],
        "rank": -1.0,
        "properties": own if each.issue_severity is None else {**own, "issue_severity": each.issue_severity},
    }  # fmt: skip


def _region(start: int, end: int, code: str) -> dict[str, object]:
    return {
        "startLine": start,
        "startColumn": 1,
        "endLine": end,
        "endColumn": 40,
        "snippet": {"text": code, "binary": None},
    }
