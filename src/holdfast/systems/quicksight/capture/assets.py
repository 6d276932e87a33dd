"""The parts of a capture that are assets: prepared, exported in groups, described where that cannot be."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteUnavailable
from holdfast.domain.outcomes import Finding, Item, OutcomeKind
from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.kernel.packed import PackedRecords
from holdfast.kernel.reading import Listing, Reader, failed
from holdfast.kernel.system import Part
from holdfast.kernel.workers import Workers
from holdfast.systems.quicksight.capture import findings
from holdfast.systems.quicksight.capture.discovery import Discovery, Prepared, in_order
from holdfast.systems.quicksight.capture.exporting import Exported, Exporter, in_groups
from holdfast.systems.quicksight.capture.people import INVENTORY
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.errors import Missing
from holdfast.systems.quicksight.model import Asset, AssetSummary
from holdfast.systems.quicksight.records.assets import asset_record
from holdfast.systems.quicksight.records.described import member_of

DELETED = "DELETED"
"""Status of an analysis that can still be brought back for thirty days; it is no asset any more."""


@dataclass(slots=True)
class Inventory:
    """What is known of a type before its export: what may be exported, what may not, and what could not be read."""

    type: str
    prepared: list[Prepared] = field(default_factory=list)
    barred: list[Prepared] = field(default_factory=list)
    failures: list[Item] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    spent: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Records in key order and items of what ended otherwise."""

    records: PackedRecords
    items: tuple[Item, ...]


class Assets:
    """Reads the assets of one capture."""

    def __init__(
        self, reader: Reader[Connection], discovery: Discovery, exporter: Exporter, jobs: Workers
    ) -> None:
        self._reader, self._discovery, self._exporter, self._jobs = reader, discovery, exporter, jobs

    def inventory(
        self, asset_type: str, listing: Listing[AssetSummary], sources: Mapping[str, str]
    ) -> Inventory:
        """Everything of a type that was listed, with permissions and tags: what these are denied for is not exported."""
        found = Inventory(asset_type)
        if listing.error is not None:
            found.failures.append(failed(asset_type, INVENTORY, listing.error))
        elif not listing.items:
            found.found.append(findings.none_found(asset_type))
        dead = [asset for asset in listing.items if asset.status == DELETED]
        if dead:
            found.found.append(findings.deleted(dead))
        assets = [asset for asset in listing.items if asset.status != DELETED]
        prepare = partial(self._discovery.prepare, sources=sources)
        for asset, read in self._reader.each(f"{asset_type} details".replace("_", " "), assets, prepare):
            _sort_in(found, asset, read)
        return found

    def schedules(self, data_sets: Inventory) -> Listing[AssetSummary]:
        """The refresh schedules of all datasets but uploaded files, and the first error that kept some from being read."""
        # Also of those that are queried directly: what was SPICE once keeps its schedules.
        held = chain(data_sets.prepared, data_sets.barred)
        known = [each.asset for each in held if not (each.barred and each.barred.file)]
        found: list[AssetSummary] = []
        error: HoldfastError | None = None
        for _, read in self._reader.each("refresh schedules", known, self._discovery.schedules):
            found += read.items
            error = error or read.error
        return in_order(Listing(tuple(found), error))

    def part(self, inventory: Inventory) -> Part:
        """The part of a type: exported, or described, or with the reason why not."""
        by_key = {each.asset.key: each for each in inventory.prepared}
        assets = [each.asset for each in inventory.prepared]
        groups = list(in_groups(assets, self._exporter.settings.assets_per_bundle))
        self._reader.progress.expect(len(groups))
        exported = list(self._jobs.each(groups, partial(self._export, prepared=by_key)))
        described = list(self._reader.workers.each(inventory.barred, self._barred))
        streams = (
            chain.from_iterable(each.records for each in exported),
            chain.from_iterable(each.records for each in described),
        )
        records = PackedRecords(heapq.merge(*streams, key=lambda record: record.key))
        items = [*inventory.failures, *chain.from_iterable(each.items for each in (*exported, *described))]
        return _part(inventory.type, records, items)

    def _export(self, group: Sequence[AssetSummary], prepared: Mapping[str, Prepared]) -> _Kept:
        results = self._exporter.export(group)
        self._reader.progress.advance(note=f"{group[0].type} bundles".replace("_", " "))
        return _kept(self._exported_or_described(results, prepared))

    def _exported_or_described(
        self, results: Iterable[Exported], prepared: Mapping[str, Prepared]
    ) -> Iterator[tuple[Record | None, Item | None]]:
        for each in results:
            held = prepared[each.asset.key]
            if each.member is not None:
                yield _record(held, each.member), None
            else:
                yield self._described(held, each.kind, each.reason, advice=each.advice)

    def _barred(self, held: Prepared) -> _Kept:
        """What may be in no bundle, described; an uploaded file that was not asked for only named."""
        why = held.barred
        if why is None:
            return _kept(())
        if why.file and not self._discovery.include_files:
            return _kept([(None, findings.left_out(held.asset, why.why))])
        code = findings.UPLOADED if why.file else findings.DESCRIBED
        advice = findings.KEEP_THE_FILE if why.file else findings.MAKE_BY_HAND
        return _kept([self._described(held, OutcomeKind.IMPOSSIBLE, why.why, code, advice)])

    def _described(
        self,
        held: Prepared,
        kind: OutcomeKind,
        why: str,
        code: str = findings.DESCRIBED,
        advice: str = "",
    ) -> tuple[Record | None, Item | None]:
        asset, assets = held.asset, self._reader.connection.assets
        read = self._discovery.asking.one(lambda: assets.describe(asset.type, asset.key))
        why = why.rstrip(".")
        if read.error is None:
            member = member_of(asset.type, asset.key, read.items[0])
            item = findings.only_described(asset, kind, why, code, advice)
            return _record(held, member, described=True), item
        if isinstance(read.error, Missing):  # deleted since it was listed
            self._exporter.findings.append(findings.gone(asset))
            return None, None
        curable = isinstance(read.error, AccessDenied | RemoteUnavailable)
        ended = OutcomeKind.FAILED if curable else kind
        item = findings.not_even_described(asset, ended, why, str(read.error), read.error.advice)
        return None, item


