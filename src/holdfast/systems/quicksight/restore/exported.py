"""Assets as they are now, read the way a capture reads them: what is before and after a change has one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid4

from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.domain.records import split_key
from holdfast.kernel.canonical import canonical
from holdfast.kernel.paging import every
from holdfast.kernel.ports import Clock, Download
from holdfast.kernel.runs.comparison import failed_by
from holdfast.systems.quicksight.capture.asking import Asking
from holdfast.systems.quicksight.capture.exporting import Exported, Exporter, in_groups
from holdfast.systems.quicksight.clients.assets_writing import GONE
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.errors import Missing
from holdfast.systems.quicksight.model import REFRESH_SCHEDULE, AssetSummary
from holdfast.systems.quicksight.records.described import member_of
from holdfast.systems.quicksight.settings import QuickSightSettings


class ExportedAssets:
    """`AssetReading` by export jobs of exactly the assets asked for; what no bundle can hold is described."""

    def __init__(
        self, connection: Connection, download: Download, settings: QuickSightSettings, clock: Clock
    ) -> None:
        self._connection, self._download = connection, download
        self._settings, self._clock = settings, clock

    def read(self, asset_type: str, keys: Sequence[str]) -> Mapping[str, bytes | Outcome]:
        """By key, canonical members of what is there; what waits for its deletion is not."""
        wanted = frozenset(keys)
        there = [each for each in self._listed(asset_type, keys) if each.key in wanted]
        found: dict[str, bytes | Outcome] = {}
        for group in in_groups(there, self._settings.assets_per_bundle):
            # A name of its own: a job that ended before this moment says nothing of now.
            exporter = Exporter(
                self._connection.bundles,
                self._download,
                self._settings,
                self._clock,
                f"read-{uuid4().hex}",
                Asking(),
            )
            found.update((each.asset.key, self._value(each)) for each in exporter.export(group))
        return found

    def _listed(self, asset_type: str, keys: Sequence[str]) -> Iterator[AssetSummary]:
        assets = self._connection.assets
        if asset_type == REFRESH_SCHEDULE:
            for data_set in sorted({split_key(key)[0] for key in keys}):
                yield from self._schedules(data_set)
            return
        listed = every(lambda token: assets.list_assets(asset_type, token))
        yield from (each for each in listed if each.status not in GONE)

    def _schedules(self, data_set: str) -> Sequence[AssetSummary]:
        try:
            return self._connection.assets.list_refresh_schedules(data_set)
        except Missing:
            return ()

    def _value(self, exported: Exported) -> bytes | Outcome:
        if exported.member is not None:
            return canonical(exported.member)
        if exported.kind is OutcomeKind.FAILED:
            return Outcome(exported.kind, exported.reason, exported.advice, "export-failed")
        asset = exported.asset
        try:
            said = self._connection.assets.describe(asset.type, asset.key)
        except (AccessDenied, RemoteError) as error:
            if not error.permanent:
                raise
            return failed_by(error)
        return canonical(member_of(asset.type, asset.key, said))
