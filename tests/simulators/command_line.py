"""An installation in a folder of its own, and `holdfast` run on it as a process that can be cut off."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.journal import Effect
from holdfast.sandbox.server import SandboxServer

PATIENCE = 60.0
LATE = 60.0
"""Seconds by which a delayed answer is late: longer than any process waits before it is killed."""
CHANGING = "(Create|Update|Delete|Put|Attach|Detach|Tag|Untag|Provision).*"
"""Every operation of Identity Center that changes something."""
RATE = "2000"


class ListedRun(msgspec.Struct, frozen=True):
    """What `holdfast runs list --json` says of a run."""

    id: str
    kind: str
    state: str
    stage: str
    snapshot: str = ""
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str


class Command:
    """A `holdfast` process in a process group of its own."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from holdfast.delivery.cli import main; raise SystemExit(main())", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def kill(self, number: int = signal.SIGKILL) -> Ended:
        """Signals the whole group and waits for the end."""
        if self.runs:
            os.killpg(self._process.pid, number)
        return self.ended()

    def ended(self) -> Ended:
        output, errors = self._process.communicate(timeout=PATIENCE)
        return Ended(self._process.returncode, output, errors)

    def until(self, seen: Callable[[], bool]) -> bool:
        """Whether it was seen before the process ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if seen():
                return True
            if not self.runs:
                return seen()
            time.sleep(0.005)
        raise AssertionError(f"not seen within {PATIENCE:.0f} s; stderr: {self.kill().errors}")


@dataclass(frozen=True)
class Home:
    """A folder without a settings file, on one sandbox, at a rate that tests can wait for."""

    folder: Path
    sandbox: SandboxServer

    def start(self, *arguments: str) -> Command:
        return Command(arguments, self.folder, self._environment())

    def run(self, *arguments: str, code: int = 0) -> Ended:
        """Runs to the end and holds the exit code against the expected one."""
        ended = self.start(*arguments).ended()
        assert ended.code == code, f"{arguments}: exit {ended.code}\n{ended.output}\n{ended.errors}"
        return ended

    def runs(self) -> list[ListedRun]:
        """Newest first. The listing itself is a command, so it ends runs that were cut off."""
        return msgspec.json.decode(self.run("runs", "list", "--json").output, type=list[ListedRun])

    def copy(self, folder: Path) -> Home:
        shutil.copytree(self.folder, folder)
        return Home(folder, self.sandbox)

    def _environment(self) -> dict[str, str]:
        own = {"HOLDFAST_AWS_REQUESTS_PER_SECOND": RATE, "HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND": RATE}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))}
        return {**kept, **self.sandbox.env(), **own}


def run_named(errors: str) -> str:
    """The id of the run that a command says was cut off or interrupted."""
    found = re.search(r"holdfast runs resume (\S+?)`?[.\s]", errors + "\n")
    assert found, errors
    return found[1]


def effects(sandbox: SandboxServer) -> list[tuple[str, str]]:
    """The sandbox's log of effects since its world was loaded."""
    return [(each.operation, each.key) for each in sandbox.changes()]


@dataclass
class Slaughter:
    """What a command came to that was killed after each effect and resumed until it ended."""

    ended: Ended
    kills: int
    in_doubt: list[Effect]


def killed_after_every_effect(home: Home, *arguments: str) -> Slaughter:
    """Every answer to a change comes late, so that each effect is followed by a SIGKILL before it is known."""
    sandbox, kills, seen = home.sandbox, 0, len(home.sandbox.changes())
    before = seen
    sandbox.faults([FaultRule(operation=CHANGING, after=True, delay=LATE)])
    command = home.start(*arguments)
    while command.until(lambda: len(sandbox.changes()) > seen):
        seen = len(sandbox.changes())
        ended, kills = command.kill(), kills + 1
        assert ended.code == -signal.SIGKILL
        command = home.start("runs", "resume", "latest")
    sandbox.clear_faults()
    return Slaughter(command.ended(), kills, sandbox.changes()[before:])
