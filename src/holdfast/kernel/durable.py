"""Private files that appear whole or not at all, and are still there after the machine went down."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from holdfast.domain.errors import CannotWrite, OutOfSpace

UNFINISHED = ".unfinished-"
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Numbers of the errors of a full disk, a used-up quota, and a limit to the size of files."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What the disk refuses inside is told in our words. Raises: OutOfSpace; CannotWrite."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise OutOfSpace(str(path.parent), path.name) from error
        raise CannotWrite(str(path), error.strerror or str(error)) from error


def write_whole(path: Path, data: bytes, *, replace: bool = False) -> None:
    """Store `data` under a name in an existing folder, with mode 0600, on the disk when it returns.

    Raises: FileExistsError when the name is taken and `replace` is False; OSError.
    """
    draft = path.with_name(f"{UNFINISHED}{path.name}-{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        if replace:
            draft.replace(path)
        else:
            # A link fails where the name is taken; a rename would replace.
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_private(folder: Path) -> None:
    """A folder for its owner alone, and each one above it that is not there yet. Raises: OSError."""
    if not folder.is_dir():
        # `parents=True` would give those above the mode that the process gives to any folder.
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sweep_drafts(path: Path) -> None:
    """Remove what killed writers of this one file left beside it. Raises: OSError."""
    for draft in path.parent.glob(f"{UNFINISHED}{escape(path.name)}-*"):
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put a folder's names on the disk: without this a crash of the machine may forget them."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
