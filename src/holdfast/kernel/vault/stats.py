"""How the vault's bytes are used: by kind, by snapshot, what is shared and compressed, how it grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.vault.catalogue import Catalogue
from holdfast.kernel.vault.errors import ObjectArchived
from holdfast.kernel.vault.layers import LayerReader
from holdfast.kernel.vault.layout import ObjectRef
from holdfast.kernel.vault.packs import PackReader
from holdfast.kernel.vault.sealing import Role
from holdfast.kernel.vault.usage import Usage

SAMPLE = 64
"""Blocks that are read to tell how well records compress; at most about 8 MiB."""
MONTH = timedelta(days=30)
LEAST_SPAN = timedelta(days=1)
"""Backups closer together say nothing of a month."""
CONTENTS = ("packs", "indexes")
ROLES: dict[int, str] = {
    Role.RECORDS: "packs of records",
    Role.PERSONAL: "packs of personal parts",
    Role.CHUNKS: "packs of chunks",
}
APART = "leases and notes of prunes"
KINDS = {
    "leases": APART,
    "condemned": APART,
    "indexes": "indexes",
    "snapshots": "manifests",
    "keys": "configuration",
    "vault.json": "configuration",
}
UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class KindSize:
    """Objects of one kind, or of one storage class, and their bytes."""

    kind: str
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SnapshotSize:
    """A snapshot's bytes: what it added when it was taken, what it needs in all, what only it needs today."""

    id: str
    system: str
    taken_at: datetime
    records: int
    added: int
    needs: int
    alone: int


@dataclass(frozen=True, slots=True)
class Growth:
    """Stored bytes after each snapshot that is still there, and the straight line through them.

    `per_month` is the line's rise in 30 days, None for less than a day; `full_at` when it reaches the capacity.
    """

    points: tuple[tuple[datetime, int], ...]
    per_month: int | None
    capacity: int | None = None
    full_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """How the vault's bytes are used.

    `shared` is how many times larger the snapshots would be without the layers that they share, `compressed`
    how many times larger the records of a sample are than their blocks; None where there is nothing to measure.
    `freed` is what a prune would give back.
    """

    kinds: tuple[KindSize, ...]
    snapshots: tuple[SnapshotSize, ...]
    shared: float | None
    compressed: float | None
    freed: int
    growth: Growth

    @property
    def objects(self) -> int:
        """The number of all objects."""
        return sum(part.objects for part in self.kinds)

    @property
    def bytes(self) -> int:
        """The bytes of all objects."""
        return sum(part.bytes for part in self.kinds)


def stats_of(catalogue: Catalogue, usage: Usage, capacity: int | None) -> Stats:
    """How the vault's bytes are used; some blocks are read. Raises: VaultDamaged; StoreError."""
    objects = list(catalogue.store.list(""))
    needed, packs = usage.needed_objects, usage.packs
    kinds = sizes((_kind(found.name, needed, packs), found.size) for found in objects)
    whole = sum(usage.stored(needs.layers) for needs in usage.snapshots)
    live = usage.stored(usage.needed_by())
    unused = sum(part.bytes for part in kinds if part.kind == UNUSED)
    return Stats(
        kinds,
        tuple(_snapshot_sizes(usage)),
        whole / live if live else None,
        _compression(catalogue, usage),
        unused + usage.dead(),
        growth_of([needs.info for needs in usage.snapshots], capacity),
    )


def sizes(named: Iterable[tuple[str, int]]) -> tuple[KindSize, ...]:
    """Number and bytes of each kind, the largest first."""
    held: dict[str, list[int]] = {}
    for kind, size in named:
        held.setdefault(kind, []).append(size)
    counted = (KindSize(kind, len(found), sum(found)) for kind, found in held.items())
    return tuple(sorted(counted, key=lambda part: (-part.bytes, part.kind)))


def growth_of(snapshots: Iterable[SnapshotInfo], capacity: int | None) -> Growth:
    """How stored bytes grew with these snapshots, by what each added."""
    points, total = list[tuple[datetime, int]](), 0
    for info in sorted(snapshots, key=lambda info: info.taken_at):
        total += info.stored_bytes
        points.append((info.taken_at, total))
    slope = _slope(points)
    if slope is None:
        return Growth(tuple(points), None, capacity)
    full_at = None
    if capacity is not None and slope > 0:
        left = max(0.0, capacity - total) / slope
        full_at = _later(points[-1][0], left)
    return Growth(tuple(points), round(slope * MONTH.total_seconds()), capacity, full_at)


def _slope(points: Sequence[tuple[datetime, int]]) -> float | None:
    """Bytes a second by least squares; None for too short a time."""
    if not points or points[-1][0] - points[0][0] < LEAST_SPAN:
        return None
    first = points[0][0]
    times = [(at - first).total_seconds() for at, _ in points]
    middle, mean = sum(times) / len(times), sum(size for _, size in points) / len(points)
    spread = sum((time - middle) ** 2 for time in times)
    return (
        sum((time - middle) * (size - mean) for time, (_, size) in zip(times, points, strict=True)) / spread
    )


def _later(moment: datetime, seconds: float) -> datetime | None:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return None  # beyond the calendar: never, for all that anybody cares


def _kind(name: str, needed: frozenset[str], packs: Mapping[str, ObjectRef]) -> str:
    top = name.partition("/")[0]
    if top in CONTENTS and name not in needed:
        return UNUSED
    return ROLES.get(packs[name].role, "other packs") if name in packs else KINDS.get(top, "other")


def _snapshot_sizes(usage: Usage) -> Iterator[SnapshotSize]:
    needed_by = usage.needed_by()
    for needs in usage.snapshots:
        info, alone = needs.info, usage.stored(name for name in needs.layers if needed_by[name] == 1)
        records = sum(section.count for section in info.sections)
        whole = usage.stored(needs.layers)
        yield SnapshotSize(info.id, info.system, info.taken_at, records, info.stored_bytes, whole, alone)


def _compression(catalogue: Catalogue, usage: Usage) -> float | None:
    """How many times larger than stored the contents of some blocks are, taken evenly from all that are needed."""
    blocks = [(index, layer, block) for index, layer in usage.layers() for block in layer.blocks]
    plain = stored = 0
    for index, layer, block in blocks[:: -(-len(blocks) // SAMPLE) or 1]:
        packs = PackReader(catalogue.store, catalogue.seals, index.packs)
        try:
            plain += len(LayerReader(layer, packs, "").read(block, block.body, personal=False))
        except ObjectArchived:
            continue  # to ask for it would cost money and hours
        stored += block.body.length
    return plain / stored if stored else None
