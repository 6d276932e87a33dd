"""What lets other services read the findings store: table definitions for Athena and Glue, a QuickSight manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from holdfast.domain.errors import UsageError
from holdfast.systems.scans.rows import COLUMNS, PARTITIONS, Column
from holdfast.systems.scans.settings import DestinationUnset, ScansSettings
from holdfast.systems.scans.store import FINDINGS_FOLDER, NDJSON_FOLDER

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def definition(kind: str, settings: ScansSettings, database: str, table: str) -> str:
    """What `athena`, `glue` or `quicksight` needs to read the findings that these settings publish.

    Raises: DestinationUnset without a bucket; UsageError for a bad name.
    """
    if not settings.bucket_name:
        problem = "bucket_name: no bucket is set: set it under [scans], or set ASH_S3_BUCKET_NAME"
        raise DestinationUnset("[scans]", (problem,))
    store = f"s3://{settings.bucket_name}/{settings.key_prefix}"
    if kind == "quicksight":
        return quicksight_manifest(store + NDJSON_FOLDER).decode()
    if kind == "glue":
        return glue_table(store + FINDINGS_FOLDER, table).decode()
    return athena_ddl(store + FINDINGS_FOLDER, database, table)


def athena_ddl(location: str, database: str = "default", table: str = "scan_findings") -> str:
    """Statements for Athena that define the table over the Parquet at `location` and find its partitions.

    Raises: UsageError for a name that Athena does not take.
    """
    name = f"`{_named(database)}`.`{_named(table)}`"
    columns = ",\n".join(f"  `{column.name}` {column.glue}" for column in COLUMNS)
    partitions = ", ".join(f"`{column.name}` {column.glue}" for column in PARTITIONS)
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
                "PartitionKeys": _typed(PARTITIONS),
                "StorageDescriptor": {
                    "Columns": _typed(COLUMNS),
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


def _typed(columns: Iterable[Column]) -> list[dict[str, str]]:
    return [{"Name": column.name, "Type": column.glue} for column in columns]


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name for a table or database of Athena.",
            "Use lower-case letters, digits and underscores.",
        )
    return name
