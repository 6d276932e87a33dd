"""What became of findings between scans, and scans in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from holdfast.systems.scans.comparison import compare
from holdfast.systems.scans.model import Scan, ScanDiff
from holdfast.systems.scans.trend import trend
from tests.simulators.ash_results import Made, shifted
from tests.systems.scans.reading import scan

A = Made("rule-a", "semgrep", "a.py", 10, "a()")
B = Made("rule-b", "semgrep", "b.py", 20, "b()")
C = Made("rule-c", "bandit", "c.py", 30, "c()")
D = Made("rule-d", "bandit", "d.py", 40, "d()")
KINDS = ("new", "fixed", "unchanged", "reopened", "suppressed", "unknown")


def day(number: int, found: Sequence[Made] = (), statuses: Mapping[str, str] | None = None) -> Scan:
    return scan(found, statuses, started=f"2026-03-{number:02d}T08:00:00+00:00")


def rules(diff: ScanDiff) -> dict[str, list[str]]:
    """The rules in each list that is not empty."""
    return {kind: [each.rule_id for each in getattr(diff, kind)] for kind in KINDS if getattr(diff, kind)}


def test_moved_lines_one_fixed_two_new_and_a_failed_scanner_are_told_apart() -> None:
    secret = Made("SECRET-KEY", "detect-secrets", "k.py", 3, "k")
    before = day(1, [A, B, secret])
    after = day(2, [*shifted([A], 17), C, D], {"detect-secrets": "ERROR"})
    diff = compare(before, after)
    expected = {
        "new": ["rule-c", "rule-d"],
        "fixed": ["rule-b"],
        "unchanged": ["rule-a"],
        "unknown": ["SECRET-KEY"],
    }
    assert rules(diff) == expected
    assert (diff.unchanged[0].line, diff.before, diff.after) == (27, before.scan_id, after.scan_id)


def test_a_scan_compared_with_itself_has_nothing_but_unchanged() -> None:
    assert rules(compare(day(1, [A, B]), day(1, [A, B]))) == {"unchanged": ["rule-a", "rule-b"]}


@pytest.mark.parametrize("status", ["ERROR", "MISSING", "SKIPPED"])
def test_findings_of_a_scanner_that_did_not_look_are_unknown_not_fixed(status: str) -> None:
    assert rules(compare(day(1, [A]), day(2, [], {"semgrep": status}))) == {"unknown": ["rule-a"]}


def test_a_scanner_that_is_no_longer_there_leaves_its_findings_unknown() -> None:
    homegrown = Made("rule-h", "homegrown", "h.py", 1, "h()")
    assert rules(compare(day(1, [homegrown]), day(2))) == {"unknown": ["rule-h"]}


def test_what_a_failed_scanner_still_found_is_unchanged() -> None:
    assert rules(compare(day(1, [A, B]), day(2, [A], {"semgrep": "ERROR"}))) == {
        "unchanged": ["rule-a"],
        "unknown": ["rule-b"],
    }


def test_a_finding_that_was_fixed_once_and_is_back_is_reopened() -> None:
    assert rules(compare(day(2), day(3, [A, B]), [day(1, [A])])) == {
        "new": ["rule-b"],
        "reopened": ["rule-a"],
    }


def test_a_finding_is_not_reopened_because_its_scanner_failed_in_between() -> None:
    between = day(2, [], {"semgrep": "MISSING"})
    assert rules(compare(between, day(3, [A]), [day(1, [A, B])])) == {
        "fixed": ["rule-b"],
        "unchanged": ["rule-a"],
    }


def test_a_scanner_that_fails_twice_leaves_its_findings_unknown_still() -> None:
    failed = {"semgrep": "ERROR"}
    assert rules(compare(day(2, [], failed), day(3, [], failed), [day(1, [A])])) == {"unknown": ["rule-a"]}


def test_a_suppression_is_told_and_lifting_it_opens_the_finding_again() -> None:
    hidden = Made(A.rule_id, A.scanner, A.path, A.line, A.snippet, suppressed="accepted")
    assert rules(compare(day(1, [A]), day(2, [hidden]))) == {"suppressed": ["rule-a"]}
    assert rules(compare(day(1, [hidden]), day(2, [A]))) == {"reopened": ["rule-a"]}


def test_the_order_of_the_history_and_the_scans_themselves_in_it_do_not_matter() -> None:
    one, two, three = day(1, [A]), day(2), day(3, [A])
    assert compare(two, three, [three, two, one]) == compare(two, three, [one])


def test_a_trend_counts_each_scan_and_what_changed_and_marks_scanners_that_did_not_look() -> None:
    rows = trend([day(3, [], {"semgrep": "ERROR"}), day(1, [A, B]), day(2, [A, C]), day(4)])
    assert [row.total for row in rows] == [2, 2, 0, 0]
    assert dict(rows[1].counts) == {"CRITICAL": 2, "HIGH": 0, "MEDIUM": 0, "LOW": 0, "INFO": 0}
    changes = [(row.new, row.fixed, row.reopened, row.unknown) for row in rows]
    assert changes == [(None, None, None, None), (1, 1, 0, 0), (0, 1, 0, 1), (0, 1, 0, 0)]
    assert [row.not_run for row in rows] == [(), (), ("semgrep",), ()]
    assert [row.clean for row in rows] == [False, False, False, True]
