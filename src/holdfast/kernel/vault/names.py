"""What the names under `snapshots/` say: which manifest counts for which snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from holdfast.kernel.durable import UNFINISHED
from holdfast.kernel.ports import ObjectStore, StoredObject
from holdfast.kernel.vault.errors import ObjectExists, ObjectMissing

FOLDER = "snapshots/"
DELETED = ".deleted"
VOID = b"given up by a prune of the vault\n"
"""What keeps a name from a process that was given up. Nothing else has its length, so a listing tells it."""
# Of fixed width, so that a listing, which goes by name, comes to a generation after those that it supersedes.
DIGITS = 8
_ID = r"[0-9]{8}t[0-9]{6}\.[0-9]{3}z-[0-9a-f]{8}"
_MANIFEST = re.compile(rf"{FOLDER}({_ID})(?:\.g([0-9]{{{DIGITS}}}))?")
_DELETED = re.compile(rf"{FOLDER}({_ID})\.deleted")
_PRUNED = re.compile(rf"{FOLDER}pruned\.([0-9]{{{DIGITS}}})")


def object_name(snapshot_id: str, generation: int = 0) -> str:
    """The name of a snapshot's manifest: as its writer stored it, or as the prune of this number did."""
    return FOLDER + snapshot_id.lower() + (f".g{generation:0{DIGITS}}" if generation else "")


def deleted_name(snapshot_id: str) -> str:
    """The name of the mark that takes a snapshot out of the vault."""
    return FOLDER + snapshot_id.lower() + DELETED


def pruned_name(number: int) -> str:
    """The name of the mark that makes the manifests of a prune count; void where it was called off."""
    return f"{FOLDER}pruned.{number:0{DIGITS}}"


def condemned_name(number: int) -> str:
    """The name of the record of what a prune left for the next; void where it was called off."""
    return f"condemned/{number:0{DIGITS}}"


def snapshot_id(name: str) -> str:
    """The id of the snapshot whose manifest, as its writer stored it, has this name."""
    moment, _, rest = name.removeprefix(FOLDER).partition("-")
    return f"{moment.upper()}-{rest}"


def manifest_of(name: str) -> str:
    """The id of the snapshot whose manifest, of any generation, has this name; empty for other names."""
    match = _MANIFEST.fullmatch(name)
    return snapshot_id(FOLDER + match[1]) if match else ""


def prune_of(name: str) -> int:
    """The number of the prune whose mark has this name; 0 for other names."""
    match = _PRUNED.fullmatch(name)
    return int(match[1]) if match else 0


def is_void(item: StoredObject) -> bool:
    """Whether an object only keeps its name from somebody."""
    return item.size == len(VOID)


def is_unfinished(item: StoredObject) -> bool:
    """Whether an object is what a killed process left of a put."""
    return item.name.rpartition("/")[2].startswith(UNFINISHED)


def is_known(name: str) -> bool:
    """Whether a name under `snapshots/` means anything."""
    return any(pattern.fullmatch(name) for pattern in (_MANIFEST, _DELETED, _PRUNED))


def is_manifest(name: str) -> bool:
    """Whether this can be the name of a manifest as a writer stores it."""
    return bool(re.fullmatch(FOLDER + _ID, name))


@dataclass(frozen=True, slots=True)
class Names:
    """One listing of `snapshots/`, understood.

    `generation` is the number of the newest prune that ended, 0 for none. `current` gives each snapshot's
    manifest; `deleted` those that a mark takes out, with their manifest's name where one is left.
    `leftover` is what counts for nothing: superseded manifests, and those of prunes that did not end.
    `marks` are the numbers of prunes, with whether each ended, `highest` the highest number of a prune in
    any name. `lost` says that a snapshot was seen in an old generation alone, which happens when a prune
    ends while the listing is made.
    """

    generation: int
    current: dict[str, str]
    deleted: dict[str, str]
    leftover: tuple[str, ...]
    marks: dict[int, bool]
    highest: int
    lost: bool
    unfinished: tuple[StoredObject, ...]
    """What killed processes left of puts, where the store is a folder."""


def read_names(objects: Iterable[StoredObject]) -> Names:
    """The names under `snapshots/`, understood."""
    found: dict[str, dict[int, StoredObject]] = {}
    marked, marks, unfinished = set[str](), dict[int, bool](), list[StoredObject]()
    for item in objects:
        if match := _MANIFEST.fullmatch(item.name):
            found.setdefault(snapshot_id(FOLDER + match[1]), {})[int(match[2] or 0)] = item
        elif match := _DELETED.fullmatch(item.name):
            marked.add(snapshot_id(FOLDER + match[1]))
        elif match := _PRUNED.fullmatch(item.name):
            marks[int(match[1])] = not is_void(item)
        elif is_unfinished(item):
            unfinished.append(item)
    newest = max((number for number, ended in marks.items() if ended), default=0)
    current, deleted = dict[str, str](), dict.fromkeys(marked, "")
    leftover, lost = list[str](), False
    for snapshot, stored in found.items():
        # An empty manifest keeps the name from a writer that was given up.
        written = stored.get(0)
        chosen = stored.get(newest) if newest in stored else written
        if chosen is written and written and is_void(written):
            chosen = None
        if chosen:
            (deleted if snapshot in marked else current)[snapshot] = chosen.name
        elif snapshot not in marked and any(0 < number < newest for number in stored):
            lost = True
        others = [item for item in stored.values() if item is not chosen]
        leftover += [item.name for item in others if not is_void(item)]
    highest = max([0, *marks, *(number for stored in found.values() for number in stored)])
    return Names(newest, current, deleted, tuple(sorted(leftover)), marks, highest, lost, tuple(unfinished))


def put_once(store: ObjectStore, name: str, data: bytes) -> bool:
    """Whether these bytes are under the name now, also when an answer was lost. Raises: StoreError."""
    try:
        store.put(name, data)
    except ObjectExists:
        with suppress(ObjectMissing):
            return store.get(name) == data
        return False
    return True
