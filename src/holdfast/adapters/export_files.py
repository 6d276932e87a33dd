"""Exports on this machine: files of mode 0600 in folders of mode 0700, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO

from holdfast.kernel.durable import UNFINISHED, make_private, sync_folder, writing
from holdfast.kernel.exchange.errors import TargetTaken
from holdfast.kernel.exchange.tables import MANIFEST

Opener = Callable[[str], AbstractContextManager[IO[bytes]]]


class ExportPath:
    """An `ExportPlace` at a path: a file, or a folder for tables."""

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self._path = path.parent.resolve() / path.name  # a link in the last place is not followed
        self._overwrite = overwrite

    @property
    def location(self) -> str:
        return str(self._path)

    @contextmanager
    def opened(self, *, folder: bool) -> Iterator[Opener]:
        path = self._path
        with writing(path):
            self._refuse_taken(folder)
            make_private(path.parent)
            draft = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
            if folder:
                draft.mkdir(mode=0o700)
            try:
                yield lambda name: _new_file(draft / name if folder else draft)
                self._show(draft, folder)
            finally:
                if folder:
                    shutil.rmtree(draft, ignore_errors=True)
                else:
                    draft.unlink(missing_ok=True)
            sync_folder(path.parent)

    def _refuse_taken(self, folder: bool) -> None:
        """Raises: TargetTaken for what is there; with `overwrite` for what no export can have left."""
        path = self._path
        if not os.path.lexists(path):
            return
        ours = (path / MANIFEST).is_file() if folder else path.is_file()
        if not self._overwrite or path.is_symlink() or not ours:
            raise TargetTaken(str(path))

    def _show(self, draft: Path, folder: bool) -> None:
        """Give the finished draft its name."""
        path = self._path
        if not folder and not self._overwrite:
            try:
                os.link(draft, path)  # a link fails where the name is taken meanwhile; a rename would replace
            except FileExistsError as error:
                raise TargetTaken(str(path)) from error
            return
        if not folder:
            draft.replace(path)
            return
        sync_folder(draft)
        old = draft.with_name(f"{draft.name}.old")
        if path.exists():
            path.rename(old)  # no call exchanges two folders; a crash here leaves the old one beside the new
        draft.rename(path)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)
        yield file
        file.flush()
        os.fsync(handle)
