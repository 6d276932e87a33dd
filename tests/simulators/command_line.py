"""An installation in a folder of its own, and `holdfast` run on it as a process that can be cut off."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from pathlib import Path

import msgspec

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.journal import Effect
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.forked_command import fork

PROGRAM = Path(sys.executable).with_name("holdfast")
PATIENCE = 60.0
LATE = 60.0
"""Seconds by which a delayed answer is late: longer than any process waits before it is killed."""
CHANGING = "(Create|Update|Delete|Put|Attach|Detach|Tag|Untag|Provision).*"
"""Every operation of Identity Center that changes something."""
RATE = "2000"
MOMENT = 0.1
"""Seconds that the concurrent changes of a rank get to take effect, too, before all are cut off together."""
_NUMBERS = count(1)


class ListedRun(msgspec.Struct, frozen=True):
    """What `holdfast runs list --json` says of a run."""

    id: str
    kind: str
    state: str
    stage: str
    snapshot: str = ""
    undoes: str = ""


class ListedSnapshot(msgspec.Struct, frozen=True):
    """What `holdfast backups list --json` says of a snapshot."""

    id: str
    kind: str
    during: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str


class Command(ABC):
    """A command under way, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        number = next(_NUMBERS)
        self._output, self._errors = folder / f"{number}.output", folder / f"{number}.errors"
        self._output.touch()
        self._errors.touch()

    @property
    @abstractmethod
    def code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""

    @abstractmethod
    def send(self, number: int) -> None:
        """Sends a signal to the running process."""

    @abstractmethod
    def wait(self) -> int:
        """The exit code, once it has ended."""

    def told(self) -> str:
        """What it has written to stderr until now."""
        return self._errors.read_text()

    def ended(self) -> Ended:
        """How it ended, once it has."""
        return Ended(self.wait(), self._output.read_text(), self._errors.read_text())

    def kill(self, number: int = signal.SIGKILL) -> Ended:
        """Sends a signal and waits for the end."""
        if self.code is None:
            self.send(number)
        return self.ended()

    def until(self, seen: Callable[[], bool]) -> bool:
        """Whether it was seen before the process ended."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if seen():
                return True
            if self.code is not None:
                return seen()
            time.sleep(0.005)
        raise AssertionError(f"not seen within {PATIENCE:.0f} s; stderr: {self.kill().errors}")


class Spawned(Command):
    """`holdfast` as a shell starts it, in a process group of its own."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
        super().__init__(folder)
        with self._output.open("w") as output, self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [str(PROGRAM), *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )

    @property
    def code(self) -> int | None:
        return self._process.poll()

    def send(self, number: int) -> None:
        os.killpg(self._process.pid, number)

    def wait(self) -> int:
        return self._process.wait(PATIENCE)


class Forked(Command):
    """The same without the time that its imports take."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> None:
        super().__init__(folder)
        self._process = fork(arguments, folder, environment, self._output, self._errors)

    @property
    def code(self) -> int | None:
        return self._process.exitcode

    def send(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it may have ended by itself meanwhile
            os.kill(self._process.pid or 0, number)

    def wait(self) -> int:
        self._process.join(PATIENCE)
        assert self._process.exitcode is not None, f"still running after {PATIENCE:.0f} s"
        return self._process.exitcode


@dataclass(frozen=True)
class Home:
    """A folder without a settings file, on one sandbox, at a rate that tests can wait for."""

    folder: Path
    sandbox: SandboxServer
    settings: tuple[tuple[str, str], ...] = ()

    def start(self, *arguments: str) -> Command:
        return Forked(arguments, self.folder, self._environment())

    def spawn(self, *arguments: str) -> Command:
        return Spawned(arguments, self.folder, self._environment())

    def run(self, *arguments: str, code: int = 0) -> Ended:
        """Runs to the end and holds the exit code against the expected one."""
        ended = self.start(*arguments).ended()
        assert ended.code == code, f"{arguments}: exit {ended.code}\n{ended.output}\n{ended.errors}"
        return ended

    def runs(self) -> list[ListedRun]:
        """Newest first. The listing itself is a command, so it ends runs that were cut off."""
        return msgspec.json.decode(self.run("runs", "list", "--json").output, type=list[ListedRun])

    def snapshots(self) -> list[ListedSnapshot]:
        """Every snapshot of the vault, those that restores took too."""
        return msgspec.json.decode(
            self.run("backups", "list", "--all", "--json").output, type=list[ListedSnapshot]
        )

    def evidence(self, run: str) -> dict[str, object]:
        """The report in the manifest of a run's evidence; the digests in it are held against the files."""
        folder = self.folder / ".holdfast" / "reports" / run
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
        for file in manifest["files"]:
            assert sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"], file["name"]
        assert {"report.txt", "report.html", "run.log"} <= {file["name"] for file in manifest["files"]}
        return dict(manifest["report"])

    def with_settings(self, **settings: str) -> Home:
        """The same home with settings such as VAULT_LOCATION."""
        return replace(self, settings=tuple((f"HOLDFAST_{name}", value) for name, value in settings.items()))

    def copy(self, folder: Path) -> Home:
        shutil.copytree(self.folder, folder)
        return Home(folder, self.sandbox)

    def _environment(self) -> dict[str, str]:
        own = {"HOLDFAST_AWS_REQUESTS_PER_SECOND": RATE, "HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND": RATE}
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "HOLDFAST_"))
        }
        return {**kept, **self.sandbox.env(), **own, **dict(self.settings)}


