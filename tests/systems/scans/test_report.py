"""The report object: contents, forms, content types."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.systems.scans.model import Content, Format
from holdfast.systems.scans.report import report_document
from holdfast.systems.scans.result import read_source, scan_of
from tests.simulators.ash_results import Made, result_file
from tests.systems.scans.reading import CONTEXT

FOUND = (Made(), Made(line=30, suppressed="reviewed"), Made("B602", "bandit", level="warning"))


def report(content: Content = "both", fmt: Format = "json", found: tuple[Made, ...] = FOUND) -> bytes:
    source = read_source(result_file(found))
    return report_document(source, scan_of(source, CONTEXT), content, fmt).data


@pytest.mark.parametrize(
    ("fmt", "content_type"), [("json", "application/json"), ("yaml", "application/yaml")]
)
def test_the_content_type_is_that_of_the_form(fmt: Format, content_type: str) -> None:
    source = read_source(result_file())
    made = report_document(source, scan_of(source, CONTEXT), "both", fmt)
    assert (made.content_type, made.extension) == (content_type, fmt)


@pytest.mark.parametrize(
    ("content", "findings", "summary"),
    [("both", True, True), ("summary", False, True), ("findings", True, False)],
)
def test_the_content_is_what_was_chosen(content: Content, findings: bool, summary: bool) -> None:
    document = json.loads(report(content))
    assert ("findings" in document, "scanner_results" in document) == (findings, summary)
    assert document["scan"]["project"] == "webshop"


def test_both_scales_and_their_mapping_are_in_the_report() -> None:
    severities = json.loads(report())["severities"]
    assert severities["summary"] == {"CRITICAL": 1, "HIGH": 0, "MEDIUM": 1, "LOW": 0, "INFO": 0}
    assert severities["flat"] == {"CRITICAL": 0, "HIGH": 1, "MEDIUM": 1, "LOW": 0, "INFO": 0}
    assert severities["suppressed"] == 1
    assert severities["levels"]["error"] == {"summary": "CRITICAL", "flat": "HIGH"}


def test_yaml_is_of_plain_types_and_says_what_json_says() -> None:
    text = report(fmt="yaml")
    assert b"!!" not in text
    assert json.loads(json.dumps(yaml.safe_load(text), default=str)) == json.loads(report())


def test_a_report_without_findings_says_so_in_both_forms() -> None:
    assert (
        yaml.safe_load(report(fmt="yaml", found=()))["findings"]
        == json.loads(report(found=()))["findings"]
        == []
    )


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_of_a_finding_reads_the_same_from_yaml_and_json(text: str) -> None:
    found = (Made(message="m" + text, snippet=text),)
    from_yaml = yaml.safe_load(report("findings", "yaml", found))["findings"]
    assert from_yaml == json.loads(report("findings", "json", found))["findings"]


def test_json_holds_no_number_that_json_does_not_know() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(report(), parse_constant=refuse)


def test_code_that_no_finding_is_about_is_not_in_the_report() -> None:
    around = Made(context="def untouched():\n    eval(user_input)\n")
    assert b"untouched" not in report(found=(around,))
