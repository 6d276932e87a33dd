"""Layers: sorted rows of one type, each layer the changes on top of those below it."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeAlias

import msgspec

from holdfast.domain.records import show_key
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layout import BlockRef, Layer, Personals, Place, Rows
from holdfast.kernel.vault.packs import PackReader, PackWriter
from holdfast.kernel.vault.sealing import compress

Row: TypeAlias = tuple[str, int, bytes | None, bytes]
"""Key, schema version, body (None removes the key), personal part."""

Columns: TypeAlias = tuple[Rows, list[bytes]]
"""A decoded block: its rows as columns, and their personal parts."""

_rows = msgspec.msgpack.Decoder(Rows)
_personals = msgspec.msgpack.Decoder(Personals)


class LayerWriter:
    """Cuts rows into blocks and hands them to the packs."""

    def __init__(self, type_name: str, bodies: PackWriter, personals: PackWriter, full: int) -> None:
        """`full` is the number of bytes, before compression, at which a block is cut."""
        self._type = type_name
        self._bodies = bodies
        self._personals = personals
        self._full = full
        self._held: list[Row] = []
        self._size = 0
        self._records = 0
        self._removals = 0
        self._blocks: list[BlockRef] = []

    def add(self, row: Row) -> None:
        """Take the next row; keys must rise. Raises: StoreError."""
        self._held.append(row)
        if row[2] is None:
            self._removals += 1
        else:
            self._records += 1
            self._size += len(row[2]) + len(row[3])
        self._size += len(row[0])
        if self._size >= self._full:
            self._cut()

    def finish(self) -> Layer | None:
        """The layer, or None when no row came. Raises: StoreError."""
        if self._held:
            self._cut()
        if not self._blocks:
            return None
        stored = sum(
            block.body.length + (block.personal.length if block.personal else 0) for block in self._blocks
        )
        return Layer(self._type, self._records, self._removals, stored, tuple(self._blocks))

    def _cut(self) -> None:
        keys, schemas, bodies, parts = (list(column) for column in zip(*self._held, strict=True))
        body = self._bodies.add(compress(msgspec.msgpack.encode((keys, schemas, bodies))))
        personal = self._personals.add(compress(msgspec.msgpack.encode((parts,)))) if any(parts) else None
        self._blocks.append(BlockRef(keys[0], keys[-1], len(keys), body, personal))
        self._held, self._size = [], 0


class LayerReader:
    """Reads one layer; `where` is put before the place in errors."""

    def __init__(self, layer: Layer, packs: PackReader, where: str) -> None:
        self.layer = layer
        self._packs = packs
        self._where = where
        self._firsts = [block.first for block in layer.blocks]
        self._kept: tuple[int, Columns] | None = None

    def place(self, block: BlockRef, *, personal: bool = False) -> str:
        """How errors name a block: object, block number and the records in it."""
        at = block.personal if personal and block.personal else block.body
        span = (
            show_key(block.first) if block.rows == 1 else f"{show_key(block.first)} … {show_key(block.last)}"
        )
        what = "personal parts of " if personal else ""
        return (
            f"{self._packs.name(at)} block {at.number} "
            f"({self._where}{what}{self.layer.type}: {block.rows} rows, {span})"
        )

    def pack_name(self, place: Place) -> str:
        """The object a block lies in."""
        return self._packs.name(place)

    def read(self, block: BlockRef, place: Place, *, personal: bool) -> bytes:
        """One part of a block, as it was encoded. Raises: VaultDamaged; StoreError."""
        return self._packs.read(place, self.place(block, personal=personal))

    def blocks(self, *, personal: bool = True) -> Iterator[list[Row]]:
        """All rows, a block at a time, with empty personal parts unless asked for. Raises: VaultDamaged; StoreError."""
        refs = self.layer.blocks
        bodies = self._packs.stream([ref.body for ref in refs], [self.place(ref) for ref in refs])
        with_personal = [ref for ref in refs if ref.personal and personal]
        personals = self._packs.stream(
            [ref.personal for ref in with_personal if ref.personal],
            [self.place(ref, personal=True) for ref in with_personal],
        )
        for ref, body in zip(refs, bodies, strict=True):
            rows, parts = self._decode(ref, body, next(personals) if ref.personal and personal else b"")
            yield list(zip(rows.keys, rows.schemas, rows.bodies, parts, strict=True))

    def find(self, key: str) -> Row | None:
        """The row of a key, a removal included. Raises: VaultDamaged; StoreError."""
        number = bisect_right(self._firsts, key) - 1
        if number < 0 or self.layer.blocks[number].last < key:
            return None
        rows, parts = self._block(number)
        at = bisect_left(rows.keys, key)
        if at == len(rows.keys) or rows.keys[at] != key:
            return None
        return key, rows.schemas[at], rows.bodies[at], parts[at]

    def _block(self, number: int) -> Columns:
        # Keys are mostly looked up in order, so the last block is often the next.
        if self._kept is None or self._kept[0] != number:
            ref = self.layer.blocks[number]
            body = self._packs.read(ref.body, self.place(ref))
            personal = self._packs.read(ref.personal, self.place(ref, personal=True)) if ref.personal else b""
            self._kept = (number, self._decode(ref, body, personal))
        return self._kept[1]

    def _decode(self, ref: BlockRef, body: bytes, personal: bytes) -> Columns:
        try:
            rows = _rows.decode(body)
            parts = _personals.decode(personal).parts if personal else [b""] * len(rows.keys)
        except msgspec.MsgspecError as error:
            raise damaged(self.place(ref), f"the block does not decode: {error}") from error
        lengths = {len(rows.keys), len(rows.schemas), len(rows.bodies), len(parts)}
        if lengths != {ref.rows} or (rows.keys[0], rows.keys[-1]) != (ref.first, ref.last):
            raise damaged(self.place(ref), "the block holds other rows than its index says")
        return rows, parts


class LayeredRows:
    """What layers amount to, oldest first: of the rows of one key the newest counts."""

    def __init__(self, layers: Sequence[LayerReader]) -> None:
        self.layers = layers

    def rows(self, *, personal: bool = True) -> Iterator[Row]:
        """All rows in key order without the removed ones; `personal` as for `LayerReader.blocks`.

        Raises: VaultDamaged; StoreError.
        """
        layers = [layer.blocks(personal=personal) for layer in self.layers]
        return _overlay(layers[0], _newest_rows(layers[1:])) if layers else iter(())

    def find(self, key: str) -> Row | None:
        """The row of a key, or None. Raises: VaultDamaged; StoreError."""
        for layer in reversed(self.layers):
            row = layer.find(key)
            if row is not None:
                return row if row[2] is not None else None
        return None


def _newest_rows(layers: Sequence[Iterator[list[Row]]]) -> Iterator[Row]:
    """Of every key in the layers its newest row, removals included, in key order."""
    tagged = [_tagged(layer, -rank) for rank, layer in enumerate(layers)]
    last = None
    for key, _, row in heapq.merge(*tagged):
        if key != last:
            yield row
            last = key


def _tagged(layer: Iterator[list[Row]], rank: int) -> Iterator[tuple[str, int, Row]]:
    for block in layer:
        for row in block:
            yield row[0], rank, row


def _overlay(blocks: Iterable[list[Row]], upper: Iterator[Row]) -> Iterator[Row]:
    """Rows of the lowest layer with the rows above it put in their places."""
    above = next(upper, None)
    for block in blocks:
        if above is None or above[0] > block[-1][0]:
            yield from block
            continue
        rows = {row[0]: row for row in block}
        while above is not None and above[0] <= block[-1][0]:
            rows[above[0]] = above
            above = next(upper, None)
        yield from (rows[key] for key in sorted(rows) if rows[key][2] is not None)
    if above is not None:
        yield from (row for row in chain((above,), upper) if row[2] is not None)


def changed_rows(new: Iterable[Row], old: Iterator[Row]) -> Iterator[Row]:
    """The rows that turn `old` into `new`: what was added or altered, and removals; both are in key order."""
    before = next(old, None)
    for row in new:
        while before is not None and before[0] < row[0]:
            yield before[0], before[1], None, b""
            before = next(old, None)
        if before is None or before[0] != row[0]:
            yield row
            continue
        if before != row:
            yield row
        before = next(old, None)
    while before is not None:
        yield before[0], before[1], None, b""
        before = next(old, None)
