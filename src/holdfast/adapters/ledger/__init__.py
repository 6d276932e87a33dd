"""The ledger in SQL: SQLite in WAL mode beside the settings, through SQLAlchemy Core and alembic migrations."""
