"""The plug: what a system must offer so that the kernel can back it up, restore it and prove both.

A system has two optional halves: a `Source` that captures and a `Target` that can be changed. What
a system lacks it leaves out of its `System` value; the contract tests run what is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from holdfast.domain.changes import Change, ConflictStrategy, Decision, RestoreScope
from holdfast.domain.errors import Refused
from holdfast.domain.outcomes import Finding, Item, Outcome
from holdfast.domain.records import Record, RecordType, RecordView
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
from holdfast.kernel.checks import Check
from holdfast.kernel.ports import CallCount, Chooser, Progress


@dataclass(frozen=True, slots=True)
class Part:
    """What the capture of one record type came to.

    `records` are sorted by key and unique. `failures` are the items that the inventory named and
    that could not be read, each with its outcome; `complete` is False when there are any or when the
    inventory itself could not be read (`reason`). `calls` and `seconds` are what it cost, `spent` is when each
    operation began and ended by the monotonic clock, in the system's own words.
    """

    type: str
    records: Sequence[Record]
    failures: Sequence[Item] = ()
    complete: bool = True
    reason: str = ""
    calls: int = 0
    seconds: float = 0.0
    spent: Sequence[tuple[str, float, float]] = ()


class Source(Protocol):
    """The half that captures."""

    def identity(self) -> SourceIdentity:
        """Whose service this is. Raises: CredentialsError, AccessDenied, RemoteError."""

    def capture(self, types: Sequence[str], progress: Progress, name: str = "") -> Iterator[Part]:
        """One `Part` for each type asked for, as soon as it is complete; types are read concurrently.

        `name` is this capture's own; another process that takes it up again gives the same, so that it finds
        the work that the service does for it. Without one nobody can take it up.

        A refusal or failure of a part is reported in the part and the rest goes on. Raises only what
        ends everything: CredentialsError, Throttled after the patience, KeyboardInterrupt.
        """

    def validate(self, parts: Sequence[Part]) -> list[Finding]:
        """What is wrong with a capture as a whole (the drawn Backup Validator); an ERROR forbids storing it."""

    def calls(self) -> CallCount:
        """What this source's session has sent since it was made."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a restore is asked for.

    `scope` is as it was asked for, not its closure: a plan closes it by itself, so that it can tell
    what was asked for from what only needs to exist.
    `choose` decides conflicts under PROMPT. `delete_extra` allows deleting top-level records that the
    backup lacks. `operator` is the principal that runs the restore (an ARN), which the lock-out
    guard protects unless `allow_lockout`.
    """

    scope: RestoreScope
    strategy: ConflictStrategy = ConflictStrategy.OVERWRITE
    delete_extra: bool = False
    operator: str = ""
    allow_lockout: bool = False
    choose: Chooser | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """What a facet holds now: canonical JSON, or None for absent; `failure` when it could not be read."""

    value: bytes | None
    failure: Outcome | None = None


class Changer(Protocol):
    """What the journal needs of whoever changes a service: it makes changes and says what facets hold."""

    @property
    def concurrency(self) -> int:
        """How many changes may be under way at once."""

    def batch_size(self, change_type: str) -> int:
        """How many changes of a type one `apply` takes; 1 unless the service has a batch call.

        A batch may hold several changes of a lane, in plan order and of different keys.
        """

    def guarded_by_service(self, change: Change) -> bool:
        """Whether the service itself refuses the call when `before` no longer holds (a create of what exists)."""

    def await_settled(self, change_types: Sequence[str]) -> None:
        """Return when the service's own asynchronous work on these types has ended, ours or another's."""

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        """What the facets of these changes hold now, in the same order, with as few calls as possible."""

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        """Make the changes and wait for their real end; `note_request` keeps the id of an asynchronous operation.

        While it waits for such an end it calls `note_request` again now and then, which raises Busy once
        the run is to stop; the change is then in doubt. Raises: that; RemoteUnavailable when the answer
        was lost, so that the change is in doubt, too; what `ends_run`; other failures are outcomes.
        """


class Target(Changer, Protocol):
    """The half that changes a service so that it becomes what a backup says, and back."""

    def compatibility(self, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope) -> list[Finding]:
        """What stands against restoring this snapshot here; an ERROR refuses before anything changes."""

    def permitted(self, kinds: Iterable[tuple[str, str]]) -> list[Finding]:
        """What the caller may not do of what changes of these kinds (type and verb) need; an ERROR for each action.

        Where it cannot be told, a WARNING says so. Changes nothing.
        """

    def closure(self, wanted: RecordView, scope: RestoreScope) -> RestoreScope:
        """The scope widened by the records that those in it depend on."""

    def plan(self, wanted: RecordView, present: RecordView, options: PlanOptions) -> Iterator[Decision]:
        """Changes in rank order, with the conflicts and findings met on the way. Pure: no I/O, no clock.

        Raises: Refused when the lock-out guard or another rule forbids the whole.
        """

    def prerequisites(self, present: RecordView, changes: Iterable[Change]) -> list[Finding]:
        """What these planned changes need and the service lacks; an ERROR refuses before anything changes."""

    def invert(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes that undo these, in rank order. Pure."""

    def estimate_seconds(self, changes: Iterable[Change]) -> float:
        """How long applying these should take within the service's limits."""


