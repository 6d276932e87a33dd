"""A saved tree in words: one entry for each path, and paths as keys."""

from __future__ import annotations

import os
import re
import stat
from hashlib import sha256
from typing import Literal, TypeAlias

import msgspec

from holdfast.domain.records import Record, RecordType

SYSTEM = "files"
FILE = RecordType("file", "Files")

Kind: TypeAlias = Literal["dir", "file", "symlink"]

_ESCAPED = re.compile(rb"\\(?:\\|x([0-9a-f]{2}))")


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is kept of a path. Times in nanoseconds since 1970; `ctime` and `inode` only tell whether it changed.

    Fields stand in the order of their names, so that the encoded entry is canonical. `chunks` are ids in
    hex of a file's contents, `target` is where a symbolic link leads, escaped as keys are, `xattrs`
    are the extended attributes of the user namespace. `torn`: the file changed while it was read.
    """

    chunks: tuple[str, ...] = ()
    ctime: int = 0
    gid: int
    inode: int = 0
    kind: Kind
    mode: int
    mtime: int
    size: int = 0
    target: str = ""
    torn: bool = False
    uid: int
    xattrs: dict[str, bytes] = {}

    def is_as(self, now: os.stat_result) -> bool:
        """Whether a file still is as this entry of it says, as far as can be told without reading it."""
        return (
            not self.torn
            and self.kind == "file"
            and (self.size, self.mtime, self.ctime, self.inode)
            == (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino)
        )


_decode = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode


def entry_of(record: Record) -> Entry:
    """A record's entry."""
    return _decode(record.body)


def decode_entry(body: bytes) -> Entry:
    """An entry from a record's body."""
    return _decode(body)


def record_of(key: str, entry: Entry) -> Record:
    """The record of a path."""
    return Record(FILE.name, key, _encode(entry))


def comparable(record: Record) -> bytes:
    """The entry without what every extraction changes, and its contents in one short word."""
    entry = entry_of(record)
    fields = {
        name: value
        for name, value in msgspec.to_builtins(entry).items()
        if name not in ("chunks", "ctime", "inode")
    }
    if entry.chunks:
        fields["contents"] = sha256("".join(entry.chunks).encode()).hexdigest()[:16]
    return msgspec.json.encode(fields, order="deterministic")


def kind_of(mode: int) -> Kind | None:
    """What a mode stands for; None for what is not kept."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "dir"
    return "symlink" if stat.S_ISLNK(mode) else None


def special_kind(mode: int) -> str:
    """What a thing is called that is neither file, folder nor link."""
    names = ((stat.S_ISSOCK, "socket"), (stat.S_ISFIFO, "pipe"), (stat.S_ISCHR, "character device"))
    return next((name for test, name in names if test(mode)), "block device")


def escaped(name: bytes) -> str:
    r"""A name or path as text: `\` as `\\`, a byte that is not UTF-8 as `\xNN`, all else as it is."""
    return name.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def unescaped(text: str) -> bytes:
    """The bytes of a name or path that `escaped` made text of."""
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"\\", text.encode())


def key_of(path: bytes) -> str:
    """The key of an absolute path: the path without the slash it begins with, escaped."""
    return escaped(path.lstrip(b"/"))
