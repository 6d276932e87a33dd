"""gzip and zip around exports: deterministic to write, and nothing to be believed when read."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from holdfast.kernel.exchange.errors import Malformed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

GZIP_MARK, ZIP_MARK = b"\x1f\x8b", b"PK\x03\x04"
GZIP = 31  # zlib's window bits for a gzip frame
LEVEL = 6
PIECE = 256 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can say; every member has it, so that equal snapshots give equal files."""
MOST_MEMBERS = 200
MOST_RATIO = 200
FREE_BYTES = 16 * 1024 * 1024
"""What may come out of a small file whatever its ratio."""
MOST_BYTES = 64 * 1024**3
END_BYTES, END_MARK = 22, b"PK\x05\x06"


# -- writing


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A gzip file without name and time."""
    squeeze = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for chunk in chunks:
        yield squeeze.compress(chunk)
    yield squeeze.flush()


class _Tray(io.RawIOBase):
    """Takes what a zip writer writes, until it is carried off."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer) -> int:
        taken = bytes(data)
        self._held.append(taken)
        return len(taken)

    def take(self) -> bytes:
        """What was written since the last time."""
        held, self._held = b"".join(self._held), []
        return held


def zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A zip file, written from front to back."""
    tray = _Tray()
    with zipfile.ZipFile(tray, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for name, chunks in files:
            about = zipfile.ZipInfo(name, EPOCH)
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o600) << 16
            with archive.open(about, "w", force_zip64=True) as member:
                for chunk in chunks:
                    member.write(chunk)
                    yield tray.take()
    yield tray.take()


# -- reading


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may come out of a file of `size` bytes. Source of the limits: an export of records deflates 5 to 40 times."""

    size: int
    most: int = MOST_BYTES

    def refuse(self, place: str, count: int) -> None:
        """Return while so many bytes are bearable. Raises: Malformed."""
        if count > self.most:
            raise Malformed(place, f"it unpacks to more than {self.most:,} bytes")
        if count > FREE_BYTES and count > self.size * MOST_RATIO:
            raise Malformed(place, f"it unpacks to more than {MOST_RATIO} times its size, as a zip bomb does")


def ungzipped(file: io.BufferedReader, bounds: Bounds) -> Iterator[bytes]:
    """What a gzip file holds. Raises: Malformed for one that is damaged, cut off or followed by something."""
    spread, count = zlib.decompressobj(GZIP), 0
    try:
        while not spread.eof:
            data = spread.unconsumed_tail or file.read(PIECE)
            if not data:
                raise Malformed("gzip", "the file is cut off")
            chunk = spread.decompress(data, PIECE)
            count += len(chunk)
            bounds.refuse("gzip", count)
            if chunk:
                yield chunk
    except zlib.error as error:
        raise Malformed("gzip", f"the file is damaged: {error}") from error
    if spread.unused_data or file.read(1):
        raise Malformed("gzip", "something follows the end of the compressed data")


class ZipFiles:
    """The members of a zip file, after every one was looked at."""

    def __init__(self, file: io.BufferedReader, bounds: Bounds) -> None:
        """Raises: Malformed for what is damaged, dangerous, ambiguous or much too large."""
        _refuse_many(file, bounds)
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
            raise Malformed("zip", f"the file is damaged: {error}") from error
        members = self._archive.infolist()
        _refuse_names([member.filename for member in members])
        for member in members:
            _refuse_member(member)
        bounds.refuse("zip", sum(member.file_size for member in members))
        self._bounds = bounds
        self.names = frozenset(member.filename for member in members)

    def opened(self, name: str) -> io.BufferedReader:
        """A member's bytes, checked while they are read. Raises: Malformed."""
        if name not in self.names:
            raise Malformed(name, "it is not there")
        try:
            return io.BufferedReader(_Checked(self._archive.open(name), name, self._bounds), PIECE)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise Malformed(name, f"the file is damaged: {error}") from error


class _Checked(io.RawIOBase):
    """A member whose errors are told in our words, and whose actual size counts."""

    def __init__(self, member: IO[bytes], name: str, bounds: Bounds) -> None:
        self._member, self._name, self._bounds, self._count = member, name, bounds, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            count: int = self._member.readinto(buffer)  # type: ignore[attr-defined]
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Malformed(self._name, f"the file is damaged: {error}") from error
        self._count += count
        self._bounds.refuse(self._name, self._count)
        return count


def _refuse_many(file: io.BufferedReader, bounds: Bounds) -> None:
    """Looks at the very end before the directory is read into memory."""
    file.seek(max(0, bounds.size - END_BYTES))
    end = file.read()
    if len(end) != END_BYTES or not end.startswith(END_MARK):
        raise Malformed("zip", "the file is cut off, or something follows its end")
    if int.from_bytes(end[10:12], "little") > MOST_MEMBERS:
        raise Malformed("zip", f"it has more than {MOST_MEMBERS} members")
    file.seek(0)


def _refuse_names(names: list[str]) -> None:
    """Raises: Malformed for names that lead elsewhere, or that some system takes for the same."""
    if len(names) > MOST_MEMBERS:
        raise Malformed("zip", f"it has more than {MOST_MEMBERS} members")
    for name in names:
        if "/" in name or "\\" in name or ":" in name or name in ("", ".", "..") or not name.isprintable():
            raise Malformed("zip", f"the member {name!r} is not a plain file name")
    if len({name.casefold() for name in names}) != len(names):
        raise Malformed("zip", "two members have one name, or names that differ by case alone")


def _refuse_member(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Malformed(member.filename, "it is a link or another special file")
    if member.flag_bits & 0x1:
        raise Malformed(member.filename, "it is encrypted by zip; export with --encrypt instead")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Malformed(member.filename, "it is packed in a way that exports never are")