class Arrivals(Protocol):
    """What only somebody else can bring, such as the users of an identity source, and whether it is there.

    `types` are the record types to read again once something of it has come.
    """

    types: tuple[str, ...]

    def awaited(
        self, wanted: RecordView, present: RecordView, scope: RestoreScope
    ) -> frozenset[tuple[str, str]]:
        """Type and key of what must come before all in the scope can be restored. Pure."""

    def missing(self, names: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Those of the names that are not there now, with as few calls as possible."""


@runtime_checkable
class Translation(RecordView, Protocol):
    """A backup's records under the names and ids of another installation of the service."""

    def findings(self) -> list[Finding]:
        """Records that would collide, as errors; entries of the mapping that nothing has, as warnings."""


@dataclass(frozen=True, slots=True)
class System:
    """A registered system: its name, its record types in dependency order, and how to make its halves.

    `comparable` gives the canonical bytes of a record without what no restore can bring back (the
    service's own ids and times), so that equal bytes mean "the same". `arrivals` is for a system of which
    others make a part. `examine` looks at everything that a piece of work (`backup` or `restore`) rests on,
    as a doctor does, without changing anything, and `policy` gives the IAM policy that the work needs as
    JSON. `faults` tells what is wrong with a record that came from a file: unknown fields, values of other
    types, a key that is not that of its fields. `translate` gives a view under a mapping, which is canonical
    JSON. `key_of` is for a system whose natural keys are not what people call things: it finds the key of the
    record of a type that has a name or key, and raises NotFound, or UsageError where several have the name.
    `called` is for the same system: the name that people know a record by, empty where its key is that.
    """

    name: str
    title: str
    types: tuple[RecordType, ...]
    source: Callable[[], Source]
    target: Callable[[], Target]
    comparable: Callable[[Record], bytes]
    arrivals: Callable[[], Arrivals] | None = None
    examine: Callable[[str], Iterable[Check]] | None = None
    policy: Callable[[str], str] | None = None
    faults: Callable[[Record], Iterable[str]] | None = None
    translate: Callable[[RecordView, str], Translation] | None = None
    key_of: Callable[[RecordView, str, str], str] | None = None
    called: Callable[[Record], str] | None = None

    def translated(self, view: RecordView, mapping: str) -> RecordView:
        """The view itself without a mapping, else under its names. Raises: Refused where there are no mappings."""
        if not mapping:
            return view
        if self.translate is None:
            raise Refused(f"{self.title} knows no mappings", "Leave the mapping out.")
        return self.translate(view, mapping)

    def name_of(self, record: Record) -> str:
        """The name that people know a record by; empty where its key is that."""
        return self.called(record) if self.called is not None else ""

    def required(self, types: Sequence[str]) -> tuple[str, ...]:
        """These types and all that they depend on, in dependency order."""
        wanted = set(types)
        for kind in reversed(self.types):
            if kind.name in wanted:
                wanted.update(kind.requires)
        return tuple(kind.name for kind in self.types if kind.name in wanted)


@dataclass(frozen=True, slots=True)
class RehearsalStage:
    """An empty stand-in of a system, ready for a restore; `description` says what it is and how it is paced."""

    system: System
    description: str


class Rehearsal(Protocol):
    """Where a restore can be practised without touching the real service."""

    def __call__(self, wanted: RecordView) -> AbstractContextManager[RehearsalStage]:
        """A stand-in that has what a restore presupposes (accounts, policies of others); gone when the context ends."""
