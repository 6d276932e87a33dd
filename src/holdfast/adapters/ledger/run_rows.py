"""Rows of runs: who holds them, where they stand, and the fence that every write for a run passes."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

import sqlalchemy as sa

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.tables import runs
from holdfast.domain.errors import Busy, NotFound, TakenOver, UsageError
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.ports import Liveness
from holdfast.kernel.runs.heartbeat import is_held

_HELD = (
    sa.select(runs.c.id)
    .where(runs.c.id == sa.bindparam("run"), runs.c.owner == sa.bindparam("by"))
    .where(runs.c.fence == sa.bindparam("at"), runs.c.state == RunState.RUNNING)
    .with_for_update()
)


class RunRows:
    """The part of the ledger that keeps runs; the `Ledger` port says what each call gives."""

    _database: Database
    _alive: Liveness

    def start_run(self, run: Run) -> None:
        with self._database.writing() as connection:
            if connection.execute(runs.select().where(runs.c.id == run.id)).first() is not None:
                raise Busy(f"There is a run {run.id} already.", "Run the command again; it takes a new id.")
            connection.execute(runs.insert().values(asdict(run)))

    def run(self, run_id: str) -> Run:
        with self._database.reading() as connection:
            if run_id == "latest":
                found = connection.execute(_newest_first().limit(1)).all()
            else:
                exact = connection.execute(runs.select().where(runs.c.id == run_id)).all()
                found = exact or connection.execute(_with_prefix(run_id)).all()
        if not found or not run_id:
            raise NotFound("run", run_id, "`holdfast runs list` shows them all.")
        if len(found) > 1:
            raise UsageError(
                f"More than one run starts with {run_id}.", "Give more of its id; see `holdfast runs list`."
            )
        return _run(found[0])

    def runs(self, *, system: str = "", state: RunState | None = None, limit: int = 0) -> list[Run]:
        query = _newest_first()
        if system:
            query = query.where(runs.c.system == system)
        if state is not None:
            query = query.where(runs.c.state == state)
        if limit:
            query = query.limit(limit)
        with self._database.reading() as connection:
            return [_run(row) for row in connection.execute(query)]

    def claim_run(self, run_id: str, owner: str, now: datetime) -> Run:
        with self._database.writing() as connection:
            run = _get(connection, run_id)
            if run.state is RunState.RUNNING and is_held(run.owner, run.heartbeat_at, now, self._alive):
                raise Busy(
                    f"Run {run.id} is being worked on by {run.owner}.",
                    f"Wait until it ends, or stop that process; then `holdfast runs resume {run.id}`.",
                )
            claimed = replace(
                run,
                state=RunState.RUNNING,
                owner=owner,
                fence=run.fence + 1,
                heartbeat_at=now,
                finished_at=None,
                error=b"",
            )
            connection.execute(runs.update().where(runs.c.id == run.id).values(asdict(claimed)))
            return claimed

    def heartbeat(self, run: Run, now: datetime) -> None:
        self._update_run(run, {"heartbeat_at": now})

    def advance(self, run: Run, stage: str, *, snapshot: str = "") -> Run:
        return self._update_run(run, {"stage": stage, **({"snapshot": snapshot} if snapshot else {})})

    def finish_run(self, run: Run, state: RunState, now: datetime, error: bytes = b"") -> Run:
        return self._update_run(
            run, {"state": state, "finished_at": now, "heartbeat_at": now, "error": error}
        )

    def _update_run(self, run: Run, values: dict[str, str | bytes | datetime]) -> Run:
        with self._database.writing() as connection:
            fenced(connection, run)
            connection.execute(runs.update().where(runs.c.id == run.id).values(values))
            return _get(connection, run.id)


def fenced(connection: sa.Connection, run: Run) -> None:
    """Let a write for a run pass only while its owner and fence are the newest. Raises: TakenOver."""
    if connection.execute(_HELD, {"run": run.id, "by": run.owner, "at": run.fence}).first() is None:
        raise TakenOver(
            f"Run {run.id} ended or was taken over by another process; this one stops.",
            f"`holdfast runs show {run.id}` says where it stands.",
        )


def _get(connection: sa.Connection, run_id: str) -> Run:
    row = connection.execute(runs.select().where(runs.c.id == run_id).with_for_update()).first()
    if row is None:
        raise NotFound("run", run_id, "`holdfast runs list` shows them all.")
    return _run(row)


def _newest_first() -> sa.Select[tuple[str]]:
    return runs.select().order_by(runs.c.started_at.desc(), runs.c.id.desc())


def _with_prefix(prefix: str) -> sa.Select[tuple[str]]:
    return runs.select().where(runs.c.id.startswith(prefix, autoescape=True)).limit(2)


def _run(row: sa.Row[tuple[str]]) -> Run:
    values = row._mapping
    return Run(**{**values, "state": RunState(values["state"])})
