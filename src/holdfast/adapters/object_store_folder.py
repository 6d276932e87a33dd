"""The File System Storage: objects as files of mode 0600 in folders of mode 0700."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from holdfast.kernel.durable import NO_ROOM, sync_folder, write_whole
from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, StoreError, StoreFull

MOST_READINGS = 20


class FolderStore:
    """A folder; objects appear whole, by a link or rename from a finished and synced temporary file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._made: set[Path] = set()

    @property
    def location(self) -> str:
        return str(self._folder)

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        path = self._folder / name
        with self._named("put", name):
            self._make_folder(path.parent)
            write_whole(path, data, replace=replace)

    def get(self, name: str) -> bytes:
        with self._named("get", name):
            return (self._folder / name).read_bytes()

    def get_range(self, name: str, start: int, length: int) -> bytes:
        with self._named("get", name), (self._folder / name).open("rb", buffering=0) as file:
            return os.pread(file.fileno(), length, start)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        with self._named("list", prefix):
            # Only the folder that the prefix names can hold matches.
            found = sorted(_walk(self._folder, self._folder / prefix.rpartition("/")[0]))
        return (
            StoredObject(name, size, datetime.fromtimestamp(modified, UTC))
            for name, size, modified in found
            if name.startswith(prefix)
        )

    def delete(self, name: str) -> None:
        path = self._folder / name
        with self._named("delete", name), suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder in self._made:
            return
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.chmod(0o700)  # an empty folder that becomes a vault
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for step in reversed(missing):
            with suppress(FileExistsError):
                step.mkdir(mode=0o700)
            sync_folder(step.parent)
        self._made.update(missing)

    @contextmanager
    def _named(self, operation: str, name: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError as error:
            raise ObjectExists(operation, name, self.location, "the name is taken") from error
        except FileNotFoundError as error:
            raise ObjectMissing(operation, name, self.location, "no such file") from error
        except OSError as error:
            kind = StoreFull if error.errno in NO_ROOM else StoreError
            raise kind(operation, name, self.location, error.strerror or str(error)) from error


def _walk(root: Path, folder: Path) -> Iterator[tuple[str, int, float]]:
    try:
        entries = _entries(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, Path(entry.path))
        else:
            # What a killed writer left unfinished is listed too, so that a check can name it.
            with suppress(FileNotFoundError):
                found = entry.stat()
                yield Path(entry.path).relative_to(root).as_posix(), found.st_size, found.st_mtime


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds at one moment: one that changes while it is read may be told in part old, in part new."""
    for _ in range(MOST_READINGS):
        before = folder.stat().st_mtime_ns
        found = list(os.scandir(folder))
        if folder.stat().st_mtime_ns == before:
            break
    return found
