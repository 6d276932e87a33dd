"""Rows in lists of some hundreds, so that what can be done to a whole list at once is."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, compress, islice
from operator import itemgetter, ne
from typing import TypeAlias

Row: TypeAlias = tuple[str, int, bytes | None, bytes]
"""Key, schema version, body (None removes the key), personal part."""

LISTED_ROWS = 512

key_of = itemgetter(0)


def listed(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists."""
    source = iter(rows)
    while held := list(islice(source, LISTED_ROWS)):
        yield held


def cut_by_size(lists: Iterable[list[Row]], full: int) -> Iterator[list[Row]]:
    """The rows again in lists, each ending with the row that fills it up to `full` bytes."""
    held: list[Row] = []
    size = 0
    for rows in lists:
        sizes = (len(key) + len(body or b"") + len(part) for key, _, body, part in rows)
        ends = list(accumulate(sizes))
        start, before = 0, -size
        while (at := bisect_left(ends, before + full)) < len(ends):
            yield held + rows[start : at + 1]
            held, start, before = [], at + 1, ends[at]
        held += rows[start:]
        size = ends[-1] - before
    if held:
        yield held


def newest_rows(layers: Sequence[Iterator[list[Row]]]) -> Iterator[Row]:
    """Of every key in the layers, oldest first, its newest row, removals included, in key order."""
    if len(layers) == 1:
        yield from chain.from_iterable(layers[0])
        return
    tagged = [_tagged(layer, -rank) for rank, layer in enumerate(layers)]
    last = None
    for key, _, row in heapq.merge(*tagged):
        if key != last:
            yield row
            last = key


def _tagged(layer: Iterator[list[Row]], rank: int) -> Iterator[tuple[str, int, Row]]:
    for rows in layer:
        for row in rows:
            yield row[0], rank, row


def overlay(lists: Iterable[list[Row]], upper: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows of the lowest layer with the rows above it put in their places and the removed ones left out."""
    above = next(upper, None)
    for rows in lists:
        if above is None or above[0] > rows[-1][0]:
            yield rows
            continue
        by_key = {row[0]: row for row in rows}
        while above is not None and above[0] <= rows[-1][0]:
            by_key[above[0]] = above
            above = next(upper, None)
        if left := [by_key[key] for key in sorted(by_key) if by_key[key][2] is not None]:
            yield left
    if above is not None:
        yield from listed(row for row in chain((above,), upper) if row[2] is not None)


def aligned(
    left: Iterable[list[Row]], right: Iterable[list[Row]]
) -> Iterator[tuple[Sequence[Row], Sequence[Row]]]:
    """Two streams in key order cut at the same keys: no key of a pair is in another one."""
    lefts, rights = iter(left), iter(right)
    a, b = next(lefts, None), next(rights, None)
    while a and b:
        end = min(a[-1][0], b[-1][0])
        cut, other = bisect_right(a, end, key=key_of), bisect_right(b, end, key=key_of)
        yield a[:cut], b[:other]
        a, b = a[cut:] or next(lefts, None), b[other:] or next(rights, None)
    for rows in chain((a,) if a else (), lefts):
        yield rows, ()
    for rows in chain((b,) if b else (), rights):
        yield (), rows


def unequal(left: Sequence[Row], right: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Pairs of rows with one key that are not the same, None where one side has none, in key order."""
    if left == right:
        return
    if list(map(key_of, left)) == list(map(key_of, right)):  # mostly: then no step of it is Python's
        yield from compress(zip(left, right, strict=True), map(ne, left, right))
        return
    was = {row[0]: row for row in left}
    pairs = [(before, row) for row in right if (before := was.pop(row[0], None)) != row]
    gone = [(row, None) for row in was.values()]
    if gone:
        yield from sorted((*pairs, *gone), key=lambda pair: (pair[0] or pair[1])[0])  # type: ignore[index]
    else:
        yield from pairs


def changed_rows(new: Iterable[list[Row]], old: Iterable[list[Row]]) -> Iterator[list[Row]]:
    """The rows that turn `old` into `new`: what was added or altered, and removals; all in key order."""
    for now, was in aligned(new, old):
        changed = [_change(before, row) for before, row in unequal(was, now)] if was else list(now)
        if changed:
            yield changed


def _change(before: Row | None, row: Row | None) -> Row:
    if row is not None:
        return row
    assert before is not None  # noqa: S101  `unequal` never yields two absences
    return before[0], before[1], None, b""
