"""Rows of changes: the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.result_rows import BATCH, in_batches, outcome_columns, outcome_of
from holdfast.adapters.ledger.run_rows import fenced
from holdfast.adapters.ledger.tables import changes
from holdfast.domain.changes import Change
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Outcome
from holdfast.domain.runs import JournalEntry, Run


class JournalRows:
    """The part of the ledger that keeps changes."""

    _database: Database

    def plan_changes(self, run: Run, plan: Iterable[Change]) -> int:
        """Replace the run's plan, streaming; the number of changes. Raises: Refused when one is intended."""
        self._drop_plan(run)
        position = 0
        for batch in in_batches(plan):
            rows = [_change_row(run, position + number, change) for number, change in enumerate(batch)]
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(changes.insert(), rows)
            position += len(rows)
        return position

    def changes(self, run_id: str, *, unfinished: bool = False) -> Iterator[JournalEntry]:
        """The journal in rank order; `unfinished` gives only entries without outcome."""
        query = (
            changes.select()
            .where(changes.c.run == run_id)
            .order_by(changes.c.rank, changes.c.position)
            .limit(BATCH)
        )
        if unfinished:
            query = query.where(changes.c.kind.is_(None))
        last: tuple[int, int] | None = None
        while True:
            page = (
                query if last is None else query.where(sa.tuple_(changes.c.rank, changes.c.position) > last)
            )
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
            yield from (_entry(row) for row in rows)
            if len(rows) < BATCH:
                return
            last = (rows[-1].rank, rows[-1].position)

    def count_changes(self, run_id: str) -> dict[tuple[str, str, str], int]:
        """Number of changes by type, verb and outcome kind (`planned`, `in doubt`, or the outcome's kind)."""
        open_as = sa.case((changes.c.intended, "in doubt"), else_="planned")
        columns = (
            changes.c.type,
            changes.c.verb,
            sa.func.coalesce(changes.c.kind, open_as).label("standing"),
        )
        query = sa.select(*columns, sa.func.count()).where(changes.c.run == run_id)
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(*columns).order_by(*columns))
            return {(type_name, verb, kind): count for type_name, verb, kind, count in rows}

    def intend(self, run: Run, positions: Sequence[int]) -> None:
        """Commit the intent of changes before they are called. Raises: TakenOver."""
        self._update_changes(run, {"intended": True}, [{"at": position} for position in positions])

    def note_request(self, run: Run, position: int, request: str) -> None:
        """Commit the service's id of an asynchronous operation that is under way. Raises: TakenOver."""
        self._update_changes(run, {"request": request}, [{"at": position}])

    def settle(self, run: Run, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Commit how changes ended. Raises: TakenOver."""
        rows = [{"at": position, **outcome_columns(outcome)} for position, outcome in outcomes]
        names = ("kind", "reason", "advice", "code", "repeats")
        self._update_changes(
            run, {name: sa.bindparam(f"new_{name}") for name in names}, [_renamed(row) for row in rows]
        )

    def _update_changes(
        self,
        run: Run,
        values: dict[str, str | bool | sa.BindParameter[str]],
        rows: Sequence[dict[str, str | int]],
    ) -> None:
        if not rows:
            return
        place = (changes.c.run == run.id) & (changes.c.position == sa.bindparam("at"))
        with self._database.writing() as connection:
            fenced(connection, run)
            connection.execute(changes.update().where(place).values(values), rows)

    def _drop_plan(self, run: Run) -> None:
        mine = changes.c.run == run.id
        with self._database.writing() as connection:
            fenced(connection, run)
            if connection.execute(
                sa.select(changes.c.position).where(mine & changes.c.intended).limit(1)
            ).first():
                raise Refused(
                    f"run {run.id} has begun to make its changes, so its plan stands",
                    f"Resume it with `holdfast runs resume {run.id}`, or start a new run.",
                )
            connection.execute(changes.delete().where(mine))


def _renamed(row: dict[str, str | int]) -> dict[str, str | int]:
    """Parameter names that do not collide with the columns' own, which an UPDATE reserves."""
    return {name if name == "at" else f"new_{name}": value for name, value in row.items()}


def _change_row(run: Run, position: int, change: Change) -> dict[str, str | int | bool | bytes | None]:
    return {
        "run": run.id,
        "position": position,
        "rank": change.rank,
        "lane": change.lane,
        "type": change.type,
        "key": change.key,
        "verb": change.verb.value,
        "before": change.before,
        "after": change.after,
        "note": change.note,
    }


def _entry(row: sa.Row[tuple[str]]) -> JournalEntry:
    change = Change(row.type, row.key, row.before, row.after, row.rank, row.lane, row.note)
    outcome = None if row.kind is None else outcome_of(row)
    return JournalEntry(row.position, change, row.intended, outcome, row.request)
