"""What differs inside a field: the leaves of two JSON documents, so that nobody compares them by eye."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from holdfast.kernel.showing import Json, visible

if TYPE_CHECKING:
    from holdfast.domain.changes import FieldDifference

_document = msgspec.json.Decoder()


def leaf_lines(field: FieldDifference) -> Iterator[str]:
    """A line for each leaf that is not the same; the whole values where they are no documents."""
    before, after = _read(field.backup), _read(field.live)
    if isinstance(before, Mapping | list) or isinstance(after, Mapping | list):
        yield from _leaves(field.name, before, after)
    else:
        yield f"{field.name}: {field.backup or '(none)'} -> {field.live or '(none)'}"


def _read(text: str) -> Json:
    if text[:1] not in ("{", "["):
        return text or None
    try:
        return cast("Json", _document.decode(text))
    except msgspec.DecodeError:
        return text


def readable(text: str) -> str:
    """A list of words as words; anything else as it is."""
    value = _read(text)
    return ", ".join(map(_shown, value)) if isinstance(value, list) else text


def _leaves(path: str, before: Json, after: Json) -> Iterator[str]:
    if before == after:
        return
    old, new = before or {}, after or {}
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _leaves(f"{path} {name}", old.get(name), new.get(name))
        return
    old, new = before or [], after or []
    if isinstance(old, list) and isinstance(new, list):
        yield from _elements(path, old, new)
    else:
        yield f"{visible(path)}: {_shown(before)} -> {_shown(after)}"


def _elements(path: str, before: Sequence[Json], after: Sequence[Json]) -> Iterator[str]:
    """What one list has and the other has not; only the order where that is all."""
    gone = [each for each in before if each not in after]
    come = [each for each in after if each not in before]
    if len(gone) == len(come) == 1 and isinstance(gone[0], Mapping | list):
        yield from _leaves(f"{path}[{before.index(gone[0]) + 1}]", gone[0], come[0])
        return
    for sign, found in (("-", gone), ("+", come)):
        if found:
            yield f"{visible(path)}: {sign} {', '.join(map(_shown, found))}"
    if not gone and not come:
        yield f"{visible(path)}: in another order or number"


def _shown(value: Json) -> str:
    if value is None:
        return "(none)"
    return visible(value if isinstance(value, str) else msgspec.json.encode(value).decode())
