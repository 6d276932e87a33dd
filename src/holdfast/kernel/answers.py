"""Reading a service's answers with types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from holdfast.kernel.canonical import Plain

Answer = Mapping[str, object]


def text(answer: Answer, name: str, default: str = "") -> str:
    """A text field; the default when it is absent."""
    value = answer.get(name)
    return default if value is None else str(value)


def texts(answer: Answer, name: str) -> tuple[str, ...]:
    """A list of texts; empty when it is absent."""
    return tuple(str(item) for item in cast("Sequence[object]", answer.get(name) or ()))


def part(answer: Answer, name: str) -> Answer:
    """A nested object; empty when it is absent."""
    return cast("Answer", answer.get(name) or {})


def rows(answer: Answer, name: str) -> Sequence[Answer]:
    """A list of objects; empty when it is absent."""
    return cast("Sequence[Answer]", answer.get(name) or ())


def next_token(answer: Answer) -> str:
    """The token of the next page, empty on the last."""
    return text(answer, "NextToken")


def plain_value(value: object) -> Plain:
    """An answer's value without floats and times: whole floats as integers, others as decimal strings."""
    if isinstance(value, Mapping):
        return {str(name): plain_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def plain_fields(answer: Answer, without: tuple[str, ...] = ()) -> dict[str, Plain]:
    """An answer's fields without floats and times, but for those left out."""
    return {name: plain_value(value) for name, value in answer.items() if name not in without}
