"""What retention decided and what a tiering moves, on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from holdfast.delivery.cli.screen import STYLES, Screen, name
from holdfast.kernel.ids import timestamp
from holdfast.kernel.retention import Decision, RetentionSettings, group_of
from holdfast.kernel.showing import byte_size, counted
from holdfast.kernel.span import parse_zone
from holdfast.kernel.vault.tiering import Tiering


def show_decisions(
    decisions: Sequence[Decision], policy: RetentionSettings, freed: int, screen: Screen | None = None
) -> None:
    """For each backup, group by group, whether it stays and every rule that keeps it; then the sum."""
    screen = screen or Screen()
    zone = parse_zone(policy.time_zone)
    screen.line("Keep: " + ", ".join(f"{rule.removeprefix('keep_')} {value}" for rule, value in policy.rules))
    for group, members in groupby(decisions, key=lambda made: group_of(made.snapshot)):
        system, account, *rest = group
        screen.heading(", ".join(filter(None, (system, account and f"account {account}", *rest))))
        rows = [_decision_row(made, made.snapshot.taken_at.astimezone(zone)) for made in members]
        screen.table(
            (name("id"), name(f"taken ({policy.time_zone})"), "state", name("then"), "because"), rows
        )
    doomed = sum(not made.keep for made in decisions)
    gives_back = f"; that gives back at least {byte_size(freed)}" if doomed else ""
    screen.line(
        f"{len(decisions) - doomed:,} of {counted(len(decisions), 'backup')} stay, {doomed:,} go{gives_back}."
    )


def _decision_row(made: Decision, taken: datetime) -> list[str]:
    info = made.snapshot
    state = "" if info.complete else "partial"
    kind = info.kind if info.kind == "safety" else ""
    return [
        info.id,
        f"{taken:%a %Y-%m-%d %H:%M}",
        " ".join(filter(None, (state, kind))),
        "keep" if made.keep else "DELETE",
        made.told,
    ]


def show_tiering(
    found: Tiering, older_than: datetime, *, dry_run: bool, screen: Screen | None = None
) -> None:
    """What was moved or would be, what was not and why, and what the class charges at least."""
    screen = screen or Screen()
    into = found.storage_class
    verb = "Would move" if dry_run else "Moved"
    screen.line(f"{verb} {counted(len(found.moves), 'pack')} ({byte_size(found.bytes)}) to {into.name}.")
    screen.facts(
        [
            (
                "Stay",
                f"{found.warm:,} packs that the next backup or one taken after {timestamp(older_than)} needs",
            ),
            ("Too small", f"{found.small:,} packs would cost more there" if found.small else ""),
            ("There", f"{found.already:,} packs are in {into.name} already" if found.already else ""),
            ("Gone", f"{len(found.missing):,} packs were deleted meanwhile" if found.missing else ""),
            ("Charges", into.charges and f"{into.name}: {into.charges}; reads are charged by the GiB"),
        ]
    )
    if into.archive:
        screen.line(
            f"What lies in {into.name} must be asked for with `aws s3api restore-object` before it is read.",
            STYLES["warning"],
        )
