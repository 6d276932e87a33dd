"""The half of the plug that reads QuickSight: one part for each record type, failures and all."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from holdfast.domain.outcomes import Finding
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.ports import CallCount, Clock, Download, Progress
from holdfast.kernel.reading import Listing, Reader
from holdfast.kernel.system import Part
from holdfast.kernel.workers import Workers
from holdfast.systems.quicksight.capture.asking import Asking
from holdfast.systems.quicksight.capture.assets import Assets, Inventory
from holdfast.systems.quicksight.capture.discovery import Discovery
from holdfast.systems.quicksight.capture.exporting import RUNNING_AT_ONCE, Exporter
from holdfast.systems.quicksight.capture.people import People
from holdfast.systems.quicksight.capture.validation import find_faults
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    DATA_SET,
    DATA_SOURCE,
    IDENTITIES,
    REFRESH_SCHEDULE,
    SYSTEM,
    AssetSummary,
)
from holdfast.systems.quicksight.settings import QuickSightSettings

T = TypeVar("T")


@dataclass(slots=True)
class QuickSightSource:
    """`Source` of QuickSight. What a capture noticed is told by the next `validate`."""

    connection: Connection
    settings: QuickSightSettings
    clock: Clock
    download: Download
    jitter: Callable[[], float] = random.random
    _notes: tuple[Finding, ...] = ()

    def identity(self) -> SourceIdentity:
        """Whose QuickSight this is. Raises: CredentialsError, AccessDenied, RemoteError."""
        caller = self.connection.caller()
        return SourceIdentity(
            system=SYSTEM,
            account=caller.account,
            region=self.connection.data.region,
            instance=self.connection.instance,
            principal=caller.arn,
        )

    def capture(self, types: Sequence[str], progress: Progress, name: str = "") -> Iterator[Part]:
        """One part for each type asked for, all read concurrently within the sessions' pace.

        Export jobs are found again by `name`. Raises: CredentialsError, Throttled; ServiceSilent once
        QuickSight answers nothing any more.
        """
        self._notes = ()
        self.connection.caller()  # so that missing credentials are one clear error
        # People may live in another region: one that answers must not cover up for one that does not.
        asking, of_people = Asking(), Asking()
        with Workers(self.settings.concurrency) as workers, Workers(RUNNING_AT_ONCE) as jobs:
            reader = Reader(self.connection, workers, progress)
            exporter = Exporter(
                gateway=self.connection.bundles,
                download=self.download,
                settings=self.settings,
                clock=self.clock,
                name=name or uuid.uuid4().hex,
                asking=asking,
                jitter=self.jitter,
            )
            discovery = Discovery(reader, asking, self.settings.include_file_datasets)
            gathering = Gathering(
                reader, Assets(reader, discovery, exporter, jobs), discovery, frozenset(types), self.clock
            )
            progress.stage("reading QuickSight")
            yield from gathering.parts(of_people)
            asking.require_answers()
            of_people.require_answers()
            self._notes = (*gathering.notes, *exporter.notes())

    def validate(self, parts: Sequence[Part]) -> list[Finding]:
        """What is wrong with a capture as a whole; an ERROR forbids storing it."""
        return [*find_faults(parts, self.connection.instance), *self._notes]

    def calls(self) -> CallCount:
        """What this source's sessions have sent since it was made."""
        return self.connection.calls()


class Gathering:
    """Everything that one capture reads, type beside type. Made for one use."""

    def __init__(
        self,
        reader: Reader[Connection],
        assets: Assets,
        discovery: Discovery,
        wanted: frozenset[str],
        clock: Clock,
    ) -> None:
        self._reader, self._assets, self._discovery = reader, assets, discovery
        self._wanted, self._clock = wanted, clock
        self.notes: list[Finding] = []

    def parts(self, asking: Asking) -> Iterator[Part]:
        """The parts asked for, in dependency order; `asking` is for those of people."""
        people = self._lead(lambda: self._people(asking))
        assets = self._asset_parts()
        yield from people.result()
        for kind in ASSET_KINDS:
            if kind in assets:
                yield assets[kind].result()

    def _people(self, asking: Asking) -> list[Part]:
        wanted = self._wanted & frozenset(IDENTITIES)
        if not wanted:
            return []
        began = self._clock.monotonic()
        parts = list(People(self._reader, asking, wanted).parts())
        spent = (("people", began, self._clock.monotonic()),)
        return [replace(parts[0], spent=spent), *parts[1:]]

    def _asset_parts(self) -> dict[str, Future[Part]]:
        """A part for each type asked for; datasets wait for data sources, refresh schedules for datasets."""
        wanted = self._wanted & ASSET_KINDS.keys()
        read = wanted | ({DATA_SET} if REFRESH_SCHEDULE in wanted else set())
        listed = (read | ({DATA_SOURCE} if DATA_SET in read else set())) - {REFRESH_SCHEDULE}
        listings = {kind: self._lead(partial(self._discovery.listed, kind)) for kind in listed}
        known: dict[str, Future[Inventory]] = {}
        for kind in ASSET_KINDS:
            if kind in read:
                known[kind] = self._lead(partial(self._inventory, kind, listings, known.get(DATA_SET)))
        return {kind: self._lead(partial(self._part, known[kind])) for kind in ASSET_KINDS if kind in wanted}

    def _inventory(
        self,
        kind: str,
        listings: Mapping[str, Future[Listing[AssetSummary]]],
        data_sets: Future[Inventory] | None,
    ) -> Inventory:
        began = self._clock.monotonic()
        if kind == REFRESH_SCHEDULE and data_sets is not None:
            listing = self._assets.schedules(data_sets.result())
        else:
            listing = listings[kind].result()
        sources = listings[DATA_SOURCE].result().items if kind == DATA_SET else ()
        types = {asset.arn: asset.source_type for asset in sources}
        found = self._assets.inventory(kind, listing, types)
        found.spent = began, self._clock.monotonic()
        return found

    def _part(self, known: Future[Inventory]) -> Part:
        inventory = known.result()
        self.notes += inventory.found
        began = self._clock.monotonic()
        part = self._assets.part(inventory)
        spent = (("discovery", *inventory.spent), ("export", began, self._clock.monotonic()))
        return replace(part, spent=spent)

    def _lead(self, work: Callable[[], T]) -> Future[T]:
        return self._reader.workers.coordinate(work)
