"""The report as one HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding
from holdfast.kernel.runs.charts import PATTERNS, Bar, legend, stacked_bars
from holdfast.kernel.runs.page import bullets, definitions, escaped, html_page, section, table
from holdfast.kernel.runs.report_text import facts, left_out_line, sum_line, took
from holdfast.kernel.runs.report_values import Failure, ItemTally, RunReport, headline, rest_of
from holdfast.kernel.showing import duration, visible, visible_key

OUTCOMES = ("done", "failed", "skipped", "impossible")


def report_html(report: RunReport) -> str:
    """The whole page. Lists are as bounded as the report's."""
    return html_page(escaped(headline(report)), "\n".join(_body(report)))


def _body(report: RunReport) -> Iterator[str]:
    name = escaped(f"{report.kind} of {report.system}")
    yield f'<h1>{name} <span class="state {report.state.value}">{report.state.value}</span></h1>'
    yield PATTERNS
    yield from _banners(report)
    yield definitions(facts(report))
    yield from section("Next", _steps(report))
    yield from section("Outcomes", _outcomes(report))
    yield from section("Changes", _changes(report))
    yield from section("Not done", _failures(report.failures, report.failures_total))
    yield from section("To do", _failures(report.to_do, report.to_do_total))
    yield from section("Conflicts", _conflicts(report.conflicts, report.conflicts_total))
    yield from section("Findings", _findings(report.findings, report.findings_total))
    yield from section("Cannot return", _findings(report.cannot_return, report.cannot_return_total))
    yield from section("Left out", bullets(map(left_out_line, report.left_out)))
    yield from section("Taken while these runs were changing the same service", bullets(report.taken_during))
    yield from section("Duration by stage", _stages(report))
    yield from section("Durations", _durations(report))
    yield from section("Records since the snapshot before", _growth(report))
    yield from section("Calls", _operations(report))
    yield "<footer>Personal values are shown as ***. manifest.json lists every item and change.</footer>"


def _banners(report: RunReport) -> Iterator[str]:
    if report.error:
        advice = f'<span class="advice">{escaped(report.error.advice)}</span>' if report.error.advice else ""
        message = f"<b>{escaped(report.error.code)}</b>: {escaped(report.error.message)}"
        yield f'<div class="banner bad">{message}{advice}</div>'
    if report.items or report.changes:
        kind = "banner" if report.sums_up else "banner bad"
        yield f'<div class="{kind}">{escaped(sum_line(report))}</div>'


def _steps(report: RunReport) -> Iterator[str]:
    for step in report.next_steps:
        yield f'<p><code>{escaped(step.command)}</code><span class="advice">{escaped(step.purpose)}</span></p>'


def _outcomes(report: RunReport) -> Iterator[str]:
    if not report.items:
        return
    bars = [Bar(visible(tally.type), _shares(tally), f"{tally.total:,}") for tally in report.items]
    yield stacked_bars("Outcomes by type, as shares of each type's inventory", bars, relative=True)
    yield legend(OUTCOMES)
    rows = ([tally.type, *_numbers(tally)] for tally in report.items)
    yield table(("type", "inventory", *OUTCOMES), rows, numbers=5)


def _shares(tally: ItemTally) -> tuple[tuple[str, float], ...]:
    return tuple((name, float(getattr(tally, name))) for name in OUTCOMES)


def _numbers(tally: ItemTally) -> list[str]:
    counts = (tally.total, tally.done, tally.failed, tally.skipped, tally.impossible)
    return [f"{count:,}" for count in counts]


def _changes(report: RunReport) -> Iterator[str]:
    if not report.changes:
        return
    shares: dict[str, dict[str, float]] = {}
    for tally in report.changes:
        of_type = shares.setdefault(f"{tally.verb} {tally.type}", {})
        of_type[tally.outcome] = of_type.get(tally.outcome, 0.0) + tally.count
    bars = [
        Bar(visible(name), tuple(part.items()), f"{sum(part.values()):,.0f}") for name, part in shares.items()
    ]
    yield stacked_bars("Changes by type and verb, to one scale", bars, relative=False)
    yield legend(sorted({tally.outcome for tally in report.changes}))
    rows = ([tally.type, tally.verb, tally.outcome, f"{tally.count:,}"] for tally in report.changes)
    yield table(("type", "verb", "outcome", "changes"), rows, numbers=1)


def _failures(failures: Sequence[Failure], total: int) -> Iterator[str]:
    if failures:
        rows = (
            [failure.what, visible_key(failure.key), failure.outcome, failure.reason, failure.advice]
            for failure in failures
        )
        yield table(("what", "whom or which", "outcome", "why", "next step"), rows)
    yield from _rest(total, failures)


def _conflicts(conflicts: Sequence[Conflict], total: int) -> Iterator[str]:
    rows = [
        [
            conflict.type,
            visible_key(conflict.key),
            item.name,
            item.backup,
            item.live,
            conflict.resolution.value,
        ]
        for conflict in conflicts
        for item in conflict.fields
    ]
    if rows:
        yield table(("type", "which", "field", "backup", "live", "decided"), rows)
    yield from _rest(total, conflicts)


def _findings(findings: Sequence[Finding], total: int) -> Iterator[str]:
    if findings:
        rows = (
            [item.severity.value, item.type, visible_key(item.key), item.message, item.advice]
            for item in findings
        )
        yield table(("severity", "type", "which", "what", "next step"), rows)
    yield from _rest(total, findings)


def _stages(report: RunReport) -> Iterator[str]:
    if report.cost.stages:
        bars = [
            Bar(time.stage, (("time", time.seconds),), duration(time.seconds)) for time in report.cost.stages
        ]
        yield stacked_bars("Duration by stage", bars, relative=False)


def _durations(report: RunReport) -> Iterator[str]:
    if report.cost.operations:
        rows = ([time.operation, took(time), time.typical] for time in report.cost.operations)
        yield table(("operation", "took", "typically"), rows)


def _growth(report: RunReport) -> Iterator[str]:
    if report.growth:
        rows = (
            [part.type, f"{part.before:,}", f"{part.now:,}", f"{part.now - part.before:+,}"]
            for part in report.growth
        )
        yield table(("type", "before", "now", "change"), rows, numbers=3)


def _operations(report: RunReport) -> Iterator[str]:
    if report.cost.traffic and report.cost.traffic.by_operation:
        rows = ([name, f"{count:,}"] for name, count in report.cost.traffic.by_operation)
        yield table(("operation", "calls"), rows, numbers=1)


def _rest(total: int, shown: Sequence[object]) -> Iterator[str]:
    rest = rest_of(total, shown)
    if rest:
        yield f'<p class="quiet">… and {rest:,} more; manifest.json lists all of them.</p>'
