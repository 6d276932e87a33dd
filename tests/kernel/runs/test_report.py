"""Reports say what a run came to, from the ledger alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.domain.changes import Change
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import JournalEntry, RunState
from holdfast.domain.snapshots import SectionSummary
from holdfast.kernel.canonical import canonical
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.runs.report import LISTED, Measured, build_report
from holdfast.kernel.runs.report_text import report_text
from holdfast.kernel.runs.report_values import ItemTally, OperationTime
from holdfast.kernel.runs.stages import RunContext
from tests.simulators import sample_run
from tests.simulators.memory_ledger import MemoryLedger
from tests.simulators.quiet import HandClock
from tests.simulators.sample_run import RUN_ID


def test_outcomes_of_a_type_sum_up_to_its_inventory() -> None:
    report = sample_run.report()

    assert report.items == (
        ItemTally("group", total=2, done=2, failed=0, skipped=0, impossible=0),
        ItemTally("user", total=2, done=1, failed=0, skipped=1, impossible=0),
    )
    assert report.inventory == 4


def test_changes_are_counted_by_type_verb_and_outcome() -> None:
    counted = {(t.type, t.verb, t.outcome): t.count for t in sample_run.report().changes}

    assert counted == {
        ("assignment", "create", "impossible"): 1,
        ("group", "update", "in doubt"): 1,
        ("permission_set.managed_policy", "create", "failed"): 1,
        ("user", "create", "done"): 1,
    }


def test_a_change_without_outcome_means_the_counts_do_not_add_up() -> None:
    report = sample_run.report()

    assert not report.sums_up
    assert report.discrepancies == ("group: 1 to update without outcome (in doubt).",)


def test_a_sealed_record_that_the_ledger_does_not_know_is_a_discrepancy() -> None:
    ledger = MemoryLedger(item_rows=[Item("user", "ada", DONE)])
    sealed = sample_run.snapshot(run=RUN_ID, sections=(SectionSummary("user", 2, True, True),))

    report = build_report(ledger, sample_run.run(RunState.COMPLETE, kind="backup"), sealed)

    assert report.discrepancies == (
        "user: the sealed snapshot holds 2 records, the ledger says 1 were done.",
    )
    assert report.exit_code == 5


def test_a_sealed_type_without_any_item_is_a_discrepancy() -> None:
    sealed = sample_run.snapshot(run=RUN_ID, sections=(SectionSummary("group", 3, True, True),))

    report = build_report(MemoryLedger(), sample_run.run(RunState.COMPLETE), sealed)

    assert report.items == (ItemTally("group", 0, 0, 0, 0, 0, expected=3),)
    assert not report.sums_up


def test_what_is_impossible_and_kept_in_part_is_a_record_of_the_snapshot() -> None:
    impossible = Outcome(OutcomeKind.IMPOSSIBLE, "no bundle could be made of it")
    rows = [
        Item("user", "ada", DONE),
        Item("user", "bob", impossible, "digest"),
        Item("user", "eve", impossible),
    ]
    sealed = sample_run.snapshot(run=RUN_ID, sections=(SectionSummary("user", 2, True, True),))

    report = build_report(
        MemoryLedger(item_rows=rows), sample_run.run(RunState.PARTIAL, kind="backup"), sealed
    )

    assert report.items == (ItemTally("user", 3, 1, 0, 0, 2, expected=2, kept=1),)
    assert report.sums_up


def test_operations_beside_each_other_count_once_and_are_shown_beside_the_typical_time() -> None:
    ledger: Any = MemoryLedger()
    run = sample_run.run()
    context = RunContext(run, "capture", ledger, HandClock(), SilentProgress(), lambda: None)
    for began, ended in ((10.0, 14.0), (12.0, 13.0), (13.0, 17.0), (20.0, 21.0)):
        context.spent("discovery", began, ended)
    assert context.seconds() == {"discovery": 8.0}
    report = sample_run.report()
    times = (
        OperationTime("Asset Discovery", 8.0, "10-60 seconds"),
        OperationTime("S3 Upload", None, "30 seconds"),
    )
    text = report_text(replace(report, cost=replace(report.cost, operations=times)))
    assert "Asset Discovery                   8.0 s   typically 10-60 seconds" in text
    assert "S3 Upload                      not done   typically 30 seconds" in text


def test_a_complete_backup_whose_records_are_all_accounted_for_sums_up() -> None:
    ledger = MemoryLedger(item_rows=[Item("user", "ada", DONE), Item("user", "bob", DONE)])
    sealed = sample_run.snapshot(run=RUN_ID, sections=(SectionSummary("user", 2, True, True),))

    report = build_report(ledger, sample_run.run(RunState.COMPLETE, kind="backup"), sealed)

    assert (report.sums_up, report.exit_code, report.cost.stored_bytes) == (True, 0, 48_123)


def test_failures_come_with_reason_and_next_step() -> None:
    told = [(f.outcome, f.reason, f.advice) for f in sample_run.report().failures]

    assert told[0] == (
        "failed",
        "sso:AttachManagedPolicyToPermissionSet on ReadOnly was denied.",
        "Allow sso:AttachManagedPolicyToPermissionSet to the principal Holdfast runs as.",
    )
    assert [outcome for outcome, _, _ in told] == ["failed", "impossible", "in doubt"]


def test_what_a_done_change_leaves_to_somebody_is_told() -> None:
    made = Change("user", "ann", None, b"{}", 0, "ann")
    done = Outcome(OutcomeKind.DONE, "registered", "Send ann the link.")
    ledger = MemoryLedger(entries=[JournalEntry(0, made, intended=True, outcome=done)])

    report = build_report(ledger, sample_run.run())

    assert [(each.what, each.key, each.advice) for each in report.to_do] == [
        ("create user", "ann", "Send ann the link.")
    ]
    assert "Send ann the link." in report_text(report)


def test_more_failures_than_are_listed_are_still_counted() -> None:
    lost = Outcome(OutcomeKind.FAILED, "gone")
    ledger = MemoryLedger(item_rows=[Item("user", f"u{number:03}", lost) for number in range(120)])

    report = build_report(ledger, sample_run.run())

    assert (len(report.failures), report.failures_total) == (LISTED, 120)
    assert "... and 70 more; manifest.json lists all of them" in report_text(report)


def test_what_was_left_out_names_types_not_captured_and_items_skipped() -> None:
    assert [(part.type, part.count, part.reason) for part in sample_run.report().left_out] == [
        ("application", None, "not asked for"),
        ("application", None, "SAML certificates."),
        ("user", 1, "The user is provisioned by SCIM; Holdfast waits for it."),
    ]


def test_what_cannot_return_is_told_apart_from_other_findings() -> None:
    report = sample_run.report()

    assert [finding.code for finding in report.cannot_return] == ["cannot-return.password"]
    assert [finding.code for finding in report.findings] == ["not-empty", "provisioned-twice"]
    assert report.findings_by_severity == {"error": 1, "note": 1}


def test_a_finding_about_nothing_in_particular_names_nothing() -> None:
    finding = Finding(Severity.NOTE, "export-jobs", "", "", "Three jobs.")
    text = report_text(replace(sample_run.report(), findings=(finding,)))
    assert "  note: Three jobs." in text


def test_runs_that_changed_the_service_during_the_capture_are_named() -> None:
    assert sample_run.report().taken_during == ("20261119T015800.000Z-00000002",)


def test_requests_that_had_already_taken_effect_are_counted() -> None:
    assert sample_run.report().cost.repeats == 2


def test_personal_values_of_conflicts_are_masked_and_others_are_shown() -> None:
    fields = [(f.name, f.backup, f.live) for f in sample_run.report().conflicts[0].fields]

    assert fields == [("Title", "***", "***"), ("Name.GivenName", "***", "***"), ("Locale", "en", "de")]


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        (RunState.INTERRUPTED, ["runs resume", "runs rollback"]),
        (RunState.FAILED, ["runs resume", "runs rollback"]),
        (RunState.RUNNING, ["runs resume", "runs rollback"]),
        (RunState.PARTIAL, ["runs show", "runs rollback"]),
        (RunState.COMPLETE, ["runs rollback"]),
    ],
)
def test_the_commands_offered_fit_the_state(state: RunState, commands: list[str]) -> None:
    offered = [step.command for step in sample_run.report(state).next_steps]

    assert offered == [f"holdfast {command} {RUN_ID}" for command in commands]


def test_a_refused_run_offers_no_command() -> None:
    report = build_report(MemoryLedger(), sample_run.run(RunState.REFUSED))

    assert (report.next_steps, report.exit_code) == ((), 4)


@pytest.mark.parametrize(
    ("state", "code"),
    [(RunState.PARTIAL, 3), (RunState.INTERRUPTED, 130), (RunState.FAILED, 30), (RunState.RUNNING, 75)],
)
def test_the_exit_code_fits_the_state_and_the_error(state: RunState, code: int) -> None:
    error = canonical({"code": "remote", "exit_code": 30, "message": "It broke."})
    row = sample_run.run(state, error=error if state is RunState.FAILED else b"")

    assert build_report(MemoryLedger(), row).exit_code == code


def test_a_complete_run_with_an_error_finding_is_a_failed_check() -> None:
    ledger = MemoryLedger(finding_rows=[Finding(Severity.ERROR, "differs", "user", "ada", "It differs.")])

    assert build_report(ledger, sample_run.run(RunState.COMPLETE)).exit_code == 5


def test_the_error_that_ended_the_run_is_shown_with_its_advice() -> None:
    error = canonical({"code": "remote", "exit_code": 30, "message": "It broke.", "advice": "Look there."})
    text = report_text(build_report(MemoryLedger(), sample_run.run(RunState.FAILED, error=error)))

    assert "Error (remote): It broke." in text
    assert "-> Look there." in text


def test_an_unfinished_run_lasts_until_now() -> None:
    row = sample_run.run(RunState.RUNNING)
    report = build_report(
        MemoryLedger(), row, measured=Measured(now=datetime(2026, 11, 20, 9, 9, 12, 123000, UTC))
    )

    assert (report.finished_at, report.cost.seconds) == (None, 60.0)


def test_growth_compares_with_the_snapshot_before() -> None:
    before = sample_run.snapshot(sections=(SectionSummary("user", 900, True, True),))
    report = build_report(MemoryLedger(), sample_run.run(), sample_run.snapshot(), previous=before)

    assert [(part.type, part.before, part.now) for part in report.growth] == [("user", 900, 1)]


def test_the_text_spells_out_control_characters() -> None:
    ledger = MemoryLedger(
        item_rows=[Item("group", "Evil\x1b[2J\u202e", Outcome(OutcomeKind.FAILED, "no\nline"))]
    )

    text = report_text(build_report(ledger, sample_run.run()))

    assert "Evil\\x1b[2J\\u202e: failed. no\\x0aline" in text


def test_the_json_object_is_plain_and_keeps_the_arguments() -> None:
    told = json.loads(sample_run.report().to_json())

    assert told["run"] == RUN_ID
    assert told["arguments"] == {"backup": "latest", "strategy": "overwrite"}
    assert told["started_at"] == "2026-11-20T09:08:12.123000Z"
