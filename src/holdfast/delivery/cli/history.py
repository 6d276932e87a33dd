"""`holdfast identity-center history`: one thing through all backups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

import click

from holdfast.delivery.cli.invocation import (
    Invocation,
    format_option,
    pass_invocation,
    personal_option,
    shared_options,
)
from holdfast.delivery.cli.moments import since_option, until_option
from holdfast.delivery.cli.opening import emit, installation, print_bytes
from holdfast.systems.identity_center.model import SYSTEM

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.snapshots import SnapshotInfo
    from holdfast.systems.identity_center.history import Event

SHOWN = 160
"""Characters of a value on a screen; JSON and CSV have all of it."""
SIGNS = {"first seen": "+", "back": "+", "gained": "+", "lost": "-", "gone": "-", "changed": "~"}


class Thing(click.ParamType[tuple[str, str]]):
    """KIND:NAME of what has a history."""

    name = "kind:name"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Record type and natural key. Raises: BadParameter for another shape."""
        from holdfast.systems.identity_center.history import THINGS

        if isinstance(value, tuple):
            return value
        word, colon, name = str(value).partition(":")
        kind = word.replace("-", "_")
        if not colon or not name or kind not in THINGS:
            known = ", ".join(kind.replace("_", "-") for kind in THINGS)
            self.fail(f"{value!r} is not KIND:NAME with a kind of {known}", param, ctx)
        return kind, name.casefold() if kind == "user" else name


@click.command()
@click.argument("thing", type=Thing(), metavar="KIND:NAME")
@since_option
@until_option
@click.option("--instance", default="", help="Of this instance (default: that of the newest backup).")
@format_option
@personal_option
@shared_options
@pass_invocation
def history(
    invocation: Invocation,
    thing: tuple[str, str],
    since: datetime | None,
    until: datetime | None,
    instance: str,
    form: str | None,
) -> int:
    """What became of one user, group, permission set or application, backup by backup, oldest first.

    KIND is user, group, permission-set or application. Members and assignments gained and lost are told
    too, for a user also those that came through a group. CSV has a row for each event and field.
    """
    with installation(invocation) as home:
        found = _snapshots(home, instance, until)
        events = _events(home, thing, found)
        shown = [event for event in events if since is None or event.at >= since]
        if form == "csv":
            _print_csv(shown)
        elif form == "json" or (invocation.json and form is None):
            emit({"type": thing[0], "key": thing[1], "backups": len(found), "events": shown})
        else:
            with home.progress.paused():
                _show(thing, found, shown)
    return 0


def _snapshots(home: Installation, instance: str, until: datetime | None) -> list[SnapshotInfo]:
    """The backups of one instance, oldest first; not what a file brought, which nobody read at that time."""
    from holdfast.domain.snapshots import IMPORTED_KIND
    from holdfast.systems.identity_center.access.moments import of_one_instance

    stored = [info for info in home.vault.snapshots(SYSTEM) if info.kind != IMPORTED_KIND]
    found = of_one_instance(stored, instance)
    return [info for info in reversed(found) if until is None or info.taken_at <= until]


def _events(home: Installation, thing: tuple[str, str], found: Sequence[SnapshotInfo]) -> list[Event]:
    """Raises: NotFound when no backup has ever held the thing."""
    from holdfast.domain.errors import NotFound
    from holdfast.systems.identity_center.history import Moment, history

    moments = (Moment(info.id, info.taken_at, home.vault.read(info)) for info in found)
    events = list(history(*thing, moments))
    if not events:
        kind, name = thing
        raise NotFound(
            kind.replace("_", " "),
            f"{name} in any of {len(found)} backups",
            "Look at the spelling; `holdfast backups list` shows which backups there are.",
        )
    return events


def _show(thing: tuple[str, str], found: Sequence[SnapshotInfo], events: Sequence[Event]) -> None:
    from holdfast.delivery.cli.screen import Screen
    from holdfast.kernel.showing import visible_key

    screen = Screen()
    kind, name = thing
    screen.line(f"{kind.replace('_', ' ')} {visible_key(name)} in {len(found):,} backups:")
    for (at, snapshot), happened in groupby(events, lambda event: (event.at, event.snapshot)):
        screen.heading(f"{at:%Y-%m-%d %H:%M} UTC  {snapshot}")
        for event in happened:
            screen.line(f"  {SIGNS.get(event.kind, '?')} {_told(event)}")
            for part in event.fields:
                screen.line(f"      {part.name}: {_short(part.old)} -> {_short(part.new)}")
    if not events:
        screen.line("Nothing happened in that time.")


def _told(event: Event) -> str:
    through = f", through group {event.via}" if event.via else ""
    return f"{event.kind} {event.type.replace('_', ' ')}: {event.name}{through}"


def _short(text: str) -> str:
    return (text if len(text) <= SHOWN else f"{text[:SHOWN]}…") or "(none)"


def _print_csv(events: Sequence[Event]) -> None:
    from holdfast.delivery.cli.spreadsheet import csv_chunks

    heads = ("time", "backup", "event", "type", "name", "through_group", "field", "old", "new")
    print_bytes(csv_chunks(heads, _rows(events), mark=False))


def _rows(events: Sequence[Event]) -> Iterator[tuple[str, ...]]:
    from holdfast.kernel.ids import timestamp

    for event in events:
        lead = (timestamp(event.at), event.snapshot, str(event.kind), event.type, event.name, event.via)
        if not event.fields:
            yield *lead, "", "", ""
        for part in event.fields:
            yield *lead, part.name, part.old, part.new
