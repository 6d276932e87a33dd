"""Runs, items, findings, conflicts, changes (the journal), leases and audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _run_part(*, key: bool) -> sa.Column[str]:
    return sa.Column("run", sa.String(64), primary_key=key, nullable=False)


def upgrade() -> None:
    """Create the first tables."""
    _runs()
    _run_results()
    _changes()
    op.create_table(
        "leases",
        sa.Column("name", sa.String(255), primary_key=True),
        _text("owner"),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        *map(_text, ("actor", "action", "subject")),
        sa.Column("detail", sa.LargeBinary, nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), primary_key=True),
        *map(_text, ("system", "kind")),
        sa.Column("state", sa.String(16), nullable=False),
        _text("stage"),
        sa.Column("arguments", sa.LargeBinary, nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        _text("owner"),
        sa.Column("heartbeat_at", sa.String(32), nullable=False),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.String(32)),
        *map(_text, ("snapshot", "undoes", "target")),
        sa.Column("error", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_runs_state", "runs", ["state"])
    op.create_index("ix_runs_started_at", "runs", ["started_at"])


def _run_results() -> None:
    op.create_table(
        "items",
        _run_part(key=True),
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        _text("stage"),
        sa.Column("kind", sa.String(16), nullable=False),
        *map(_text, ("reason", "advice", "code")),
        sa.Column("repeats", sa.Integer, nullable=False),
        _text("digest"),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _run_part(key=False),
        _text("stage"),
        sa.Column("severity", sa.String(16), nullable=False),
        *map(_text, ("code", "type", "key", "message", "advice")),
    )
    op.create_index("ix_findings_run", "findings", ["run"])
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        _run_part(key=False),
        *map(_text, ("stage", "type", "key")),
        sa.Column("fields", sa.LargeBinary, nullable=False),
        sa.Column("resolution", sa.String(16), nullable=False),
    )
    op.create_index("ix_conflicts_run", "conflicts", ["run"])


def _changes() -> None:
    op.create_table(
        "changes",
        _run_part(key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, nullable=False),
        *map(_text, ("lane", "type", "key")),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
        _text("note"),
        sa.Column("intended", sa.Boolean, nullable=False),
        _text("request"),
        sa.Column("kind", sa.String(16)),
        *map(_text, ("reason", "advice", "code")),
        sa.Column("repeats", sa.Integer, nullable=False),
    )
    op.create_index("ix_changes_run_rank_position", "changes", ["run", "rank", "position"])
