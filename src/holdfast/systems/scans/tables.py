"""What lets other services read the findings store: table definitions for Athena and Glue, a QuickSight manifest."""

from __future__ import annotations

import re

import msgspec

from holdfast.domain.errors import UsageError
from holdfast.systems.scans.rows import COLUMNS, PARTITIONS

PARQUET_FOLDER = "findings/parquet/"
NDJSON_FOLDER = "findings/ndjson/"
"""Apart, because a table of Athena and a manifest of QuickSight each take one format only."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def athena_ddl(location: str, database: str = "default", table: str = "scan_findings") -> str:
    """Statements for Athena that define the table over the Parquet at `location` and find its partitions.

    Raises: UsageError for a name that Athena does not take.
    """
    name = f"`{_named(database)}`.`{_named(table)}`"
    columns = ",\n".join(f"  `{column}` {kind}" for column, kind in data_columns())
    partitions = ", ".join(f"`{column}` string" for column in PARTITIONS)
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{columns}\n)\n"
        f"PARTITIONED BY ({partitions})\nSTORED AS PARQUET\nLOCATION '{location}'\n"
        "TBLPROPERTIES ('classification' = 'parquet');\n"
        f"MSCK REPAIR TABLE {name};\n"
    )


def glue_table(location: str, table: str = "scan_findings") -> bytes:
    """The same table as JSON for `aws glue create-table --table-input`. Raises: UsageError for a bad name."""
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "Name": _named(table),
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"classification": "parquet", "EXTERNAL": "TRUE"},
                "PartitionKeys": [{"Name": name, "Type": "string"} for name in PARTITIONS],
                "StorageDescriptor": {
                    "Columns": [{"Name": name, "Type": kind} for name, kind in data_columns()],
                    "Location": location,
                    "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
                    "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
                    "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
                },
            }
        )
    )


def quicksight_manifest(location: str) -> bytes:
    """A QuickSight manifest over the NDJSON at `location`; QuickSight reads no Parquet.

    Of the upload settings only the format may stand there for JSON. Source: "Supported formats for Amazon S3
    manifest files", Amazon QuickSight User Guide.
    """
    manifest = {
        "fileLocations": [{"URIPrefixes": [location]}],
        "globalUploadSettings": {"format": "JSON"},
    }
    return msgspec.json.format(msgspec.json.encode(manifest))


def data_columns() -> list[tuple[str, str]]:
    """Name and Hive type of each column that lies in the file; Hive forbids a partition's name among them."""
    return [(name, kind) for name, kind in COLUMNS if name not in PARTITIONS]


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a table or database of Athena.",
            "Use lower-case letters, digits and underscores.",
        )
    return name
