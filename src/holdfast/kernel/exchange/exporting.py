"""A snapshot into a place, in one of the formats."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.domain.errors import UsageError
from holdfast.kernel.exchange.containers import PIECE, gzipped, zipped
from holdfast.kernel.exchange.outgoing import Outgoing
from holdfast.kernel.exchange.places import ExportPlace, Sink
from holdfast.kernel.exchange.tables import tables
from holdfast.kernel.exchange.writing import DOCUMENTS
from holdfast.kernel.ports import Progress

CSV, GZIP, ZIP = "csv", "gzip", "zip"
FORMATS = (*DOCUMENTS, CSV)
COMPRESSIONS = (GZIP, ZIP)
DOCUMENT_NAME = "snapshot"

Lock = Callable[[Iterator[bytes], Sink], None]
"""Writes chunks encrypted into a sink."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A format, and a compression or none. Raises: UsageError for what does not exist or fit together."""

    format: str
    compression: str = ""
    encrypted: bool = False

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise UsageError(f"There is no export format {self.format}.", f"Use {', '.join(FORMATS)}.")
        if self.compression not in ("", *COMPRESSIONS):
            raise UsageError(
                f"There is no compression {self.compression}.", f"Use {' or '.join(COMPRESSIONS)}."
            )
        if self.format == CSV and self.compression == GZIP:
            raise UsageError("gzip holds one file, and CSV makes several.", "Use --compression zip.")
        if self.is_folder and self.encrypted:
            raise UsageError("A folder of tables cannot be encrypted as a whole.", "Add --compression zip.")

    @property
    def is_folder(self) -> bool:
        """Whether it makes a folder of files instead of one file."""
        return self.format == CSV and not self.compression


@dataclass(frozen=True, slots=True)
class Written:
    """What an export wrote: names of the files in order, bytes in all, SHA-256 of the last (the manifest of a folder)."""

    files: tuple[str, ...]
    size: int
    digest: str


class _Counted:
    """A sink that knows what went through it."""

    def __init__(self, sink: Sink, progress: Progress | None) -> None:
        self._sink, self._hasher, self.size = sink, hashlib.sha256(), 0
        self._progress = progress

    def write(self, data: bytes) -> int:
        """Pass them on whole."""
        self._sink.write(data)
        self._hasher.update(data)
        self.size += len(data)
        if self._progress is not None:
            self._progress.advance(len(data))
        return len(data)

    def flush(self) -> None:
        """Pass it on."""
        self._sink.flush()

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""
        return self._hasher.hexdigest()


def files_of(snapshot: Outgoing, shape: Shape) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files of an export, each to be taken whole before the next.

    Raises: NotExportable; VaultDamaged; StoreError.
    """
    if shape.is_folder:
        yield from tables(snapshot)
        return
    ending = {GZIP: ".gz", ZIP: ".zip"}.get(shape.compression, "")
    if shape.format == CSV:
        yield DOCUMENT_NAME + ending, zipped(tables(snapshot))
        return
    name = f"{DOCUMENT_NAME}.{shape.format}"
    chunks = DOCUMENTS[shape.format](snapshot)
    if shape.compression:
        chunks = gzipped(chunks) if shape.compression == GZIP else zipped([(name, chunks)])
    yield name + ending, chunks


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in larger pieces: what follows has a price for each."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def write(
    snapshot: Outgoing,
    shape: Shape,
    place: ExportPlace,
    lock: Lock | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write the snapshot; with a `lock` no byte leaves unencrypted. `progress` counts the bytes.

    Raises: as `files_of` and the place.
    """
    names, size, digest = [], 0, ""
    with place.opened(folder=shape.is_folder) as opened:
        for name, chunks in files_of(snapshot, shape):
            with opened(name) as sink:
                counted = _Counted(sink, progress)
                if lock is not None:
                    lock(_gathered(chunks), counted)
                else:
                    for chunk in _gathered(chunks):
                        counted.write(chunk)
            names.append(name)
            size, digest = size + counted.size, counted.digest
    return Written(tuple(names), size, digest)
