"""A backup from before a bad day, and the company after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.command_line import Home
from tests.simulators.two_companies import AFTER, BEFORE


@pytest.fixture(scope="session")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with one backup, of the company before its bad day."""
    with SandboxServer("empty") as sandbox:
        sandbox.load(BEFORE)
        home = Home(tmp_path_factory.mktemp("backed-up"), sandbox)
        home.run("identity-center", "backup")
        yield home


@pytest.fixture
def home(backed_up: Home, tmp_path: Path) -> Iterator[Home]:
    """The company after its bad day, with the backup from before it."""
    backed_up.sandbox.load(AFTER)
    yield backed_up.copy(tmp_path / "home")
    backed_up.sandbox.clear_faults()


@pytest.fixture
def empty_home(backed_up: Home, tmp_path: Path) -> Iterator[Home]:
    """The company before its bad day and nothing backed up yet."""
    backed_up.sandbox.load(BEFORE)
    yield Home(tmp_path, backed_up.sandbox)
    backed_up.sandbox.clear_faults()