def run_named(errors: str) -> str:
    """The id of the run that a command says can be resumed."""
    found = re.search(r"holdfast runs resume ([0-9TZa-z.-]+Z-[0-9a-f]+)", errors)
    assert found, errors
    return found[1]


def effects(sandbox: SandboxServer) -> list[tuple[str, str]]:
    """The sandbox's log of effects since its world was loaded, sorted; tags one by one."""
    return sorted(part for each in sandbox.changes() for part in _parts(each))


def same_world(home: Home, portrait: Portrait) -> None:
    """The world is the portrait's, whatever its ids. The world is the portrait's own afterwards."""
    found = home.sandbox.dump()
    home.sandbox.load(portrait)
    assert found == home.sandbox.dump()


def _parts(effect: Effect) -> list[tuple[str, str]]:
    if effect.operation not in ("TagResource", "UntagResource"):
        return [(effect.operation, effect.key)]
    owner, *keys = effect.key.split("/")
    return [(effect.operation, f"{owner}/{key}") for key in keys]


@dataclass(frozen=True, slots=True)
class Slaughter:
    """What a command came to that was killed and resumed over and over until it ended."""

    ended: Ended
    kills: int


def killed_after_every_effect(home: Home, *arguments: str) -> Slaughter:
    """Every answer to a change comes late, so that each effect is followed by a SIGKILL before it is known."""
    sandbox, seen = home.sandbox, len(home.sandbox.changes())

    def more() -> bool:
        return len(sandbox.changes()) > seen

    def settle() -> None:
        nonlocal seen
        while sandbox.status().outstanding:
            time.sleep(0.005)
        seen = len(sandbox.changes())

    sandbox.faults([FaultRule(operation=CHANGING, after=True, delay=LATE)])
    return _killed_while(home, arguments, more, settle)


def killed_before_effects(home: Home, operations: Iterable[str], *arguments: str) -> Slaughter:
    """The first request for each operation is held and lost, with a SIGKILL in between."""
    sandbox = home.sandbox
    rules = [FaultRule(operation=each, delay=LATE, reset=True, times=1) for each in operations]
    sandbox.faults(rules)
    left = len(rules)

    def held() -> int:
        return sum(rule["left"] == 0 for rule in sandbox.engine.faults.listed())

    def settle() -> None:
        nonlocal left
        left = len(rules) - held()

    return _killed_while(home, arguments, lambda: held() > len(rules) - left, settle)


def _killed_while(
    home: Home, arguments: tuple[str, ...], due: Callable[[], bool], settle: Callable[[], None]
) -> Slaughter:
    command, kills = home.start(*arguments), 0
    while command.until(due):
        time.sleep(MOMENT)
        ended, kills = command.kill(), kills + 1
        assert ended.code == -signal.SIGKILL
        settle()
        command = home.start("runs", "resume", "latest")
    home.sandbox.clear_faults()
    return Slaughter(command.ended(), kills)
