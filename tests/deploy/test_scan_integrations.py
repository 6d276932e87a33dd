"""What other AWS services are given reads what was published: Athena's table, QuickSight's manifest, Lambda, Glue."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import jsonschema
import pytest

from holdfast.bootstrap import publish_scan
from holdfast.delivery.cli import main
from holdfast.domain.errors import UsageError
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.scans.tables import athena_ddl, glue_table, quicksight_manifest
from tests.plugins.test_ash_reporter import BUCKET, RESULTS

DEPLOY = Path(__file__).parents[2] / "deploy" / "scans"
DATA_FILES = {"parquet", "ndjson"}
# Types of the DDL as DuckDB has them: Athena's manual on the left, DuckDB's on the right.
DUCKDB = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "array<string>": "VARCHAR[]",
}
# The shape that the QuickSight User Guide gives for manifests; for JSON nothing but the format may be set.
QUICKSIGHT = {
    "type": "object",
    "required": ["fileLocations"],
    "additionalProperties": False,
    "properties": {
        "fileLocations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {
                    name: {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^s3://"}}
                    for name in ("URIs", "URIPrefixes")
                },
            },
        },
        "globalUploadSettings": {
            "type": "object",
            "additionalProperties": False,
            "required": ["format"],
            "properties": {"format": {"const": "JSON"}},
        },
    },
}


@dataclass(frozen=True)
class Published:
    """A scan in the sandbox's bucket, and a copy of every object in a folder."""

    url: str
    client: Any
    folder: Path

    def of_format(self, extension: str) -> list[Path]:
        return sorted(self.folder.rglob(f"*.{extension}"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    home = tmp_path_factory.mktemp("scan")
    with SandboxServer("empty") as sandbox, pytest.MonkeyPatch.context() as patch:
        for name in [
            name for name in os.environ if name.startswith(("AWS_", "ASH_", "HOLDFAST_", "CI", "GITHUB"))
        ]:
            patch.delenv(name)
        for name, value in sandbox.env().items():
            patch.setenv(name, value)
        patch.chdir(home)
        client = boto3.client("s3", endpoint_url=sandbox.url)
        client.create_bucket(Bucket=BUCKET)
        options = {"aws_region": "us-east-1", "bucket_name": BUCKET, "branch": "feature/a b"}
        url = publish_scan(json.dumps(RESULTS).encode(), options, home / "output")
        copy = home / "copy"
        for each in client.list_objects_v2(Bucket=BUCKET)["Contents"]:
            path = copy / each["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(client.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read())
        yield Published(url, client, copy)


def loaded(name: str) -> ModuleType:
    """A script of `deploy`, imported from its file."""
    spec = importlib.util.spec_from_file_location(f"deployed_{name}", DEPLOY / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def columns_of(ddl: str) -> tuple[dict[str, str], dict[str, str]]:
    """The columns and the partition columns of the first statement, name -> type."""
    inside, partitions = ddl.split("PARTITIONED BY")
    pattern = r"`(\w+)` ([a-z<>]+)"
    return dict(re.findall(pattern, inside.split("(", 1)[1])), dict(
        re.findall(pattern, partitions.split(")")[0])
    )


def test_the_parquet_has_the_columns_types_and_partitions_of_the_table(published: Published) -> None:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: holdfast[scans]")
    columns, partitions = columns_of(athena_ddl("s3://bucket/ash-reports/findings/"))
    (file,) = published.of_format("parquet")
    held = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{file}', hive_partitioning=false)").fetchall()
    assert {row[0]: row[1] for row in held} == {name: DUCKDB[kind] for name, kind in columns.items()}
    assert set(columns) & set(partitions) == set()
    place = published.folder / "ash-reports" / "findings"
    query = f"FROM read_parquet('{place}/**/*.parquet', hive_partitioning=true, hive_types_autocast=false)"
    (row,) = duckdb.sql(f"SELECT project, branch, severity, flat_severity, suppressed {query}").fetchall()
    assert row == ("shop", "feature/a b", "CRITICAL", "HIGH", False)
    found = [row[0] for row in duckdb.sql(f"DESCRIBE {query}").fetchall()]
    assert list(partitions) == ["project", "branch", "date", "scan"]
    assert set(found) == set(columns) | set(partitions)


def test_the_table_s_location_holds_parquet_only_and_the_manifest_s_ndjson_only(published: Published) -> None:
    ddl = athena_ddl(f"s3://{BUCKET}/ash-reports/findings/")
    location = re.search(r"LOCATION '(.+)'", ddl)
    assert location is not None
    manifest = json.loads(quicksight_manifest(f"s3://{BUCKET}/ash-reports/findings-ndjson/"))
    (prefix,) = manifest["fileLocations"][0]["URIPrefixes"]
    for place, extension in ((location[1], ".parquet"), (prefix, ".ndjson")):
        folder = published.folder / place.removeprefix(f"s3://{BUCKET}/")
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert files and {path.suffix for path in files} == {extension}


def test_no_partition_value_has_what_a_repair_of_the_table_passes_over(published: Published) -> None:
    for extension in DATA_FILES:
        for path in published.of_format(extension):
            parts = [part for part in path.relative_to(published.folder).parts if "=" in part]
            assert [part.partition("=")[0] for part in parts] == ["project", "branch", "date", "scan"]
            assert not any(set(part) & set(": /\\") for part in parts)


def test_glue_and_athena_are_given_the_same_table() -> None:
    columns, partitions = columns_of(athena_ddl("s3://bucket/findings/"))
    table = json.loads(glue_table("s3://bucket/findings/"))
    assert {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]} == columns
    assert {each["Name"]: each["Type"] for each in table["PartitionKeys"]} == partitions


@pytest.mark.parametrize("name", ["", "Scan", "a-b", "x`; DROP TABLE y", "1st"])
def test_a_name_that_athena_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        athena_ddl("s3://bucket/findings/", table=name)


def test_the_command_prints_each_definition_and_calls_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASH_S3_BUCKET_NAME", "bucket")
    printed = {}
    for kind in ("athena", "glue", "quicksight"):
        assert main(["scans", "ddl", "--format", kind]) == 0
        printed[kind] = capsys.readouterr().out
    findings = "s3://bucket/ash-reports/findings/"
    assert printed["athena"] == athena_ddl(findings)
    assert printed["glue"] == glue_table(findings).decode() + "\n"
    assert "s3://bucket/ash-reports/findings-ndjson/" in printed["quicksight"]


def test_a_definition_without_a_bucket_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASH_S3_BUCKET_NAME", raising=False)
    assert main(["scans", "ddl"]) == 10
    assert "ASH_S3_BUCKET_NAME" in capsys.readouterr().err


def test_the_quicksight_manifest_has_the_documented_shape() -> None:
    jsonschema.validate(json.loads(quicksight_manifest("s3://bucket/findings-ndjson/")), QUICKSIGHT)


def test_every_line_for_quicksight_has_the_same_fields(published: Published) -> None:
    (file,) = published.of_format("ndjson")
    columns, _ = columns_of(athena_ddl("s3://bucket/findings/"))
    assert [list(json.loads(line)) for line in file.read_text().splitlines()] == [list(columns)]


def test_the_lambda_function_counts_a_published_report(published: Published) -> None:
    bucket, _, key = published.url.removeprefix("s3://").partition("/")
    event = {
        "Records": [
            # Keys come percent-encoded in events.
            {"s3": {"bucket": {"name": bucket}, "object": {"key": name}}}
            for name in (key.replace("=", "%3D"), "ash-reports/findings-ndjson/other.ndjson")
        ]
    }
    answer = loaded("lambda_handler").handler(event, None, published.client)
    (scan,) = answer["scans"]
    assert scan.pop("scan_id") in published.url
    assert scan == {
        "url": published.url,
        "project": "shop",
        "open": {"CRITICAL": 1},
        "suppressed": 0,
        "not_run": ["semgrep"],
        "clean": False,
    }


def test_no_findings_of_scanners_that_did_not_run_are_not_clean() -> None:
    report = {
        "scan": {"scan_id": "s", "project": "p", "scanners": [{"name": "semgrep", "status": "ERROR"}]},
        "severities": {"summary": {"CRITICAL": 0}, "suppressed": 0},
    }
    assert loaded("lambda_handler").summary(report)["clean"] is False


@pytest.mark.soak
def test_the_glue_job_counts_open_findings_by_severity_on_a_local_spark(
    published: Published, tmp_path: Path
) -> None:
    pytest.importorskip("pyspark", reason="PySpark is not installed: pip install 'pyspark==3.5.*'")
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: holdfast[scans]")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    source, target = published.folder / "ash-reports" / "findings", tmp_path / "counts"
    command = [sys.executable, str(DEPLOY / "glue_job.py"), "--JOB_NAME", "scans"]
    done = subprocess.run(
        [*command, "--source", f"{source}/", "--target", str(target)],
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = duckdb.sql(
        f"SELECT project, branch, severity, open, distinct_open, suppressed FROM '{target}/*.parquet'"
    ).fetchall()
    assert rows == [("shop", "feature/a b", "CRITICAL", 1, 1, 0)]
