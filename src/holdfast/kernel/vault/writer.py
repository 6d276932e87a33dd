"""Writes one snapshot: sections of records in, a sealed manifest out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from hashlib import sha256
from weakref import finalize

import msgspec

from holdfast.domain.errors import Refused, VaultDamaged, VaultError
from holdfast.domain.records import Record, show_key
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
from holdfast.kernel.ids import timestamp
from holdfast.kernel.vault.catalogue import Catalogue, info_of, root_of
from holdfast.kernel.vault.chunk_writer import ChunkWriter, KeptChunks, KnownChunks
from holdfast.kernel.vault.chunks import BlobRef, Read, chunks_of
from holdfast.kernel.vault.layers import LayeredRows, write_layer
from holdfast.kernel.vault.layout import (
    ChunkPack,
    Index,
    Layer,
    LayerRef,
    Manifest,
    ObjectRef,
    Section,
    Source,
)
from holdfast.kernel.vault.leases import WriterLease
from holdfast.kernel.vault.packs import Packing, PackWriter, write_object
from holdfast.kernel.vault.reader import open_layers
from holdfast.kernel.vault.rows import Row, changed_rows
from holdfast.kernel.vault.sealing import Role
from holdfast.kernel.vault.section_digest import SectionDigest, ordered_rows

MOST_LAYERS = 16
MERGED_LAYERS = 8


def kept_layers(stored: list[int]) -> int:
    """How many of the lowest layers a new snapshot builds on, given the stored bytes of each.

    0 means that everything is stored anew: once the layers above the first weigh half as much as it.
    Past `MOST_LAYERS`, at least `MERGED_LAYERS` of the topmost become one, and with them every larger
    neighbour that is not twice as large as they are together; so a row is stored again a few times
    in its life, not with every snapshot.
    """
    if not stored or sum(stored[1:]) * 2 > stored[0]:
        return 0
    if len(stored) <= MOST_LAYERS:
        return len(stored)
    cut = len(stored) - MERGED_LAYERS
    while cut > 1 and stored[cut - 1] < 2 * sum(stored[cut:]):
        cut -= 1
    return cut


@dataclass(frozen=True, slots=True)
class _Draft:
    """A section as the writer holds it: layers taken over from the base, and the own one if there is any."""

    section: Section
    kept: tuple[tuple[ObjectRef, int], ...]
    own: Layer | None


class SnapshotWriter:
    """Stores sections as they come; nothing is visible before `seal`, and a dropped writer leaves garbage."""

    def __init__(
        self,
        catalogue: Catalogue,
        system: str,
        base: Manifest | None,
        packing: Packing,
        damage: list[VaultDamaged],
        lease: WriterLease,
    ) -> None:
        self._catalogue = catalogue
        self._lease = lease
        finalize(self, lease.stop)  # what a caller drops must not be renewed for ever
        self._system = system
        self._base = base
        self._packing = packing
        self._packs: list[ObjectRef | None] = []
        store, seals, full = catalogue.store, catalogue.seals, packing.pack_bytes
        self._bodies = PackWriter(store, seals, Role.RECORDS, self._packs, full)
        self._personals = PackWriter(store, seals, Role.PERSONAL, self._packs, full)
        self._drafts: list[_Draft] = []
        self._damage = damage
        self._chunks: ChunkWriter | None = None

    def add_section(
        self,
        type_name: str,
        records: Iterable[Record],
        *,
        complete: bool = True,
        reason: str = "",
        chunked: bool = False,
    ) -> int:
        """Store the records of a type, which come in key order; their number.

        What the snapshot it builds on holds already is not stored again. `chunked` says that bodies name
        chunks, which `put_blob` or `chunks` stored or know.
        Raises: Refused for disorder, a repeated key or type, or an unknown chunk; StoreFull; StoreError;
        VaultDamaged; Busy as `seal`.
        """
        self._refuse_repeat(type_name)
        try:
            draft = self._draft(type_name, self._with_chunks(records) if chunked else records)
        except VaultError as error:  # damaged, or under keys that a prune destroyed
            self._lease.refuse_lost(error)
            raise
        section = msgspec.structs.replace(draft.section, complete=complete, reason=reason, chunked=chunked)
        self._drafts.append(replace(draft, section=section))
        return section.count

    def amend(self, type_name: str, reason: str) -> None:
        """Say of a section that was stored while it was read that not all could be: it is not complete."""
        self._drafts = [
            replace(draft, section=msgspec.structs.replace(draft.section, complete=False, reason=reason))
            if draft.section.type == type_name
            else draft
            for draft in self._drafts
        ]

    @property
    def chunks(self) -> ChunkWriter:
        """Stores chunks; made when the first is, since it reads which ones the vault has. Raises: StoreError."""
        # Not a cached_property: before Python 3.12 these have one lock for all writers of a process.
        if self._chunks is None:
            catalogue = self._catalogue
            self._chunks = ChunkWriter(
                catalogue.store,
                catalogue.seals,
                lambda: KnownChunks(catalogue, self._system, self._damage),
                self._packing.chunk_pack_bytes,
            )
        return self._chunks

    def put_blob(self, read: Read) -> BlobRef:
        """Keep the bytes of a stream, read to its end by windows. Raises: StoreFull; StoreError."""
        whole, names, size = sha256(), list[str](), 0
        for piece in self.chunks.chunking.pieces(read):
            whole.update(piece)
            size += len(piece)
            names += self.chunks.put([piece])
        return BlobRef(tuple(names), whole.hexdigest(), size)

    def rows_before(self, type_name: str) -> Iterator[Row]:
        """The rows of the snapshot that this one builds on, in key order. Raises: VaultDamaged; StoreError."""
        base = self._base.layers(type_name) if self._base else ()
        return LayeredRows(open_layers(self._catalogue, base, "the snapshot before, ")).rows()

    def _with_chunks(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, whose chunks are kept with the snapshot. Raises: Refused when the vault lacks one."""
        for record in records:
            if not self.chunks.reuse(chunks_of(record.body)):
                named = f"{record.type} {show_key(record.key)} names a chunk that the vault does not hold"
                raise Refused(f"{named}.", "Nothing was sealed. Report this.")
            yield record

    @property
    def damage(self) -> tuple[VaultDamaged, ...]:
        """What was found damaged in earlier snapshots; the new one does not need it."""
        return tuple(self._damage)

    def _draft(self, type_name: str, records: Iterable[Record]) -> _Draft:
        """A section over as many of the base's layers as are worth keeping."""
        base = self._base.layers(type_name) if self._base else ()
        kept = base[: kept_layers([self._catalogue.index(ref).layers[at].stored for ref, at in base])]
        below = LayeredRows(open_layers(self._catalogue, kept, "the snapshot before, "))
        digest = SectionDigest()
        changed = changed_rows(ordered_rows(type_name, records, digest), below.lists())
        layer = write_layer(type_name, changed, self._bodies, self._personals, self._packing.block_bytes)
        section = Section(type_name, digest.count, True, True, "", digest.hex(), ())
        return _Draft(section, kept, layer)

    def leave_out(self, type_name: str, reason: str) -> None:
        """Say that a type was not captured on purpose. Raises: Refused when it has a section."""
        self._refuse_repeat(type_name)
        self._drafts.append(_Draft(Section(type_name, 0, False, False, reason, "", ()), (), None))

    def seal(
        self,
        *,
        kind: str,
        taken_at: datetime,
        source: SourceIdentity,
        run: str,
        parent: str = "",
        during: tuple[str, ...] = (),
        audit_head: str = "",
        labels: tuple[tuple[str, str], ...] = (),
    ) -> SnapshotInfo:
        """Make the snapshot visible: the manifest is written last.

        Raises: Busy when this writer was away for so long that a prune gave it up; StoreFull; StoreError.
        """
        self._bodies.finish()
        self._personals.finish()
        indexes, sections, index_bytes = self._index()
        manifest = Manifest(
            id="",  # given when it is stored
            system=self._system,
            kind=kind,
            taken_at=timestamp(taken_at),
            source=Source(*astuple(source)),
            run=run,
            parent=parent,
            during=during,
            audit_head=audit_head,
            labels=labels,
            root=root_of(sections),
            stored_bytes=sum(ref.size for ref in self._packs if ref) + index_bytes,
            indexes=indexes,
            sections=sections,
        )
        return info_of(self._catalogue.seal(manifest, taken_at, self._lease))

    def _index(self) -> tuple[tuple[ObjectRef, ...], tuple[Section, ...], int]:
        """Store the index of what was written; point the sections at it and at the indexes of the base."""
        chunks = self._chunks.finish() if self._chunks else KeptChunks()
        layered = (ref for draft in self._drafts for ref, _ in draft.kept)
        indexes = list(dict.fromkeys((*layered, *chunks.indexes)))
        own = [draft.own for draft in self._drafts if draft.own]
        size = chunks.stored
        if own or chunks.packs:
            catalogue = self._catalogue
            plain = msgspec.msgpack.encode(self._own_index(own, chunks))
            stored = write_object(catalogue.store, catalogue.seals, Role.INDEX, plain)
            indexes.append(stored)
            size += stored.size
        return tuple(indexes), tuple(self._placed(draft, indexes, own) for draft in self._drafts), size

    def _own_index(self, own: list[Layer], chunks: KeptChunks) -> Index:
        packs = [ref for ref in self._packs if ref is not None]
        listed = [
            ChunkPack(len(packs) + at, each.ids, each.lengths, each.sizes)
            for at, each in enumerate(chunks.packs)
        ]
        return Index((*packs, *(each.pack for each in chunks.packs)), tuple(own), tuple(listed))

    def _placed(self, draft: _Draft, indexes: list[ObjectRef], own: list[Layer]) -> Section:
        layers = [LayerRef(indexes.index(ref), at) for ref, at in draft.kept]
        if draft.own:
            layers.append(LayerRef(len(indexes) - 1, own.index(draft.own)))
        return msgspec.structs.replace(draft.section, layers=tuple(layers))

    def _refuse_repeat(self, type_name: str) -> None:
        if any(draft.section.type == type_name for draft in self._drafts):
            raise Refused(f"the section {type_name} came twice.", "Nothing was sealed. Report this.")
