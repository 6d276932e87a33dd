"""The figures of a run in the Prometheus text format, for the node exporter's textfile collector."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.kernel.runs.report_values import RunReport

Sample = tuple[dict[str, str], float]


def metrics_text(report: RunReport) -> str:
    """Prometheus text (exposition format 0.0.4); all names start with `holdfast_run_`."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: RunReport) -> Iterator[str]:
    run = {"system": report.system, "kind": report.kind}
    yield from _gauge("success", "1 when the run's exit code is 0", [(run, float(report.exit_code == 0))])
    yield from _gauge("exit_code", "Exit code of the run", [(run, float(report.exit_code))])
    yield from _gauge("duration_seconds", "Seconds from start to end", [(run, report.cost.seconds)])
    yield from _gauge(
        "start_timestamp_seconds", "Unix time of the start", [(run, report.started_at.timestamp())]
    )
    yield from _gauge("sums_up", "1 when all outcomes add up", [(run, float(report.sums_up))])
    yield from _gauge("items", "Items by type and outcome", list(_items(run, report)))
    yield from _gauge("changes", "Changes by type, verb and outcome", list(_changes(run, report)))
    yield from _gauge("findings", "Findings by severity", list(_findings(run, report)))
    yield from _gauge("conflicts", "Conflicts met", [(run, float(report.conflicts_total))])
    yield from _gauge(
        "repeated_requests", "Requests the service had already honoured", [(run, float(report.cost.repeats))]
    )
    yield from _gauge(
        "stored_bytes", "Bytes this run added to the vault", [(run, float(report.cost.stored_bytes))]
    )
    if report.cost.traffic:
        yield from _gauge("calls", "Calls sent", [(run, float(report.cost.traffic.calls))])
        yield from _gauge("throttles", "Throttles met", [(run, float(report.cost.traffic.throttles))])
        yield from _gauge(
            "waited_seconds", "Seconds spent waiting for a turn", [(run, report.cost.traffic.waited)]
        )


def _items(run: dict[str, str], report: RunReport) -> Iterator[Sample]:
    for tally in report.items:
        counts = {
            "done": tally.done,
            "failed": tally.failed,
            "skipped": tally.skipped,
            "impossible": tally.impossible,
        }
        for outcome, count in counts.items():
            yield {**run, "type": tally.type, "outcome": outcome}, float(count)


def _changes(run: dict[str, str], report: RunReport) -> Iterator[Sample]:
    for tally in report.changes:
        yield {**run, "type": tally.type, "verb": tally.verb, "outcome": tally.outcome}, float(tally.count)


def _findings(run: dict[str, str], report: RunReport) -> Iterator[Sample]:
    for severity, count in report.findings_by_severity.items():
        yield {**run, "severity": severity}, float(count)


def _gauge(name: str, told: str, samples: list[Sample]) -> Iterator[str]:
    if not samples:
        return
    yield f"# HELP holdfast_run_{name} {told}."
    yield f"# TYPE holdfast_run_{name} gauge"
    for labels, value in samples:
        listed = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"holdfast_run_{name}{{{listed}}} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
