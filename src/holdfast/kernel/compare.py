"""Two views of a system, record by record: what was added, removed or changed, and in which fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from holdfast.domain.changes import FieldDifference
from holdfast.domain.records import Record, RecordView
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import concealed, is_hidden, names_a_thing
from holdfast.kernel.system import System
from holdfast.kernel.vault.reader import SnapshotReader


class DifferenceKind(StrEnum):
    """How a record differs between the left and the right view."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that is not the same on both sides.

    UNKNOWN stands for a whole type (with an empty key) that one side did not capture or could not
    read whole, so that absence means nothing there; `reason` says which side. `called` is the record's name
    where its key is an id.
    """

    kind: DifferenceKind
    type: str
    key: str
    fields: tuple[FieldDifference, ...] = ()
    reason: str = ""
    called: str = ""


def merge(left: Iterable[Record], right: Iterable[Record]) -> Iterator[tuple[Record | None, Record | None]]:
    """Pairs with equal keys of two key-sorted streams; None where one side has no such key."""
    lefts, rights = iter(left), iter(right)
    a, b = next(lefts, None), next(rights, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a.key < b.key):
            yield a, None
            a = next(lefts, None)
        elif a is None or b.key < a.key:
            yield None, b
            b = next(rights, None)
        else:
            yield a, b
            a, b = next(lefts, None), next(rights, None)


def compare(
    system: System, left: RecordView, right: RecordView, types: Sequence[str]
) -> Iterator[Difference]:
    """What is not the same in `right` as in `left`, type by type in key order.

    Content is compared by `System.comparable`, so ids that every re-creation changes do not count.
    """
    for name in types:
        gaps = [side for side, view in (("left", left), ("right", right)) if not view.is_complete(name)]
        if gaps:
            yield Difference(
                DifferenceKind.UNKNOWN, name, "", reason=f"not read whole on the {' and '.join(gaps)} side"
            )
        for a, b in _pairs(left, right, name):
            difference = _difference(system, a, b)
            if difference is None or (
                difference.kind is not DifferenceKind.CHANGED and _unsure(difference, gaps)
            ):
                continue
            yield difference


def _pairs(left: RecordView, right: RecordView, name: str) -> Iterator[tuple[Record | None, Record | None]]:
    """Records with equal keys; two snapshots spare those that they share."""
    if isinstance(left, SnapshotReader) and isinstance(right, SnapshotReader):
        return right.unequal(left, name)
    return merge(left.records(name), right.records(name))


def _unsure(difference: Difference, gaps: list[str]) -> bool:
    """Whether the absence that the difference rests on may only be a gap in reading."""
    absent_from = "left" if difference.kind is DifferenceKind.ADDED else "right"
    return absent_from in gaps


def _difference(system: System, a: Record | None, b: Record | None) -> Difference | None:
    if a is None or b is None:
        there = b if a is None else a
        assert there is not None  # noqa: S101  `merge` never yields two absences
        kind = DifferenceKind.ADDED if a is None else DifferenceKind.REMOVED
        return Difference(kind, there.type, there.key, called=system.name_of(there))
    if a == b:  # nearly all are the same to the byte, and that is told without parsing them
        return None
    old, new = system.comparable(a), system.comparable(b)
    if old == new:
        return None
    fields = tuple(field_differences(old, new))
    return Difference(DifferenceKind.CHANGED, a.type, a.key, fields, called=system.name_of(b))


def field_differences(old: bytes, new: bytes) -> Iterator[FieldDifference]:
    """The top-level fields of two canonical objects that differ, as text; personal ones as `***`."""
    before, after = plain(old), plain(new)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield FieldDifference(name, *(_shown(name, side.get(name)) for side in (before, after)))


def _shown(name: str, value: Plain) -> str:
    hidden = is_hidden(name) and value is not None and not names_a_thing(name, value)
    return concealed(_text(value)) if hidden else _text(value)


def _text(value: Plain) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value).decode()
