"""Scans as screens, as JSON and as a page: deliveries, lists, differences, trends."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import msgspec

from holdfast.delivery.cli.opening import emit
from holdfast.delivery.cli.screen import Screen, name, number
from holdfast.kernel.ids import timestamp

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.bootstrap.scans import Delivery
    from holdfast.systems.scans.model import Scan, ScanDiff, ScanFinding, TrendRow
    from holdfast.systems.scans.store import ScanManifest

KINDS = ("new", "reopened", "unknown", "fixed", "suppressed", "unchanged")
LISTED = 40
SHOWN = frozenset({"new", "reopened", "unknown", "fixed"})


def show_deliveries(home: Installation, made: Sequence[Delivery], *, as_json: bool) -> None:
    """What became of each scan, with its URL and where the evidence lies."""
    warnings = [home.scans.warnings(each) for each in made]
    if as_json:
        rows = [
            {
                "scan": each.scan_id,
                "url": each.url,
                "run": each.run.id,
                "state": each.run.state,
                "already_there": each.already_there,
                "put": each.put,
                "already": each.already,
                "warnings": warned,
            }
            for each, warned in zip(made, warnings, strict=True)
        ]
        emit(msgspec.json.encode({"scans": rows}))
        return
    screen = Screen()
    if not made:
        screen.line("No scan waits to be sent.")
    for each, warned in zip(made, warnings, strict=True):
        said = "is there already" if each.already_there else f"published in {each.put} objects"
        screen.line(f"Scan {each.scan_id}: {said}.")
        screen.line(f"  {each.url}")
        for message in warned:
            screen.line(f"  warning: {message}", "yellow")
        screen.line(f"  Evidence: {home.runs.evidence_folder(each.run)}")


def manifests_json(found: Sequence[ScanManifest]) -> bytes:
    """A JSON array of published scans."""
    return msgspec.json.encode(found)


def show_manifests(found: Sequence[ScanManifest], waiting: int) -> None:
    """A line for each published scan."""
    screen = Screen()
    if not found:
        screen.line("No scan is published here yet. `holdfast scans publish FILE` publishes one.")
    else:
        heads = (
            name("scan"),  # begins with the time it started
            "of",
            number("open"),
            name("worst"),
            number("hidden"),
            number("not run"),
        )
        screen.table(heads, map(_manifest_row, found))
        screen.line(NOT_RUN, "dim")
    if waiting:
        screen.line(f"{waiting} more wait to be sent: `holdfast scans resend`.", "yellow")


def _manifest_row(found: ScanManifest) -> list[str]:
    scan = found.scan
    worst = next((f"{count} {severity}" for severity, count in found.counts.items() if count), "")
    return [
        scan.scan_id,
        f"{scan.project} {scan.branch}",
        str(sum(found.counts.values())),
        worst,
        str(found.suppressed),
        str(sum(not run.ran for run in scan.scanners)),
    ]


NOT_RUN = "hidden: suppressed. not run: scanners whose silence proves nothing; such a scan is not clean."


def diff_json(found: ScanDiff) -> bytes:
    """The lists, each finding with rule_id, scanner, path, line, severity, fingerprint and message."""
    lists = {kind: [_finding(each) for each in getattr(found, kind)] for kind in sorted(KINDS)}
    return msgspec.json.encode({"before": found.before, "after": found.after, **lists})


def _finding(finding: ScanFinding) -> dict[str, str | int]:
    return {
        "rule_id": finding.rule_id,
        "scanner": finding.scanner,
        "path": finding.path,
        "line": finding.line,
        "severity": finding.severity,
        "flat_severity": finding.flat_severity,
        "fingerprint": finding.fingerprint,
        "message": finding.message,
    }


def show_diff(found: ScanDiff, after: Scan) -> None:
    """Counts, then the findings that need a look."""
    screen = Screen()
    counts = ", ".join(f"{len(getattr(found, kind))} {kind}" for kind in KINDS)
    screen.line(f"From {found.before} to {found.after}: {counts}.")
    for run in after.scanners:
        if not run.ran:
            screen.line(
                f"  {run.name} did not run ({run.status}): its findings are unknown, not fixed.", "yellow"
            )
    rows = [(kind, each) for kind in KINDS if kind in SHOWN for each in getattr(found, kind)]
    if not rows:
        return
    heads = ("", "severity", "rule", name("place"), "scanner", "message")
    screen.table(
        heads,
        (
            [kind, each.severity, each.rule_id, f"{each.path}:{each.line}", each.scanner, each.message[:90]]
            for kind, each in rows[:LISTED]
        ),
    )
    if len(rows) > LISTED:
        screen.line(f"and {len(rows) - LISTED} more; --json gives all.")


def trend_json(rows: Sequence[TrendRow]) -> bytes:
    """A JSON array of scans, oldest first, each with `clean` beside its fields."""
    return msgspec.json.encode(
        [{**msgspec.to_builtins(row), "counts": dict(row.counts), "clean": row.clean} for row in rows]
    )


def show_trend(rows: Sequence[TrendRow]) -> None:
    """A line for each scan, with a bar of its open findings."""
    screen = Screen()
    if not rows:
        screen.line("No scan is published here yet.")
        return
    most = max(row.total for row in rows) or 1
    heads = (
        name("scan"),
        "branch",
        number("open"),
        name(""),
        number("new"),
        number("fixed"),
        number("hidden"),
        number("not run"),
    )
    screen.table(
        heads,
        (
            [
                row.scan_id,
                row.branch,
                str(row.total),
                "#" * -(-row.total * 10 // most),
                _number(row.new),
                _number(row.fixed),
                str(row.suppressed),
                str(len(row.not_run)),
            ]
            for row in rows
        ),
    )
    screen.line(NOT_RUN, "dim")


def trend_page(rows: Sequence[TrendRow]) -> str:
    """A page with a chart and the same figures as a table; no scripts."""
    from holdfast.kernel.runs.charts import PATTERNS, Bar, legend, stacked_bars
    from holdfast.kernel.runs.page import html_page

    title = f"Security scans: {', '.join(sorted({row.project for row in rows})) or 'none'}"
    bars = [
        Bar(
            f"{timestamp(row.started_at)[:16].replace('T', ' ')} {row.branch}",
            tuple((severity.lower(), float(count)) for severity, count in row.counts),
            f"{row.total:,} open" + ("" if not row.not_run else " *"),
        )
        for row in rows
    ]
    severities = [severity.lower() for severity, _ in rows[0].counts] if rows else []
    chart = stacked_bars("Open findings by severity", bars, relative=False)
    body = [f"<h1>{escape(title)}</h1>", PATTERNS, legend(severities), chart, _trend_table(rows)]
    if any(row.not_run for row in rows):
        body.append('<p class="quiet">* a scanner did not run: what it would have found is not known.</p>')
    return html_page(escape(title), "\n".join(body))


def _trend_table(rows: Sequence[TrendRow]) -> str:
    heads = ("scan", "open", "new", "fixed", "suppressed", "did not run")
    lines = (
        (
            row.scan_id,
            str(row.total),
            _number(row.new),
            _number(row.fixed),
            str(row.suppressed),
            ", ".join(row.not_run),
        )
        for row in rows
    )
    head = "".join(f"<th>{text}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _number(count: int | None) -> str:
    return "" if count is None else str(count)
