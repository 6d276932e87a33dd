"""Access reviews as tables, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from holdfast.delivery.cli.screen import Screen, number
from holdfast.delivery.cli.spreadsheet import csv_chunks
from holdfast.kernel.showing import visible
from holdfast.systems.identity_center.access.review import TurnKind
from holdfast.systems.identity_center.access.review_page import (
    causes_in_words,
    path_in_words,
    user_in_words,
    ways_in_words,
)

if TYPE_CHECKING:
    from holdfast.systems.identity_center.access.moments import AsOf
    from holdfast.systems.identity_center.access.review import Review, Turn

LISTED = 200
"""Rows that a screen shows; CSV, JSON and the page give all."""

SIGNS = {TurnKind.GAINED: "+", TurnKind.LOST: "-", TurnKind.REROUTED: "~"}

TURN_HEADS = ("what", "user", "account_id", "account_name", "permission_set", "before", "after", "cause")


def show_review(found: Review, screen: Screen | None = None) -> None:
    """Counts, then who gained and lost what, then permission sets that mean something else."""
    screen = screen or Screen()
    counts = ([kind.value, *(f"{count:,}" for count in found.counts(kind))] for kind in TurnKind)
    screen.table(("access", number("accesses"), number("users"), number("accounts")), counts)
    if found.turns:
        screen.heading("By person")
    for user, turns in groupby(found.turns[:LISTED], key=user_in_words):
        screen.line(user)
        for turn in turns:
            where = f"{turn.permission_set} in {turn.account_name or turn.account_id}"
            screen.line(f"  {SIGNS[turn.kind]} {turn.kind}: {where}, by {path_in_words(turn)}")
            screen.line(f"      {causes_in_words(turn)}")
    if len(found.turns) > LISTED:
        screen.line(f"... and {len(found.turns) - LISTED:,} more; --format csv and --html list all.")
    if found.contents:
        screen.heading("Permission sets whose content changed")
    for change in found.contents:
        shown = visible(change.permission_set)
        screen.line(f"  ~ {shown}, which {change.users:,} users have in {change.accounts:,} accounts")
        for item in change.fields:
            screen.line(f"      {item.name}: {item.backup or '(none)'} -> {item.live or '(none)'}")


def review_csv(found: Review, *, mark: bool) -> Iterator[bytes]:
    """A line for each turn, then one for each changed field of a permission set."""
    return csv_chunks(TURN_HEADS, _review_rows(found), mark=mark)


def _review_rows(found: Review) -> Iterator[list[str]]:
    for turn in found.turns:
        paths = [ways_in_words(turn.before), ways_in_words(turn.after), causes_in_words(turn)]
        where = [turn.account_id, turn.account_name, turn.permission_set]
        yield [turn.kind.value, turn.user, *where, *paths]
    for change in found.contents:
        for item in change.fields:
            yield ["content changed", "", "", "", change.permission_set, item.backup, item.live, item.name]


def review_json(found: Review, old: AsOf, new: AsOf) -> bytes:
    """One JSON object; ways are lists of objects with `via` and `group`."""
    totals = {
        kind.value: dict(zip(("accesses", "users", "accounts"), found.counts(kind), strict=True))
        for kind in TurnKind
    }
    return msgspec.json.encode(
        {
            "from": old,
            "to": new,
            "complete": not (old.gaps or new.gaps),
            "totals": {**totals, "causes": dict(found.causes())},
            "turns": [_turn_fields(turn) for turn in found.turns],
            "permission_sets": found.contents,
        }
    )


def _turn_fields(turn: Turn) -> Mapping[str, object]:
    ways = {"before": _ways(turn.before), "after": _ways(turn.after)}
    return {**msgspec.to_builtins(turn), **ways}


def _ways(groups: Iterable[str]) -> list[Mapping[str, str]]:
    return [{"via": "group" if group else "direct", "group": group} for group in groups]
