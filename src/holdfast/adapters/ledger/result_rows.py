"""Rows of what a run came to: items, findings and conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.run_rows import fenced
from holdfast.adapters.ledger.tables import conflicts, findings, items
from holdfast.domain.changes import Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import Run

BATCH = 1000
"""Rows a transaction, and rows a page when reading."""

Entry = TypeVar("Entry")


class ResultRows:
    """The part of the ledger that keeps items, findings and conflicts."""

    _database: Database

    def record_items(self, run: Run, stage: str, entries: Iterable[Item]) -> None:
        """Store outcomes, about 1,000 a transaction; an item stored before is replaced."""
        for batch in in_batches(entries):
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(
                    _upsert_item(self._database.dialect), [_item_row(run, stage, item) for item in batch]
                )

    def items(self, run_id: str, *, kind: OutcomeKind | None = None) -> Iterator[Item]:
        """A run's items in type and key order."""
        query = items.select().where(items.c.run == run_id).order_by(items.c.type, items.c.key).limit(BATCH)
        if kind is not None:
            query = query.where(items.c.kind == kind)
        last: tuple[str, str] | None = None
        while True:
            # Pages instead of one open cursor: a reader that takes its time must not hold a transaction.
            page = query if last is None else query.where(sa.tuple_(items.c.type, items.c.key) > last)
            with self._database.reading() as connection:
                rows = connection.execute(page).all()
            yield from (_item(row) for row in rows)
            if len(rows) < BATCH:
                return
            last = (rows[-1].type, rows[-1].key)

    def count_items(self, run_id: str) -> dict[tuple[str, OutcomeKind], int]:
        """Number of items by type and outcome."""
        query = sa.select(items.c.type, items.c.kind, sa.func.count()).where(items.c.run == run_id)
        with self._database.reading() as connection:
            rows = connection.execute(
                query.group_by(items.c.type, items.c.kind).order_by(items.c.type, items.c.kind)
            )
            return {(type_name, OutcomeKind(kind)): count for type_name, kind, count in rows}

    def clear_stage(self, run: Run, stage: str) -> None:
        """Forget the items, findings and conflicts of a stage that is about to be repeated."""
        with self._database.writing() as connection:
            fenced(connection, run)
            for table in (items, findings, conflicts):
                connection.execute(table.delete().where((table.c.run == run.id) & (table.c.stage == stage)))

    def record_findings(self, run: Run, stage: str, entries: Iterable[Finding]) -> None:
        """Store what a check or plan noticed."""
        for batch in in_batches(entries):
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(
                    findings.insert(), [_finding_row(run, stage, finding) for finding in batch]
                )

    def findings(self, run_id: str, *, stage: str = "") -> list[Finding]:
        """A run's findings, or those of one stage, in the order they were stored."""
        query = findings.select().where(findings.c.run == run_id).order_by(findings.c.id)
        if stage:
            query = query.where(findings.c.stage == stage)
        with self._database.reading() as connection:
            return [_finding(row) for row in connection.execute(query)]

    def record_conflicts(self, run: Run, stage: str, entries: Iterable[Conflict]) -> None:
        """Store the conflicts a plan met and how they were decided."""
        for batch in in_batches(entries):
            with self._database.writing() as connection:
                fenced(connection, run)
                connection.execute(
                    conflicts.insert(), [_conflict_row(run, stage, conflict) for conflict in batch]
                )

    def conflicts(self, run_id: str) -> list[Conflict]:
        """A run's conflicts in the order they were stored."""
        query = conflicts.select().where(conflicts.c.run == run_id).order_by(conflicts.c.id)
        with self._database.reading() as connection:
            return [_conflict(row) for row in connection.execute(query)]


def in_batches(entries: Iterable[Entry], size: int = BATCH) -> Iterator[list[Entry]]:
    """Lists of at most `size` entries; the source is read outside of any transaction."""
    source = iter(entries)
    while batch := list(islice(source, size)):
        yield batch


def outcome_of(row: sa.Row[tuple[str]]) -> Outcome:
    """The outcome in a row's columns kind, reason, advice, code and repeats."""
    return Outcome(OutcomeKind(row.kind), row.reason, row.advice, row.code, row.repeats)


def outcome_columns(outcome: Outcome) -> dict[str, str | int]:
    """The columns that `outcome_of` reads."""
    return {
        "kind": outcome.kind.value,
        "reason": outcome.reason,
        "advice": outcome.advice,
        "code": outcome.code,
        "repeats": outcome.repeats,
    }


def _upsert_item(dialect: str) -> sa.Insert:
    statement = postgresql.insert(items) if dialect == "postgresql" else sqlite.insert(items)
    keys = ["run", "type", "key"]
    columns = {column.name: statement.excluded[column.name] for column in items.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=columns)


def _item_row(run: Run, stage: str, item: Item) -> dict[str, str | int]:
    row = {"run": run.id, "stage": stage, "type": item.type, "key": item.key, "digest": item.digest}
    return {**row, **outcome_columns(item.outcome)}


def _item(row: sa.Row[tuple[str]]) -> Item:
    return Item(row.type, row.key, outcome_of(row), row.digest)


def _finding_row(run: Run, stage: str, finding: Finding) -> dict[str, str]:
    row = {"run": run.id, "stage": stage, "severity": finding.severity.value, "code": finding.code}
    return {
        **row,
        "type": finding.type,
        "key": finding.key,
        "message": finding.message,
        "advice": finding.advice,
    }


def _finding(row: sa.Row[tuple[str]]) -> Finding:
    return Finding(Severity(row.severity), row.code, row.type, row.key, row.message, row.advice)


def _conflict_row(run: Run, stage: str, conflict: Conflict) -> dict[str, str | bytes]:
    row = {"run": run.id, "stage": stage, "type": conflict.type, "key": conflict.key}
    return {**row, "fields": msgspec.json.encode(conflict.fields), "resolution": conflict.resolution.value}


def _conflict(row: sa.Row[tuple[str]]) -> Conflict:
    fields = msgspec.json.decode(row.fields, type=tuple[FieldDifference, ...])
    return Conflict(row.type, row.key, fields, ConflictStrategy(row.resolution))
