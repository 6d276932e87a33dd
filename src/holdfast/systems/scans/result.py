"""A scan out of ASH's result file: whose it is, which scanners looked, and what they found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain

from holdfast.systems.scans import fingerprint, sarif
from holdfast.systems.scans.model import UNKNOWN, Scan, ScanContext, ScanFinding, ScannerRun, ScannerStatus
from holdfast.systems.scans.paths import PathNormaliser
from holdfast.systems.scans.redaction import Redactor, looks_for_secrets
from holdfast.systems.scans.result_file import NotAScanResult, ScannerResult, ScanSource, read_source
from holdfast.systems.scans.severity import level_of, severities

__all__ = ["NotAScanResult", "ScanSource", "read_scan", "read_source", "scan_of"]

LONGEST_SNIPPET = 2_000
"""Letters of code kept per finding; enough to recognise the place."""

NO_NAMES = frozenset({"", "ASH", "ash-scan", "ash-target"})
"""Project names that ASH fills in where nobody set one."""

_CWE = re.compile(r"\bcwe[-_ ]?(\d+)", re.IGNORECASE)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}", re.IGNORECASE)


def read_scan(data: bytes, context: ScanContext, name: str = "The file", *, redact: bool = True) -> Scan:
    """The scan that a result file holds. Raises: NotAScanResult, which says what is missing."""
    return scan_of(read_source(data, name, redact=redact), context)


def scan_of(source: ScanSource, context: ScanContext) -> Scan:
    """The scan of a decoded result file; the same file always gives the same id."""
    started_at = _started_at(source, context.now)
    findings = _findings(source, context)
    control = next(
        (item for run in source.log.all_runs() for item in run.version_control_provenance or ()), None
    )
    return Scan(
        scan_id=f"{started_at:%Y%m%dT%H%M%S}.{started_at.microsecond // 1000:03d}Z-{source.digest[:12]}",
        project=_project(source, context),
        branch=context.branch or (control and control.branch) or UNKNOWN,
        commit=context.commit or (control and control.revision_id) or "",
        ci_run=context.ci_run,
        started_at=started_at,
        tool_version=source.metadata.tool_version or "",
        scanners=_scanners(source, findings),
        findings=findings,
        source_digest=source.digest,
        source_name=source.name,
    )


def _findings(source: ScanSource, context: ScanContext) -> tuple[ScanFinding, ...]:
    pairs = [(run, result) for run in source.log.all_runs() for result in run.results or ()]
    names = {name.casefold(): name for name in source.scanners}
    named = [names.get(result.scanner(run).casefold(), result.scanner(run)) for run, result in pairs]
    spelled = [result.uri() for _, result in pairs]
    together = list(zip(named, spelled, strict=True))
    normaliser = PathNormaliser(_roots(source, context), list(set(together)))
    paths = {each: normaliser.path(*each) for each in set(together)}
    places = [
        _place(source.redactor, scanner, paths[scanner, uri], result)
        for (_, result), (scanner, uri) in zip(pairs, together, strict=True)
    ]
    made = fingerprint.fingerprints(places)
    tags = {rule.id or "": rule.all_tags() for run in source.log.all_runs() for rule in run.rules()}
    findings = [
        _finding(source, place, print_, result, tags.get(result.rule_id or "", ()))
        for place, print_, (_, result) in zip(places, made, pairs, strict=True)
    ]
    return tuple(sorted(findings, key=lambda each: (each.path, each.line, each.rule_id, each.fingerprint)))


def _place(redactor: Redactor, scanner: str, path: str, result: sarif.Result) -> fingerprint.Place:
    rule = result.rule_id or UNKNOWN
    secret_rule = looks_for_secrets(rule, scanner)
    region = result.region()
    code = redactor.mask_own(result.snippet(), secret_rule=secret_rule)
    message = redactor.mask_own(result.message_text(), secret_rule=secret_rule)
    context = fingerprint.code_context(code, message)
    package = result.package()
    return fingerprint.Place(
        scanner=scanner,
        rule_id=fingerprint.stable_rule(rule),
        path=path or UNKNOWN,
        context=f"{package} {context}" if package else context,
        line=max(region.start_line or 0, 0),
        column=max(region.start_column or 0, 0),
    )


def _finding(
    source: ScanSource, place: fingerprint.Place, made: str, result: sarif.Result, rule_tags: tuple[str, ...]
) -> ScanFinding:
    secret_rule = looks_for_secrets(place.rule_id, place.scanner)
    level = level_of(result.level)
    severity, flat_severity = severities(level, result.own("issue_severity"))
    message = source.mask(result.message_text(), secret_rule=secret_rule)
    suppression, tags = next(iter(result.suppressions or ()), None), result.tags()
    return ScanFinding(
        fingerprint=made,
        rule_id=place.rule_id,
        scanner=place.scanner,
        path=place.path,
        line=place.line,
        end_line=max(result.region().end_line or 0, place.line),
        level=level,
        severity=severity,
        flat_severity=flat_severity,
        message=message,
        snippet=source.mask(result.snippet(), secret_rule=secret_rule)[:LONGEST_SNIPPET],
        cwe=_identifier(_CWE, "CWE-{}", (*tags, *rule_tags)),
        cve=_identifier(_CVE, "{}", (place.rule_id, *tags, message)).upper(),
        suppressed=suppression is not None,
        suppression_kind=(suppression and suppression.kind) or "",
        suppression_reason=source.mask((suppression and suppression.justification) or ""),
        tags=tuple(source.mask(tag) for tag in tags),
    )


def _identifier(pattern: re.Pattern[str], form: str, texts: tuple[str, ...]) -> str:
    found = next((found for text in texts if (found := pattern.search(text))), None)
    return form.format(found[found.lastindex or 0]) if found else ""


def _roots(source: ScanSource, context: ScanContext) -> list[str]:
    """The folders that the file or the CI system name as the source root; a working folder only if none is."""
    reports = chain.from_iterable(
        report.values()
        for report in (source.result.additional_reports or {}).values()
        if isinstance(report, Mapping)
    )
    named = [
        str(report.get("target") or "")
        for report in reports
        if isinstance(report, Mapping) and report.get("target_type") == "source"
    ]
    named += [context.source_root, *(base for run in source.log.all_runs() for base in run.bases())]
    return [root for root in named if root] or [
        folder for run in source.log.all_runs() for folder in run.folders()
    ]


def _started_at(source: ScanSource, now: datetime) -> datetime:
    """The scan's start; while reporters run the file has none, and the report's own time stands in."""
    invoked = sorted(start for run in source.log.all_runs() for start in run.starts())
    for text in (source.metadata.start(), source.metadata.generated_at or "", *invoked):
        try:
            moment = datetime.fromisoformat(text.strip())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return now.astimezone(UTC)


def _project(source: ScanSource, context: ScanContext) -> str:
    """The project's name: metadata.project_name says `ASH` whatever was scanned, so it is asked last."""
    config = source.result.ash_config if isinstance(source.result.ash_config, Mapping) else {}
    said = (str(config.get("project_name") or ""), context.repository, source.metadata.project_name or "")
    names = (context.project, *(name.strip() for name in said if name.strip() not in NO_NAMES))
    return next((name for name in names if name), "") or source.metadata.project_name or UNKNOWN


