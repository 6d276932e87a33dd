"""A private file of sealed entries that a killed process leaves whole up to its last one."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from holdfast.domain.errors import VaultError
from holdfast.kernel.vault.layout import WrappedKey
from holdfast.kernel.vault.sealing import DataKey, Role, Seals, compress, decompress

KEY, ENTRY = b"K", b"E"
LENGTH_BYTES = EPOCH_BYTES = 4
FRAME_BYTES = len(KEY) + LENGTH_BYTES
CLOSED = -1


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an entry lies, and under which key and number it was sealed."""

    offset: int
    length: int
    key: DataKey
    number: int


class SealedSpool:
    """Entries under the vault's keys, appended one by one. Thread-safe.

    The file is a row of frames: a letter, the length of the rest, and either a wrapped data key or an entry
    sealed under the key before it. Each process that appends does so under a key of its own, so that no
    number is used twice under one key although what a kill tore off is written over.
    """

    def __init__(self, path: Path, seals: Seals) -> None:
        """Opens the file, or makes it with mode 0600. Raises: OSError."""
        self._seals, self._name = seals, path.name
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._lock = threading.Lock()
        self._key: DataKey | None = None
        self._number = 0

    def close(self) -> None:
        """Close the file; it stays. What threads that were left behind still append is dropped."""
        with self._lock:
            os.close(self._handle)
            self._handle = CLOSED

    def entries(self) -> Iterator[tuple[Spot, bytes]]:
        """Every whole entry in order; the file is cut off after the last, since what follows cannot be read."""
        end = 0
        key, number = None, 0
        for offset, kind, sealed in self._frames():
            try:
                if kind == KEY:
                    key, number = self._unwrapped(sealed), 0
                elif key is not None:
                    spot = Spot(offset, len(sealed), key, number)
                    yield spot, self._opened(spot, sealed)
                    number += 1
            except VaultError:
                break  # torn or damaged: whoever kept it can get it again where it came from
            end = offset + len(sealed)
        os.ftruncate(self._handle, end)

    def read(self, spot: Spot) -> bytes:
        """One entry. Raises: VaultDamaged; OSError."""
        with self._lock:
            sealed = os.pread(self._handle, spot.length, spot.offset)
        return self._opened(spot, sealed)

    def clear(self) -> None:
        """Forget everything. Raises: OSError."""
        os.ftruncate(self._handle, 0)

    def append(self, data: bytes) -> None:
        """Add an entry. It survives this process, not a power cut. Raises: OSError."""
        packed = compress(data)
        with self._lock:
            if self._handle == CLOSED:
                return  # the number may be another file's by now
            if self._key is None:
                self._key, wrapped = self._seals.new_key(Role.ANSWERS)
                self._write(KEY, wrapped.epoch.to_bytes(EPOCH_BYTES, "big") + wrapped.data)
            number, self._number = self._number, self._number + 1  # also where it finds no room
            self._write(ENTRY, self._key.seal(number, packed))

    def _write(self, kind: bytes, data: bytes) -> None:
        os.lseek(self._handle, 0, os.SEEK_END)
        frame = kind + len(data).to_bytes(LENGTH_BYTES, "big") + data
        if os.write(self._handle, frame) < len(frame):
            raise OSError(f"{self._name} could not be written whole")

    def _frames(self) -> Iterator[tuple[int, bytes, bytes]]:
        offset = FRAME_BYTES
        while len(head := os.pread(self._handle, FRAME_BYTES, offset - FRAME_BYTES)) == FRAME_BYTES:
            data = os.pread(self._handle, int.from_bytes(head[1:], "big"), offset)
            yield offset, head[:1], data
            offset += len(data) + FRAME_BYTES

    def _unwrapped(self, data: bytes) -> DataKey:
        epoch = int.from_bytes(data[:EPOCH_BYTES], "big")
        return self._seals.unwrap(WrappedKey(epoch, data[EPOCH_BYTES:]), Role.ANSWERS, self._name)

    def _opened(self, spot: Spot, sealed: bytes) -> bytes:
        return decompress(spot.key.open(spot.number, sealed, self._name), self._name)
