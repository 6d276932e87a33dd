"""The report of a run as a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.delivery.cli.screen import STYLES, Screen, number
from holdfast.kernel.showing import duration, visible_key

if TYPE_CHECKING:
    from holdfast.domain.changes import Conflict
    from holdfast.kernel.runs.report_values import Failure, RunReport

SHOWN = 10
"""Entries of each kind on the screen; the report in the evidence folder lists more, its manifest all."""


def show_report(report: RunReport, folder: Path | str = "", screen: Screen | None = None) -> None:
    """What a run came to, what did not work and what to do next; `folder` is where its evidence lies."""
    from holdfast.kernel.runs.report_text import facts, left_out_line, operation_lines, sum_line
    from holdfast.kernel.runs.report_values import headline, reason

    screen = screen or Screen()
    screen.line(headline(report), f"bold {STYLES.get(report.state, '')}".strip())
    if because := reason(report):
        screen.line(because)
    screen.facts([pair for pair in facts(report) if pair[0] not in ("State", "Ran as", "Principal")])
    if report.error:
        screen.heading(f"Error ({report.error.code})")
        screen.line(f"  {report.error.message}", "red")
        screen.line(f"  {report.error.advice}" if report.error.advice else "")
    _outcomes(screen, report)
    if report.items or not report.sums_up:
        screen.line(sum_line(report), "" if report.sums_up else "bold red")
    _failures(screen, "Not done", report.failures, report.failures_total)
    _failures(screen, "To do", report.to_do, report.to_do_total)
    _conflicts(screen, report.conflicts, report.conflicts_total)
    screen.findings("Findings", report.findings[:SHOWN], report.findings_total)
    screen.findings("Cannot return", report.cannot_return[:SHOWN], report.cannot_return_total)
    _lines(screen, "Left out", [left_out_line(part) for part in report.left_out])
    _lines(screen, "Taken while these runs were changing the same service", report.taken_during)
    _lines(screen, "Stages", [f"{time.stage} {duration(time.seconds)}" for time in report.cost.stages])
    _lines(screen, "Durations", operation_lines(report))
    _next(screen, report, folder)


def _outcomes(screen: Screen, report: RunReport) -> None:
    if report.items:
        counts = ("inventory", "done", "failed", "skipped", "impossible")
        screen.heading("Outcomes")
        screen.table(
            ("type", *(number(name) for name in counts)),
            (
                [tally.type, *(_count(getattr(tally, name)) for name in ("total", *counts[1:]))]
                for tally in report.items
            ),
        )
    if report.changes:
        screen.heading("Changes")
        rows = ([tally.type, tally.verb, tally.outcome, _count(tally.count)] for tally in report.changes)
        screen.table(("type", "verb", "outcome", number("changes")), rows)


def _count(amount: int) -> str:
    return f"{amount:,}"


def _failures(screen: Screen, title: str, failures: Sequence[Failure], total: int) -> None:
    if not failures:
        return
    screen.heading(f"{title} ({total:,})")
    for failure in failures[:SHOWN]:
        told = f"  {failure.outcome}: {failure.what} {visible_key(failure.key)}: {failure.reason}"
        screen.line(told, STYLES.get(failure.outcome, ""))
        if failure.advice:
            screen.line(f"    -> {failure.advice}", "dim")
    if total > SHOWN:
        screen.line(f"  ... and {total - SHOWN:,} more in the report")


def _conflicts(screen: Screen, conflicts: Sequence[Conflict], total: int) -> None:
    if not conflicts:
        return
    screen.heading(f"Conflicts ({total:,})")
    rows = (
        [
            f"{part.type} {visible_key(part.key)}",
            ", ".join(field.name for field in part.fields),
            part.resolution,
        ]
        for part in conflicts[:SHOWN]
    )
    screen.table(("which", "fields", "decided"), rows)
    if total > SHOWN:
        screen.line(f"  ... and {total - SHOWN:,} more in the report")


def _lines(screen: Screen, title: str, lines: Sequence[str]) -> None:
    if lines:
        screen.heading(title)
        for line in lines:
            screen.line(f"  {line}")


def _next(screen: Screen, report: RunReport, folder: Path | str) -> None:
    if report.next_steps:
        screen.heading("Next")
        for step in report.next_steps:
            screen.line(f"  {step.command}")
            screen.line(f"      {step.purpose}", "dim")
    if folder:
        screen.heading("Evidence")
        screen.line(f"  {folder}")
