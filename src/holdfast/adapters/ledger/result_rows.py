"""Rows of what a run came to: items, findings and conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from holdfast.adapters.ledger.database import BATCH, Database
from holdfast.adapters.ledger.run_rows import fenced
from holdfast.adapters.ledger.tables import conflicts, findings, items
from holdfast.domain.changes import Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import Run

Entry = TypeVar("Entry")

_differences = msgspec.json.Decoder(tuple[FieldDifference, ...])


class ResultRows:
    """The part of the ledger that keeps items, findings and conflicts; the `Ledger` port says what each call gives."""

    _database: Database

    def record_items(self, run: Run, stage: str, entries: Iterable[Item]) -> None:
        self._insert(
            run, _upsert_item(self._database.dialect), (_item_row(run, stage, item) for item in entries)
        )

    def items(self, run_id: str, *, kind: OutcomeKind | None = None) -> Iterator[Item]:
        query = items.select().where(items.c.run == run_id)
        if kind is not None:
            query = query.where(items.c.kind == kind)
        return map(_item, self._database.pages(query, items.c.type, items.c.key))

    def count_items(self, run_id: str) -> dict[tuple[str, OutcomeKind], int]:
        query = sa.select(items.c.type, items.c.kind, sa.func.count()).where(items.c.run == run_id)
        with self._database.reading() as connection:
            rows = connection.execute(
                query.group_by(items.c.type, items.c.kind).order_by(items.c.type, items.c.kind)
            )
            return {(type_name, OutcomeKind(kind)): count for type_name, kind, count in rows}

    def clear_stage(self, run: Run, stage: str) -> None:
        with self._database.writing() as connection:
            fenced(connection, run)
            for table in (items, findings, conflicts):
                connection.execute(table.delete().where((table.c.run == run.id) & (table.c.stage == stage)))

    def record_findings(self, run: Run, stage: str, entries: Iterable[Finding]) -> None:
        self._insert(
            run,
            findings.insert(),
            ({**asdict(finding), "run": run.id, "stage": stage} for finding in entries),
        )

    def findings(self, run_id: str, *, stage: str = "") -> list[Finding]:
        query = findings.select().where(findings.c.run == run_id).order_by(findings.c.id)
        if stage:
            query = query.where(findings.c.stage == stage)
        with self._database.reading() as connection:
            return [_finding(row) for row in connection.execute(query)]

    def record_conflicts(self, run: Run, stage: str, entries: Iterable[Conflict]) -> None:
        self._insert(run, conflicts.insert(), (_conflict_row(run, stage, conflict) for conflict in entries))

    def conflicts(self, run_id: str) -> list[Conflict]:
        query = conflicts.select().where(conflicts.c.run == run_id).order_by(conflicts.c.id)
        with self._database.reading() as connection:
            return [_conflict(row) for row in connection.execute(query)]

    def _insert(self, run: Run, statement: sa.Insert, rows: Iterable[dict[str, object]]) -> None:
        for batch in in_batches(rows):
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(statement, batch)


def in_batches(entries: Iterable[Entry], size: int = BATCH) -> Iterator[list[Entry]]:
    """Lists of at most `size` entries; the source is read outside of any transaction."""
    source = iter(entries)
    while batch := list(islice(source, size)):
        yield batch


def outcome_of(row: sa.Row[tuple[str]]) -> Outcome:
    """The outcome in a row's columns kind, reason, advice, code and repeats."""
    if row.kind == OutcomeKind.DONE and not (row.reason or row.repeats or row.advice or row.code):
        return DONE  # nearly every row
    return Outcome(OutcomeKind(row.kind), row.reason, row.advice, row.code, row.repeats)


def _upsert_item(dialect: str) -> sa.Insert:
    if dialect == "postgresql":  # a sixth of what a command loads, so only where it is needed
        from sqlalchemy.dialects import postgresql

    statement = postgresql.insert(items) if dialect == "postgresql" else sqlite.insert(items)
    keys = ["run", "type", "key"]
    columns = {column.name: statement.excluded[column.name] for column in items.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=columns)


def _item_row(run: Run, stage: str, item: Item) -> dict[str, object]:
    outcome = item.outcome
    # Written out: `asdict` costs ten times as much, and every record of a capture comes through here.
    return {
        "run": run.id,
        "stage": stage,
        "type": item.type,
        "key": item.key,
        "digest": item.digest,
        "kind": outcome.kind,
        "reason": outcome.reason,
        "advice": outcome.advice,
        "code": outcome.code,
        "repeats": outcome.repeats,
    }


def _item(row: sa.Row[tuple[str]]) -> Item:
    return Item(row.type, row.key, outcome_of(row), row.digest)


def _finding(row: sa.Row[tuple[str]]) -> Finding:
    return Finding(Severity(row.severity), row.code, row.type, row.key, row.message, row.advice)


def _conflict_row(run: Run, stage: str, conflict: Conflict) -> dict[str, object]:
    row = {"run": run.id, "stage": stage, "type": conflict.type, "key": conflict.key}
    return {**row, "fields": msgspec.json.encode(conflict.fields), "resolution": conflict.resolution.value}


def _conflict(row: sa.Row[tuple[str]]) -> Conflict:
    fields = _differences.decode(row.fields)
    return Conflict(row.type, row.key, fields, ConflictStrategy(row.resolution))
