"""Writes saved trees below a target folder and never outside of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.domain.errors import NotFound, VaultDamaged
from holdfast.domain.outcomes import DONE, Item, Outcome, OutcomeKind
from holdfast.domain.records import Record
from holdfast.kernel.durable import writing
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.chunk_reader import ChunkReader
from holdfast.kernel.vault.chunks import MOST, threads
from holdfast.kernel.vault.reader import SnapshotReader
from holdfast.systems.files.model import FILE, Entry, entry_of, unescaped
from holdfast.systems.files.walking import FOLDER

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
JOB_BYTES, JOB_FILES = 4 << 20, 64
ZEROS = bytes(MOST)
DRAFT = b".holdfast-unfinished-"

EXISTS = Outcome(
    OutcomeKind.FAILED,
    "something is there already",
    "Give --overwrite to replace files and links, or another target.",
    "exists",
)
OUTSIDE = Outcome(
    OutcomeKind.IMPOSSIBLE,
    "its path would lead out of the target",
    "Look at who made this snapshot.",
    "outside",
)


@dataclass(slots=True)
class _Output:
    """A file that is being written, in a folder handle of its own; `name` is what it is called at the end."""

    key: str
    entry: Entry
    folder: int
    name: bytes
    draft: bytes
    handle: int
    outcome: Outcome = DONE


@dataclass(slots=True)
class _Job:
    """Stretches of files: where in which file, and the chunks; and the files that end with them."""

    writes: list[tuple[_Output, int, list[bytes]]] = field(default_factory=list)
    ended: list[_Output] = field(default_factory=list)
    settled: list[Item] = field(default_factory=list)
    size: int = 0


class Folders:
    """Handles of the folders from the target down to where the last path was; links are never followed."""

    def __init__(self, target: Path) -> None:
        """Makes the target where it is missing. Raises: CannotWrite; OutOfSpace."""
        with writing(target):
            target.mkdir(parents=True, exist_ok=True)
            self._open: list[tuple[bytes, int]] = [(b"", os.open(target, os.O_RDONLY | os.O_DIRECTORY))]
        self.made: set[tuple[bytes, ...]] = set()

    def at(self, parts: Sequence[bytes]) -> int:
        """The handle of a folder below the target, made where it is missing. Raises: OSError."""
        same = 0
        while same < min(len(parts), len(self._open) - 1) and self._open[same + 1][0] == parts[same]:
            same += 1
        self._close(same + 1)
        for depth in range(same, len(parts)):
            name, above = parts[depth], self._open[-1][1]
            try:
                os.mkdir(name, 0o700, dir_fd=above)
                self.made.add(tuple(parts[: depth + 1]))
            except FileExistsError:
                pass
            self._open.append((name, os.open(name, FOLDER, dir_fd=above)))
        return self._open[-1][1]

    def close(self) -> None:
        """Close all handles."""
        self._close(0)

    def _close(self, keep: int) -> None:
        for _, handle in self._open[keep:]:
            os.close(handle)
        del self._open[keep:]


def chosen(view: SnapshotReader, paths: Sequence[Sequence[str]]) -> Iterator[Record]:
    """The records at and below these paths, or all; each path may be saved under one of several keys.

    Raises: NotFound for a path that has no record; VaultDamaged.
    """
    keys = [(key.strip("/"), path) for path in map(tuple, paths) for key in path]
    missed = set(map(tuple, paths))
    for record in view.records(FILE.name):
        hits = [
            path for key, path in keys if not key or record.key == key or record.key.startswith(f"{key}/")
        ]
        missed.difference_update(hits)
        if hits or not keys:
            yield record
    if missed:
        names = ", ".join(sorted(path[0] for path in missed))
        raise NotFound("path", names, f"`holdfast vault ls {view.info.id}` shows what there is.")


class Extraction:
    """One extraction. Owners are restored for root alone; without that, set-id bits are left out."""

    def __init__(self, chunks: ChunkReader, target: Path, *, overwrite: bool) -> None:
        """Raises: CannotWrite."""
        self._chunks = chunks
        self._overwrite = overwrite
        self._folders = Folders(target)
        self._directories: list[tuple[tuple[bytes, ...], str, Entry]] = []
        self._as_root = os.geteuid() == 0

    def run(self, records: Iterable[Record]) -> Iterator[Item]:
        """Every record with its outcome, folders at the end. Raises: VaultDamaged of the entries themselves; StoreError."""
        # More would hold more files open at once than systems allow unasked: two handles each, of `JOB_FILES`.
        count = threads()
        try:
            with ThreadPoolExecutor(count, "extract") as pool:
                for job in ahead(self._write, self._jobs(records), count, pool):
                    yield from job.settled
                    yield from (Item(FILE.name, each.key, self._finish(each)) for each in job.ended)
            # Last and from below: writing into a folder changes its time, and its mode may forbid it.
            for parts, key, entry in reversed(self._directories):
                yield Item(FILE.name, key, self._settle_folder(parts, entry))
        finally:
            self._folders.close()

    def _jobs(self, records: Iterable[Record]) -> Iterator[_Job]:
        job = _Job()
        for record in records:
            entry = entry_of(record)
            output = self._begin(record.key, entry)
            if isinstance(output, _Output):
                at = 0
                for chunk in map(bytes.fromhex, entry.chunks):
                    size = self._size(output, chunk)
                    if not job.writes or job.writes[-1][0] is not output:
                        job.writes.append((output, at, []))
                    job.writes[-1][2].append(chunk)
                    at += size
                    job.size += size
                    if job.size >= JOB_BYTES:
                        yield job
                        job = _Job()
                job.ended.append(output)
            elif output is not None:
                job.settled.append(Item(FILE.name, record.key, output))
            if len(job.ended) + len(job.settled) >= JOB_FILES:
                yield job
                job = _Job()
        yield job

    def _size(self, output: _Output, chunk: bytes) -> int:
        try:
            return self._chunks.size(chunk)
        except VaultDamaged as error:
            output.outcome = _damaged(error)
            return 0

    def _begin(self, key: str, entry: Entry) -> _Output | Outcome | None:
        """A file to write, the outcome of what needs no writing, or None for a folder, which is settled last."""
        parts = tuple(unescaped(key).split(b"/"))
        if (
            any(part in (b"", b".", b"..") or b"\0" in part for part in parts)
            or key.count("/") != len(parts) - 1
        ):
            return OUTSIDE
        try:
            if entry.kind == "dir":
                self._folders.at(parts)
                self._directories.append((parts, key, entry))
                return None
            folder = self._folders.at(parts[:-1])
            if entry.kind == "symlink":
                return self._link(folder, parts[-1], entry)
            return self._create(key, entry, folder, parts[-1])
        except OSError as error:
            return _failed(error)

    def _create(self, key: str, entry: Entry, folder: int, name: bytes) -> _Output:
        draft = DRAFT + secrets.token_hex(8).encode() if self._overwrite else name
        handle = os.open(draft, CREATE, 0o600, dir_fd=folder)
        output = _Output(key, entry, os.dup(folder), name, draft, handle)
        try:
            os.ftruncate(handle, entry.size)
        except OSError as error:
            output.outcome = _failed(error)
        return output

    def _link(self, folder: int, name: bytes, entry: Entry) -> Outcome:
        draft = DRAFT + secrets.token_hex(8).encode() if self._overwrite else name
        os.symlink(unescaped(entry.target), draft, dir_fd=folder)
        os.utime(draft, ns=(entry.mtime, entry.mtime), dir_fd=folder, follow_symlinks=False)
        if self._as_root:
            os.chown(draft, entry.uid, entry.gid, dir_fd=folder, follow_symlinks=False)
        return self._named(folder, draft, name)

    def _named(self, folder: int, draft: bytes, name: bytes) -> Outcome:
        """Give what was made its name, in place of what had it."""
        if draft == name:
            return DONE
        try:
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            os.unlink(draft, dir_fd=folder)
            return _failed(error)
        return DONE

    def _write(self, job: _Job) -> _Job:
        try:
            self._pour(job.writes)
        except VaultDamaged:
            # Once more, each file by itself, to know which of them it hits.
            for write in job.writes:
                try:
                    self._pour([write])
                except VaultDamaged as error:
                    write[0].outcome = _damaged(error)
        return job

    def _pour(self, writes: Sequence[tuple[_Output, int, list[bytes]]]) -> None:
        """Write stretches of files, whose chunks are fetched together. Raises: VaultDamaged; StoreError."""
        sound = [write for write in writes if write[0].outcome is DONE]
        contents = self._chunks.stream([chunk for _, _, chunks in sound for chunk in chunks])
        for output, at, chunks in sound:
            for _ in chunks:
                data = next(contents)
                try:
                    if not ZEROS.startswith(data):  # what is not written reads as zeros and takes no room
                        _write_all(output.handle, data, at)
                except OSError as error:
                    output.outcome = _failed(error)
                at += len(data)

    def _finish(self, output: _Output) -> Outcome:
        """Close a file and give it its name, or take away what is not whole."""
        outcome = output.outcome
        try:
            if outcome is DONE:
                self._dress(output.handle, output.entry)
                outcome = self._named(output.folder, output.draft, output.name)
            else:
                os.unlink(output.draft, dir_fd=output.folder)
        except OSError as error:
            outcome = _failed(error)
        finally:
            os.close(output.handle)
            os.close(output.folder)
        if outcome is DONE and output.entry.torn:
            return Outcome(
                OutcomeKind.DONE, "it changed while it was saved: its contents may be torn", code="torn"
            )
        return outcome

    def _dress(self, handle: int, entry: Entry) -> None:
        """Give an open file or folder its owner, mode, attributes and time."""
        for name, value in entry.xattrs.items():
            os.setxattr(handle, unescaped(name), value)
        if self._as_root:
            os.fchown(handle, entry.uid, entry.gid)
        os.fchmod(handle, entry.mode if self._as_root else entry.mode & 0o1777)
        os.utime(handle, ns=(entry.mtime, entry.mtime))

    def _settle_folder(self, parts: tuple[bytes, ...], entry: Entry) -> Outcome:
        try:
            handle = self._folders.at(parts)
            if parts in self._folders.made or self._overwrite:
                self._dress(handle, entry)
        except OSError as error:
            return _failed(error)
        return DONE


def _write_all(handle: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(handle, view, at)
        view, at = view[done:], at + done


def _failed(error: OSError) -> Outcome:
    if isinstance(error, FileExistsError):
        return EXISTS
    told = f"it could not be written: {error.strerror or error}"
    if isinstance(error, NotADirectoryError):
        told = "a file or a link is in the target where its folder should be"
    return Outcome(
        OutcomeKind.FAILED, told, "Look at the target, or extract into an empty folder.", "not-written"
    )


def _damaged(error: VaultDamaged) -> Outcome:
    return Outcome(OutcomeKind.FAILED, str(error), error.advice, "damaged")
