"""A backup from before a bad day, and the company after it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from holdfast.sandbox.server import SandboxServer
from holdfast.sandbox.world import World
from tests.simulators.command_line import Home
from tests.simulators.two_companies import AFTER, BEFORE

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


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


@pytest.fixture(scope="session")
def after_restore(backed_up: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, World]:
    """What a restore after the bad day left, to be copied: a home, and the world with its ids and effects."""
    backed_up.sandbox.load(AFTER)
    home = backed_up.copy(tmp_path_factory.mktemp("restored") / "home")
    home.run(*RESTORE)
    return home, deepcopy(home.sandbox.engine.world)


@pytest.fixture
def restored(after_restore: tuple[Home, World], tmp_path: Path) -> Iterator[Home]:
    """The company after a restore undid its bad day, with the ledger of that restore."""
    home, world = after_restore
    home.sandbox.engine.world = deepcopy(world)
    yield home.copy(tmp_path / "home")
    home.sandbox.clear_faults()


@pytest.fixture
def empty_home(backed_up: Home, tmp_path: Path) -> Iterator[Home]:
    """The company before its bad day and nothing backed up yet."""
    backed_up.sandbox.load(BEFORE)
    yield Home(tmp_path, backed_up.sandbox)
    backed_up.sandbox.clear_faults()
