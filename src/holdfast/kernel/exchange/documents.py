"""Documents read piece by piece: what JSON and YAML readers offer, and the JSON one."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Protocol

from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.strict_json import decode_at

MOST_VALUE = 8 * 1024 * 1024
"""Characters of one value (a record), which is held in memory whole."""
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLANKS = re.compile(r"[ \t\r\n]*")


class Document(Protocol):
    """A document read in one pass; the one who asks must take every value that it is led to."""

    @property
    def place(self) -> str:
        """Where the reader is, for example `line 12`."""

    def members(self) -> Iterator[str]:
        """The names of the object that comes next; after each, its value is to be read. Raises: Malformed."""

    def elements(self) -> Iterator[None]:
        """One step for each element of the list that comes next, to be read at that step. Raises: Malformed."""

    def value(self) -> Plain:
        """The whole value that comes next. Raises: Malformed."""

    def finish(self) -> None:
        """Return when nothing follows. Raises: Malformed."""


class JsonDocument:
    """A `Document` over the bytes of a JSON text; holds one value at a time."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._text, self._at, self._counted = "", 0, 0
        self._lines, self._ended, self._begun = 1, False, False

    @property
    def place(self) -> str:
        # Only what lies between is counted: a place is asked for with every record.
        self._lines += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return f"line {self._lines}"

    def members(self) -> Iterator[str]:
        seen: set[str] = set()
        for _ in self._separated("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise self._bad("a name in double quotes is missing")
            if name in seen:
                raise self._bad(f"the name {json.dumps(name)} is there twice in one object")
            seen.add(name)
            self._take(":")
            yield name

    def elements(self) -> Iterator[None]:
        return self._separated("[", "]")

    def value(self) -> Plain:
        self._peek()
        while True:
            try:
                value, end = decode_at(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._twice_as_much():
                    self._at = error.pos
                    raise self._bad(f"no JSON: {error.msg}") from error
            except ValueError as error:
                raise self._bad(str(error)) from error
            else:
                # A number at the very end may go on in the next chunk.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def finish(self) -> None:
        if self._peek():
            raise self._bad("something follows the end of the document")

    def _separated(self, first: str, last: str) -> Iterator[None]:
        self._take(first)
        if self._peek() == last:
            self._at += 1
            return
        while True:
            self._peek()
            yield
            if self._peek() == last:
                self._at += 1
                return
            self._take(",")

    def _take(self, wanted: str) -> None:
        if self._peek() != wanted:
            raise self._bad(f"expected {wanted!r}" + ("" if self._peek() else ", and the file ends here"))
        self._at += 1

    def _peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it may match nothing
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _twice_as_much(self) -> bool:
        """Whether there was more to read. As much again as was tried is, so that a long value is not tried often."""
        tried = len(self._text) - self._at
        found = self._more()
        while found and len(self._text) < 2 * tried and self._more():
            pass
        return found

    def _more(self) -> bool:
        """Whether there was more to read; what was used is forgotten."""
        if self._ended:
            return False
        self._lines += self._text.count("\n", self._counted, self._at)
        self._text, self._at, self._counted = self._text[self._at :], 0, 0
        if len(self._text) > MOST_VALUE:
            raise self._bad(f"one value is longer than {MOST_VALUE:,} characters, or never ends")
        chunk = next(self._chunks, b"")
        if not self._begun and chunk.startswith(MARKS):
            raise self._bad("it begins with a byte order mark; save it as UTF-8 without one")
        self._begun, self._ended = True, not chunk
        try:
            self._text += self._decoder.decode(chunk, final=self._ended)
        except UnicodeDecodeError as error:
            raise self._bad(f"a byte is not UTF-8: {error.reason}") from error
        return True

    def _bad(self, problem: str) -> Malformed:
        return Malformed(self.place, problem)
