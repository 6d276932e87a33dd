"""`holdfast audit`: list, verify."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import CHECK_FAILED, emit, installation

if TYPE_CHECKING:
    from holdfast.kernel.audit import AuditVerdict
    from holdfast.kernel.ports import AuditEntry


@click.group()
@shared_options
def audit() -> None:
    """Who did what to what, and the proof that it is all there."""


@audit.command(name="list")
@click.option("--limit", type=click.IntRange(0), default=0, show_default="all", help="The newest so many.")
@shared_options
@pass_invocation
def list_(invocation: Invocation, limit: int) -> int:
    """The audit trail, oldest first."""
    with installation(invocation) as home:
        found = list(deque(home.ledger.audit(), maxlen=limit or None))
        if invocation.json:
            emit([_entry_json(entry) for entry in found])
        else:
            _show_entries(found)
    return 0


@audit.command()
@shared_options
@pass_invocation
def verify(invocation: Invocation) -> int:
    """Find any edit, removal or reordering up to the newest snapshot that anchors the trail; exit 5 if so."""
    import msgspec

    with installation(invocation) as home:
        anchors, others = home.audit_anchors()
        verdict = home.audit.verify(anchors)
        if invocation.json:
            more = {"unanchored": verdict.unanchored, "snapshots_of_other_installations": others}
            emit({**msgspec.to_builtins(verdict), **more})
        else:
            _show_verdict(verdict, others)
    return CHECK_FAILED if verdict.problems else 0


def _entry_json(entry: AuditEntry) -> dict[str, object]:
    import msgspec

    return {**msgspec.to_builtins(entry), "detail": msgspec.Raw(entry.detail)}


def _show_entries(found: list[AuditEntry]) -> None:
    from holdfast.delivery.cli.screen import Screen, name, number

    screen = Screen()
    if not found:
        screen.line("The audit trail is empty.")
        return
    rows = (
        [str(e.position), f"{e.at:%Y-%m-%d %H:%M:%S}", e.actor, e.action, e.subject, _detail(e)]
        for e in found
    )
    heads = (number("no."), name("at (UTC)"), "who", "did", "to", "detail")
    if screen.narrow:
        screen.table(heads[:4], (row[:4] for row in rows))
        return
    screen.table(heads, rows)


def _detail(entry: AuditEntry) -> str:
    return "" if entry.detail in (b"null", b"{}") else entry.detail.decode()


def _show_verdict(verdict: AuditVerdict, others: int) -> None:
    from holdfast.delivery.cli.screen import Screen

    screen = Screen()
    if verdict.problems:
        screen.line(f"The audit trail is DAMAGED in {len(verdict.problems)} places:", "bold red")
        for problem in verdict.problems:
            screen.line(f"  {problem}", "red")
    else:
        screen.line(f"The audit trail is whole: {verdict.entries:,} entries, each as it was written.")
    screen.line(
        f"{verdict.anchored:,} are anchored in sealed snapshots; {verdict.unanchored:,} came after the last."
    )
    if others:
        screen.line(
            f"Another installation's trail is anchored in {others:,} more snapshots of this vault; verify it there."
        )
