"""Layers: sorted rows of one type, each layer the changes on top of those below it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import msgspec

from holdfast.domain.records import show_key
from holdfast.kernel.vault.ahead import ahead
from holdfast.kernel.vault.errors import damaged
from holdfast.kernel.vault.layout import (
    BlockRef,
    Layer,
    Place,
    Rows,
    decode_personals,
    decode_rows,
)
from holdfast.kernel.vault.packs import PackReader, PackWriter
from holdfast.kernel.vault.rows import Row, aligned, cut_by_size, listed, newest_rows, overlay
from holdfast.kernel.vault.sealing import compress

Columns: TypeAlias = tuple[Rows, list[bytes]]
"""A decoded block: its rows as columns, and their personal parts."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A block before it has a place: what the index says of it, and its compressed parts."""

    first: str
    last: str
    rows: int
    removals: int
    body: bytes
    personal: bytes


def _pack(rows: list[Row]) -> _Packed:
    keys, schemas, bodies, parts = zip(*rows, strict=True)
    body = compress(msgspec.msgpack.encode((keys, schemas, bodies)))
    personal = compress(msgspec.msgpack.encode((parts,))) if any(parts) else b""
    return _Packed(keys[0], keys[-1], len(keys), bodies.count(None), body, personal)


def write_layer(
    type_name: str, lists: Iterable[list[Row]], bodies: PackWriter, personals: PackWriter, full: int
) -> Layer | None:
    """Cut rows, which come in key order, into blocks of `full` bytes before compression, and hand them to the packs.

    The layer, or None when no row came. Raises: StoreError; what drawing the rows raises.
    """
    blocks: list[BlockRef] = []
    removals = 0
    for packed in ahead(_pack, cut_by_size(lists, full)):
        body = bodies.add(packed.body)
        personal = personals.add(packed.personal) if packed.personal else None
        blocks.append(BlockRef(packed.first, packed.last, packed.rows, body, personal))
        removals += packed.removals
    if not blocks:
        return None
    stored = sum(place.length for block in blocks for place, _ in block.places())
    records = sum(block.rows for block in blocks) - removals
    return Layer(type_name, records, removals, stored, tuple(blocks))


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
        for rows, parts in self._columns(self.layer.blocks, personal=personal):
            yield list(zip(rows.keys, rows.schemas, rows.bodies, parts, strict=True))

    def find_all(self, keys: Sequence[str]) -> Iterator[Row]:
        """The rows of those of the keys, which rise, that the layer has. Raises: VaultDamaged; StoreError."""
        wanted: dict[int, list[str]] = {}
        for key in keys:
            wanted.setdefault(bisect_right(self._firsts, key) - 1, []).append(key)
        wanted.pop(-1, None)
        columns = self._columns([self.layer.blocks[number] for number in wanted])
        for those, block in zip(wanted.values(), columns, strict=True):
            yield from (row for key in those if (row := _row(block, key)))

    def _columns(self, refs: Sequence[BlockRef], *, personal: bool = True) -> Iterator[Columns]:
        bodies = self._packs.stream([ref.body for ref in refs], [self.place(ref) for ref in refs])
        with_personal = [ref for ref in refs if ref.personal and personal]
        personals = self._packs.stream(
            [ref.personal for ref in with_personal if ref.personal],
            [self.place(ref, personal=True) for ref in with_personal],
        )
        for ref, body in zip(refs, bodies, strict=True):
            yield self._decode(ref, body, next(personals) if ref.personal and personal else b"")

    def find(self, key: str) -> Row | None:
        """The row of a key, a removal included. Raises: VaultDamaged; StoreError."""
        number = bisect_right(self._firsts, key) - 1
        if number < 0 or self.layer.blocks[number].last < key:
            return None
        return _row(self._block(number), key)

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
            rows = decode_rows(body)
            parts = decode_personals(personal).parts if personal else [b""] * len(rows.keys)
        except msgspec.MsgspecError as error:
            raise damaged(self.place(ref), f"the block does not decode: {error}") from error
        lengths = {len(rows.keys), len(rows.schemas), len(rows.bodies), len(parts)}
        if lengths != {ref.rows} or (rows.keys[0], rows.keys[-1]) != (ref.first, ref.last):
            raise damaged(self.place(ref), "the block holds other rows than its index says")
        return rows, parts


def _row(block: Columns, key: str) -> Row | None:
    rows, parts = block
    at = bisect_left(rows.keys, key)
    if at == len(rows.keys) or rows.keys[at] != key:
        return None
    return key, rows.schemas[at], rows.bodies[at], parts[at]


class LayeredRows:
    """What layers amount to, oldest first: of the rows of one key the newest counts."""

    def __init__(self, layers: Sequence[LayerReader]) -> None:
        self.layers = layers

    def lists(self, *, personal: bool = True) -> Iterator[list[Row]]:
        """All rows in key order, in lists, without the removed ones; `personal` as for `LayerReader.blocks`.

        Raises: VaultDamaged; StoreError.
        """
        layers = [layer.blocks(personal=personal) for layer in self.layers]
        return overlay(layers[0], newest_rows(layers[1:])) if layers else iter(())

    def rows(self, *, personal: bool = True) -> Iterator[Row]:
        """As `lists`, row by row."""
        return chain.from_iterable(self.lists(personal=personal))

    def find(self, key: str) -> Row | None:
        """The row of a key, or None. Raises: VaultDamaged; StoreError."""
        for layer in reversed(self.layers):
            row = layer.find(key)
            if row is not None:
                return row if row[2] is not None else None
        return None

    def find_all(self, keys: Sequence[str]) -> dict[str, Row]:
        """The rows of those of the keys, which rise, that are there. Raises: VaultDamaged; StoreError."""
        found: dict[str, Row] = {}
        for layer in reversed(self.layers):
            found |= {row[0]: row for row in layer.find_all([key for key in keys if key not in found])}
        return {key: row for key, row in found.items() if row[2] is not None}


def unequal_above(
    left: LayeredRows, right: LayeredRows, shared: int
) -> Iterator[tuple[Row | None, Row | None]]:
    """Pairs of rows with one key that are not the same, of two views whose lowest `shared` layers are the same.

    Only keys in the layers above those can differ. Raises: VaultDamaged; StoreError.
    """
    below = LayeredRows(left.layers[:shared])
    above = (
        listed(newest_rows([layer.blocks() for layer in view.layers[shared:]])) for view in (left, right)
    )
    for ours, theirs in aligned(*above):
        left_rows, right_rows = ({row[0]: row for row in rows} for rows in (ours, theirs))
        keys = sorted(left_rows.keys() | right_rows.keys())
        known = below.find_all(keys) if left_rows.keys() != right_rows.keys() else {}
        for key in keys:
            pair = _present(left_rows.get(key, known.get(key))), _present(right_rows.get(key, known.get(key)))
            if pair[0] != pair[1]:
                yield pair


def _present(row: Row | None) -> Row | None:
    return None if row is None or row[2] is None else row
