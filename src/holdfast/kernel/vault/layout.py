"""The stored shapes, as msgpack arrays: fields are told by position, and new ones may only follow."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

PACKS, INDEXES, SNAPSHOTS = "packs/", "indexes/", "snapshots/"
PERMANENT = (PACKS, INDEXES, SNAPSHOTS, "vault.json")
"""How the names of objects begin that are written once and stay: what may be locked."""


class WrappedKey(msgspec.Struct, frozen=True, array_like=True):
    """A data key as it is stored: the epoch whose key wraps it, and the wrapped bytes."""

    epoch: int
    data: bytes


class ObjectRef(msgspec.Struct, frozen=True, array_like=True):
    """An object that is named by its bytes: role, full name, size in bytes, key, number of blocks."""

    role: int
    name: str
    size: int
    key: WrappedKey
    blocks: int


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A sealed block: the object's position in the index, the block's number there, its offset and length."""

    pack: int
    number: int
    offset: int
    length: int


class BlockRef(msgspec.Struct, frozen=True, array_like=True):
    """A block of rows: first and last key, number of rows, places of the rows and of their personal parts."""

    first: str
    last: str
    rows: int
    body: Place
    personal: Place | None

    def places(self) -> Iterator[tuple[Place, bool]]:
        """The places of its parts, each with whether it is the personal one."""
        yield self.body, False
        if self.personal:
            yield self.personal, True


class Layer(msgspec.Struct, frozen=True, array_like=True):
    """Rows of one type in key order: number of records, number of removals, stored bytes, blocks."""

    type: str
    records: int
    removals: int
    stored: int
    blocks: tuple[BlockRef, ...]

    def places(self) -> Iterator[Place]:
        """The places of all parts of its blocks."""
        return (place for block in self.blocks for place, _ in block.places())


class ChunkPack(msgspec.Struct, frozen=True, array_like=True):
    """The chunks of one pack: the pack's position in the index, then a column each of what its blocks are.

    Block n of the pack is chunk n: its id is 16 bytes of `ids`, `lengths` are sealed and `sizes` plain bytes.
    """

    pack: int
    ids: bytes
    lengths: tuple[int, ...]
    sizes: tuple[int, ...]


class Index(msgspec.Struct, frozen=True, array_like=True):
    """What one writer stored: its packs, the layers in them, and the chunks in them."""

    packs: tuple[ObjectRef, ...]
    layers: tuple[Layer, ...]
    chunks: tuple[ChunkPack, ...] = ()

    def chunk_packs(self) -> Iterator[ObjectRef]:
        """The packs of chunks among its packs."""
        return (self.packs[listed.pack] for listed in self.chunks)


class LayerRef(msgspec.Struct, frozen=True, array_like=True):
    """A layer: position of its index in the manifest, position of the layer in the index."""

    index: int
    layer: int


class Section(msgspec.Struct, frozen=True, array_like=True):
    """One record type of a snapshot; layers oldest first, and of rows with one key the latest wins.

    `chunked` says that its bodies name chunks, which the snapshot needs too.
    """

    type: str
    count: int
    captured: bool
    complete: bool
    reason: str
    digest: str
    layers: tuple[LayerRef, ...]
    chunked: bool = False


class Source(msgspec.Struct, frozen=True, array_like=True):
    """Whose service it was: system, account, region, instance, principal."""

    system: str
    account: str
    region: str
    instance: str
    principal: str


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """A snapshot; `taken_at` is RFC 3339 in UTC."""

    id: str
    system: str
    kind: str
    taken_at: str
    source: Source
    run: str
    parent: str
    during: tuple[str, ...]
    audit_head: str
    labels: tuple[tuple[str, str], ...]
    root: str
    stored_bytes: int
    indexes: tuple[ObjectRef, ...]
    sections: tuple[Section, ...]

    @property
    def chunked(self) -> bool:
        """Whether records of it name chunks."""
        return any(section.chunked for section in self.sections)

    def layers(self, type_name: str) -> tuple[tuple[ObjectRef, int], ...]:
        """The layers of a type, oldest first, each as its index and its position there."""
        refs = (ref for section in self.sections if section.type == type_name for ref in section.layers)
        return tuple((self.indexes[ref.index], ref.layer) for ref in refs)


class Rows(msgspec.Struct, frozen=True, array_like=True):
    """A block's rows as columns: keys, schema versions, bodies; a body of nil removes the key."""

    keys: list[str]
    schemas: list[int]
    bodies: list[bytes | None]


class Personals(msgspec.Struct, frozen=True, array_like=True):
    """The personal parts of a block's rows, in the same order; empty where a row has none."""

    parts: list[bytes]


# Made at import, as everywhere: where two threads are the first to decode a type, msgspec 0.22 crashes.
decode_manifest = msgspec.msgpack.Decoder(Manifest).decode
decode_index = msgspec.msgpack.Decoder(Index).decode
decode_rows = msgspec.msgpack.Decoder(Rows).decode
decode_personals = msgspec.msgpack.Decoder(Personals).decode
