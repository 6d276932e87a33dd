"""One path for one file: relative to the source root, however a scanner spelled it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

FROM_WORKING_FOLDER = frozenset({"detect-secrets"})
"""Scanners whose paths ASH gives relative to the folder it was started in, not to the source root."""

_SOURCE_ROOT = re.compile(r"^(%SRCROOT%|\$\{?SRCROOT\}?)/*")
_DRIVE = re.compile(r"^/?([A-Za-z]):/")
_SCHEME = re.compile(r"^(?!file:)[A-Za-z][A-Za-z0-9+.-]+:")


class PathNormaliser:
    """Spells paths relative to the source root; made once for a scan, because prefixes show only in many.

    `roots` are the folders that are known to be the source root. `spelled` are all (scanner, path) of
    the scan as the scanners wrote them.
    """

    def __init__(self, roots: Iterable[str], spelled: Sequence[tuple[str, str]]) -> None:
        cleaned = {_clean(root).rstrip("/") for root in roots if root}
        self._roots = sorted(
            (root for root in cleaned if root.count("/") and root != "/"), key=len, reverse=True
        )
        plain = [(scanner, self._below_root(_clean(path))) for scanner, path in spelled]
        others = {path for scanner, path in plain if scanner not in FROM_WORKING_FOLDER}
        self._prefixes = {
            name: self._prefix({path for scanner, path in plain if scanner == name}, others)
            for name in FROM_WORKING_FOLDER
        }

    def path(self, scanner: str, spelled: str) -> str:
        """The file's path with `/` between its parts, from the source root where that is known."""
        path = self._below_root(_clean(spelled))
        return path.removeprefix(self._prefixes.get(scanner, ""))

    def _below_root(self, path: str) -> str:
        for root in self._roots:
            for spelling in (root, root.removeprefix("/private")):  # macOS: /tmp is /private/tmp
                if path.startswith(spelling + "/"):
                    return path[len(spelling) + 1 :]
        return path

    def _prefix(self, paths: set[str], others: set[str]) -> str:
        """The end of the source root's path that all of one scanner's paths start with, or nothing.

        A path that another scanner has as it stands is no prefixed one: the root has a folder of its own name.
        """
        relative = {path for path in paths if path and not path.startswith("/")}
        if not relative or relative & others:
            return ""
        for candidate in self._root_ends() if self._roots else _first_folders(relative):
            if all(path.startswith(candidate) for path in relative):
                stripped = {path.removeprefix(candidate) for path in relative}
                if self._roots or stripped & others:
                    return candidate
        return ""

    def _root_ends(self) -> list[str]:
        """For the root /a/b/proj: `a/b/proj/`, `b/proj/`, `proj/`."""
        ends = []
        for root in self._roots:
            parts = root.strip("/").split("/")
            ends += ["/".join(parts[start:]) + "/" for start in range(len(parts))]
        return ends


def _first_folders(paths: set[str]) -> list[str]:
    return sorted({path.partition("/")[0] + "/" for path in paths if "/" in path})


def _clean(spelled: str) -> str:
    """Without URI scheme, escapes, backslashes, `.` and `..`; absolute paths stay absolute."""
    if _SCHEME.match(spelled.replace("\\", "/")) and not _DRIVE.match(spelled.replace("\\", "/")):
        return spelled  # a package or a web address is no file
    path = unquote(spelled).replace("\\", "/")
    if path.startswith("file:"):
        path = path.removeprefix("file:")
        if path.startswith("//"):
            path = "/" + path[2:].partition("/")[2]
    path = _SOURCE_ROOT.sub("", path)
    path = _DRIVE.sub(lambda found: f"/{found[1].lower()}:/", path)
    path = posixpath.normpath(path) if path else ""
    path = re.sub(r"^(\.\./)+", "", re.sub(r"^//+", "/", path))
    return "" if path == "." else path
