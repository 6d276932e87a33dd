"""What a capture of QuickSight asks and holds: calls against the fewest, jobs, peak memory, time by the pacing.

quicksight.py [--scale large] [--rate 0] [--job-seconds 0.5]

The sandbox runs in a process of its own, so that the memory is the capture's. A rate of 0 lifts the pace; the last line
says how long the calls would take at 20 a second. `large` has 5,000 assets.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.clock import SystemClock
from holdfast.adapters.web_download import WebDownload
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.system import Part
from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.systems.quicksight.capture.source import QuickSightSource
from holdfast.systems.quicksight.clients.connection import connect
from holdfast.systems.quicksight.model import ASSET_KINDS, RECORD_TYPES
from holdfast.systems.quicksight.settings import QuickSightSettings

UNLIMITED = 100_000.0
SANDBOX = """
import sys
from holdfast.sandbox.server import SandboxServer
with SandboxServer(sys.argv[1], async_delay=float(sys.argv[2])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""
WITHOUT_PERMISSIONS = ("vpc_connection", "refresh_schedule")
PAGE, JOB = 100, 100


def fewest(parts: list[Part], namespaces: int) -> int:
    """Calls to list and describe that these parts cannot be had with fewer of."""
    count = {part.type: len(part.records) + len(part.failures) for part in parts}
    described = sum(item.outcome.code == "described" for part in parts for item in part.failures)
    for part in parts:
        count[part.type] -= sum(item.outcome.code == "described" for item in part.failures)
    left_out = Counter(
        part.type for part in parts for item in part.failures if item.outcome.code == "uploaded-file"
    )
    read = {kind: count[kind] - left_out[kind] for kind in ASSET_KINDS}
    listings = sum(max(1, -(-count[kind] // PAGE)) for kind in ASSET_KINDS if kind != "refresh_schedule")
    permissions = sum(read[kind] for kind in ASSET_KINDS if kind not in WITHOUT_PERMISSIONS)
    tags = sum(read[kind] for kind in ASSET_KINDS if kind != "refresh_schedule")
    data_sets = count["data_set"] + read["data_set"]
    people = (
        1 + 1 + count["group"] + sum(max(namespaces, -(-count[kind] // PAGE)) for kind in ("user", "group"))
    )
    return listings + permissions + tags + data_sets + read["folder"] + people + described


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--scale", default="large")
    words.add_argument("--rate", type=float, default=0.0)
    words.add_argument("--job-seconds", type=float, default=0.5)
    asked = words.parse_args()
    command = [sys.executable, "-c", SANDBOX, asked.scale, str(asked.job_seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        report(sandbox.stdout.readline().strip(), asked.scale, asked.rate)
        sandbox.communicate()


def report(url: str, scale: str, rate: float) -> None:
    pace = rate or UNLIMITED
    session = AwsSession(
        AwsSettings(region="us-east-1", requests_per_second=pace, other_requests_per_second=pace),
        SystemClock(),
        endpoint=AwsEndpoint(url, ACCESS_KEY, SECRET_KEY),
    )
    settings = QuickSightSettings(poll_seconds=0.5)
    source = QuickSightSource(connect(session, session), settings, SystemClock(), WebDownload())
    source.identity()
    before, began = memory(), time.perf_counter()
    parts = list(
        source.capture([kind.name for kind in RECORD_TYPES], SilentProgress(), f"bench-{time.time()}")
    )
    seconds = time.perf_counter() - began
    calls = dict(source.calls().by_operation)
    assets = sum(len(part.records) for part in parts if part.type in ASSET_KINDS)
    namespaces = next(len(part.records) for part in parts if part.type == "namespace")
    looks = calls["quicksight:DescribeAssetBundleExportJob"]
    asked = sum(
        count for name, count in calls.items() if name.startswith(("quicksight:List", "quicksight:Desc"))
    )
    least = fewest(parts, namespaces)
    jobs = sum(-(-len(part.records) // JOB) for part in parts if part.type in ASSET_KINDS)
    print(
        f"{scale}: {assets:,} assets in {seconds:.1f} s; memory {before:.0f} MiB before, {memory():.0f} MiB at most"
    )
    print(f"list and describe: {asked - looks:,} of at least {least:,} ({(asked - looks) / least:.3f})")
    print(
        f"export jobs: {calls['quicksight:StartAssetBundleExportJob']} of at least {jobs}; {looks} looks at them"
    )
    total = sum(calls.values())
    print(f"all calls: {total:,}: {total / 20:,.0f} s at 20 a second")


def memory() -> float:
    """MiB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