def _scanners(source: ScanSource, findings: tuple[ScanFinding, ...]) -> tuple[ScannerRun, ...]:
    versions = {
        result.scanner(run): result.scanner_version()
        for run in source.log.all_runs()
        for result in run.results or ()
    }
    runs = {name: _scanner_run(name, said, versions.get(name, "")) for name, said in source.scanners.items()}
    for finding in findings:
        if finding.scanner not in runs:  # it found something, so it ran
            mine = [each for each in findings if each.scanner == finding.scanner]
            hidden = sum(each.suppressed for each in mine)
            version = versions.get(finding.scanner, "")
            runs[finding.scanner] = ScannerRun(
                finding.scanner, ScannerStatus.FAILED, version, len(mine), hidden
            )
    return tuple(runs[name] for name in sorted(runs))


def _scanner_run(name: str, said: ScannerResult, version: str) -> ScannerRun:
    status, reason = _status(said)
    counts = said.finding_count or 0, said.suppressed_finding_count or 0
    return ScannerRun(name, status, version, *counts, reason)


def _status(said: ScannerResult) -> tuple[ScannerStatus, str]:
    """How the scanner ended and, where it did not look, why: no findings of such a one mean nothing."""
    word = (said.status or "").upper()
    if said.excluded:
        return ScannerStatus.SKIPPED, "excluded by the configuration"
    if word == ScannerStatus.MISSING or (
        said.dependencies_satisfied is False and word != ScannerStatus.ERROR
    ):
        return ScannerStatus.MISSING, "what it needs is not installed"
    if word == ScannerStatus.SKIPPED:
        return ScannerStatus.SKIPPED, "skipped"
    if word in (ScannerStatus.PASSED, ScannerStatus.FAILED):
        return ScannerStatus(word), ""
    if word == ScannerStatus.ERROR:
        return ScannerStatus.ERROR, f"ended with an error (exit code {said.exit_code or 0})"
    return ScannerStatus.ERROR, f"ASH gave no status that is known: {said.status or 'none'}"