def _sort_in(found: Inventory, asset: AssetSummary, read: Listing[Prepared]) -> None:
    if isinstance(read.error, Missing):
        found.found.append(findings.gone(asset))
    elif read.error is not None:
        found.failures.append(failed(asset.type, asset.key, read.error))
    else:
        held = read.items[0]
        (found.barred if held.barred else found.prepared).append(held)
        if held.grants.linked:
            found.found.append(findings.linked(asset, held.grants.linked))


def _record(held: Prepared, member: Mapping[str, Plain], *, described: bool = False) -> Record:
    asset = held.asset
    return asset_record(
        Asset(asset.type, asset.key, member, held.grants.permissions, held.tags, held.members, described)
    )


def _kept(ended: Iterable[tuple[Record | None, Item | None]]) -> _Kept:
    items: list[Item] = []

    def records() -> Iterator[Record]:
        for record, item in ended:
            if item is not None:
                items.append(item)
            if record is not None:
                yield record

    packed = PackedRecords(records())
    return _Kept(packed, tuple(items))


def _part(type_name: str, records: PackedRecords, items: Sequence[Item]) -> Part:
    """A part; it is whole when every asset that was not left out on purpose has a record."""
    held = {record.key for record in records} if items else set()
    lost = [each for each in items if each.key not in held and each.outcome.kind is not OutcomeKind.SKIPPED]
    reason = (
        f"{len(lost)} of its assets could not be read, the first since: {lost[0].outcome.reason}"
        if lost
        else ""
    )
    return Part(type_name, records, tuple(items), not lost, reason)
