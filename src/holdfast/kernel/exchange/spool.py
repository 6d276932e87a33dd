"""What is being imported, held on the disk without ever lying there readable."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

CHUNK = 1024 * 1024
TAG = 16


class PrivateFile(io.RawIOBase):
    """Bytes written once and read at any place, under a key that only this object has.

    The file has no name, so it is gone with the process, and what is left of it on the disk opens with nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Makes the file in a folder. Raises: OSError."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed with this object
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._pending = bytearray()
        self._chunks, self._size = 0, 0
        self._held: tuple[int, bytes] = (-1, b"")

    def write(self, data: ReadableBuffer) -> int:
        """Add bytes at the end. Raises: OSError."""
        view = bytes(data)
        self._pending += view
        self._size += len(view)
        while len(self._pending) >= CHUNK:
            self._store(CHUNK)
        return len(view)

    def fill(self, chunks: Iterable[bytes]) -> PrivateFile:
        """Add all chunks and end the writing; itself. Raises: OSError, and what the chunks raise."""
        for chunk in chunks:
            self.write(chunk)
        return self.done()

    def done(self) -> PrivateFile:
        """End the writing; itself, to be read from its start."""
        if self._pending:
            self._store(len(self._pending))
        return self

    @property
    def size(self) -> int:
        """Bytes that were written."""
        return self._size

    def opened(self) -> io.BufferedReader:
        """A reader at the start; closing it leaves the file."""
        return io.BufferedReader(_View(self), CHUNK)

    def read_at(self, at: int, most: int) -> bytes:
        """At most so many bytes from a place on, within one chunk; none at the end. Raises: OSError."""
        number, offset = divmod(at, CHUNK)
        if at >= self._size:
            return b""
        if self._held[0] != number:
            sealed = os.pread(self._file.fileno(), CHUNK + TAG, number * (CHUNK + TAG))
            self._held = (number, self._cipher.decrypt(_nonce(number), sealed, None))
        return self._held[1][offset : offset + most]

    def close(self) -> None:
        self._file.close()
        super().close()

    def _store(self, length: int) -> None:
        sealed = self._cipher.encrypt(_nonce(self._chunks), bytes(self._pending[:length]), None)
        if self._file.write(sealed) != len(sealed):
            raise OSError("the import could not be held on the disk: it was not written whole")
        del self._pending[:length]
        self._chunks += 1


class _View(io.RawIOBase):
    """A place in a private file."""

    def __init__(self, file: PrivateFile) -> None:
        self._private, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._private.size}[whence]
        if start + offset < 0:
            raise OSError("before the start")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        data = self._private.read_at(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
