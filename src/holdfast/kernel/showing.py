"""How values are shown in logs, reports and previews: personal fields masked, control characters visible."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from holdfast.domain.changes import Conflict, FieldDifference
from holdfast.domain.records import show_key

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a JSON document for people and programs may hold."""

MASK = "***"

PERSONAL_FIELDS = frozenset(
    {
        "DisplayName",
        "Name",
        "Emails",
        "PhoneNumbers",
        "Addresses",
        "Title",
        "NickName",
        "ProfileUrl",
        "Photos",
        "Website",
        "Birthdate",
    }
)
"""Fields that name or locate a person, as the services spell them. Natural keys are not among them:
an administrator must know whom a line concerns."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def masked(value: Json) -> Json:
    """The value with every personal field, at any depth, replaced by `***`; absent and null stay so."""
    return _replaced(value, lambda name, item: name in PERSONAL_FIELDS and item is not None, _mask)


def with_personal(value: Json, put: Callable[[Json], Json]) -> Json:
    """A record's fields with `put` of its value in place of every personal one."""
    return _replaced(value, _is_personal, put)


def _mask(value: Json) -> Json:
    return MASK


def _replaced(value: Json, personal: Callable[[str, Json], bool], put: Callable[[Json], Json]) -> Json:
    if isinstance(value, Mapping):
        return {
            name: put(item) if personal(name, item) else _replaced(item, personal, put)
            for name, item in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_replaced(item, personal, put) for item in value]
    return value


def names_a_thing(name: str, value: object) -> bool:
    """Whether a record's field is the name of a thing and not of a person, whose `Name` has parts."""
    return name == "Name" and isinstance(value, str)


def _is_personal(name: str, value: Json) -> bool:
    return name in PERSONAL_FIELDS and value is not None and not names_a_thing(name, value)


def masked_bytes(data: bytes | None) -> bytes:
    """Canonical JSON of a record with personal fields masked; `null` for None or empty bytes."""
    if not data:
        return b"null"
    return msgspec.json.encode(with_personal(msgspec.json.decode(data), _mask), order="deterministic")


def masked_conflict(conflict: Conflict) -> Conflict:
    """The conflict with the values of personal fields replaced by `***`, also of fields inside them."""
    return Conflict(
        conflict.type, conflict.key, tuple(map(_masked_difference, conflict.fields)), conflict.resolution
    )


def _masked_difference(difference: FieldDifference) -> FieldDifference:
    path = difference.name.replace("[", ".").replace("/", ".").split(".")
    # The parts of a person's name are fields of their own (`Name.GivenName`); `Name` alone names a thing.
    if PERSONAL_FIELDS.isdisjoint(path) or path == ["Name"]:
        return difference
    backup, live = (MASK if text else "" for text in (difference.backup, difference.live))
    return FieldDifference(difference.name, backup, live)


def visible(text: str) -> str:
    """The text on one line with control and direction characters spelled out, safe to print on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _spelled(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def visible_key(key: str) -> str:
    """A natural key as people read it, safe to print."""
    return visible(show_key(key))


def duration(seconds: float) -> str:
    """Seconds as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def byte_size(count: int) -> str:
    """Bytes as people say them, in powers of 1024: `812 B`, `4.0 KiB`, `3.2 MiB`."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
