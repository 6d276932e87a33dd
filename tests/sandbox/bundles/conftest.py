"""Two sandboxes for all tests of bundle jobs: what takes time is their clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.sandbox.bundles.desk import Desk
from tests.sandbox.conftest import Aws, Clock


@pytest.fixture(scope="package")
def company() -> Iterator[Desk]:
    clock = Clock()
    with SandboxServer("tiny", seed=1, clock=clock) as sandbox:
        aws = Aws(sandbox, clock)
        yield Desk(aws, aws.client("quicksight"))


@pytest.fixture(scope="package")
def abroad(company: Desk) -> Iterator[Desk]:
    other, clock = "210987654321", company.aws.clock
    with SandboxServer("empty", seed=2, clock=clock, account=other, region="eu-west-1") as sandbox:
        aws = Aws(sandbox, clock, "eu-west-1")
        yield Desk(aws, aws.client("quicksight"), other)


@pytest.fixture
def desk(company: Desk) -> Desk:
    """The tiny sample company."""
    return company.anew()


@pytest.fixture
def elsewhere(abroad: Desk) -> Desk:
    """An empty account in another region."""
    return abroad.anew()
