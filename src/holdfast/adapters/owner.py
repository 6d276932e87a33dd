"""Names this process so that another can tell whether it still runs."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

# Fields of /proc/PID/stat after the command's closing bracket; starttime is field 22 of all (proc(5)).
_START_TIME_AFTER_COMMAND = 19


def this_process() -> str:
    """This process as `host:pid:start`; the start tells it from a later process with the same number."""
    return f"{_host()}:{os.getpid()}:{_start_of(os.getpid())}"


def is_alive(owner: str) -> bool | None:
    """Whether the process behind an owner's name runs; None when it is of another host, boot or container."""
    host, _, rest = owner.partition(":")
    number, _, start = rest.partition(":")
    if host != _host() or not number.isdigit():
        return None
    return _start_of(int(number)) == start


def _host() -> str:
    """Host, boot and process namespace: only inside all three does a process number mean anything."""
    boot = _first_line(Path("/proc/sys/kernel/random/boot_id"))[:8]
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        namespace = ""
    return "/".join(part for part in (socket.gethostname().replace(":", "-"), boot, namespace) if part)


def _start_of(number: int) -> str:
    """When a process started, in the system's own count; empty when it is gone."""
    if Path("/proc/self/stat").exists():
        line = _first_line(Path(f"/proc/{number}/stat"))
        fields = line.rpartition(")")[2].split()
        # A zombie has ended; only its parent has not noticed yet.
        return fields[_START_TIME_AFTER_COMMAND] if fields and fields[0] not in "ZX" else ""
    listing = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(number)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip().replace(":", ".").replace(" ", "_")


def _first_line(path: Path) -> str:
    try:
        return path.read_text().partition("\n")[0]
    except OSError:
        return ""
