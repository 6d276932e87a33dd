"""SIGKILL as a user meets it: the next command names the run, resume ends the same, each effect happens once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.command_line import Home, effects, killed_after_every_effect
from tests.simulators.two_companies import AFTER, BEFORE, KINDS

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A backup of the company before its bad day."""
    with SandboxServer("empty") as sandbox:
        sandbox.load(BEFORE)
        home = Home(tmp_path_factory.mktemp("home"), sandbox)
        home.run("identity-center", "backup")
        yield home


@pytest.fixture
def home(backed_up: Home, tmp_path: Path) -> Iterator[Home]:
    """The company after its bad day, with the backup from before it."""
    backed_up.sandbox.load(AFTER)
    yield backed_up.copy(tmp_path / "home")
    backed_up.sandbox.clear_faults()


def test_a_kill_after_each_kind_of_change_in_restore_and_rollback_loses_and_repeats_none(home: Home) -> None:
    sandbox = home.sandbox
    damaged = sandbox.dump()
    t = time.time()
    restored = killed_after_every_effect(home, *RESTORE)
    print(restored.kills, time.time() - t, len(restored.in_doubt))
    assert restored.ended.code == 0, restored.ended
    for e in restored.in_doubt: print(e)
    sandbox_is = sandbox.dump()
    assert sandbox_is.permission_sets == BEFORE.permission_sets
    assert {each.operation for each in restored.in_doubt} == KINDS
