"""The report as plain text, 100 columns, readable in a mail or over a slow line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding
from holdfast.kernel.ids import timestamp
from holdfast.kernel.runs.report_values import (
    Failure,
    LeftOut,
    OperationTime,
    RunReport,
    headline,
    reason,
    rest_of,
)
from holdfast.kernel.showing import byte_size, duration, visible, visible_key

WIDTH = 100


def report_text(report: RunReport) -> str:
    """The whole report as text that ends with a newline; control characters in names are spelled out."""
    return "\n".join(_lines(report)) + "\n"


def facts(report: RunReport) -> list[tuple[str, str]]:
    """What the run was asked, by whom, when and at what cost, as pairs of a label and a text."""
    finished = timestamp(report.finished_at) if report.finished_at else "not finished"
    source = report.source
    pairs = [
        ("Run", report.run),
        ("State", f"{report.state} (exit code {report.exit_code})"),
        ("Stage", report.stage if report.finished_at is None else ""),
        (
            "Asked",
            bytes(report.arguments).decode() if bytes(report.arguments) not in (b"null", b"{}") else "",
        ),
        ("Account", f"{source.account} {source.region}".strip() if source else ""),
        ("Principal", source.principal if source else ""),
        ("Target", report.target),
        ("Ran as", report.owner),
        ("Started", timestamp(report.started_at)),
        ("Finished", f"{finished}, after {duration(report.cost.seconds)}"),
        ("Snapshot", report.snapshot),
        ("Stored", byte_size(report.cost.stored_bytes) if report.cost.stored_bytes else ""),
        ("Undoes", report.undoes),
        ("Calls", calls_line(report)),
        (
            "Repeats",
            f"{report.cost.repeats:,} requests had already taken effect" if report.cost.repeats else "",
        ),
    ]
    return [(label, visible(text)) for label, text in pairs if text]


def calls_line(report: RunReport) -> str:
    """Calls, throttles and waiting in one line; empty where nothing is known of them."""
    traffic = report.cost.traffic
    if traffic is None:
        return ""
    sent = f"{traffic.calls:,} sent, {traffic.throttles:,} throttled"
    return f"{sent}, {duration(traffic.waited)} waiting for a turn"


def operation_lines(report: RunReport) -> list[str]:
    """Each operation with how long it took and how long it typically takes."""
    return [
        f"{time.operation:<28} {took(time):>10}   typically {time.typical}" for time in report.cost.operations
    ]


def took(time: OperationTime) -> str:
    """How long an operation took, in words."""
    return "not done" if time.seconds is None else duration(time.seconds)


def sum_line(report: RunReport) -> str:
    """Whether every outcome is accounted for, in one sentence."""
    if report.sums_up:
        changes = sum(tally.count for tally in report.changes)
        counted = [f"{report.inventory:,} items"] * bool(report.items) + [f"{changes:,} changes"] * bool(
            changes
        )
        return f"Every outcome is accounted for: {' and '.join(counted) or 'nothing was to be done'}."
    return "The outcomes do NOT add up: " + " ".join(report.discrepancies)


def _lines(report: RunReport) -> Iterator[str]:
    title = headline(report)
    yield from (title, "=" * len(title), "")
    if because := reason(report):
        yield from (*wrap(because, WIDTH), "")
    yield from (f"{label:<10} {text}" for label, text in facts(report))
    if report.error:
        yield from (
            "",
            *_paragraph(f"Error ({report.error.code}): {report.error.message}", report.error.advice),
        )
    yield from _section("Outcomes", _outcomes(report))
    yield from _section("Changes", _changes(report))
    yield from _section("Not done", _failures(report.failures, report.failures_total))
    yield from _section("To do", _failures(report.to_do, report.to_do_total))
    yield from _section("Conflicts", _conflicts(report.conflicts, report.conflicts_total))
    yield from _section("Findings", _findings(report.findings, report.findings_total))
    yield from _section("Left out", map(left_out_line, report.left_out))
    yield from _section("Cannot return", _findings(report.cannot_return, report.cannot_return_total))
    yield from _section("Taken while these runs were changing the same service", report.taken_during)
    yield from _section(
        "Stages", (f"{time.stage:<12} {duration(time.seconds)}" for time in report.cost.stages)
    )
    yield from _section("Durations", operation_lines(report))
    growth = (f"{part.type:<32} {part.before:>9,} -> {part.now:>9,}" for part in report.growth)
    yield from _section("Records since the snapshot before", growth)
    yield from _section("Next", (f"{step.command}\n      {step.purpose}" for step in report.next_steps))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield from ("", title, "-" * len(title), *(f"  {line}" for line in listed))


def _outcomes(report: RunReport) -> Iterator[str]:
    if report.items:
        yield f"{'':<32}{'inventory':>11}{'done':>11}{'failed':>11}{'skipped':>11}{'impossible':>12}"
    for tally in report.items:
        counts = f"{tally.total:>11,}{tally.done:>11,}{tally.failed:>11,}{tally.skipped:>11,}"
        yield f"{visible(tally.type):<32}{counts}{tally.impossible:>12,}"
    if report.items or not report.sums_up:
        yield from wrap(sum_line(report), WIDTH - 2, subsequent_indent="  ")


def _changes(report: RunReport) -> Iterator[str]:
    for tally in report.changes:
        yield f"{visible(tally.type):<32}{tally.verb:>8}  {tally.outcome:<12}{tally.count:>9,}"


def _failures(failures: Sequence[Failure], total: int) -> Iterator[str]:
    for failure in failures:
        reason = f"{failure.what} {visible_key(failure.key)}: {failure.outcome}. {visible(failure.reason)}"
        yield from _paragraph(reason, visible(failure.advice))
    yield from _rest(total, failures)


def _conflicts(conflicts: Sequence[Conflict], total: int) -> Iterator[str]:
    for conflict in conflicts:
        yield f"{conflict.type} {visible_key(conflict.key)}: decided as {conflict.resolution}"
        for item in conflict.fields:
            yield f"    {visible(item.name)}: backup {visible(item.backup)!r}, live {visible(item.live)!r}"
    yield from _rest(total, conflicts)


def _findings(findings: Sequence[Finding], total: int) -> Iterator[str]:
    for finding in findings:
        of = " ".join(filter(None, (finding.type, visible_key(finding.key))))
        subject = f"{finding.severity}: {of}" if of else finding.severity
        yield from _paragraph(f"{subject}: {visible(finding.message)}", visible(finding.advice))
    yield from _rest(total, findings)


def left_out_line(part: LeftOut) -> str:
    """What was left out and why, in one line."""
    count = "" if part.count is None else f"{part.count:,} "
    return f"{count}{visible(part.type)}: {visible(part.reason)}"


def _rest(total: int, shown: Sequence[object]) -> Iterator[str]:
    rest = rest_of(total, shown)
    if rest:
        yield f"... and {rest:,} more; manifest.json lists all of them"


def _paragraph(text: str, advice: str) -> Iterator[str]:
    yield from wrap(text, WIDTH - 2, subsequent_indent="    ", break_on_hyphens=False)
    if advice:
        yield from wrap(f"-> {advice}", WIDTH - 2, initial_indent="    ", subsequent_indent="       ")
