"""How values are shown in logs, reports and previews: personal fields masked, control characters visible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from holdfast.domain.records import show_key

if TYPE_CHECKING:
    from holdfast.domain.changes import Conflict, FieldDifference

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a JSON document for people and programs may hold."""

MASK = "***"

PERSONAL_FIELDS = frozenset(
    {
        "DisplayName",
        "Name",
        "Email",
        "Emails",
        "email",
        "PhoneNumbers",
        "Addresses",
        "Title",
        "NickName",
        "ProfileUrl",
        "Photos",
        "Website",
        "Birthdate",
        "Extensions",
    }
)
"""Fields that name or locate a person, as the services spell them. Natural keys are not among them:
an administrator must know whom a line concerns."""

_CREDENTIAL = re.compile(
    r"secret|password|passphrase|private_?key|api_?key|credential|(access|refresh|session|bearer|scim)_?token",
    re.IGNORECASE,
)
"""Names of fields that hold what opens something. No service whose data is kept here gives any; where one
does, or a log has one among its facts, it is hidden as personal values are, and lies with them in the vault."""

_revealed = ContextVar("revealed", default=False)

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def counted(count: int, what: str) -> str:
    """`1 pack`, `2,000 packs`."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def is_hidden(name: str) -> bool:
    """Whether a field of this name is hidden wherever values are shown."""
    return name in PERSONAL_FIELDS or _CREDENTIAL.search(name) is not None


@contextmanager
def revealed() -> Iterator[None]:
    """Personal values are shown while the context lasts; for screens that a person asked for, never for evidence."""
    before = _revealed.set(True)
    try:
        yield
    finally:
        _revealed.reset(before)


def are_revealed() -> bool:
    """Whether personal values are shown at the moment."""
    return _revealed.get()


def concealed(text: str) -> str:
    """`***`, or the text itself where somebody asked to see personal values."""
    return text if are_revealed() else MASK


def masked(value: Json) -> Json:
    """The value with every personal field, at any depth, replaced by `***`; absent and null stay so."""
    return _replaced(value, lambda name, item: is_hidden(name) and item is not None, lambda item: MASK)


def with_personal(value: Json, put: Callable[[Json], Json]) -> Json:
    """A record's fields with `put` of its value in place of every personal one."""
    return _replaced(value, _is_personal, put)


def without_values(text: str, key: str, *values: bytes | None) -> str:
    """A service's words with the personal values of a record replaced by `***`; its natural key may stay."""
    found = set[str]()

    def collect(value: Json) -> Json:
        found.update(leaf for leaf in _leaves(value) if len(leaf) > 2 and leaf.casefold() != key.casefold())
        return value

    for value in filter(None, values):
        with_personal(msgspec.json.decode(value), collect)
    for leaf in sorted(found, key=len, reverse=True):
        text = text.replace(leaf, MASK)
    return text


def _leaves(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | Sequence):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item)


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
    return is_hidden(name) and value is not None and not names_a_thing(name, value)


def masked_bytes(data: bytes | None) -> bytes:
    """Canonical JSON of a record with personal fields masked; `null` for None or empty bytes."""
    if not data:
        return b"null"
    shown = msgspec.json.decode(data)
    if not are_revealed():
        shown = with_personal(shown, lambda item: MASK)
    return msgspec.json.encode(shown, order="deterministic")


def masked_conflict(conflict: Conflict) -> Conflict:
    """The conflict with the values of personal fields replaced by `***`, also of fields inside them."""
    return replace(conflict, fields=tuple(map(_masked_difference, conflict.fields)))


def _masked_difference(difference: FieldDifference) -> FieldDifference:
    path = difference.name.replace("[", ".").replace("/", ".").split(".")
    # The parts of a person's name are fields of their own (`Name.GivenName`); `Name` alone names a thing.
    if not any(map(is_hidden, path)) or path == ["Name"]:
        return difference
    backup, live = (concealed(text) if text else "" for text in (difference.backup, difference.live))
    return replace(difference, backup=backup, live=live)


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
