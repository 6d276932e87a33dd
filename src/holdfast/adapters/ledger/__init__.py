"""The ledger in SQL: SQLite in WAL mode beside the settings, through SQLAlchemy Core and alembic."""

from holdfast.adapters.ledger.sql_ledger import SqlLedger

__all__ = ["SqlLedger"]
