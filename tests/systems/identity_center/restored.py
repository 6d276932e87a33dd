"""Captures, plans and applies on a sandbox, rank by rank and lane by lane, as the journal does."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby

from holdfast.adapters.clock import SystemClock
from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome
from holdfast.kernel.system import PlanOptions
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.settings import IdentityCenterSettings, IdentitySource
from holdfast.systems.identity_center.target import IdentityCenterTarget
from tests.simulators.quiet import SilentProgress
from tests.systems.identity_center.small_company import ALL_TYPES, OVERWRITE, Planned, sort_out


class Restorer:
    """One target for its lifetime, as one run has; captures see the service as it is at that moment.

    The built-in directory is the source, so that everything may be written, what once had external ids, too.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.target = IdentityCenterTarget(connection, SystemClock(), source=IdentitySource.IDENTITY_CENTER)
        self.requests: list[str] = []

    def capture(self) -> MemoryView:
        source = IdentityCenterSource(self.connection, IdentityCenterSettings(), SystemClock())
        return MemoryView(source.capture(ALL_TYPES, SilentProgress()))

    def plan(self, wanted: MemoryView, options: PlanOptions = OVERWRITE) -> Planned:
        return sort_out(self.target.plan(wanted, self.capture(), options))

    def apply(self, changes: Sequence[Change]) -> dict[str, Outcome]:
        """Outcomes by change name."""
        outcomes: dict[str, Outcome] = {}
        for _, of_rank in groupby(changes, key=lambda change: change.rank):
            lanes: dict[str, list[Change]] = {}
            for change in of_rank:
                lanes.setdefault(change.lane, []).append(change)
            with ThreadPoolExecutor(self.target.concurrency) as pool:
                for result in pool.map(self._lane, lanes.values()):
                    outcomes.update(result)
        return outcomes

    def _lane(self, changes: list[Change]) -> dict[str, Outcome]:
        return {change.name: self.target.apply([change], self.requests.append)[0] for change in changes}

    def restore(self, wanted: MemoryView, options: PlanOptions = OVERWRITE) -> dict[str, Outcome]:
        return self.apply(self.plan(wanted, options).changes)

    def values(self, changes: Sequence[Change]) -> list[bytes | None]:
        return [present.value for present in self.target.present(changes)]


DELETING = replace(OVERWRITE, delete_extra=True)
