"""Findings as Parquet, through DuckDB where it is installed."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

from holdfast.systems.scans.rows import COLUMNS


def available() -> bool:
    """Whether DuckDB is installed; it is not imported to find out."""
    return find_spec("duckdb") is not None


def to_parquet(rows: bytes) -> bytes:
    """The rows of an NDJSON file as Parquet with the declared columns and types."""
    import duckdb

    columns = ", ".join(f"'{column.name}': '{column.duckdb}'" for column in COLUMNS)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as connection:
        source, made = Path(folder) / "rows.ndjson", Path(folder) / "rows.parquet"
        source.write_bytes(rows)
        connection.execute(
            f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={{{columns}}})) "  # noqa: S608
            f"TO '{made}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return made.read_bytes()
