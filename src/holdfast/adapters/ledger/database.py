"""An open ledger database: private file, durable commits, one writer at a time, and only our errors."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from holdfast.adapters.ledger.tables import HEAD
from holdfast.domain.errors import Busy, HoldfastError, LedgerDamaged, LedgerError, LedgerFull
from holdfast.kernel.durable import make_private

WRITES = "holdfast_writes"

BATCH = 1000
"""Rows a transaction, and rows a page when reading."""

_PAUSE = 0.01
"""Seconds until a refused switch of a new file is tried again."""


class Database:
    """Connections to the ledger at a SQLAlchemy URL, its tables created or brought up to date.

    `durable=False` gives up the promise that a commit survives a power cut; tests use it.
    Raises: LedgerError, LedgerDamaged, LedgerFull, Busy.
    """

    def __init__(self, url: str | sa.URL, *, durable: bool = True, busy_seconds: float = 30.0) -> None:
        self._url = sa.make_url(url)
        self.location = self._url.database or self._url.render_as_string(hide_password=True)
        self._busy_seconds = busy_seconds
        self._durable = durable
        # SQLite lets waiting writers poll; a lock of our own keeps this process's threads in turn.
        self._turn = threading.RLock()
        with self._translated():
            self._make_private()
            self._engine = self._connect()
        try:
            self._bring_up_to_date()
        except BaseException:
            self._engine.dispose()
            raise

    @property
    def dialect(self) -> str:
        """The database's kind: `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database throughout."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection that alone may write; what it wrote is durable when the context ends."""
        with self._turn, self._translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def pages(self, query: sa.Select[tuple[str]], *place: sa.Column[str]) -> Iterator[sa.Row[tuple[str]]]:
        """The rows of a query in the order of the columns `place`, which together are unique.

        Pages instead of one open cursor: a reader that takes its time must not hold a transaction.
        """
        page = query = query.order_by(*place).limit(BATCH)
        while True:
            with self.reading() as connection:
                rows = connection.execute(page).all()
            yield from rows
            if len(rows) < BATCH:
                return
            last = tuple(rows[-1]._mapping[column.name] for column in place)
            page = query.where(sa.tuple_(*place) > last)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _make_private(self) -> None:
        if self._url.get_backend_name() != "sqlite" or not self._url.database:
            return
        path = Path(self._url.database)
        make_private(path.parent)
        # Only a new file: closing another one would give away every lock that this process holds on it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)

    def _connect(self) -> sa.Engine:
        if self._url.get_backend_name() != "sqlite":
            return sa.create_engine(self._url)
        engine = sa.create_engine(self._url, connect_args={"timeout": self._busy_seconds})
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self, connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        # Without this the driver begins transactions by itself, and never before a read.
        connection.isolation_level = None
        cursor = connection.cursor()
        self._use_log(cursor)
        # FULL syncs the log at each commit: an intent must survive a power cut.
        cursor.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'OFF'}")
        cursor.execute("PRAGMA trusted_schema=OFF")
        cursor.close()

    def _use_log(self, cursor: DBAPICursor) -> None:
        """Two that switch a new file at once are in each other's way; SQLite then refuses one without waiting."""
        until = time.monotonic() + self._busy_seconds
        while True:
            try:
                cursor.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if _error_name(error) != "SQLITE_BUSY" or time.monotonic() >= until:
                    raise
                time.sleep(_PAUSE)

    def _bring_up_to_date(self) -> None:
        if self._version() == HEAD:
            return
        with self.writing() as connection:
            version = _version(connection)
            if version == HEAD:
                return
            if version > HEAD:
                raise LedgerError(
                    self.location, f"it was written by a newer Holdfast (tables {version}, here {HEAD})"
                )
            from holdfast.adapters.ledger.migration import upgrade

            upgrade(connection)

    def _version(self) -> str:
        with self.reading() as connection:
            return _version(connection)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._our_error(error.orig or error) from error
        except (OSError, sqlite3.Error) as error:
            raise self._our_error(error) from error

    def _our_error(self, error: BaseException) -> HoldfastError:
        name = _error_name(error)
        if name in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
            return Busy(
                f"Another process kept the ledger {self.location} locked for {self._busy_seconds:.0f} s.",
                "Wait until the other command ends, then run this one again.",
            )
        if name in {"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_WRITE", "ENOSPC", "EDQUOT"}:
            return LedgerFull(self.location, str(error))
        if name in {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT_READ"}:
            return LedgerDamaged(self.location, str(error))
        return LedgerError(self.location, str(error))


def _error_name(error: BaseException) -> str:
    if isinstance(error, sqlite3.Error):
        name = str(getattr(error, "sqlite_errorname", ""))
        return next(
            (known for known in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_CORRUPT") if name.startswith(known)),
            name,
        )
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, "")
    return type(error).__name__


def _begin(connection: sa.Connection) -> None:
    # IMMEDIATE takes the write lock at once; a transaction that reads first could be refused midway.
    connection.exec_driver_sql(
        "BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN"
    )


def _version(connection: sa.Connection) -> str:
    """The migration the tables are at, empty for a new database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(
        connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or ""
    )
