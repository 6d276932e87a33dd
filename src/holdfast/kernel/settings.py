"""Frozen settings out of raw tables: every problem is collected, none is guessed away."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


Raw = Mapping[str, object]
S = TypeVar("S", bound="DataclassInstance")
V = TypeVar("V")


def setting(
    default: V,
    text: str,
    *,
    least: float | None = None,
    most: float | None = None,
    one_of: tuple[str, ...] = (),
    check: Callable[[str], object] | None = None,
) -> V:
    """A dataclass field for a setting with its help line and what its values must be.

    Numbers have an inclusive range; texts are `one_of` some words, or pass `check`, which raises
    ValueError with what is wrong.
    """
    rules = {"help": text, "least": least, "most": most, "one_of": one_of, "check": check}
    return field(default=default, metadata=rules)


def tag_pairs(text: str) -> list[tuple[str, str]]:
    """The tags of `a=1,b=2`. Raises: ValueError for anything else."""
    pairs = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"expected name=value pairs with commas between, got {part!r}")
        pairs.append((name.strip(), value.strip()))
    return pairs


def brief(value: object) -> str:
    """A value for a message; lists in lists are cut short, since a small YAML file can hold endless ones."""
    shown = reprlib.Repr()
    shown.maxlevel = 2
    shown.maxstring = shown.maxother = 80
    return shown.repr(value)


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean location?` for a name that is close to a known one, else nothing."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {found[0]}?" if found else ""


def read_section(
    cls: type[S],
    raw: Raw,
    section: str,
    base: Path,
    problems: list[str],
    origins: Mapping[str, str] | None = None,
) -> S:
    """The settings class filled from a raw table; what is wrong is appended to `problems`.

    Unknown names, wrong types and numbers out of range are problems; a field with a problem keeps
    its default so that the rest can still be checked. Relative paths are taken from `base`.
    `origins` says of single settings where else than in the table they come from.
    """
    hints = get_type_hints(cls)
    known = {item.name: item for item in fields(cls)}
    for name in raw:
        if name not in known:
            problems.append(f"[{section}] {name}: unknown setting{near(str(name), known)}")
    values = {}
    for name, item in known.items():
        if name in raw:
            try:
                values[name] = _convert(raw[name], hints[name], item, base)
            except ValueError as problem:
                origin = f" (from {origins[name]})" if origins and name in origins else ""
                problems.append(f"[{section}] {name}: {problem}{origin}")
        elif item.default is MISSING and item.default_factory is MISSING:
            problems.append(f"[{section}] {name}: missing; it has no default")
        elif isinstance(item.default, Path):
            values[name] = base / item.default
    return cls(**values)


def _convert(value: object, hint: object, item: Field[object], base: Path) -> object:
    """The value as the field's type. Raises: ValueError in words for the settings message."""
    if get_origin(hint) in (Union, UnionType):
        hint = next(option for option in get_args(hint) if option is not type(None))
    if hint is Path:
        return base / Path(_text(value)).expanduser()
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"expected a list of texts, got {brief(value)}")
        return tuple(_text(part) for part in value)
    if hint is bool:
        return _truth(value)
    if hint in (int, float):
        return _number(value, item, whole=hint is int)
    return _checked(_text(value), item)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {brief(value)}")
    return value


def _checked(text: str, item: Field[object]) -> str:
    """The text, if the setting allows it. Raises: ValueError."""
    words = item.metadata.get("one_of", ())
    if words and text not in words:
        shown = [word or "empty" for word in words]
        raise ValueError(f"must be {', '.join(shown[:-1])} or {shown[-1]}, got {text!r}")
    check = item.metadata.get("check")
    if check is not None:
        check(text)
    return text


def _truth(value: object) -> bool:
    words = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
    if not isinstance(value, (bool, str)) or value not in words:
        raise ValueError(f"expected true or false, got {brief(value)}")
    return words[value]


def _number(value: object, item: Field[object], *, whole: bool) -> float:
    try:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError
        number = int(value) if whole else float(value)
        if number != float(value):
            raise ValueError
    except (ValueError, OverflowError):  # int() of an infinite number
        raise ValueError(f"expected a {'whole ' if whole else ''}number, got {brief(value)}") from None
    least, most = item.metadata.get("least"), item.metadata.get("most")
    if (least is not None and number < least) or (most is not None and number > most):
        limits = f"from {least:.7g} to {most:.7g}" if least is not None and most is not None else ""
        limits = limits or (f"at least {least:g}" if least is not None else f"at most {most:g}")
        raise ValueError(f"must be {limits}, got {number:g}")
    return number
