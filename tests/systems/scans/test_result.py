"""What is read out of a result file, with the traps that ASH's files hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from holdfast.systems.scans.model import ScanContext, ScannerStatus
from holdfast.systems.scans.result import NotAScanResult, read_scan, read_source
from holdfast.systems.scans.severity import count_open
from tests.simulators.ash_results import Made, result_file
from tests.systems.scans.reading import CONTEXT, NOW, scan

BOTH_VERSIONS = pytest.mark.parametrize("version", ["3.0.0", "3.5.9"])


@BOTH_VERSIONS
def test_ashs_own_counts_are_read_flat_and_nested(version: str) -> None:
    found = [Made(), Made(line=20, suppressed="known"), Made(line=30, level="note")]
    counts = read_source(result_file(found, version=version)).metadata.counts()
    assert counts == {"suppressed": 1, "critical": 1, "high": 0, "medium": 0, "low": 1, "info": 0}


@pytest.mark.parametrize(
    ("level", "named", "summary", "flat"),
    [
        ("error", None, "CRITICAL", "HIGH"),
        ("warning", None, "MEDIUM", "MEDIUM"),
        ("note", None, "LOW", "LOW"),
        ("none", None, "INFO", "INFO"),
        (None, None, "MEDIUM", "MEDIUM"),
        ("error", "high", "HIGH", "HIGH"),
        ("error", "UNDEFINED", "CRITICAL", "HIGH"),
    ],
)
def test_a_level_has_a_severity_on_both_scales(
    level: str | None, named: str | None, summary: str, flat: str
) -> None:
    (finding,) = scan([Made(level=level, issue_severity=named)]).findings
    assert (finding.severity, finding.flat_severity) == (summary, flat)


def test_a_suppressed_finding_is_kept_with_the_reason_and_not_counted_as_open() -> None:
    found = scan([Made(suppressed="a test fixture")])
    (finding,) = found.findings
    assert (finding.suppressed, finding.suppression_kind, finding.suppression_reason) == (
        True,
        "external",
        "a test fixture",
    )
    assert sum(count_open(found.findings).values()) == 0


def test_while_reporters_run_the_start_is_missing_and_the_reports_own_time_stands_in() -> None:
    found = scan(started=None)
    assert found.started_at == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
    assert found.scan_id.startswith("20260301T080000.000Z-")


def test_a_file_without_any_time_is_a_scan_of_now() -> None:
    document = json.loads(result_file(started=None))
    document["metadata"]["generated_at"] = None
    assert read_scan(json.dumps(document).encode(), CONTEXT).started_at == NOW


def test_one_file_has_one_id_and_another_file_another_one() -> None:
    assert scan([Made()]).scan_id == scan([Made()]).scan_id
    assert scan([Made()]).scan_id != scan([Made(line=11)]).scan_id
    assert (
        scan(started="2026-03-01T08:00:01+00:00").scan_id > scan(started="2026-03-01T08:00:00+00:00").scan_id
    )


@pytest.mark.parametrize(
    ("configured", "context", "expected"),
    [
        ("webshop", CONTEXT, "webshop"),
        ("webshop", ScanContext(NOW, project="shop-eu"), "shop-eu"),
        (None, ScanContext(NOW, repository="shop-repo"), "shop-repo"),
        ("ash-scan", ScanContext(NOW, repository="shop-repo"), "shop-repo"),
        ("webshop", ScanContext(NOW, repository="shop-repo"), "webshop"),
        (None, CONTEXT, "ASH"),
    ],
)
def test_a_project_is_called_ash_only_where_nothing_else_says_its_name(
    configured: str | None, context: ScanContext, expected: str
) -> None:
    assert read_scan(result_file(project=configured), context).project == expected


def test_branch_commit_and_ci_run_come_from_the_context() -> None:
    context = ScanContext(NOW, branch="feature/cart", commit="abc123", ci_run="https://ci.example/1")
    found = scan(context=context)
    assert (found.branch, found.commit, found.ci_run) == ("feature/cart", "abc123", "https://ci.example/1")


@pytest.mark.parametrize("status", ["ERROR", "MISSING", "SKIPPED"])
def test_a_scanner_without_findings_that_did_not_look_is_not_said_to_have_run(status: str) -> None:
    found = scan(statuses={"semgrep": status})
    run = next(run for run in found.scanners if run.name == "semgrep")
    assert (run.status, run.ran, run.findings) == (ScannerStatus(status), False, 0)
    assert run.reason


def test_a_scanner_said_to_have_passed_without_what_it_needs_did_not_run() -> None:
    document = json.loads(result_file())
    document["scanner_results"]["grype"]["dependencies_satisfied"] = False
    assert not read_scan(json.dumps(document).encode(), CONTEXT).ran("grype")


def test_a_status_nobody_knows_is_an_error_in_words() -> None:
    run = next(run for run in scan(statuses={"grype": "WOBBLED"}).scanners if run.name == "grype")
    assert (run.status, run.reason) == (ScannerStatus.ERROR, "ASH gave no status that is known: WOBBLED")


def test_a_scanner_that_only_its_findings_name_ran() -> None:
    document = json.loads(
        result_file([Made(scanner="homegrown"), Made(scanner="homegrown", line=4, suppressed="x")])
    )
    del document["scanner_results"]["homegrown"]
    found = read_scan(json.dumps(document).encode(), CONTEXT)
    run = next(run for run in found.scanners if run.name == "homegrown")
    assert (run.ran, run.findings, run.suppressed) == (True, 2, 1)


def test_the_line_is_that_of_the_finding_not_of_the_lines_around_it() -> None:
    (finding,) = scan(
        [Made("B602", "bandit", line=7, context="import os\n    run(x, shell=True)\n")]
    ).findings
    assert finding.line == 7


def test_nulls_and_minus_ones_everywhere_are_taken_for_nothing() -> None:
    document = json.loads(result_file([Made()]))
    result = document["sarif"]["runs"][0]["results"][0]
    result |= {"ruleId": None, "message": None, "locations": None, "suppressions": [], "properties": None}
    document["additional_reports"] = None
    (finding,) = read_scan(json.dumps(document).encode(), CONTEXT).findings
    assert (finding.rule_id, finding.path, finding.line, finding.suppressed) == (
        "unknown",
        "unknown",
        0,
        False,
    )


def test_weakness_and_vulnerability_numbers_are_found_in_tags_and_rules() -> None:
    found = scan([Made("CVE-2024-12345-lodash", "grype", tags=("external/cwe/cwe-078",))])
    assert (found.findings[0].cve, found.findings[0].cwe) == ("CVE-2024-12345", "CWE-078")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no JSON object"),
        (b"[]", "no JSON object"),
        (b'{"version": "2.1.0", "runs": []}', "a SARIF file"),
        (b'{"findings": [], "scanner_metrics": []}', "flat report"),
        (b'{"metadata": {}}', "it has no scanner_results and no sarif."),
        (b'{"metadata": {}, "scanner_results": {}, "sarif": null}', "it has no sarif."),
        (b'{"metadata": {}, "scanner_results": {}, "sarif": {"runs": 3}}', "sarif.runs"),
        (b'{"metadata": 7, "scanner_results": {}, "sarif": {"runs": []}}', "Expected `object`, got `int`"),
        (b'{"metadata": {}, "scanner_results": {"bandit": "PASSED"}, "sarif": {"runs": []}}', "got `str`"),
        (b'{"metadata": ' + b"[" * 100_000, "no JSON object"),
    ],
)
def test_a_file_that_is_no_result_is_refused_with_what_is_missing(data: bytes, says: str) -> None:
    with pytest.raises(NotAScanResult) as refused:
        read_scan(data, CONTEXT, "report.json")
    assert str(refused.value).startswith("report.json is no result of ASH: ")
    assert says in str(refused.value)
    assert "ash_aggregated_results.json" in refused.value.advice
