"""How long a capture takes one call at a time, and several at a time, on the sandbox with added latency.

collect.py [--scale small] [--latency 0.12] [--rate 20] [--concurrency 8]

Both captures run in this process against the same sandbox, one after the other; the last line is their
ratio. The rate is the service's limit, which no concurrency can pass: at 20 calls a second and 0.12 s a
call the ratio is about 2.4. A rate of 0 lifts the limit on both sides.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import connect
from holdfast.systems.identity_center.model import RECORD_TYPES
from holdfast.systems.identity_center.settings import IdentityCenterSettings

UNLIMITED = 100_000.0


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Quiet:
    def stage(self, name: str, total: int | None = None) -> None: ...

    def expect(self, steps: int) -> None: ...

    def advance(self, steps: int = 1, note: str = "") -> None: ...

    def say(self, line: str) -> None: ...


def capture(server: SandboxServer, rate: float, concurrency: int) -> tuple[float, int, int, list[str]]:
    """Seconds, calls, throttles, and the digests of all records."""
    settings = IdentityCenterSettings(concurrency=concurrency)
    pace = AwsSettings(
        region="us-east-1",
        requests_per_second=rate or UNLIMITED,
        other_requests_per_second=rate or UNLIMITED,
    )
    endpoint = AwsEndpoint(server.url, "AKIASANDBOXSANDBOX00", "sandbox")
    session = AwsSession(pace, WallClock(), endpoint=endpoint)
    source = IdentityCenterSource(connect(session, settings), settings, WallClock())
    source.identity()
    started = time.perf_counter()
    parts = list(source.capture([kind.name for kind in RECORD_TYPES], Quiet()))
    seconds = time.perf_counter() - started
    count = source.calls()
    return seconds, count.calls, count.throttles, [record.digest for part in parts for record in part.records]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--scale", default="small")
    options.add_argument("--latency", type=float, default=0.12)
    options.add_argument("--rate", type=float, default=20.0)
    options.add_argument("--concurrency", type=int, default=8)
    asked = options.parse_args()
    with SandboxServer(asked.scale, rate=asked.rate or None) as server:
        server.faults([FaultRule(delay=asked.latency)])
        alone, calls, throttles, first = capture(server, asked.rate, 1)
        print(f"one at a time    {alone:7.1f} s  {calls} calls, {throttles} throttles")
        together, calls, throttles, second = capture(server, asked.rate, asked.concurrency)
        print(f"{asked.concurrency:2} at a time      {together:7.1f} s  {calls} calls, {throttles} throttles")
    if first != second:
        raise SystemExit("the two captures differ")
    print(f"ratio {alone / together:.2f}, same records")


if __name__ == "__main__":
    main()
