"""Records held in memory as compressed blocks: a hundred thousand of them take a few megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import overload

import msgspec
from backports import zstd

from holdfast.domain.records import Record

BLOCK = 256
"""Records a block: more compress better, fewer make a look-up of one cheaper."""
LEVEL = 1

_Rows = list[tuple[str, str, bytes, bytes, int]]
_decoder = msgspec.msgpack.Decoder(_Rows)


class PackedRecords(Sequence[Record]):
    """Records in the order in which they came, made anew whenever they are asked for."""

    def __init__(self, records: Iterable[Record]) -> None:
        """Reads the records once and keeps none of them."""
        self._blocks: list[bytes] = []
        self._count = 0
        self._kept: tuple[int, _Rows] = (-1, [])
        source = iter(records)
        while rows := [(r.type, r.key, r.body, r.personal, r.schema) for r in islice(source, BLOCK)]:
            self._blocks.append(zstd.compress(msgspec.msgpack.encode(rows), LEVEL))
            self._count += len(rows)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        rows = chain.from_iterable(map(_unpacked, self._blocks))
        return (Record(*row) for row in rows)

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...

    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(self._count))]
        number, place = divmod(range(self._count)[at], BLOCK)
        kept = self._kept
        if kept[0] != number:
            kept = self._kept = (number, _unpacked(self._blocks[number]))
        return Record(*kept[1][place])


def _unpacked(block: bytes) -> _Rows:
    return _decoder.decode(zstd.decompress(block))
