"""Paths to accounts as tables, CSV and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from holdfast.delivery.cli.screen import Column, Screen, name
from holdfast.delivery.cli.spreadsheet import csv_chunks

if TYPE_CHECKING:
    from holdfast.systems.identity_center.access.moments import AsOf
    from holdfast.systems.identity_center.access.paths import AccessPath, Question

LISTED = 200
"""Rows that a screen shows; CSV and JSON give all."""

PATH_HEADS = ("account_id", "account_name", "permission_set", "user", "via", "group", "user_status")


def show_paths(paths: Iterable[AccessPath], screen: Screen | None = None) -> None:
    """A row for each path; where there is little room accounts go by their names alone."""
    screen = screen or Screen()
    rest = iter(paths)
    listed = list(islice(rest, LISTED))
    if not listed:
        screen.line("No path.")
        return
    if screen.narrow:
        heads: tuple[str | Column, ...] = ("account", "permission set", "user", "via")
        rows = [[path.account_name or path.account_id, *_row(path)] for path in listed]
    else:
        heads = (name("account"), "account name", "permission set", "user", "via")
        rows = [[path.account_id, path.account_name, *_row(path)] for path in listed]
    screen.table(heads, rows)
    more = sum(1 for _ in rest)
    if more:
        screen.line(f"... and {more:,} more; --format csv lists all.")
    screen.line(f"{len(listed) + more:,} path{'' if len(listed) + more == 1 else 's'}")


def _row(path: AccessPath) -> list[str]:
    disabled = " (disabled)" if path.disabled else ""
    return [path.permission_set, path.user + disabled, path.via]


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
    state = "disabled" if path.disabled else ""
    return dict(zip(PATH_HEADS, (*there, via, path.group, state), strict=True))
