"""The File System Storage: objects as files of mode 0600 in folders of mode 0700."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from holdfast.kernel.ports import StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing, StoreError, StoreFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNFINISHED = ".unfinished-"


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
            temporary = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
            try:
                _write(temporary, data)
                if replace:
                    temporary.replace(path)
                else:
                    # A link fails where the name is taken; a rename would replace.
                    os.link(temporary, path)
            finally:
                with suppress(FileNotFoundError):
                    temporary.unlink()
            _sync_folder(path.parent)

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
        return (StoredObject(name, size) for name, size in found if name.startswith(prefix))

    def delete(self, name: str) -> None:
        path = self._folder / name
        with self._named("delete", name), suppress(FileNotFoundError):
            path.unlink()
            _sync_folder(path.parent)

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
            _sync_folder(step.parent)
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
            kind = StoreFull if error.errno in FULL else StoreError
            raise kind(operation, name, self.location, error.strerror or str(error)) from error


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    # Without this a crash of the machine may forget the name although the bytes are on the disk.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(root: Path, folder: Path) -> Iterator[tuple[str, int]]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, Path(entry.path))
        else:
            # What a killed writer left unfinished is listed too, so that a check can name it.
            with suppress(FileNotFoundError):
                yield Path(entry.path).relative_to(root).as_posix(), entry.stat().st_size
