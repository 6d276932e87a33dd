"""Canonical bytes of plain values: equal meaning gives equal bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

Plain: TypeAlias = "None | bool | int | str | Sequence[Plain] | Mapping[str, Plain]"
"""What canonical JSON may hold: no floats, so that a number has one spelling."""


def canonical(value: Plain) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces.

    Raises: TypeError for a float, which has more than one spelling.
    """
    _refuse_floats(value)
    return msgspec.json.encode(value, order="deterministic")


def _refuse_floats(value: Plain) -> None:
    if isinstance(value, str | int) or value is None:
        return  # most values are; asking whether they are mappings takes ten times as long
    if isinstance(value, float):
        raise TypeError("canonical records hold no floats; use an integer or a decimal string")
    if isinstance(value, dict | Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | Sequence):
        for item in value:
            _refuse_floats(item)


def plain(data: bytes) -> dict[str, Plain]:
    """The object that canonical bytes stand for; empty bytes give an empty object."""
    return cast("dict[str, Plain]", msgspec.json.decode(data)) if data else {}
