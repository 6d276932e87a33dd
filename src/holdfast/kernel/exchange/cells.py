"""Values as cells of a table and back: nothing a spreadsheet runs or rewrites, and every type restored.

A column is `text` when all its values are plain texts, else `json`: its cells hold JSON. An empty cell means that
the field is absent. A cell gets an apostrophe before it where a spreadsheet would take it for something other than
the text it is (a formula, a number, a date, a truth value), where it is empty, and where it begins with an
apostrophe itself; reading takes exactly one apostrophe away.
"""

from __future__ import annotations

import re

import msgspec

from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.strict_json import decode

TEXT, JSON = "text", "json"

# Formulas: how a cell begins (OWASP, CSV injection), full-width signs too. The rest is what Excel and Calc convert.
_MARKED = re.compile(r"'|[=+\-@\t\r\n＝＋－＠]|[\d.,:/eE %+\-]*\Z|(?i:true|false)\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_encode = msgspec.json.Encoder(order="deterministic").encode


def kind_of(value: Plain, so_far: str = TEXT) -> str:
    """The kind of a column that holds this value besides others of a kind so far."""
    plain_text = isinstance(value, str) and not _CONTROL.search(value)
    return so_far if plain_text else JSON


def cell_of(value: Plain, kind: str) -> str:
    """The cell of a value that is there."""
    text = value if kind == TEXT and isinstance(value, str) else _encode(value).decode()
    return f"'{text}" if _MARKED.match(text) else text


def value_of(cell: str, kind: str) -> Plain:
    """The value of a cell that is not empty. Raises: ValueError."""
    text = cell.removeprefix("'")
    return text if kind == TEXT else decode(text)
