"""A bucket in a sandbox, and a CI job that publishes scans to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import botocore.session
import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.ash_results import Made, result_file
from tests.simulators.desk import Answer, Desk

RESULT = "ash_aggregated_results.json"
EVAL = Made(path="src/app.py", line=7)
SHELL = Made("B602", "bandit", "src/run.py", 20, "    run(command, shell=True)", "shell=True", "warning")


@dataclass
class Job:
    """A CI job with a result file: neither settings file nor vault, quick repeats."""

    desk: Desk
    sandbox: SandboxServer
    bucket: str

    def write(self, data: bytes, name: str = RESULT) -> Path:
        path = self.desk.folder / name
        path.write_bytes(data)
        return path

    def publish(self, *words: str, **more: str) -> Answer:
        return self.desk.run("scans", "publish", *(words or (RESULT,)), "--json", **more)

    def resend(self, **more: str) -> Answer:
        return self.desk.run("scans", "resend", "--json", **more)

    def objects(self) -> dict[str, bytes]:
        """Every object of the bucket by key."""
        found = self.s3().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {
            each["Key"]: self.s3().get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
            for each in found
        }

    def s3(self) -> Any:  # noqa: ANN401  # botocore makes its clients at run time
        return client(self.sandbox.url)


@cache
def client(url: str) -> Any:  # noqa: ANN401
    """A client of S3, made once: reading what the vendor says of the service takes longer than a test."""
    return botocore.session.Session().create_client(
        "s3", "us-east-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y"
    )


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("empty") as server:
        yield server


@pytest.fixture
def job(shared_sandbox: SandboxServer, tmp_path: Path) -> Job:
    """A job with a scan of two findings and an empty bucket of its own."""
    shared_sandbox.engine.reset()
    bucket = f"scans-{uuid4().hex}"
    environment = {
        **shared_sandbox.env(),
        "ASH_S3_BUCKET_NAME": bucket,
        "HOLDFAST_SCANS_BASE_DELAY": "0.001",
    }
    made = Job(Desk(tmp_path, environment), shared_sandbox, bucket)
    made.s3().create_bucket(Bucket=bucket)
    made.write(result_file([EVAL, SHELL]))
    return made
