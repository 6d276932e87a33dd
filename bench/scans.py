"""CPU seconds and peak memory of publishing a scan of 10,000 findings, each in a process of its own.

scans.py [--findings 10000] [--folder]

The sandbox runs in this process, the command in another, whose own CPU time and peak memory are printed; with
--folder it publishes into a folder instead of the sandbox's S3. Parquet is written where DuckDB is installed.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import botocore.session

from holdfast.sandbox.server import SandboxServer
from tests.simulators.ash_results import many, result_file

TARGET = 3.0
BUCKET = "scans"


def measured(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MiB of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--findings", type=int, default=10_000)
    options.add_argument("--folder", action="store_true")
    asked = options.parse_args()
    program = str(Path(sys.executable).with_name("holdfast"))
    with tempfile.TemporaryDirectory() as name, SandboxServer("empty") as sandbox:
        folder, environment = Path(name), {**os.environ, **sandbox.env(), "ASH_S3_BUCKET_NAME": BUCKET}
        if asked.folder:
            environment["HOLDFAST_SCANS_FOLDER"] = "out"
        else:
            client = botocore.session.Session().create_client(
                "s3", "us-east-1", endpoint_url=sandbox.url, aws_access_key_id="x", aws_secret_access_key="y"
            )
            client.create_bucket(Bucket=BUCKET)
        file = folder / "ash_aggregated_results.json"
        file.write_bytes(result_file(many(asked.findings)))
        size = file.stat().st_size / 2**20
        wall, cpu, peak = measured([program, "scans", "publish", str(file)], folder, environment)
    parquet = "with Parquet" if find_spec("duckdb") else "NDJSON only"
    print(f"{asked.findings:,} findings, {size:.1f} MiB, {parquet}")
    print(
        f"publish: {cpu:.2f} s of CPU (target under {TARGET:.0f}), {wall:.2f} s in all, peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
