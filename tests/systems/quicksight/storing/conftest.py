"""One sandbox for all tests of storing; its time is the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.server import SandboxServer
from tests.simulators.memory_system import MemoryService
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.quiet import HandClock
from tests.simulators.small_vault import new_vault
from tests.simulators.workbench import Bench
from tests.systems.quicksight.storing.storage import Storage


@pytest.fixture(scope="package")
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="package")
def shared_sandbox(clock: HandClock) -> Iterator[SandboxServer]:
    with SandboxServer("empty", clock=lambda: clock.now().timestamp()) as server:
        yield server


@pytest.fixture(scope="package")
def session(shared_sandbox: SandboxServer, clock: HandClock) -> AwsSession:
    endpoint = AwsEndpoint(shared_sandbox.url, ACCESS_KEY, SECRET_KEY)
    return AwsSession(AwsSettings(region="us-east-1"), clock, jitter=lambda: 1.0, endpoint=endpoint)


@pytest.fixture(scope="package")
def clients(shared_sandbox: SandboxServer) -> dict[str, Any]:
    """Clients of the test itself, which see what is really stored."""
    made = botocore.session.Session()
    return {
        name: made.create_client(
            name,
            "us-east-1",
            endpoint_url=shared_sandbox.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(retries={"total_max_attempts": 1}),
        )
        for name in ("s3", "dynamodb")
    }


@pytest.fixture(scope="package")
def bench(clock: HandClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One ledger for all: each test looks at the newest run."""
    made = Bench(tmp_path_factory.mktemp("ledger"), MemoryService())
    made.clock = clock
    yield made
    made.ledger.close()


@pytest.fixture
def storage(
    shared_sandbox: SandboxServer,
    bench: Bench,
    session: AwsSession,
    clients: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Storage]:
    shared_sandbox.engine.reset()
    vault = new_vault(MemoryStore(), tmp_path)
    yield Storage(bench, vault, shared_sandbox, session, clients["s3"], clients["dynamodb"])
    shared_sandbox.clear_faults()
