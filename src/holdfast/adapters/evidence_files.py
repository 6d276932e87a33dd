"""Evidence as files: `<reports>/<run id>/`, folders 0700, files 0600, each whole or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from holdfast.adapters.run_log import JsonLog
from holdfast.domain.errors import UsageError
from holdfast.kernel.durable import make_private, sync_folder, writing
from holdfast.kernel.ports import Clock
from holdfast.kernel.runs.evidence import LOG
from holdfast.kernel.runs.manifest import EvidenceFile

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class EvidenceFiles:
    """An `EvidenceStore` in a folder of this machine, made when first written to."""

    def __init__(self, reports: Path, clock: Clock) -> None:
        self._reports = reports
        self._clock = clock

    def location(self, run_id: str) -> str:
        """The run's folder."""
        return str(self._folder(run_id))

    def write(self, run_id: str, name: str, chunks: Iterable[bytes]) -> EvidenceFile:
        """Write beside the name, flush to the disk, then rename over it."""
        folder = self._folder(run_id)
        with writing(folder / name):
            _make(folder)
        return write_private(folder / name, chunks)

    def describe(self, run_id: str, name: str) -> EvidenceFile | None:
        """Size and digest, read from the disk."""
        path = self._folder(run_id) / name
        with writing(path):
            if not path.exists():
                return None
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return EvidenceFile(name, path.stat().st_size, digest)

    @contextmanager
    def log(self, run_id: str) -> Iterator[JsonLog]:
        """The run's log; also what the modules of Holdfast log through `logging` while it is open."""
        folder = self._folder(run_id)
        with writing(folder / LOG):
            _make(folder)
            file = os.fdopen(_open(folder / LOG, os.O_APPEND), "ab", buffering=0)
        with file, JsonLog(file, run_id, self._clock) as log:
            yield log

    def _folder(self, run_id: str) -> Path:
        if not run_id or run_id in {".", ".."} or Path(run_id).name != run_id:
            raise UsageError(f"{run_id!r} is not the id of a run.")
        return self._reports / run_id


def write_private(path: Path, chunks: Iterable[bytes]) -> EvidenceFile:
    """A file for its owner alone, whole or not at all, in place of an older one; its folder must be there.

    Raises: OutOfSpace; CannotWrite.
    """
    with writing(path):
        unfinished = path.parent / f".{path.name}.{os.getpid()}.unfinished"
        try:
            written = _write_new(unfinished, path.name, chunks)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)
    return written


def _make(folder: Path) -> None:
    """Make the reports folder and the run's, readable by their owner alone whatever the umask."""
    for part in (folder.parent, folder):
        if not part.is_dir():
            make_private(part)
            part.chmod(FOLDER_MODE)


def _open(path: Path, flag: int) -> int:
    # O_NOFOLLOW: a link planted under the name must not lead the bytes elsewhere.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | flag, FILE_MODE)


def _write_new(path: Path, name: str, chunks: Iterable[bytes]) -> EvidenceFile:
    with os.fdopen(_open(path, os.O_TRUNC), "wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        size, digest = _pour(chunks, file)
        file.flush()
        os.fsync(file.fileno())
    return EvidenceFile(name, size, digest)


def _pour(chunks: Iterable[bytes], file: BinaryIO) -> tuple[int, str]:
    size, hasher = 0, hashlib.sha256()
    for chunk in chunks:
        file.write(chunk)
        hasher.update(chunk)
        size += len(chunk)
    return size, hasher.hexdigest()
