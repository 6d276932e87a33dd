"""Imports from this machine."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from holdfast.domain.errors import NotFound, Refused

PIECE = 1024 * 1024
MOST_FILES = 200


class ImportPath:
    """An `ImportPlace` at a path: a file, or a folder of tables, in which no links are followed."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()

    @property
    def location(self) -> str:
        return str(self._path)

    def files(self) -> Mapping[str, Callable[[], Iterator[bytes]]]:
        if not self._path.is_dir():
            return {"": lambda: _read(self._path)}
        found = sorted(self._path.iterdir())
        if len(found) > MOST_FILES:
            raise Refused(
                f"{self._path} holds more than {MOST_FILES} files", "Name the folder that an export made."
            )
        for path in found:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise Refused(
                    f"{path} is a link, a folder or a special file", "An export of tables holds files alone."
                )
        return {path.name: lambda path=path: _read(path) for path in found}  # type: ignore[misc]


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            if not stat.S_ISREG(path.stat().st_mode):
                raise Refused(f"{path} is no file", "Name a file, or a folder of tables.")
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise NotFound(
            "file", str(path), f"{error.strerror or error}; check the path and its permissions."
        ) from error
