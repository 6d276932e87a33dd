"""Goes through trees in the order of their keys, by folder handles, so that no path is too long."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import attrgetter

from holdfast.systems.files.model import escaped, key_of, unescaped

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Found:
    """A path that is there: its name in the open folder `folder`, which stays open until the next is asked for.

    `problem` says why it could not be looked at, and `status` is None then; with a slash at the end of the key
    that is so for what the folder holds. `own` says that it is left out as Holdfast's.
    """

    key: str
    name: bytes
    folder: int
    status: os.stat_result | None
    problem: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a tree is left out: shell patterns of names, or of whole paths where they hold a slash.

    `own` are the keys of Holdfast's own folders, which are never saved.
    """

    excluded: Sequence[str] = ()
    own: frozenset[str] = frozenset()

    def leaves_out(self, key: str) -> bool:
        """Whether a path and all below it is left out."""
        name = key.rpartition("/")[2]
        return any(
            fnmatchcase(key, each.lstrip("/")) if "/" in each else fnmatchcase(name, each)
            for each in self.excluded
        )


def walk(roots: Sequence[bytes], choice: Choice) -> Iterator[Found]:
    """All paths at and below these absolute paths, in key order, each once. Links are not followed."""
    keys = {key_of(root): root for root in roots}
    apart = [root for key, root in keys.items() if not any(_is_below(key, other) for other in keys)]
    walks = [_walk_root(root, choice) for root in apart]
    yield from walks[0] if len(walks) == 1 else heapq.merge(*walks, key=attrgetter("key"))


def _is_below(key: str, folder: str) -> bool:
    return key != folder and (not folder or key.startswith(f"{folder}/"))


def _walk_root(root: bytes, choice: Choice) -> Iterator[Found]:
    """One tree, with its open folders on a stack.

    A token is an escaped name, or for what lies below a folder its name and a slash: so they sort as keys do.
    """
    parent, _, name = root.rstrip(b"/").rpartition(b"/")
    stack: list[tuple[int, str, Iterator[str]]] = []
    try:
        above = os.open(parent or b"/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.append((above, key_of(root).removesuffix(escaped(name)), iter(())))
        tokens = [escaped(name), f"{escaped(name)}/"] if name else _listed(above)
        stack[0] = (*stack[0][:2], iter(tokens))
    except OSError as error:
        yield Found(key_of(root), name, -1, None, _told(error))
    try:
        while stack:
            handle, prefix, waiting = stack[-1]
            token = next(waiting, None)
            if token is None:
                os.close(stack.pop()[0])
            elif not choice.leaves_out(prefix + token.removesuffix("/")):
                yield from _step(stack, handle, prefix + token, token, choice)
    finally:
        for handle, _, _ in stack:
            os.close(handle)


def _step(
    stack: list[tuple[int, str, Iterator[str]]], folder: int, key: str, token: str, choice: Choice
) -> Iterator[Found]:
    """What a token stands for; a folder is put on the stack."""
    name = unescaped(token.removesuffix("/"))
    own = key.removesuffix("/") in choice.own
    try:
        if not token.endswith("/"):
            yield Found(key, name, folder, os.stat(name, dir_fd=folder, follow_symlinks=False))
        elif own:
            yield Found(key, name, folder, None, own=True)
        else:
            handle = os.open(name, FOLDER, dir_fd=folder)
            stack.append((handle, key, iter(())))
            stack[-1] = (handle, key, iter(_listed(handle)))
    except OSError as error:
        if len(stack) > 1 or not key.endswith("/"):  # whether a root is a folder is not known before
            yield Found(key, name, folder, None, _told(error))


def _told(error: OSError) -> str:
    return error.strerror or str(error)


def _listed(handle: int) -> list[str]:
    tokens = []
    with os.scandir(handle) as entries:
        for entry in entries:
            name = escaped(os.fsencode(entry.name))
            tokens.append(name)
            if entry.is_dir(follow_symlinks=False):
                tokens.append(f"{name}/")
    tokens.sort()
    return tokens
