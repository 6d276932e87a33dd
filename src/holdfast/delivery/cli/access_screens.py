"""Paths to accounts as tables, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from holdfast.delivery.cli.screen import Screen, name
from holdfast.delivery.cli.spreadsheet import csv_chunks

if TYPE_CHECKING:
    from holdfast.systems.identity_center.access.moments import AsOf
    from holdfast.systems.identity_center.access.paths import AccessPath, Question

LISTED = 200
"""Rows that a screen shows; CSV and JSON give all."""

PATH_HEADS = ("account_id", "account_name", "permission_set", "user", "via", "group", "user_status")


def show_paths(paths: Iterable[AccessPath], screen: Screen | None = None) -> None:
    """A row for each path."""
    screen = screen or Screen()
    rest = iter(paths)
    rows = [
        [path.account_id, path.account_name, path.permission_set, path.user, path.via, _state(path)]
        for path in islice(rest, LISTED)
    ]
    if not rows:
        screen.line("No path.")
        return
    screen.table((name("account"), "account name", "permission set", name("user"), "via", "user is"), rows)
    more = sum(1 for _ in rest)
    if more:
        screen.line(f"... and {more:,} more; --format csv lists all.")
    screen.line(f"{len(rows) + more:,} path{'' if len(rows) + more == 1 else 's'}")


def paths_csv(paths: Iterable[AccessPath], *, mark: bool) -> Iterator[bytes]:
    """A line for each path, after the names of the columns."""
    return csv_chunks(PATH_HEADS, (list(_fields(path).values()) for path in paths), mark=mark)


def paths_json(found: AsOf, question: Question, paths: Iterable[AccessPath]) -> Iterator[bytes]:
    """One JSON object, in pieces, so that any number of paths can be in it."""
    encode = msgspec.json.Encoder().encode
    yield encode({"as_of": found, "complete": not found.gaps, "question": question})[:-1] + b',"paths":['
    for place, path in enumerate(paths):
        yield (b"," if place else b"") + encode(_fields(path))
    yield b"]}\n"


def _fields(path: AccessPath) -> Mapping[str, str]:
    via = "group" if path.group else "direct"
    there = (path.account_id, path.account_name, path.permission_set, path.user)
    return dict(zip(PATH_HEADS, (*there, via, path.group, _state(path)), strict=True))


def _state(path: AccessPath) -> str:
    return "disabled" if path.disabled else ""
