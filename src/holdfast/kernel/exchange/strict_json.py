"""JSON values read strictly: what two readers could take differently is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import cast

from holdfast.kernel.canonical import Plain

MOST_DEPTH = 32
"""Lists and objects in one another; the deepest record of any system has eight."""
MOST_DIGITS = 18
"""Of a whole number, so that it fits 64 bits with its sign."""


def _each_once(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {json.dumps(twice)} is there twice in one object")
    return found


def whole_number(text: str) -> int:
    """A whole number of at most 18 digits. Raises: ValueError."""
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits; write it as text")
    return int(text)


def no_fraction(text: str) -> Plain:
    """Never a value. Raises: ValueError: a number with a fraction has more than one spelling."""
    raise ValueError(f"{text[:20]} is no whole number; write it as text")


_decoder = json.JSONDecoder(
    object_pairs_hook=_each_once, parse_int=whole_number, parse_float=no_fraction, parse_constant=no_fraction
)


def decode_at(text: str, at: int) -> tuple[Plain, int]:
    """The value that begins at a place, and where it ends.

    Raises: json.JSONDecodeError for what is no JSON or is cut off; ValueError for what is refused.
    """
    try:
        value, end = _decoder.raw_decode(text, at)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    # Counting is fast, and few brackets cannot lie deep.
    if text.count("[", at, end) + text.count("{", at, end) > MOST_DEPTH:
        refuse_depth(cast(Plain, value))
    return cast(Plain, value), end


TOO_DEEP = f"lists and objects lie more than {MOST_DEPTH} deep in one another"


def decode(text: str) -> Plain:
    """The one value of a text. Raises: ValueError."""
    value, end = decode_at(text, 0)
    if end != len(text):
        raise ValueError("something follows the value")
    return value


def refuse_depth(value: Plain) -> None:
    """Return for a value of bearable depth. Raises: ValueError."""
    level: list[Plain] = [value]
    for _ in range(MOST_DEPTH + 1):
        level = [item for each in level for item in _inside(each)]
        if not level:
            return
    raise ValueError(TOO_DEEP)


def _inside(value: Plain) -> Iterator[Plain]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from value
