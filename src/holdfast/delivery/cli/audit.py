"""`holdfast audit`: list, verify."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import Invocation, pass_invocation, shared_options
from holdfast.delivery.cli.opening import emit, installation

if TYPE_CHECKING:
    from holdfast.kernel.audit import AuditVerdict
    from holdfast.kernel.ports import AuditEntry

CHECK_FAILED = 5


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
            emit(_entries_json(found))
        else:
            _show_entries(found)
    return 0


@audit.command()
@shared_options
@pass_invocation
def verify(invocation: Invocation) -> int:
    """Find any edit, removal or reordering up to the newest snapshot that anchors the trail; exit 5 if so."""
    with installation(invocation) as home:
        anchors, others = home.audit_anchors()
        verdict = home.audit.verify(anchors)
        if invocation.json:
            emit(_verdict_json(verdict, others))
        else:
            _show_verdict(verdict, others)
    return CHECK_FAILED if verdict.problems else 0


def _entries_json(found: list[AuditEntry]) -> bytes:
    import msgspec

    entries = [{**msgspec.to_builtins(entry), "detail": msgspec.Raw(entry.detail)} for entry in found]
    return msgspec.json.encode(entries)


def _verdict_json(verdict: AuditVerdict, others: int) -> bytes:
    import msgspec

    more = {"unanchored": verdict.unanchored, "snapshots_of_other_installations": others}
    return msgspec.json.encode({**msgspec.to_builtins(verdict), **more})


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
