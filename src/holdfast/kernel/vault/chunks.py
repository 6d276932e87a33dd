"""Chunks: a stream of bytes cut where its own contents say so, and how records name the parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeAlias

import msgspec
from blake3 import blake3
from pyfastcdc import FastCDC

from holdfast.kernel.vault.key_set import KeySet

Piece: TypeAlias = bytes | memoryview
Read: TypeAlias = Callable[[int], bytes]
"""Gives up to so many bytes, as `read` of a file does; no bytes at the end."""

ID_BYTES = 16
LEAST, MEAN, MOST = 256 << 10, 512 << 10, 4 << 20
"""Bytes of a chunk: nothing is cut before `LEAST` and nothing is longer than `MOST`; the mean is
`LEAST + MEAN` where contents have no pattern (section 3.4 of the FastCDC paper of 2020)."""
WINDOW = 4 << 20


class BlobRef(msgspec.Struct, frozen=True):
    """Bytes that the vault keeps in chunks: ids in hex, SHA-256 in hex of the whole, size in bytes.

    A record keeps it in its body: `{"blobs": {name: ref}}`, in a section that is `chunked`.
    """

    chunks: tuple[str, ...]
    digest: str
    size: int


class _Names(msgspec.Struct):
    chunks: tuple[str, ...] = ()
    blobs: dict[str, BlobRef] = {}


_names = msgspec.json.Decoder(_Names)


def chunks_of(body: bytes) -> list[bytes]:
    """The ids of all chunks that a body names, in order: its member `chunks`, then those of its `blobs`."""
    found = _names.decode(body)
    return [
        bytes.fromhex(each) for each in chain(found.chunks, *(ref.chunks for ref in found.blobs.values()))
    ]


class Chunking:
    """Cuts streams and names chunks as one vault does.

    Both depend on the vault's keys: from contents that somebody knows, neither the names nor the
    lengths of their chunks can be computed.
    """

    def __init__(self, keys: KeySet) -> None:
        self._name_key = keys.derive("chunks")
        # Half of 64 bits: pyfastcdc doubles the seed and takes no more than 64.
        self._seed = int.from_bytes(keys.derive("cuts")[:8], "big") >> 1

    def name(self, piece: Piece) -> bytes:
        """The id of a chunk: its keyed hash."""
        return blake3(piece, key=self._name_key).digest(ID_BYTES)

    def pieces(self, read: Read, expected: int = WINDOW) -> Iterator[Piece]:
        """The chunks of a stream, which is read to its end by windows; `expected` bytes save memory where few.

        Where a chunk ends follows from its own bytes: a cut is made only with `MOST` bytes or the
        end of the stream in sight, so that windows leave no trace.
        """
        window = max(1, min(WINDOW, expected + 1))
        held: Piece = b""
        ended = False
        while not ended:
            fresh = _filled(read, window)
            ended = len(fresh) < window
            data = b"".join((held, fresh)) if held else fresh
            window = WINDOW
            if len(data) <= LEAST and ended:
                yield from [data] if data else []
                return
            view, at = memoryview(data), 0
            cuts = FastCDC(MEAN, min_size=LEAST, max_size=MOST, seed=self._seed).cut_buf(view)
            while at < len(view) and (ended or len(view) - at >= MOST):
                piece = next(cuts).data
                at += len(piece)
                yield piece
            held = view[at:]


def _filled(read: Read, count: int) -> bytes:
    """So many bytes, or fewer at the stream's end; a pipe gives them in parts."""
    data = read(count)
    if len(data) in (0, count):
        return data
    parts, size = [data], len(data)
    while size < count and (more := read(count - size)):
        parts.append(more)
        size += len(more)
    return b"".join(parts) if len(parts) > 1 else data


def threads() -> int:
    """How many threads work on chunks at once: one for each processor, but no more than memory allows."""
    return min(4, os.cpu_count() or 1)
