"""Records of a JSONL file through the vault's public classes, one command a process: what `bench.vault` times.

records.py COMMAND VAULT [ARGUMENT ...], where VAULT is a folder or s3://bucket/prefix and KEY_FILE names the key:

  init                  a new vault
  open                  nothing but opening it: the start-up that other commands also pay
  backup JSONL [TIMES]  a snapshot of the file's records, in key order per type, each line a record's body
  verify                read and prove every byte of the newest snapshot
  restore JSONL         the newest snapshot as a file again
  diff OLD NEW          what differs between two snapshots, numbered from the oldest
  find NUMBER TYPE KEY  one record of a snapshot
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.object_store import open_store
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.vault import Vault

SYSTEM = "identity_center"
SOURCE = SourceIdentity(SYSTEM, "123456789012", "eu-central-1", "ssoins-7223a1b2c3d4e5f6", "bench")
READ_BYTES = 1 << 20
TYPE, ID, UUID_LENGTH = b'"Type":"', b',"Id":"', 36


def opened(location: str) -> Vault:
    ring = KeyFile(Path(os.environ["KEY_FILE"]))
    return Vault.open(open_store(location, Path.cwd()), ring, SystemClock())


def records(path: str) -> Iterator[Record]:
    """The file's lines as a capture hands records over: type, key, canonical body. Fields of a line are sorted."""
    kind, named = "", b"?"
    for line in lines(path):
        at = line.rindex(TYPE)
        if not line.startswith(named, at):
            named = line[at : line.index(b'"', at + len(TYPE)) + 1]
            kind = named[len(TYPE) : -1].decode()
        at = line.index(ID) + len(ID)
        yield Record(kind, line[at : at + UUID_LENGTH].decode(), line)


def lines(path: str) -> Iterator[bytes]:
    with Path(path).open("rb", buffering=0) as file:
        rest = b""
        while data := file.read(READ_BYTES):
            *whole, rest = (rest + data).split(b"\n")
            yield from whole


def init(location: str) -> None:
    Vault.create(open_store(location, Path.cwd()), KeyFile(Path(os.environ["KEY_FILE"])), SystemClock())


def back_up(vault: Vault, found: Iterable[Record], now: datetime) -> int:
    writer = vault.begin(SYSTEM)
    count = sum(writer.add_section(kind, part) for kind, part in groupby(found, attrgetter("type")))
    writer.seal(kind="full", taken_at=now, source=SOURCE, run="bench")
    return count


def backup(location: str, path: str, times: str = "1") -> None:
    clock = SystemClock()
    for _ in range(int(times)):
        print(back_up(opened(location), records(path), clock.now()), "records")


def verify(location: str) -> None:
    vault = opened(location)
    found = vault.verify(vault.resolve("latest"))
    print([f"{level.level} {level.checked}" for level in found.levels])
    sys.exit(0 if found.sound else 1)


def restore(location: str, path: str) -> None:
    vault = opened(location)
    view = vault.read(vault.resolve("latest"))
    with Path(path).open("wb", buffering=READ_BYTES) as file:
        for kind in view.types:
            for record in view.records(kind):
                file.write(record.body + b"\n")


def main(command: str, location: str, *arguments: str) -> None:
    if command == "open":
        opened(location)
    else:
        COMMANDS[command](location, *arguments)


COMMANDS = {"init": init, "backup": backup, "verify": verify, "restore": restore}

if __name__ == "__main__":
    main(*sys.argv[1:])
