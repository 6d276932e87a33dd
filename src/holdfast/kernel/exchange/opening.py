"""What a file turns out to be: compressed or not, a document or tables."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping

from holdfast.domain.errors import UsageError
from holdfast.kernel.exchange.containers import GZIP_MARK, PIECE, ZIP_MARK, Bounds, ZipFiles, ungzipped
from holdfast.kernel.exchange.documents import Document, JsonDocument
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.layout import Package
from holdfast.kernel.exchange.reading import DocumentPackage
from holdfast.kernel.exchange.spool import PrivateFile
from holdfast.kernel.exchange.tables import MANIFEST, TablesPackage

AUTO, JSON, YAML, CSV = "auto", "json", "yaml", "csv"

MakeDocument = Callable[[Iterator[bytes]], Document]
Foreign = Callable[[Document], Package]


def package_of(
    held: Mapping[str, PrivateFile],
    wanted: str,
    most: int,
    yaml: MakeDocument,
    foreign: Mapping[str, Foreign],
) -> Package:
    """The package in what is held: one file under an empty name, or the files of a folder.

    `wanted` is a format, or `auto`; `yaml` reads YAML, `foreign` the formats of other tools, in JSON.
    Raises: Malformed; UsageError for an unknown format.
    """
    known = (AUTO, JSON, YAML, CSV, *foreign)
    if wanted not in known:
        raise UsageError(f"There is no import format {wanted}.", f"Use {', '.join(known)}.")
    if "" not in held:
        return _tables(TablesPackage(lambda name: _file(held, name), frozenset(held)), wanted)
    file = held[""]
    bounds = Bounds(file.size, most)
    head = file.read_at(0, len(ZIP_MARK))
    if head.startswith(ZIP_MARK):
        archive = ZipFiles(file.opened(), bounds)
        if MANIFEST in archive.names:
            return _tables(TablesPackage(archive.opened, archive.names), wanted)
        if len(archive.names) != 1:
            raise Malformed("zip", "it holds neither tables with a manifest nor one document")
        (name,) = archive.names
        return _document(lambda: _chunks(archive.opened(name)), wanted, yaml, foreign)
    if head.startswith(GZIP_MARK):
        return _document(lambda: ungzipped(file.opened(), bounds), wanted, yaml, foreign)
    return _document(lambda: _chunks(file.opened()), wanted, yaml, foreign)


def _tables(package: TablesPackage, wanted: str) -> TablesPackage:
    if wanted not in (AUTO, CSV):
        raise Malformed("", f"it holds tables, not {wanted}")
    return package


def _document(
    chunks: Callable[[], Iterator[bytes]], wanted: str, yaml: MakeDocument, foreign: Mapping[str, Foreign]
) -> Package:
    if wanted == CSV:
        raise Malformed("", "it holds one document, not tables")
    if wanted in foreign:
        return foreign[wanted](JsonDocument(chunks()))
    is_json = wanted == JSON or (wanted == AUTO and _begins_like_json(chunks()))
    make = JsonDocument if is_json else yaml
    return DocumentPackage(lambda: make(chunks()))


def _begins_like_json(chunks: Iterator[bytes]) -> bool:
    return next(chunks, b"").lstrip().startswith((b"{", b"["))


def _chunks(file: io.BufferedReader) -> Iterator[bytes]:
    with file:
        while chunk := file.read(PIECE):
            yield chunk


def _file(held: Mapping[str, PrivateFile], name: str) -> io.BufferedReader:
    if name not in held:
        raise Malformed(name, "it is not there")
    return held[name].opened()
