"""Records of a JSONL file through the vault's public classes, one command a process: what `bench.vault` times.

records.py COMMAND VAULT [ARGUMENT ...], where VAULT is a folder or s3://bucket/prefix and KEY_FILE names the key:

  init                  a new vault
  open                  nothing but opening it: the start-up that other commands also pay
  backup JSONL          a snapshot of the file's records, in key order per type, each line a record's body
  multiply JSONL TIMES  a snapshot of that many times as many records, streamed
  history ONE TWO TIMES that many snapshots in turn of two files
  verify                read and prove every byte of the newest snapshot
  restore JSONL         the newest snapshot as a file again
  diff OLD NEW          what differs between two snapshots, each by its id
  find ID TYPE KEY      one record of a snapshot
"""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate, groupby, islice
from operator import attrgetter
from pathlib import Path

import msgspec

from holdfast.adapters.clock import SystemClock
from holdfast.adapters.object_store import open_store
from holdfast.domain.records import Record
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.vault.key_file import KeyFile
from holdfast.kernel.vault.reader import SnapshotReader
from holdfast.kernel.vault.vault import Vault

SYSTEM = "identity_center"
SOURCE = SourceIdentity(SYSTEM, "123456789012", "eu-central-1", "ssoins-7223a1b2c3d4e5f6", "bench")
READ_BYTES = 1 << 18
kind_of = attrgetter("type")


def opened(location: str) -> Vault:
    ring = KeyFile(Path(os.environ["KEY_FILE"]))
    return Vault.open(open_store(location, Path.cwd()), ring, SystemClock())


class Line(msgspec.Struct):
    """What of a record tells which one it is."""

    Id: str
    Type: str


_line = msgspec.json.Decoder(Line)


def records(path: str, start: int = 0, count: int | None = None) -> Iterator[Record]:
    """Lines of the file as a capture hands records over: type, key, canonical body; `count` of them, or all."""
    with Path(path).open("rb", buffering=READ_BYTES) as file:
        file.seek(start)
        for line in islice(file, count):
            body = line[:-1]
            found = _line.decode(body)
            yield Record(found.Type, found.Id, body)


def init(location: str) -> None:
    Vault.create(open_store(location, Path.cwd()), KeyFile(Path(os.environ["KEY_FILE"])), SystemClock())


def back_up(vault: Vault, found: Iterable[Record], now: datetime) -> int:
    writer = vault.begin(SYSTEM)
    count = sum(writer.add_section(kind, part) for kind, part in groupby(found, kind_of))
    writer.seal(kind="full", taken_at=now, source=SOURCE, run="bench")
    return count


def backup(location: str, path: str) -> None:
    print(back_up(opened(location), records(path), SystemClock().now()), "records")


def multiply(location: str, path: str, times: str) -> None:
    """The records of each type again and again, under keys that go on rising."""
    found = {kind: [len(record.body) + 1 for record in of] for kind, of in groupby(records(path), kind_of)}
    starts = accumulate(map(sum, found.values()), initial=0)
    again = (
        Record(kind, f"{turn:06}/{record.key}", record.body)
        for start, (kind, sizes) in zip(starts, found.items(), strict=False)
        for turn in range(int(times))
        for record in records(path, start, len(sizes))
    )
    print(back_up(opened(location), again, SystemClock().now()), "records")


def history(location: str, one: str, two: str, times: str) -> None:
    vault, now = opened(location), SystemClock().now()
    versions = [list(records(path)) for path in (one, two)]
    gc.freeze()
    for turn in range(int(times)):
        back_up(vault, versions[turn % 2], now + timedelta(seconds=turn))


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
            for rows in view.layered(kind).lists():
                file.write(b"\n".join([body or b"" for _, _, body, _ in rows]) + b"\n")


def chosen(vault: Vault, snapshot: str) -> SnapshotReader:
    return vault.read(vault.resolve(snapshot))


def diff(location: str, old: str, new: str) -> None:
    vault = opened(location)
    before, now = chosen(vault, old), chosen(vault, new)
    kinds = Counter[str]()
    for kind in now.types:
        for was, became in now.unequal(before, kind):
            kinds["added" if was is None else "removed" if became is None else "changed"] += 1
    print(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def find(location: str, snapshot: str, kind: str, key: str) -> None:
    record = chosen(opened(location), snapshot).find(kind, key)
    sys.exit(0 if record else f"{kind} {key} is not in snapshot {snapshot}")


def main(command: str, location: str, *arguments: str) -> None:
    if command == "open":
        opened(location)
    else:
        COMMANDS[command](location, *arguments)


COMMANDS = {
    "init": init,
    "backup": backup,
    "multiply": multiply,
    "history": history,
    "verify": verify,
    "restore": restore,
    "diff": diff,
    "find": find,
}

if __name__ == "__main__":
    gc.set_threshold(100_000, 20, 100)  # as `holdfast` does
    main(*sys.argv[1:])
