"""In which order facets change, which changes exclude each other, and what undoes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from holdfast.domain.changes import Change, Verb
from holdfast.domain.records import split_key
from holdfast.kernel.canonical import plain
from holdfast.systems.quicksight.model import ASSET_KINDS, FOLDER_MEMBER, MEMBERSHIP, RECORD_TYPES
from holdfast.systems.quicksight.records.dependencies import levels
from holdfast.systems.quicksight.restore.facets import is_asset, owner_of, owner_type

LEVELS = 100
"""Ranks that each step has room for: assets of one type can build on each other."""
_STEP = {kind.name: step for step, kind in enumerate(RECORD_TYPES)}
"""Steps of a plan, the first first; deletions go back. What gives access comes before what takes it away."""
_DETAILS, _PUT, _TAKE, _STRIP = range(len(_STEP), len(_STEP) + 4)
_LAST = _STRIP + len(_STEP)

OF_THIS_RUN = "made by the run that is undone: deleted for good, without a recovery window"
"""Note on the deletion of what a run created."""


def rank_of(change_type: str, verb: Verb, level: int = 0) -> int:
    """The dependency level of a change; `level` is how deep an asset lies among those of its type."""
    level = min(level, LEVELS - 1)
    if "." in change_type:
        if verb is Verb.DELETE:
            return LEVELS * (_TAKE if change_type == FOLDER_MEMBER else _STRIP)
        return LEVELS * (_PUT if change_type == FOLDER_MEMBER else _DETAILS)
    if verb is Verb.DELETE:
        return LEVELS * (_LAST - _STEP[change_type]) + (LEVELS - 1 - level)
    return LEVELS * _STEP[change_type] + level


def make_change(
    change_type: str, key: str, before: bytes | None, after: bytes | None, level: int = 0, note: str = ""
) -> Change:
    """A change with its rank and lane."""
    verb = Verb.CREATE if before is None else Verb.DELETE if after is None else Verb.UPDATE
    return Change(
        change_type, key, before, after, rank_of(change_type, verb, level), _lane(change_type, key), note
    )


def _lane(change_type: str, key: str) -> str:
    if change_type == MEMBERSHIP:
        return f"group {' / '.join(split_key(key)[:2])}"
    return f"{owner_type(change_type)} {owner_of(change_type, key)}"


def invert(changes: Iterable[Change]) -> Iterator[Change]:
    """Each change turned round, in rank order; what the run created goes for good."""
    done = list(changes)
    depth = _depths(done)
    undoing = [_turned_round(change, depth.get((change.type, change.key), 0)) for change in done]
    yield from sorted(undoing, key=lambda change: (change.rank, change.type, change.key))


def _turned_round(change: Change, level: int) -> Change:
    note = OF_THIS_RUN if change.verb is Verb.CREATE and is_asset(change.type) else ""
    return make_change(change.type, change.key, change.after, change.before, level, note)


def _depths(changes: list[Change]) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for kind in ASSET_KINDS:
        members = [(c.key, plain(c.after or c.before or b"")) for c in changes if c.type == kind]
        found.update({(kind, key): level for key, level in levels(kind, members).items()})
    return found
