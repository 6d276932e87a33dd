"""Reads a tree and stores its contents; one thread reads and cuts, others name, compress, seal."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec

from holdfast.domain.outcomes import DONE, Item, Outcome, OutcomeKind
from holdfast.domain.records import Record
from holdfast.kernel.ports import Progress
from holdfast.kernel.showing import byte_size
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.chunk_writer import ChunkWriter
from holdfast.kernel.vault.chunks import Piece, Read, threads
from holdfast.systems.files.model import (
    FILE,
    Entry,
    Kind,
    decode_entry,
    escaped,
    kind_of,
    record_of,
    special_kind,
)
from holdfast.systems.files.walking import Found

FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
JOB_BYTES, JOB_PATHS = 2 << 20, 256
"""Small files are handed on together, up to so much."""
XATTRS = "user."
TORN = "torn file"

CHANGED = Outcome(
    OutcomeKind.FAILED,
    "it changed while it was read; what was read is kept and marked as torn",
    "Save it again when nothing writes to it, or save a snapshot of the file system.",
    "changed-while-read",
)
OWN = Outcome(OutcomeKind.SKIPPED, "Holdfast's own: its vault, or what it keeps beside it", code="own-folder")


@dataclass(slots=True)
class Draft:
    """A path on its way into the vault: its entry without chunks, or how it ended otherwise."""

    key: str
    entry: Entry | None
    outcome: Outcome = DONE
    chunks: list[str] = field(default_factory=list)

    def record(self) -> Record | None:
        """What is stored of it."""
        if self.entry is None:
            return None
        return record_of(self.key, msgspec.structs.replace(self.entry, chunks=tuple(self.chunks)))


@dataclass(slots=True)
class _Job:
    """Pieces, each with the draft it belongs to; and the drafts that are whole once these are stored."""

    pieces: list[Piece] = field(default_factory=list)
    owners: list[Draft] = field(default_factory=list)
    whole: list[Draft] = field(default_factory=list)
    size: int = 0

    def add(self, owner: Draft, piece: Piece) -> None:
        self.pieces.append(piece)
        self.owners.append(owner)
        self.size += len(piece)

    @property
    def full(self) -> bool:
        return self.size >= JOB_BYTES or len(self.whole) >= JOB_PATHS


class Before:
    """The entries of an earlier snapshot, asked for in key order; one is held at a time."""

    def __init__(self, rows: Iterable[tuple[str, int, bytes | None, bytes]]) -> None:
        self._rows = iter(rows)
        self._row = next(self._rows, None)

    def entry(self, key: str) -> Entry | None:
        """What there was under a key; keys must rise. Raises: VaultDamaged; StoreError."""
        while self._row is not None and self._row[0] < key:
            self._row = next(self._rows, None)
        if self._row is None or self._row[0] != key or self._row[2] is None:
            return None
        return decode_entry(self._row[2])


class Saver:
    """Turns what a walk finds into drafts that are whole, in the same order."""

    def __init__(self, chunks: ChunkWriter, before: Before, progress: Progress) -> None:
        self._chunks = chunks
        self._before = before
        self._progress = progress
        self.read_bytes = 0
        self.unchanged = 0
        """Files that were not read, because the snapshot before has them as they are."""

    def save(self, found: Iterable[Found]) -> Iterator[Draft]:
        """Every path found, with an entry or a reason why not. Raises: StoreFull; StoreError; VaultDamaged."""
        return self._stored(self._jobs(found))

    def save_stream(self, draft: Draft, read: Read) -> Iterator[Draft]:
        """One file whose contents come from a stream of unknown length."""
        return self._stored(self._stream_jobs(draft, read))

    def _stored(self, jobs: Iterable[_Job]) -> Iterator[Draft]:
        """The drafts of jobs, once their pieces are stored."""
        count = threads()
        with ThreadPoolExecutor(count, "save-chunks") as pool:
            for job, names in ahead(self._put, jobs, count + 2, pool):
                for owner, name in zip(job.owners, names, strict=True):
                    owner.chunks.append(name)
                self._progress.advance(len(job.whole), f"{byte_size(self.read_bytes)} read")
                yield from job.whole

    def _put(self, job: _Job) -> tuple[_Job, list[str]]:
        names = self._chunks.put(job.pieces)
        job.pieces.clear()
        return job, names

    def _stream_jobs(self, draft: Draft, read: Read) -> Iterator[_Job]:
        for piece in self._chunks.chunking.pieces(read):
            self.read_bytes += len(piece)
            job = _Job()
            job.add(draft, piece)
            yield job
        assert draft.entry is not None  # noqa: S101  the caller made it
        draft.entry = msgspec.structs.replace(draft.entry, size=self.read_bytes)
        yield _Job(whole=[draft])

    def _jobs(self, found: Iterable[Found]) -> Iterator[_Job]:
        job = _Job()
        for each in found:
            draft = begin(each)
            for piece in self._contents(each, draft):
                job.add(draft, piece)
                if job.full:
                    yield job
                    job = _Job()
            job.whole.append(draft)
            if job.full:
                yield job
                job = _Job()
        yield job

    def _contents(self, found: Found, draft: Draft) -> Iterator[Piece]:
        """The pieces of a file that is new or changed; what goes wrong is noted in the draft."""
        if draft.entry is None or draft.entry.kind != "file":
            return
        old, status = self._before.entry(draft.key), found.status
        if old and status and old.is_as(status) and self._chunks.reuse(map(bytes.fromhex, old.chunks)):
            draft.entry, draft.chunks = old, list(old.chunks)
            self.unchanged += 1
            return
        try:
            yield from self._read(found, draft)
        except OSError as error:
            draft.entry, draft.outcome = None, unreadable(error.strerror or str(error))

    def _read(self, found: Found, draft: Draft) -> Iterator[Piece]:
        handle = os.open(found.name, FLAGS, dir_fd=found.folder)
        try:
            first = os.fstat(handle)
            if kind_of(first.st_mode) != "file":
                draft.entry, draft.outcome = None, unreadable("it was a file and no longer is")
                return
            size = 0
            for piece in self._chunks.chunking.pieces(lambda count: os.read(handle, count), first.st_size):
                size += len(piece)
                self.read_bytes += len(piece)
                yield piece
            torn = size != first.st_size or _marks(first) != _marks(os.fstat(handle))
            entry = _entry("file", first, xattrs=_xattrs(handle))
            draft.entry = msgspec.structs.replace(entry, size=size, torn=torn)
            draft.outcome = CHANGED if torn else DONE
        finally:
            os.close(handle)


def begin(found: Found) -> Draft:
    """The draft of a path before its contents are read."""
    status = found.status
    if status is None:
        return Draft(found.key, None, OWN if found.own else unreadable(found.problem))
    kind = kind_of(status.st_mode)
    if kind is None:
        told = f"it is a {special_kind(status.st_mode)}, which has no contents to keep"
        return Draft(found.key, None, Outcome(OutcomeKind.SKIPPED, told, code="special-file"))
    try:
        target = escaped(os.readlink(found.name, dir_fd=found.folder)) if kind == "symlink" else ""
    except OSError as error:
        return Draft(found.key, None, unreadable(error.strerror or str(error)))
    return Draft(found.key, _entry(kind, status, target=target))


def _entry(
    kind: Kind, status: os.stat_result, *, target: str = "", xattrs: Mapping[str, bytes] | None = None
) -> Entry:
    is_file = kind == "file"
    return Entry(
        ctime=status.st_ctime_ns if is_file else 0,
        gid=status.st_gid,
        inode=status.st_ino if is_file else 0,
        kind=kind,
        mode=stat.S_IMODE(status.st_mode),
        mtime=status.st_mtime_ns,
        size=status.st_size if is_file else 0,
        target=target,
        uid=status.st_uid,
        xattrs=dict(xattrs or {}),
    )


def unreadable(why: str) -> Outcome:
    """The outcome of what could not be read."""
    return Outcome(
        OutcomeKind.FAILED,
        f"it could not be read: {why}",
        "Let the user who runs Holdfast read it, or leave it out by --exclude.",
        "unreadable",
    )


def _marks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _xattrs(handle: int) -> dict[str, bytes]:
    """The extended attributes of the user namespace; none where the file system has none."""
    try:
        names = sorted(name for name in os.listxattr(handle) if name.startswith(XATTRS))
        return {escaped(os.fsencode(name)): os.getxattr(handle, name) for name in names}
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return {}


def items_of(draft: Draft, record: Record | None) -> Iterator[Item]:
    """How a path ended, for the run's inventory; what is stored and torn counts once as each."""
    if record is None:
        yield Item(FILE.name, draft.key, draft.outcome)
        return
    yield Item(FILE.name, draft.key, DONE, record.digest)
    if draft.outcome is not DONE:
        yield Item(TORN, draft.key, draft.outcome)
