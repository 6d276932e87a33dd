"""SIGKILL at moments that nobody chose; runs in the soak, for a minute each."""

from __future__ import annotations

import random
import signal
import sys
import time

import pytest

from tests.simulators.command_line import Home, effects, run_named
from tests.simulators.two_companies import AFTER, RESTORED

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")
SECONDS = 60.0

pytestmark = pytest.mark.soak


def test_a_backup_killed_at_any_moment_leaves_a_sound_vault_and_can_be_resumed(
    empty_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home, chance, began, kills = empty_home, random.Random(1), time.monotonic(), 0
    home.run("identity-center", "backup")
    while time.monotonic() - began < SECONDS:
        command = home.start("identity-center", "backup")
        time.sleep(chance.uniform(0.02, 0.9))
        kills += command.kill().code == -signal.SIGKILL
        told = home.run("runs", "list").errors
        home.run("vault", "check", "--read-data")
        if "runs resume" in told:
            home.run("runs", "resume", run_named(told))
    home.run("vault", "check", "--read-data")
    _say(capsys, f"backups: {kills} kills, the vault always sound")


def test_a_restore_killed_at_any_moments_has_each_effect_once(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, began, kills = random.Random(2), time.monotonic(), 0
    while time.monotonic() - began < SECONDS:
        home.sandbox.load(AFTER)
        kills += _restored_under_kills(home, chance)
        assert effects(home.sandbox) == RESTORED
    _say(capsys, f"restores: {kills} kills, each effect once")


def _restored_under_kills(home: Home, chance: random.Random) -> int:
    """The number of kills it took until a restore, resumed after each, had ended."""
    command, kills = home.start(*RESTORE), 0
    while True:
        time.sleep(chance.uniform(0.05, 2.5))
        ended = command.kill()
        if ended.code == 0:
            return kills
        assert ended.code == -signal.SIGKILL, ended
        kills += 1
        told = home.run("runs", "list").errors
        if "its evidence is written now" in told:
            return kills
        resume = ("runs", "resume", run_named(told)) if "runs resume" in told else RESTORE
        command = home.start(*resume)


def _say(capsys: pytest.CaptureFixture[str], told: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{told}\n")
