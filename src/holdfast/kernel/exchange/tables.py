"""A snapshot as tables: one CSV file for each type, and a manifest that knows their columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from holdfast.domain.records import Record, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.exchange.cells import JSON, TEXT, cell_of, kind_of, value_of
from holdfast.kernel.exchange.documents import MARKS, MOST_VALUE
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.layout import TABLES, End, Entry, Metadata, Summary
from holdfast.kernel.exchange.outgoing import Outgoing, OutgoingSection
from holdfast.kernel.exchange.reading import entry_of
from holdfast.kernel.exchange.strict_json import decode

MANIFEST = "manifest.json"
SUFFIX = ".csv"
MOST_MANIFEST = 16 * 1024 * 1024
PARTS = ("body", "personal")
FIXED = (("key", JSON), ("schema", JSON))
"""Columns that every table has; the others are called after their part and field, for example `body.UserName`."""

Columns = tuple[tuple[str, str], ...]
"""Names and kinds."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the manifest; a type that was not captured has no columns and no file."""

    name: str
    columns: Columns
    summary: Summary


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file beside the tables."""

    format: str
    metadata: Metadata
    sections: tuple[Table, ...]
    summary: End


# -- writing


def tables(snapshot: Outgoing) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Names and bytes of the files, each to be taken whole before the next; the manifest comes last.

    Raises: NotExportable; VaultDamaged; StoreError.
    """
    made: list[Table] = []
    for section in snapshot.sections:
        columns = _columns(section) if section.summary.captured else ()
        if columns:
            yield section.type + SUFFIX, _lines(section, columns)
        made.append(Table(section.type, columns, section.summary))
    manifest = Manifest(TABLES, snapshot.metadata, tuple(made), snapshot.end())
    yield MANIFEST, iter([msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"])


def _columns(section: OutgoingSection) -> Columns:
    """The columns of a type in name order, found by reading all of it once."""
    kinds: dict[str, str] = {}
    for record in section.records():
        for name, value in _fields(record):
            kinds[name] = kind_of(value, kinds.get(name, TEXT))
    return (*FIXED, *sorted(kinds.items()))


def _fields(record: Record) -> Iterator[tuple[str, Plain]]:
    for part, data in zip(PARTS, (record.body, record.personal), strict=True):
        for name, value in plain(data).items():
            yield f"{part}.{name}", value


def _lines(section: OutgoingSection, columns: Columns) -> Iterator[bytes]:
    # A name is a cell like any other: a field may be called =1+1.
    yield _line(cell_of(name, TEXT) for name, _ in columns)
    for record in section.records():
        fields: dict[str, Plain] = {
            "key": split_key(record.key),
            "schema": record.schema,
            **dict(_fields(record)),
        }
        yield _line(cell_of(fields[name], kind) if name in fields else "" for name, kind in columns)


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(list(cells))
    return text.getvalue().encode()


# -- reading

OpenFile = Callable[[str], io.BufferedReader]
"""The bytes of a file of the package by its name. Raises: Malformed when it is not there."""


@dataclass(frozen=True, slots=True)
class TablesPackage:
    """A manifest with its tables; `names` are the files that are there."""

    opened: OpenFile
    names: frozenset[str]

    def read(self) -> TablesReading:
        """A new pass. Raises: Malformed."""
        return TablesReading(self)


class TablesReading:
    """One pass over all tables in the manifest's order."""

    def __init__(self, package: TablesPackage) -> None:
        self._package = package
        manifest = _manifest(package.opened(MANIFEST))
        self.metadata, self.end, self._tables = manifest.metadata, manifest.summary, manifest.sections
        listed = {table.name + SUFFIX for table in self._tables if table.columns} | {MANIFEST}
        for name in sorted(package.names ^ listed):
            told = "is not in the manifest" if name in package.names else "is in the manifest and not there"
            raise Malformed(name, told)

    def sections(self) -> Iterator[TableSection]:
        for table in self._tables:
            yield TableSection(table, self._package.opened)


def _manifest(file: io.BufferedReader) -> Manifest:
    with file:
        data = file.read(MOST_MANIFEST + 1)
    if data.startswith(MARKS) or len(data) > MOST_MANIFEST:
        raise Malformed(MANIFEST, "it begins with a byte order mark, or is longer than a manifest ever is")
    try:
        value = decode(data.decode().strip())
        if not isinstance(value, dict) or value.get("format") != TABLES:
            raise Malformed(
                MANIFEST, f"the format is not {TABLES}: written by something newer, or by another tool"
            )
        return msgspec.convert(value, Manifest)
    except UnicodeDecodeError as error:
        raise Malformed(MANIFEST, f"a byte is not UTF-8: {error.reason}") from error
    except (ValueError, msgspec.ValidationError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed(MANIFEST, str(error)) from error


class TableSection:
    """One table as it is read; what is wrong is told by row and column."""

    def __init__(self, table: Table, opened: OpenFile) -> None:
        self.type, self.summary = table.name, table.summary
        self._columns, self._opened, self._file = table.columns, opened, table.name + SUFFIX

    def entries(self) -> Iterator[Entry]:
        if not self._columns:
            return
        with self._opened(self._file) as file:
            if file.peek(4)[:4].startswith(MARKS):
                raise Malformed(self._file, "it begins with a byte order mark; save it as UTF-8 without one")
            csv.field_size_limit(MOST_VALUE)
            rows = csv.reader(self._bounded(file), strict=True)
            kinds = dict(self._columns)
            try:
                names = [str(value_of(cell, TEXT)) if cell else "" for cell in next(rows, [])]
                if sorted(names) != sorted(kinds):
                    raise Malformed(f"{self._file}, row 1", f"the columns are not those of {MANIFEST}")
                for number, cells in enumerate(rows, 2):
                    yield self._entry(f"{self._file}, row {number}", cells, names, kinds)
            except csv.Error as error:
                raise Malformed(f"{self._file}, line {rows.line_num}", f"no CSV: {error}") from error
            except UnicodeDecodeError as error:
                told = f"a byte is not UTF-8: {error.reason}"
                raise Malformed(f"{self._file}, line {rows.line_num + 1}", told) from error

    def _bounded(self, file: io.BufferedReader) -> Iterator[str]:
        """The lines; one without end is refused before it fills the memory."""
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        while line := text.readline(MOST_VALUE):
            if len(line) == MOST_VALUE:
                raise Malformed(self._file, f"one line is longer than {MOST_VALUE:,} characters")
            yield line

    def _entry(self, place: str, cells: list[str], names: list[str], kinds: Mapping[str, str]) -> Entry:
        if len(cells) != len(names):
            return Entry(place, None, f"{len(cells)} cells where the header has {len(names)}")
        row: dict[str, Plain] = {"body": {}, "personal": {}}
        for name, cell in zip(names, cells, strict=True):
            if not cell:
                continue
            try:
                _put(row, name, value_of(cell, kinds[name]))
            except ValueError as error:
                return Entry(f"{place}, column {name}", None, str(error))
        return entry_of(self.type, row, place)


def _put(row: dict[str, Plain], name: str, value: Plain) -> None:
    part, dot, field = name.partition(".")
    if dot and part in PARTS:
        cast("dict[str, Plain]", row[part])[field] = value
    elif name in dict(FIXED):
        row[name] = value
    else:
        raise ValueError("no such column is known")
