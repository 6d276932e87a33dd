"""The `Ledger` port over SQL."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import sqlalchemy as sa

from holdfast.adapters.ledger.database import Database
from holdfast.adapters.ledger.journal_rows import JournalRows
from holdfast.adapters.ledger.lease_rows import LeaseRows
from holdfast.adapters.ledger.result_rows import ResultRows
from holdfast.adapters.ledger.run_rows import RunRows
from holdfast.adapters.owner import is_alive
from holdfast.kernel.ports import Liveness, ValueSeal


class SqlLedger(RunRows, ResultRows, JournalRows, LeaseRows):
    """A ledger at a SQLAlchemy URL such as `sqlite:////var/lib/ledger.db`; safe for threads and processes.

    A SQLite file is created with mode 0600, its folder with 0700, and its tables are brought up to
    date. `alive` tells whether an owner's process runs.
    Raises: LedgerError, LedgerDamaged, LedgerFull, Busy.
    """

    def __init__(self, url: str | sa.URL, *, alive: Liveness = is_alive, durable: bool = True) -> None:
        self._database = Database(url, durable=durable)
        self._alive = alive

    @classmethod
    def open(cls, path: Path) -> SqlLedger:
        """The ledger in a SQLite file, made when it is not there yet. Raises: as the class."""
        return cls(sa.URL.create("sqlite", database=str(path)))

    def sealing(self, seal: ValueSeal) -> SqlLedger:
        """The same ledger with personal values of changes sealed on their way in and opened on their way out.

        Read without it, they are sealed texts in their fields.
        """
        other = copy(self)
        other._seal = seal
        return other

    def close(self) -> None:
        """Close every connection to the database."""
        self._database.close()
