"""A document of ours, JSON or YAML, as sections of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from holdfast.domain.records import SEPARATOR, Record, join_key
from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.documents import Document
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.layout import DOCUMENT, End, Entry, Metadata, Row, Summary, convert

_encode = msgspec.json.Encoder(order="deterministic").encode


def record_of(type_name: str, row: Row) -> Record:
    """The record of a row, in canonical bytes. Raises: ValueError for texts that are no Unicode."""
    if any(SEPARATOR in part for part in row.key) or not row.key:
        raise ValueError("the key has no parts, or a part with the unit separator U+001F in it")
    # A surrogate alone, which JSON can escape, is in no UTF-8.
    join_key(*row.key).encode()
    personal = _encode(row.personal) if row.personal else b""
    return Record(type_name, join_key(*row.key), _encode(row.body), personal, row.schema)


def entry_of(type_name: str, value: Plain, place: str) -> Entry:
    """The record that a value stands for, or what is wrong with it."""
    try:
        return Entry(place, record_of(type_name, msgspec.convert(value, Row)))
    except msgspec.ValidationError as error:
        return Entry(place, None, str(error))
    except UnicodeEncodeError:
        return Entry(place, None, "a text holds half of a surrogate pair, which is no character")
    except ValueError as error:
        return Entry(place, None, str(error))


class DocumentSection:
    """A section of a document; its name stands first."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._members = document.members()
        if next(self._members, "") != "name":
            raise Malformed(document.place, "a section must begin with its name")
        self.type = text_of(document)
        self.summary = Summary(0, captured=False)

    def entries(self) -> Iterator[Entry]:
        document, given = self._document, False
        for name in self._members:
            if name == "records" and not given:
                for _ in document.elements():
                    place = document.place
                    yield entry_of(self.type, document.value(), place)
            elif name == "summary":
                self.summary = convert(document.value(), Summary, document.place)
                given = True
            else:
                raise Malformed(document.place, f"the section {self.type} has {name} where none is expected")
        if not given:
            raise Malformed(document.place, f"the section {self.type} has no summary")


class DocumentReading:
    """One pass over a document: metadata first, then the sections, then the root."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._members = document.members()
        self._expect("format")
        if text_of(document) != DOCUMENT:
            raise Malformed(
                document.place,
                f"the format is not {DOCUMENT}: written by something newer, or by another tool",
            )
        self._expect("metadata")
        self.metadata = convert(document.value(), Metadata, document.place)
        self.end = End()

    def sections(self) -> Iterator[DocumentSection]:
        self._expect("sections")
        for _ in self._document.elements():
            yield DocumentSection(self._document)
        self._expect("summary")
        self.end = convert(self._document.value(), End, self._document.place)
        if next(self._members, None) is not None:
            raise Malformed(self._document.place, "something follows the summary")
        self._document.finish()

    def _expect(self, name: str) -> None:
        found = next(self._members, None)
        if found != name:
            told = f"{found!r} stands where {name!r} is expected" if found else f"{name!r} is missing"
            hint = "; for awsideman's own backups, say --format awsideman" if name == "format" else ""
            raise Malformed(self._document.place, told + hint)


@dataclass(frozen=True, slots=True)
class DocumentPackage:
    """A document that can be opened anew for each pass."""

    opened: Callable[[], Document]

    def read(self) -> DocumentReading:
        """A new pass. Raises: Malformed."""
        return DocumentReading(self.opened())


def text_of(document: Document) -> str:
    """The text that comes next. Raises: Malformed for anything else."""
    value = document.value()
    if not isinstance(value, str):
        raise Malformed(document.place, "a text is expected here")
    return value
