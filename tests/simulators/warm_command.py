"""`holdfast` for a shell, without the second that each start takes: a waiting process forks for every command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from tests.simulators.forked_command import LOADED_BEFORE

ROOT = Path(__file__).parents[2]
_MOST = 1 << 18
_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
waiting = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
waiting.connect({address!r})
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(waiting, [asked], [0, 1, 2])
sys.exit(int(waiting.recv(16) or 70))
"""


@contextmanager
def warm_holdfast(folder: Path) -> Iterator[Path]:
    """A folder for the PATH with a `holdfast` that does what the installed one does."""
    program, address = folder / "holdfast", folder / "waiting"
    program.write_text(_PROGRAM.format(python=sys.executable, address=str(address)))
    program.chmod(0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(address))
        listener.listen()
        waiting = subprocess.Popen(
            [sys.executable, "-m", __name__, str(listener.fileno())],
            cwd=ROOT,
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
        )
    try:
        yield folder
    finally:
        waiting.terminate()
        waiting.wait()


def _wait(listener: socket.socket) -> None:
    """Fork for each that asks, until the process is ended."""
    for name in LOADED_BEFORE:
        import_module(name)
    while True:
        asking, _ = listener.accept()
        if not os.fork():
            listener.close()
            _be(asking)
        asking.close()
        while _ended():
            pass


def _ended() -> bool:
    """Whether a forked process had ended and is forgotten now."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] > 0
    except ChildProcessError:
        return False


def _be(asking: socket.socket) -> None:
    """The command that was asked for, in this process; its exit code is the answer."""
    asked, files, _, _ = socket.recv_fds(asking, _MOST, 3)
    arguments, folder, environment = json.loads(asked)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["holdfast", *arguments]
    from holdfast.delivery.cli import main

    try:
        code = main()
    except BaseException:  # noqa: BLE001  # as an interpreter ends by it
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    asking.send(str(code).encode())
    os._exit(code)


if __name__ == "__main__":
    _wait(socket.socket(fileno=int(sys.argv[1])))
