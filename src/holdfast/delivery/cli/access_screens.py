"""Paths to accounts and to applications as tables, CSV and JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

import msgspec

from holdfast.delivery.cli.screen import Column, Screen, name
from holdfast.delivery.cli.spreadsheet import csv_chunks
from holdfast.systems.identity_center.access.paths import in_words

if TYPE_CHECKING:
    from holdfast.systems.identity_center.access.applications import ApplicationAccess
    from holdfast.systems.identity_center.access.moments import AsOf
    from holdfast.systems.identity_center.access.paths import AccessPath, Question

LISTED = 200
"""Rows that a screen shows; CSV and JSON give all."""

PATH_HEADS = ("account_id", "account_name", "permission_set", "user", "via", "group", "user_status")
APPLICATION_HEADS = ("application", "user", "via", "group", "user_status")

Row = Mapping[str, str]


class Answered(ABC):
    """What `access` found, as a table, CSV or JSON; it can be handed out once."""

    heads: ClassVar[tuple[str, ...]]

    def __init__(self, found: AsOf, question: Mapping[str, str]) -> None:
        self.as_of, self._question = found, question

    def show(self, screen: Screen | None = None) -> None:
        """A row for each path, at most `LISTED`."""
        screen = screen or Screen()
        for note in self._notes():
            screen.line(note)
        rest = iter(self._rows())
        listed = list(islice(rest, LISTED))
        if not listed:
            screen.line("No path.")
            return
        self._table(screen, listed)
        more = sum(1 for _ in rest)
        if more:
            screen.line(f"... and {more:,} more; --format csv lists all.")
        screen.line(f"{len(listed) + more:,} path{'' if len(listed) + more == 1 else 's'}")

    def csv(self, *, mark: bool) -> Iterator[bytes]:
        """A line for each path, after the names of the columns."""
        return csv_chunks(self.heads, (list(row.values()) for row in self._rows()), mark=mark)

    def json(self) -> Iterator[bytes]:
        """One JSON object, in pieces, so that any number of paths can be in it."""
        encode = msgspec.json.Encoder().encode
        about = {"as_of": self.as_of, "complete": not self.as_of.gaps, "question": self._question}
        yield encode({**about, **self._more()})[:-1] + b',"paths":['
        for place, row in enumerate(self._rows()):
            yield (b"," if place else b"") + encode(row)
        yield b"]}\n"

    @abstractmethod
    def _rows(self) -> Iterable[Row]:
        """A row by `heads` for each path."""

    @abstractmethod
    def _table(self, screen: Screen, rows: Sequence[Row]) -> None: ...

    def _notes(self) -> Iterable[str]:
        return ()

    def _more(self) -> Mapping[str, object]:
        return {}


class AccountsAnswered(Answered):
    """Who could reach which account with what."""

    heads = PATH_HEADS

    def __init__(self, found: AsOf, question: Question, paths: Iterable[AccessPath]) -> None:
        super().__init__(found, msgspec.to_builtins(question))
        self._paths = paths

    def _rows(self) -> Iterator[Row]:
        for path in self._paths:
            there = (path.account_id, path.account_name, path.permission_set, path.user)
            yield dict(zip(PATH_HEADS, (*there, *_way(path.group, path.disabled)), strict=True))

    def _table(self, screen: Screen, rows: Sequence[Row]) -> None:
        """Where there is little room accounts go by their names alone."""
        last = ("permission set", "user", "via")
        if screen.narrow:
            heads: tuple[str | Column, ...] = ("account", *last)
            where = ([row["account_name"] or row["account_id"]] for row in rows)
        else:
            heads = (name("account"), "account name", *last)
            where = ([row["account_id"], row["account_name"]] for row in rows)
        cells = ([*there, row["permission_set"], *_who(row)] for there, row in zip(where, rows, strict=True))
        screen.table(heads, cells)


class ApplicationsAnswered(Answered):
    """Who could use the applications of one name."""

    heads = APPLICATION_HEADS

    def __init__(self, found: AsOf, question: Mapping[str, str], answer: ApplicationAccess) -> None:
        super().__init__(found, question)
        self._answer = answer

    def _rows(self) -> Iterator[Row]:
        for path in self._answer.paths:
            way = _way(path.group, path.disabled)
            shown = ("open to all", *way[1:]) if path.open_to_all else way
            yield dict(zip(APPLICATION_HEADS, (path.application, path.user, *shown), strict=True))

    def _table(self, screen: Screen, rows: Sequence[Row]) -> None:
        screen.table(("application", "user", "via"), ([row["application"], *_who(row)] for row in rows))

    def _notes(self) -> Iterator[str]:
        for application in self._answer.applications:
            if not application.assignment_required:
                yield f"{application.name} requires no assignment: every user can use it."
            if application.disabled:
                yield f"{application.name} is disabled: nobody can use it until it is enabled."

    def _more(self) -> Mapping[str, object]:
        return {"applications": self._answer.applications}


def _way(group: str, disabled: bool) -> tuple[str, str, str]:
    return "group" if group else "direct", group, "disabled" if disabled else ""


def _who(row: Row) -> list[str]:
    """User and way, as a table tells them."""
    disabled = " (disabled)" if row["user_status"] else ""
    return [row["user"] + disabled, in_words(row["group"]) if row["group"] else row["via"]]
