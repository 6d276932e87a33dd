"""Where a run has stored what, for reports: the object of every asset, the table of every person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.domain.records import split_key
from holdfast.domain.runs import JournalEntry
from holdfast.kernel.ports import Ledger
from holdfast.kernel.runs.manifest import ManifestPlace
from holdfast.systems.quicksight.storing.names import item_key
from holdfast.systems.quicksight.storing.plan import BUNDLE, ITEMS, bundle_value


@dataclass(frozen=True, slots=True)
class StoredBundle:
    """A bundle of a run: its key in the bucket, bytes, SHA-256 in hex, the keys of its assets, how its put ended.

    `outcome` is None as long as it has not ended.
    """

    key: str
    size: int
    sha256: str
    type: str
    assets: tuple[str, ...]
    described: bool
    outcome: Outcome | None

    @property
    def stored(self) -> bool:
        """Whether the object is there, with size, digest and encryption read back."""
        return self.outcome is not None and self.outcome.kind is OutcomeKind.DONE


def stored_bundles(ledger: Ledger, run_id: str) -> Iterator[StoredBundle]:
    """The bundles of a run in the order they were planned."""
    for entry in ledger.changes(run_id):
        if entry.change.type == BUNDLE:
            value = bundle_value(entry.change)
            held = value.contents
            yield StoredBundle(
                entry.change.key,
                value.size,
                value.sha256,
                held.type,
                held.assets,
                held.described,
                entry.outcome,
            )


def asset_places(ledger: Ledger, run_id: str) -> Mapping[tuple[str, str], StoredBundle]:
    """The bundle of every asset that has one, by the asset's type and key."""
    return {
        (bundle.type, asset): bundle for bundle in stored_bundles(ledger, run_id) for asset in bundle.assets
    }


def table_of(change: Change) -> str:
    """The table that a change of a table or of an item is about."""
    return split_key(change.key)[0]


def is_done(entry: JournalEntry) -> bool:
    """Whether a change ended as it should."""
    return entry.outcome is not None and entry.outcome.kind is OutcomeKind.DONE


def places(ledger: Ledger, run_id: str, bucket: str) -> Iterator[ManifestPlace]:
    """Where each thing of a run's inventory lies: an asset's bundle in the bucket, a person's table, or why neither."""
    bundles = asset_places(ledger, run_id)
    tables: dict[str, str] = {}
    lacking: dict[str, Outcome | None] = {}
    for entry in ledger.changes(run_id):
        if entry.change.type in ITEMS:
            tables[ITEMS[entry.change.type]] = table_of(entry.change)
            if not is_done(entry):
                lacking[entry.change.key] = entry.outcome
    for item in ledger.items(run_id):
        place = ManifestPlace(item.type, item.key, bool(item.digest), reason=item.outcome.reason)
        bundle, table = bundles.get((item.type, item.key)), tables.get(item.type)
        if bundle is not None:
            place = _bundled(place, bundle, bucket)
        elif table is not None and place.in_vault:
            place = _tabled(place, table, lacking)
        yield place


def _tabled(place: ManifestPlace, table: str, lacking: Mapping[str, Outcome | None]) -> ManifestPlace:
    key = item_key(table, place.key)
    if key in lacking:
        return replace(place, reason=_reason(lacking[key]))
    return replace(place, location=f"dynamodb:{table}")


def _bundled(place: ManifestPlace, bundle: StoredBundle, bucket: str) -> ManifestPlace:
    if not bundle.stored:
        return replace(place, reason=_reason(bundle.outcome))
    return replace(place, location=f"s3://{bucket}/{bundle.key}", sha256=bundle.sha256)


def _reason(outcome: Outcome | None) -> str:
    return "it was not stored before the run stopped" if outcome is None else outcome.reason
