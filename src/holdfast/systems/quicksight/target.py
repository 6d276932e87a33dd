"""The half of the plug that changes QuickSight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from holdfast.domain.changes import Change, Decision, RestoreScope, Verb
from holdfast.domain.errors import AccessDenied, NotFound, RemoteError, RemoteUnavailable
from holdfast.domain.outcomes import DONE, Finding, Outcome, OutcomeKind
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.paging import every
from holdfast.kernel.ports import Clock
from holdfast.kernel.runs.comparison import failed_by
from holdfast.kernel.system import PlanOptions, Present
from holdfast.systems.quicksight.clients.assets_writing import DELETED, AssetsWriting
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.clients.imports_client import ImportsClient
from holdfast.systems.quicksight.errors import Conflicting, Missing, NotAccepted
from holdfast.systems.quicksight.model import ANALYSIS, ASSET_KINDS, NAMESPACE, VPC_CONNECTION
from holdfast.systems.quicksight.plan import plan
from holdfast.systems.quicksight.restore.closure import closure
from holdfast.systems.quicksight.restore.compatibility import compatibility
from holdfast.systems.quicksight.restore.details import Details
from holdfast.systems.quicksight.restore.estimate import Pace, batch_size, estimate_seconds, guarded
from holdfast.systems.quicksight.restore.facets import is_asset, is_detail, owner_of
from holdfast.systems.quicksight.restore.imports import Imports, JobPace
from holdfast.systems.quicksight.restore.order import OF_THIS_RUN, invert
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.restore.patience import Patience, seen
from holdfast.systems.quicksight.restore.people import People
from holdfast.systems.quicksight.restore.prerequisites import prerequisites
from holdfast.systems.quicksight.restore.reading import AssetReading, Reader

Note = Callable[[str], None]
Permitted = Callable[[Iterable[tuple[str, str]]], list[Finding]]

ALREADY = Outcome(OutcomeKind.DONE, "was so already", repeats=1)
_OWN_OUTCOME = "Where it should have come back in this run, its own outcome says why it did not."


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """How a target works: changes under way at once, how jobs are followed, and what an estimate reckons with."""

    concurrency: int = 8
    jobs: JobPace = JobPace()
    pace: Pace = Pace()


class QuickSightTarget:
    """`Target` of QuickSight. Thread-safe."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        assets: AssetReading,
        overrides: Overrides = NONE,
        permitted: Permitted = lambda kinds: [],
        settings: TargetSettings = TargetSettings(),
    ) -> None:
        self._connection, self._overrides, self._settings = connection, overrides, settings
        self._may = permitted
        self._people, self._details = People(connection, clock), Details(connection)
        self._calls = AssetsWriting(connection.data)
        self._imports = Imports(ImportsClient(connection.data), clock, overrides, settings.jobs)
        self._patience = Patience(clock)
        self._reader = Reader(self._people, self._details, assets)

    @property
    def concurrency(self) -> int:
        """How many changes or import jobs may be under way; of jobs, five at most are."""
        return self._settings.concurrency

    def batch_size(self, change_type: str) -> int:
        """A hundred assets in an import job; permissions and tags of an asset go together; else one by one."""
        return batch_size(change_type)

    def compatibility(self, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope) -> list[Finding]:
        """What stands against restoring this snapshot here. Raises: CredentialsError, RemoteUnavailable."""
        return compatibility(self._connection, snapshot, wanted, closure(wanted, scope))

    def permitted(self, kinds: Iterable[tuple[str, str]]) -> list[Finding]:
        """The actions that changes of these kinds need and the caller lacks, by IAM's simulation."""
        return self._may(kinds)

    def closure(self, wanted: RecordView, scope: RestoreScope) -> RestoreScope:
        """The scope with all that its records depend on, by ARNs in members and names in keys."""
        return closure(wanted, scope)

    def plan(self, wanted: RecordView, present: RecordView, options: PlanOptions) -> Iterator[Decision]:
        """Changes in rank order, conflicts and findings. Raises: Refused by the lock-out guard."""
        return plan(wanted, present, options, self._overrides)

    def prerequisites(self, present: RecordView, changes: Iterable[Change]) -> list[Finding]:
        """What these planned changes need and this installation lacks."""
        return prerequisites(present, changes)

    def invert(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes that undo these, in rank order."""
        return invert(changes)

    def guarded_by_service(self, change: Change) -> bool:
        """Creating people and putting into folders what is there already, taking out what is not."""
        return guarded(change)

    def await_settled(self, change_types: Sequence[str]) -> None:
        """Return when no import job and no namespace is under way, where the types concern these."""
        if any(is_asset(change_type) for change_type in change_types):
            self._imports.await_settled()
        if NAMESPACE in change_types:
            self._people.await_settled()

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        """What the facets hold now; assets are read by an export job of exactly those."""
        return self._reader.present(changes)

    def apply(self, changes: Sequence[Change], note_request: Note) -> Sequence[Outcome]:
        """Make the changes and wait for their real end.

        Raises: RemoteUnavailable when an answer was lost; CredentialsError.
        """
        outcomes: dict[str, Outcome] = {}
        for group in _applied_together(changes):
            if is_asset(group[0].type) and group[0].after is not None:
                outcomes.update(self._put(group, note_request))
            else:
                outcomes.update(self._write_group(group, note_request))
        return [outcomes[change.key] for change in changes]

    def estimate_seconds(self, changes: Iterable[Change]) -> float:
        """Seconds for applying these within the service's limits."""
        return estimate_seconds(changes, self._settings.pace)

    def _put(self, group: list[Change], note_request: Note) -> dict[str, Outcome]:
        """Assets by import; an analysis that waits for its deletion is taken back first, else its id is taken."""
        found: dict[str, Outcome] = {}
        made = [change for change in group if change.type == ANALYSIS and change.verb is Verb.CREATE]
        deleted = self._deleted_analyses() if made else frozenset()
        for change in made:
            outcome = self._attempt([change], self._undelete) if change.key in deleted else DONE
            if outcome.kind is not OutcomeKind.DONE:
                found[change.key] = outcome
        rest = [change for change in group if change.key not in found]
        return {**found, **self._imports.put(rest, note_request)} if rest else found

    def _deleted_analyses(self) -> frozenset[str]:
        """Keys of those that wait for their deletion."""
        listed = every(lambda token: self._connection.assets.list_assets(ANALYSIS, token))
        return frozenset(each.key for each in listed if each.status == DELETED)

    def _undelete(self, changes: list[Change]) -> Outcome:
        for change in changes:
            self._calls.restore_analysis(change.key)
        return DONE

    def _write_group(self, group: list[Change], note_request: Note) -> dict[str, Outcome]:
        """Changes that go together; one by one where the service refuses them as a whole."""
        outcome = self._attempt(group, lambda some: self._write(some, note_request))
        if outcome.kind is OutcomeKind.DONE or len(group) == 1:
            return {change.key: outcome for change in group}
        return {c.key: self._attempt([c], lambda some: self._write(some, note_request)) for c in group}

    def _attempt(self, group: list[Change], call: Callable[[list[Change]], Outcome]) -> Outcome:
        try:
            return call(group)
        except (AccessDenied, NotFound) as error:
            return failed_by(error)
        except RemoteError as error:
            if not error.permanent:
                raise
            return self._refused(group, error)

    def _write(self, group: list[Change], note_request: Note) -> Outcome:
        change = group[0]
        if is_detail(change.type):
            return self._details.write(group)
        if change.type in ASSET_KINDS:
            return self._delete(change, note_request)
        return self._people.writers[change.type](change, note_request)

    def _delete(self, change: Change, note_request: Note) -> Outcome:
        self._calls.delete(change.type, change.key, for_good=change.note == OF_THIS_RUN)
        if change.type == VPC_CONNECTION:
            look = partial(self._calls.is_gone, change.type, change.key)
            gone = self._patience.until(
                lambda: seen("quicksight:DescribeVPCConnection", look) or None,
                lambda: note_request(change.key),
            )
            if gone is None:
                raise RemoteUnavailable("quicksight:DescribeVPCConnection", "not gone", change.key)
        return DONE

    def _refused(self, group: list[Change], error: RemoteError) -> Outcome:
        """A refusal because it is done already counts as done; any other stands."""
        if not isinstance(error, Conflicting | Missing | NotAccepted):
            return failed_by(error)
        presents = self._reader.present(group)
        if all(
            now.failure is None and now.value == change.after
            for now, change in zip(presents, group, strict=True)
        ):
            return ALREADY
        if isinstance(error, Missing) and is_detail(group[0].type):
            reason = f"{group[0].name}: one of the two is not there. The service said: {error.service_said}"
            return Outcome(OutcomeKind.FAILED, reason, _OWN_OUTCOME, error.code)
        return failed_by(error)


def _applied_together(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Assets go in one import; permissions or tags of one asset in one call; everything else by itself."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        name: tuple[str, ...] = (change.type, change.key)
        if is_asset(change.type) and change.after is not None:
            name = (change.type,)
        elif is_detail(change.type):
            name = (change.type, owner_of(change.type, change.key))
        groups.setdefault(name, []).append(change)
    yield from groups.values()
