"""A first look into a ledger, with the standard library alone: loading SQLAlchemy takes longer than most commands."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def may_hold_unfinished_runs(ledger: Path) -> bool:
    """Whether the ledger has a run that had not ended, or cannot be read this way; one that is not there has none."""
    if not ledger.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{ledger.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return (
                connection.execute("SELECT 1 FROM runs WHERE state = 'running' LIMIT 1").fetchone()
                is not None
            )
    except sqlite3.Error:
        return True  # whoever opens it in earnest says what is wrong with it
