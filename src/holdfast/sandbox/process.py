"""A sandbox that outlives the command that started it: start, find, stop."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import ClassVar

import msgspec

from holdfast.domain.errors import HoldfastError
from holdfast.sandbox.engine import Setup, Status
from holdfast.sandbox.environment import environment, settings, shell_lines

_STARTED_WITHIN = 60.0
_STOPPED_WITHIN = 10.0


class Running(msgspec.Struct, frozen=True):
    """The state file: which process serves at which port, since when (seconds since 1970)."""

    pid: int
    port: int
    started: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


_runnings = msgspec.json.Decoder(Running)
_statuses = msgspec.json.Decoder(Status)
_setups = msgspec.json.Decoder(Setup)


@dataclass(eq=False)
class AlreadyRunning(HoldfastError):
    """A sandbox of this state folder runs already."""

    url: str
    pid: int
    state_dir: str
    code: ClassVar[str] = "sandbox-running"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "A sandbox already runs at {url} (process {pid})."
    next_step: ClassVar[str] = (
        "Use it (`holdfast sandbox env`), stop it (`holdfast sandbox stop`), or pass --state-dir."
    )


@dataclass(eq=False)
class NotRunning(HoldfastError):
    """No sandbox of this state folder runs."""

    state_dir: str
    code: ClassVar[str] = "sandbox-stopped"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "No sandbox runs with its state in {state_dir}."
    next_step: ClassVar[str] = "Start one with `holdfast sandbox start --detach`, or pass its --state-dir."


@dataclass(eq=False)
class StartFailed(HoldfastError):
    """The sandbox process ended or stayed silent instead of serving."""

    problem: str
    log: str
    code: ClassVar[str] = "sandbox-start"
    exit_code: ClassVar[int] = 30
    sentence: ClassVar[str] = "The sandbox did not start: {problem}"
    next_step: ClassVar[str] = "Read {log}; a taken port is cured by --port 0, which finds a free one."


def start_detached(setup: Setup, port: int, state_dir: Path) -> Running:
    """Starts a sandbox that lives on after this process, and waits until it serves.

    Raises: AlreadyRunning; StartFailed when it ends early or does not answer within a minute.
    """
    _require_none(state_dir)
    _private_folder(state_dir)
    log = state_dir / "sandbox.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "holdfast.sandbox.process", *_arguments(setup, port, state_dir)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _STARTED_WITHIN
    while time.monotonic() < deadline:
        running = find(state_dir)
        if running is not None:
            return running
        if child.poll() is not None:
            raise StartFailed(f"its process ended with code {child.returncode}.", str(log))
        time.sleep(0.02)
    child.kill()
    raise StartFailed(f"it did not answer within {_STARTED_WITHIN:.0f} s.", str(log))


def serve(
    setup: Setup, port: int, state_dir: Path, ready: Callable[[Running], None] = lambda running: None
) -> None:
    """Serves in this process until SIGTERM or Ctrl-C; `ready` is told once it does.

    Raises: AlreadyRunning; StartFailed for a taken port.
    """
    from holdfast.sandbox.server import SandboxServer

    _private_folder(state_dir)
    _lock(state_dir)
    try:
        server = SandboxServer(
            setup.scale,
            setup.seed,
            setup.rate,
            port,
            setup.async_delay,
            caller=setup.caller,
            account=setup.account,
            region=setup.region,
            enforce_iam=setup.enforce_iam,
        )
    except OSError as problem:
        raise StartFailed(
            f"port {port} cannot be used ({problem}).", str(state_dir / "sandbox.log")
        ) from problem
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    running = Running(os.getpid(), int(server.url.rpartition(":")[2]), time.time())
    _write(state_dir, running)
    ready(running)
    try:
        server.serve_until_stopped()
    finally:
        _state_file(state_dir).unlink(missing_ok=True)


def find(state_dir: Path) -> Running | None:
    """The sandbox of that state folder, if it answers; a state file that a dead process left is removed."""
    path = _state_file(state_dir)
    try:
        running = _runnings.decode(path.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    try:
        # The process id alone may by now belong to something else: the server must say that it is it.
        if _ask(running).pid == running.pid:
            return running
    except (OSError, HTTPException, msgspec.DecodeError):
        if _alive(running.pid):
            return None
    path.unlink(missing_ok=True)
    return None


def status(state_dir: Path) -> Status:
    """Counts and facts of the running sandbox. Raises: NotRunning."""
    return _ask(_require(state_dir))


def stop(state_dir: Path) -> Running:
    """Ends the sandbox of that state folder and returns what it was. Raises: NotRunning."""
    running = _require(state_dir)
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOPPED_WITHIN
    while _serves(state_dir) and time.monotonic() < deadline:
        time.sleep(0.02)
    if _serves(state_dir):
        os.kill(running.pid, signal.SIGKILL)
    _state_file(state_dir).unlink(missing_ok=True)
    return running


def env(state_dir: Path) -> str:
    """Lines for `eval` that point AWS clients at the running sandbox. Raises: NotRunning."""
    return shell_lines(variables(state_dir))


def variables(state_dir: Path) -> dict[str, str]:
    """The environment that points AWS clients at the running sandbox. Raises: NotRunning."""
    found = status(state_dir)
    return environment(found.url, found.region) | settings()


def _require(state_dir: Path) -> Running:
    running = find(state_dir)
    if running is None:
        raise NotRunning(str(state_dir))
    return running


def _lock(state_dir: Path) -> None:
    """Takes the state folder until this process ends, so that of two starts at once only one serves."""
    descriptor = os.open(state_dir / "sandbox.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        running = find(state_dir) or Running(0, 0, 0.0)
        raise AlreadyRunning(running.url, running.pid, str(state_dir)) from None


def _serves(state_dir: Path) -> bool:
    """Whether a process holds the state folder; unlike its id, that ends with it though nobody collects it."""
    descriptor = os.open(state_dir / "sandbox.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _require_none(state_dir: Path) -> None:
    running = find(state_dir)
    if running is not None:
        raise AlreadyRunning(running.url, running.pid, str(state_dir))


def _ask(running: Running) -> Status:
    connection = HTTPConnection("127.0.0.1", running.port, timeout=10)
    try:
        connection.request("GET", "/_sandbox/status")
        return _statuses.decode(connection.getresponse().read())
    finally:
        connection.close()


def _alive(pid: int) -> bool:
    with suppress(ChildProcessError):
        # A detached child of this very process stays a zombie until somebody collects it.
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _private_folder(state_dir: Path) -> None:
    for folder in reversed((state_dir, *state_dir.parents)):
        folder.mkdir(exist_ok=True, mode=0o700)


def _state_file(state_dir: Path) -> Path:
    return state_dir / "sandbox.json"


def _write(state_dir: Path, running: Running) -> None:
    draft = state_dir / f"sandbox.json.{running.pid}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        output.write(msgspec.json.encode(running))
    draft.replace(_state_file(state_dir))


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def _arguments(setup: Setup, port: int, state_dir: Path) -> list[str]:
    return [msgspec.json.encode(setup).decode(), str(port), str(state_dir.resolve())]


def _main(arguments: list[str]) -> None:
    serve(_setups.decode(arguments[0]), int(arguments[1]), Path(arguments[2]))


if __name__ == "__main__":
    _main(sys.argv[1:])
