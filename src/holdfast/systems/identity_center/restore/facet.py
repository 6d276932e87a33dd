"""A facet: the smallest thing that one call of the service sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.kernel.canonical import Plain, canonical


@dataclass(frozen=True, slots=True)
class Facet:
    """One settable thing with its natural key and its value as canonical JSON."""

    type: str
    key: str
    value: bytes


def filled(fields: Mapping[str, str]) -> bytes:
    """A value of those fields that hold something."""
    return canonical({name: value for name, value in fields.items() if value})


def text(fields: Mapping[str, Plain], name: str) -> str:
    """A text field, empty where it is absent."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
