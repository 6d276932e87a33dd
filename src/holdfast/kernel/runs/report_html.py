"""The report as one HTML page: self-contained, no scripts, everything from outside escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding
from holdfast.kernel.runs.charts import PATTERNS, Bar, legend, stacked_bars
from holdfast.kernel.runs.report_text import facts, left_out_line, sum_line
from holdfast.kernel.runs.report_values import Failure, ItemTally, RunReport, headline, rest_of
from holdfast.kernel.showing import duration, visible, visible_key

OUTCOMES = ("done", "failed", "skipped", "impossible")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security of the page: even what escaped the escaping could load and run nothing."""


def report_html(report: RunReport) -> str:
    """The whole page. Lists are as bounded as the report's."""
    return html_page(_text(headline(report)), "\n".join(_body(report)))


def html_page(title: str, body: str) -> str:
    """A page in the style of reports around some HTML; both texts are escaped already."""
    style = files("holdfast.kernel.runs").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(report: RunReport) -> Iterator[str]:
    name = _text(f"{report.kind} of {report.system}")
    yield f'<h1>{name} <span class="state {report.state.value}">{report.state.value}</span></h1>'
    yield PATTERNS
    yield from _banners(report)
    pairs = "".join(f"<dt>{_text(label)}</dt><dd>{_text(text)}</dd>" for label, text in facts(report))
    yield f"<dl>{pairs}</dl>"
    yield from _section("Next", _steps(report))
    yield from _section("Outcomes", _outcomes(report))
    yield from _section("Changes", _changes(report))
    yield from _section("Not done", _failures(report.failures, report.failures_total))
    yield from _section("Conflicts", _conflicts(report.conflicts, report.conflicts_total))
    yield from _section("Findings", _findings(report.findings, report.findings_total))
    yield from _section("Cannot return", _findings(report.cannot_return, report.cannot_return_total))
    yield from _section("Left out", _bullets(map(left_out_line, report.left_out)))
    yield from _section(
        "Taken while these runs were changing the same service", _bullets(report.taken_during)
    )
    yield from _section("Duration by stage", _stages(report))
    yield from _section("Records since the snapshot before", _growth(report))
    yield from _section("Calls", _operations(report))
    yield "<footer>Personal values are shown as ***. manifest.json lists every item and change.</footer>"


def _banners(report: RunReport) -> Iterator[str]:
    if report.error:
        advice = f'<span class="advice">{_text(report.error.advice)}</span>' if report.error.advice else ""
        message = f"<b>{_text(report.error.code)}</b>: {_text(report.error.message)}"
        yield f'<div class="banner bad">{message}{advice}</div>'
    if report.items or report.changes:
        kind = "banner" if report.sums_up else "banner bad"
        yield f'<div class="{kind}">{_text(sum_line(report))}</div>'


def _section(title: str, parts: Iterable[str]) -> Iterator[str]:
    listed = list(parts)
    if listed:
        yield from (f"<section><h2>{_text(title)}</h2>", *listed, "</section>")


def _steps(report: RunReport) -> Iterator[str]:
    for step in report.next_steps:
        yield f'<p><code>{_text(step.command)}</code><span class="advice">{_text(step.purpose)}</span></p>'


def _outcomes(report: RunReport) -> Iterator[str]:
    if not report.items:
        return
    bars = [Bar(visible(tally.type), _shares(tally), f"{tally.total:,}") for tally in report.items]
    yield stacked_bars("Outcomes by type, as shares of each type's inventory", bars, relative=True)
    yield legend(OUTCOMES)
    rows = ([tally.type, *_numbers(tally)] for tally in report.items)
    yield _table(("type", "inventory", *OUTCOMES), rows, numbers=5)


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
    yield _table(("type", "verb", "outcome", "changes"), rows, numbers=1)


def _failures(failures: Sequence[Failure], total: int) -> Iterator[str]:
    if failures:
        rows = (
            [failure.what, visible_key(failure.key), failure.outcome, failure.reason, failure.advice]
            for failure in failures
        )
        yield _table(("what", "whom or which", "outcome", "why", "next step"), rows)
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
        yield _table(("type", "which", "field", "backup", "live", "decided"), rows)
    yield from _rest(total, conflicts)


def _findings(findings: Sequence[Finding], total: int) -> Iterator[str]:
    if findings:
        rows = (
            [item.severity.value, item.type, visible_key(item.key), item.message, item.advice]
            for item in findings
        )
        yield _table(("severity", "type", "which", "what", "next step"), rows)
    yield from _rest(total, findings)


def _stages(report: RunReport) -> Iterator[str]:
    if report.cost.stages:
        bars = [
            Bar(time.stage, (("time", time.seconds),), duration(time.seconds)) for time in report.cost.stages
        ]
        yield stacked_bars("Duration by stage", bars, relative=False)


def _growth(report: RunReport) -> Iterator[str]:
    if report.growth:
        rows = (
            [part.type, f"{part.before:,}", f"{part.now:,}", f"{part.now - part.before:+,}"]
            for part in report.growth
        )
        yield _table(("type", "before", "now", "change"), rows, numbers=3)


def _operations(report: RunReport) -> Iterator[str]:
    if report.cost.traffic and report.cost.traffic.by_operation:
        rows = ([name, f"{count:,}"] for name, count in report.cost.traffic.by_operation)
        yield _table(("operation", "calls"), rows, numbers=1)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """A table whose last `numbers` columns are figures; a column that is empty throughout is left out."""
    listed = list(rows)
    kept = [place for place in range(len(heads)) if any(row[place] for row in listed)]
    figures = range(len(heads) - numbers, len(heads))
    head = "".join(_cell("th", heads[place], place in figures) for place in kept)
    lines = ("".join(_cell("td", row[place], place in figures) for place in kept) for row in listed)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cell(tag: str, text: str, figure: bool) -> str:
    number = ' class="number"' if figure else ""
    return f"<{tag}{number}>{_text(text)}</{tag}>"


def _bullets(lines: Iterable[str]) -> Iterator[str]:
    listed = "".join(f"<li>{_text(line)}</li>" for line in lines)
    if listed:
        yield f"<ul>{listed}</ul>"


def _rest(total: int, shown: Sequence[object]) -> Iterator[str]:
    rest = rest_of(total, shown)
    if rest:
        yield f'<p class="quiet">… and {rest:,} more; manifest.json lists all of them.</p>'


def _text(text: str) -> str:
    return escape(visible(text))
