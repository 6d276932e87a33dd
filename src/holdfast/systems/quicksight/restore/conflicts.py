"""What differs between backup and live, and what becomes of it under each strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from holdfast.domain.changes import FieldDifference
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import concealed, is_hidden
from holdfast.systems.quicksight.model import GROUP, PERMISSION, USER
from holdfast.systems.quicksight.restore.facets import Facet, detail_of, is_detail, meaning

_SHOWN = 120
Facets = Mapping[tuple[str, str], bytes]
"""A record's facets by type and key."""


def by_name(facets: Sequence[Facet]) -> dict[tuple[str, str], bytes]:
    """The facets' values by type and key."""
    return {(facet.type, facet.key): facet.value for facet in facets}


def differences(backup: Facets, live: Facets) -> tuple[FieldDifference, ...]:
    """The fields and details that a restore would change, in name order; personal values are hidden."""
    return tuple(_differences(backup, live))


def _differences(backup: Facets, live: Facets) -> Iterator[FieldDifference]:
    for name in sorted({*backup, *live}):
        ours, theirs = (meaning(name[0], side.get(name)) for side in (backup, live))
        if ours == theirs:
            continue
        if is_detail(name[0]):
            title = f"{name[0].partition('.')[2]} {detail_of(name[1])}"
            yield FieldDifference(title, _shown(ours and _only(ours)), _shown(theirs and _only(theirs)))
        else:
            yield from _fields(plain(ours or b""), plain(theirs or b""))


def _fields(ours: Mapping[str, Plain], theirs: Mapping[str, Plain]) -> Iterator[FieldDifference]:
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            shown = (_shown(side.get(name)) for side in (ours, theirs))
            yield FieldDifference(name, *(concealed(text) if is_hidden(name) else text for text in shown))


def _only(value: bytes) -> Plain:
    return next(iter(plain(value).values()), None)


def _shown(value: Plain | bytes) -> str:
    if value is None or isinstance(value, bytes):
        return "absent"
    shown = value if isinstance(value, str) else canonical(value).decode()
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."


def merged(change_type: str, backup: bytes | None, live: bytes | None) -> bytes | None:
    """Under MERGE: the backup wins where both have something, what only the live side has stays."""
    if backup is None or live is None:
        return backup if live is None else live
    ours, theirs = plain(backup), plain(live)
    if change_type.endswith(f".{PERMISSION}"):
        actions = {str(action) for side in (ours, theirs) for action in _list(side.get("Actions"))}
        return canonical({"Actions": sorted(actions)})
    return canonical({**theirs, **ours}) if change_type in (USER, GROUP) else backup


def _list(value: Plain) -> Sequence[Plain]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
