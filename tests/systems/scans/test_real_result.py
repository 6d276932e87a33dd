"""The published result of ASH 3.0.0: what its own reports say is what is read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from holdfast.systems.scans.model import Scan
from holdfast.systems.scans.report import report_document
from holdfast.systems.scans.result import ScanSource, read_source, scan_of
from holdfast.systems.scans.rows import ndjson
from holdfast.systems.scans.severity import count_open
from tests.systems.scans.reading import CONTEXT

PUBLISHED = Path(__file__).parents[4] / "shared" / "realdata" / "ash" / "networth-tracker"
SECRETS = ("demo123", "demo_salt_123456")

pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="the published result is not beside this checkout"
)


@pytest.fixture(scope="module")
def source() -> ScanSource:
    return read_source((PUBLISHED / "ash_aggregated_results.json").read_bytes())


@pytest.fixture(scope="module")
def real(source: ScanSource) -> Scan:
    return scan_of(source, CONTEXT)


def test_22_findings_in_are_22_distinct_fingerprints_out(real: Scan) -> None:
    assert len(real.findings) == 22
    assert len({finding.fingerprint for finding in real.findings}) == 22


def test_the_severities_are_those_of_ashs_summary_and_of_its_flat_report(
    real: Scan, source: ScanSource
) -> None:
    assert count_open(real.findings) == {"CRITICAL": 15, "HIGH": 0, "MEDIUM": 0, "LOW": 0, "INFO": 0}
    assert sum(finding.suppressed for finding in real.findings) == 7
    assert Counter(finding.flat_severity for finding in real.findings) == {"HIGH": 22}
    counts = source.metadata.counts()
    assert (counts["critical"], counts["suppressed"]) == (15, 7)


def test_every_finding_of_ashs_own_flat_report_is_there_with_its_place_and_suppression(real: Scan) -> None:
    flat = json.loads((PUBLISHED / "reports" / "ash.flat.json").read_text())["findings"]
    theirs = sorted(
        (each["rule_id"], each["file_path"], each["line_start"], each["is_suppressed"]) for each in flat
    )
    assert sorted((each.rule_id, each.path, each.line, each.suppressed) for each in real.findings) == theirs


def test_the_project_is_named_by_its_configuration_not_ash(real: Scan) -> None:
    assert (real.project, real.tool_version, real.branch) == ("networth-tracker", "3.0.0", "unknown")
    assert real.started_at.isoformat() == "2025-09-09T13:24:11+00:00"


def test_only_the_scanner_that_looked_is_said_to_have_run(real: Scan) -> None:
    assert [run.name for run in real.scanners if run.ran] == ["semgrep"]
    reasons = {run.name: run.reason for run in real.scanners}
    assert reasons["grype"] == "what it needs is not installed"
    assert reasons["bandit"] == "skipped"


def test_the_rules_categories_are_kept(real: Scan) -> None:
    password = next(each for each in real.findings if "hardcoded-password" in each.rule_id)
    assert (password.cwe, password.suppression_kind, password.line, password.end_line) == (
        "CWE-798",
        "external",
        409,
        423,
    )
    assert password.suppression_reason.startswith("(ASH) Suppressing finding for rule ")


def test_no_secret_is_in_any_output_and_the_code_stays_recognisable(source: ScanSource, real: Scan) -> None:
    outputs = [report_document(source, real, "both", fmt).data for fmt in ("json", "yaml")] + [ndjson(real)]
    for secret in SECRETS:
        assert not any(secret.encode() in data for data in outputs)
    password = next(each for each in real.findings if "hardcoded-password" in each.rule_id)
    assert 'def __init__(self, db_path: str = "***", password: str = "***"):' in password.snippet
    assert "self.encryption_service.derive_key(password, demo_salt)" in password.snippet


def test_the_summary_is_ashs_simple_dictionary_and_the_findings_it_left_out(
    source: ScanSource, real: Scan
) -> None:
    theirs = json.loads((PUBLISHED / "derived_to_simple_dict.json").read_text())
    ours = json.loads(report_document(source, real).data)
    assert theirs.keys() <= ours.keys()
    assert ours["scanner_results"].keys() == theirs["scanner_results"].keys()
    assert len(ours["findings"]) == 22
    assert ours["metadata"]["project_name"] == "networth-tracker"


def test_the_yaml_report_says_what_the_json_one_says(source: ScanSource, real: Scan) -> None:
    as_yaml = yaml.safe_load(report_document(source, real, "both", "yaml").data)
    as_json = json.loads(report_document(source, real, "both", "json").data)
    assert json.loads(json.dumps(as_yaml, default=str)) == as_json
