"""YAML read event by event: only what JSON could say as well, so that no document grows or acts while it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.documents import MARKS, MOST_VALUE
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.strict_json import MOST_DEPTH, TOO_DEEP, no_fraction, whole_number

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

_WORDS: dict[str, Plain] = {"null": None, "~": None, "": None, "true": True, "false": False}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)", re.IGNORECASE)


class _Bounded:
    """Chunks as a file, of which only so much may be read for one value."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self.unanswered = chunks, 0
        self._held = next(chunks, b"")
        if self._held.startswith(MARKS):
            raise Malformed("line 1", "it begins with a byte order mark; save it as UTF-8 without one")

    def read(self, size: int = 65536) -> bytes:
        """At most so many bytes; none at the end. Raises: Malformed."""
        self._held = self._held or next(self._chunks, b"")
        data, self._held = self._held[:size], self._held[size:]
        self.unanswered += len(data)
        if self.unanswered > MOST_VALUE:
            raise Malformed("", f"one value is longer than {MOST_VALUE:,} bytes, or never ends")
        return data


class YamlDocument:
    """A `Document` over YAML. Anchors, aliases, tags, merge keys and further documents are refused.

    Unquoted words are null, true, false, whole numbers, or texts: 007 and yes are texts.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        import yaml

        self._yaml = yaml
        self._file = _Bounded(chunks)
        # libyaml's parser is 15 times as fast; both give the same events.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events = yaml.parse(self._file, Loader=loader)
        self._ahead: Event | None = None
        self._line = 1
        for kind in (yaml.StreamStartEvent, yaml.DocumentStartEvent):
            if not isinstance(self._next(), kind):
                raise self._bad("the document is empty")

    @property
    def place(self) -> str:
        return f"line {self._line}"

    def members(self) -> Iterator[str]:
        if not isinstance(self._next(), self._yaml.MappingStartEvent):
            raise self._bad("names with values are expected here")
        seen: set[str] = set()
        while not isinstance(event := self._next(), self._yaml.MappingEndEvent):
            self._file.unanswered = 0
            yield self._name(event, seen)

    def elements(self) -> Iterator[None]:
        if not isinstance(self._next(), self._yaml.SequenceStartEvent):
            raise self._bad("a list is expected here")
        while not isinstance(self._peek(), self._yaml.SequenceEndEvent):
            self._file.unanswered = 0
            yield
        self._next()

    def value(self) -> Plain:
        return self._value(self._next(), 1)

    def finish(self) -> None:
        self._next()
        if not isinstance(self._next(), self._yaml.StreamEndEvent):
            raise self._bad("a second document follows")

    def _value(self, event: Event, depth: int) -> Plain:
        if depth > MOST_DEPTH + 1:
            raise self._bad(TOO_DEEP)
        if isinstance(event, self._yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, self._yaml.SequenceStartEvent):
            items: list[Plain] = []
            while not isinstance(inner := self._next(), self._yaml.SequenceEndEvent):
                items.append(self._value(inner, depth + 1))
            return items
        if not isinstance(event, self._yaml.MappingStartEvent):
            raise self._bad("a value is expected here")
        found: dict[str, Plain] = {}
        seen: set[str] = set()
        while not isinstance(inner := self._next(), self._yaml.MappingEndEvent):
            name = self._name(inner, seen)
            found[name] = self._value(self._next(), depth + 1)
        return found

    def _name(self, event: Event, seen: set[str]) -> str:
        if not isinstance(event, self._yaml.ScalarEvent):
            raise self._bad("a name is expected here")
        name: str = event.value
        if name in seen:
            raise self._bad(f"the name {json.dumps(name)} is there twice in one object")
        if name == "<<" and event.implicit[0]:
            raise self._bad("merge keys are refused")
        seen.add(name)
        return name

    def _scalar(self, event: ScalarEvent) -> Plain:
        text: str = event.value
        if not event.implicit[0]:
            return text  # quoted
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _WHOLE.fullmatch(text):
                return whole_number(text)
            return no_fraction(text) if _FRACTION.fullmatch(text) and not text.isdigit() else text
        except ValueError as error:
            raise self._bad(str(error)) from error

    def _peek(self) -> Event:
        if self._ahead is None:
            self._ahead = self._next()
        return self._ahead

    def _next(self) -> Event:
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        try:
            event: Event | None = next(self._events, None)
        except (self._yaml.YAMLError, UnicodeError) as error:
            raise self._bad(f"no YAML: {' '.join(str(error).split())}") from error
        except RecursionError:
            raise self._bad(TOO_DEEP) from None
        if event is None:
            raise self._bad("the file ends here")
        self._line = event.start_mark.line + 1 if event.start_mark else self._line
        if isinstance(event, self._yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._bad("anchors and aliases are refused: a few of them can stand for billions of values")
        if tag := getattr(event, "tag", None):
            raise self._bad(f"the tag {tag} is refused")
        return event

    def _bad(self, problem: str) -> Malformed:
        return Malformed(self.place, problem)
