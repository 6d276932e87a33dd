"""The ledger's tables as SQLAlchemy sees them; the migrations create them."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

HEAD = "0001"
"""The newest migration, so that opening a current ledger need not import alembic."""

metadata = sa.MetaData()


class Moment(TypeDecorator[datetime]):
    """Aware UTC time as text of fixed width, which sorts by age on every database."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """The text that is stored: 2026-11-20T09:08:12.123456+00:00."""
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        """The moment that was stored."""
        return None if value is None else datetime.fromisoformat(value)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, default="")


def _outcome() -> tuple[sa.Column[str], ...]:
    return (_text("reason"), _text("advice"), _text("code"))


runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _text("system"),
    _text("kind"),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    _text("stage"),
    sa.Column("arguments", sa.LargeBinary, nullable=False),
    sa.Column("started_at", Moment, nullable=False, index=True),
    _text("owner"),
    sa.Column("heartbeat_at", Moment, nullable=False),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("finished_at", Moment),
    _text("snapshot"),
    _text("undoes"),
    _text("target"),
    sa.Column("error", sa.LargeBinary, nullable=False),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("stage"),
    sa.Column("kind", sa.String(16), nullable=False),
    *_outcome(),
    sa.Column("repeats", sa.Integer, nullable=False, default=0),
    _text("digest"),
)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run", sa.String(64), nullable=False, index=True),
    _text("stage"),
    sa.Column("severity", sa.String(16), nullable=False),
    _text("code"),
    _text("type"),
    _text("key"),
    _text("message"),
    _text("advice"),
)

conflicts = sa.Table(
    "conflicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run", sa.String(64), nullable=False, index=True),
    _text("stage"),
    _text("type"),
    _text("key"),
    sa.Column("fields", sa.LargeBinary, nullable=False),
    sa.Column("resolution", sa.String(16), nullable=False),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("run", sa.String(64), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("rank", sa.Integer, nullable=False),
    _text("lane"),
    _text("type"),
    _text("key"),
    sa.Column("verb", sa.String(16), nullable=False),
    sa.Column("before", sa.LargeBinary),
    sa.Column("after", sa.LargeBinary),
    _text("note"),
    sa.Column("intended", sa.Boolean, nullable=False, default=False),
    _text("request"),
    sa.Column("kind", sa.String(16)),
    *_outcome(),
    sa.Column("repeats", sa.Integer, nullable=False, default=0),
    sa.Index("ix_changes_run_rank_position", "run", "rank", "position"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(255), primary_key=True),
    _text("owner"),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    _text("actor"),
    _text("action"),
    _text("subject"),
    sa.Column("detail", sa.LargeBinary, nullable=False),
    sa.Column("mac", sa.String(64), nullable=False),
)
