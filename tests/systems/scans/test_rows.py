"""Rows, columns and partitions of the findings store, and the context out of CI systems."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from holdfast.systems.scans.context import context_from
from holdfast.systems.scans.model import ScanContext
from holdfast.systems.scans.rows import (
    COLUMNS,
    PARTITIONS,
    finding_rows,
    ndjson,
    partition_path,
    scan_from,
    scan_heading,
)
from holdfast.systems.scans.severity import at_least
from tests.simulators.ash_results import Made
from tests.systems.scans.reading import NOW, scan

FOUND = [Made(tags=("cwe-95",)), Made("B602", "bandit", suppressed="reviewed")]


def test_every_line_has_exactly_the_columns_in_their_order() -> None:
    lines = [json.loads(line) for line in ndjson(scan(FOUND)).splitlines()]
    assert len(lines) == 2
    assert all(list(line) == [column.name for column in COLUMNS] for line in lines)


def test_columns_have_types_of_both_engines_and_none_repeats_a_partition() -> None:
    types = {column.name: (column.glue, column.duckdb) for column in COLUMNS}
    assert types["line"] == ("int", "INTEGER")
    assert types["suppressed"] == ("boolean", "BOOLEAN")
    assert types["started_at"] == ("timestamp", "TIMESTAMP")
    assert types["tags"] == ("array<string>", "VARCHAR[]")
    assert not types.keys() & {column.name for column in PARTITIONS}


def test_a_row_carries_its_scans_origin() -> None:
    row = finding_rows(scan(FOUND, context=ScanContext(NOW, commit="abc", ci_run="run 7")))[0]
    assert (row.commit, row.ci_run, row.tool_version) == ("abc", "run 7", "3.5.9")


def test_a_scan_is_read_back_from_its_heading_and_lines() -> None:
    written = scan(FOUND)
    assert scan_from(scan_heading(written), ndjson(written)) == written


def test_no_findings_are_no_lines() -> None:
    assert ndjson(scan()) == b""


@pytest.mark.parametrize(
    ("branch", "folder"),
    [("main", "branch=main"), ("feature/a=b c", "branch=feature%2Fa%3Db%20c"), ("", "branch=unknown")],
)
def test_a_partition_is_one_folder_per_value_whatever_the_value_holds(branch: str, folder: str) -> None:
    made = replace(scan(), branch=branch)
    assert partition_path(made) == f"project=webshop/{folder}/date=2026-03-01/scan={made.scan_id}"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF_NAME": "12/merge", "GITHUB_HEAD_REF": "fix", "GITHUB_SHA": "a1", "GITHUB_RUN_ID": "9", "GITHUB_WORKSPACE": "/w"},
            ("shop", "fix", "a1", "https://github.com/acme/shop/actions/runs/9", "/w"),
        ),
        (
            {"CI_PROJECT_PATH": "acme/group/shop", "CI_COMMIT_REF_NAME": "main", "CI_COMMIT_SHA": "b2", "CI_JOB_URL": "https://gl/1", "CI_PROJECT_DIR": "/b"},
            ("shop", "main", "b2", "https://gl/1", "/b"),
        ),
        (
            {"CODEBUILD_SOURCE_REPO_URL": "https://git.example/acme/shop.git", "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/main", "CODEBUILD_RESOLVED_SOURCE_VERSION": "c3", "CODEBUILD_BUILD_ID": "shop:1", "CODEBUILD_SRC_DIR": "/c"},
            ("shop", "main", "c3", "shop:1", "/c"),
        ),
        (
            {"JOB_NAME": "shop", "GIT_BRANCH": "origin/main", "GIT_COMMIT": "d4", "BUILD_URL": "https://j/1", "WORKSPACE": "/d"},
            ("shop", "main", "d4", "https://j/1", "/d"),
        ),
        ({}, ("", "", "", "", "")),
    ],
)  # fmt: skip
def test_each_ci_system_says_whose_scan_it_is(environment: dict[str, str], expected: tuple[str, ...]) -> None:
    found = context_from(environment, NOW)
    assert (found.repository, found.branch, found.commit, found.ci_run, found.source_root) == expected


def test_settings_win_over_the_ci_system() -> None:
    found = context_from(
        {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF_NAME": "main"}, NOW, project="p", branch="b"
    )
    assert (found.project, found.branch) == ("p", "b")


@pytest.mark.parametrize(("severity", "meant"), [("CRITICAL", True), ("HIGH", True), ("MEDIUM", False)])
def test_a_threshold_means_itself_and_what_is_worse(severity: str, meant: bool) -> None:
    assert at_least(severity, "high") is meant
