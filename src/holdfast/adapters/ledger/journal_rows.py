"""Rows of changes: the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields

import sqlalchemy as sa

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.result_rows import in_batches, outcome_of
from holdfast.adapters.ledger.run_rows import fenced
from holdfast.adapters.ledger.tables import changes
from holdfast.domain.changes import Change
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Outcome
from holdfast.domain.runs import JournalEntry, Run
from holdfast.kernel.ports import ValueSeal


class JournalRows:
    """The part of the ledger that keeps changes; the `Ledger` port says what each call gives."""

    _database: Database
    _seal: ValueSeal | None = None

    def plan_changes(self, run: Run, plan: Iterable[Change]) -> int:
        self._drop_plan(run)
        position = 0
        for batch in in_batches(plan):
            rows = [self._change_row(run, position + number, change) for number, change in enumerate(batch)]
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(changes.insert(), rows)
            position += len(rows)
        return position

    def changes(self, run_id: str, *, unfinished: bool = False) -> Iterator[JournalEntry]:
        query = changes.select().where(changes.c.run == run_id)
        if unfinished:
            query = query.where(changes.c.kind.is_(None))
        return map(self._entry, self._database.pages(query, changes.c.rank, changes.c.position))

    def count_changes(self, run_id: str) -> dict[tuple[str, str, str], int]:
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
        self._update_changes(run, {"intended": True}, [{"at": position} for position in positions])

    def note_request(self, run: Run, position: int, request: str) -> None:
        self._update_changes(run, {"request": request}, [{"at": position}])

    def settle(self, run: Run, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        # Parameters may not have the columns' own names, which an UPDATE reserves.
        rows = [
            {"at": position, **{f"new_{name}": value for name, value in asdict(outcome).items()}}
            for position, outcome in outcomes
        ]
        values: dict[str, str | bool | sa.BindParameter[str]] = {
            field.name: sa.bindparam(f"new_{field.name}") for field in fields(Outcome)
        }
        self._update_changes(run, values, rows)

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

    def _change_row(
        self, run: Run, position: int, change: Change
    ) -> dict[str, str | int | bool | bytes | None]:
        row = {"run": run.id, "position": position, "verb": change.verb.value, **asdict(change)}
        if self._seal:
            row |= {name: row[name] and self._seal.seal(row[name]) for name in ("before", "after")}
        return row

    def _entry(self, row: sa.Row[tuple[str]]) -> JournalEntry:
        before, after = row.before, row.after
        if self._seal:
            before, after = (value and self._seal.open(value) for value in (before, after))
        change = Change(row.type, row.key, before, after, row.rank, row.lane, row.note)
        outcome = None if row.kind is None else outcome_of(row)
        return JournalEntry(row.position, change, row.intended, outcome, row.request)
