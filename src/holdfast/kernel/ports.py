"""What the kernel needs of the outside world, in its own words; adapters implement it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # The vault needs these ports alone: what runs are made of is loaded by whoever has one.
    from holdfast.domain.changes import Change, Conflict, ConflictStrategy
    from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind
    from holdfast.domain.runs import JournalEntry, Run, RunState


class Clock(Protocol):
    """Time, so that decisions and tests do not depend on the wall clock."""

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait; a Ctrl-C ends the wait."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's name, size in bytes and the time it was last stored, by the store's own clock."""

    name: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """Bytes under names: a folder, S3, or memory. Names are `[a-z0-9/._-]` and never start with a slash."""

    @property
    def location(self) -> str:
        """Where it is, as a person would write it, without secrets."""

    def put(self, name: str, data: bytes, *, replace: bool = False) -> None:
        """Store atomically: afterwards the name holds all of `data` or what it held before.

        Raises: ObjectExists when the name is taken and `replace` is False; StoreFull; StoreError.
        """

    def get(self, name: str) -> bytes:
        """All bytes of an object. Raises: ObjectMissing; StoreError."""

    def get_range(self, name: str, start: int, length: int) -> bytes:
        """Bytes `start` to `start + length`. Raises: ObjectMissing; StoreError."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under a prefix, complete past any page, in name order. Raises: StoreError."""

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error. Raises: StoreError."""


@dataclass(frozen=True, slots=True)
class ClassedObject:
    """An object with the storage class that its bytes are kept in."""

    name: str
    size: int
    storage_class: str


@dataclass(frozen=True, slots=True)
class OldVersions:
    """What a bucket with versions keeps beside its objects: older versions, their bytes, marks of deletion."""

    objects: int
    bytes: int
    delete_markers: int


@dataclass(frozen=True, slots=True)
class Protection:
    """Whether a bucket can lock objects, and the retention that it gives by itself, in words."""

    lock: bool
    default_retention: str = ""


class Bucket(Protocol):
    """What an object store in S3 does beyond `ObjectStore`; names are the store's. Every call may raise StoreError."""

    @property
    def location(self) -> str:
        """Where it is, as a person would write it, without secrets."""

    def classes(self, prefix: str) -> Iterator[ClassedObject]:
        """Every object under a prefix with its storage class. Raises: AccessDenied."""

    def move(self, name: str, storage_class: str) -> None:
        """Keep an object in another class; its lock, tags and encryption stay. Raises: ObjectMissing; AccessDenied."""

    def locked_until(self, name: str) -> datetime | None:
        """When the object's retention ends; None for none, and for an object that is not there."""

    def old_versions(self) -> OldVersions:
        """What lies there beside the objects. Raises: AccessDenied."""

    def protection(self) -> Protection:
        """How the bucket is set up. Raises: AccessDenied."""


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A data key of 32 bytes, the same wrapped, and the full name of the key that wraps it."""

    key: str
    secret: bytes = field(repr=False)
    wrapped: bytes


class KeyService(Protocol):
    """A service with keys that never leave it, such as AWS KMS.

    Both calls raise VaultError where the key is missing, disabled or about to be deleted, AccessDenied,
    and what calls over a network raise; each names the key and the next step.
    """

    def new_data_key(self, key: str, context: Mapping[str, str]) -> FreshKey:
        """A fresh data key under a key given by name, alias or full name; the same context opens it again."""

    def open_data_key(self, key: str, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """The data key. Raises: VaultDamaged when key, context and wrapped bytes do not belong together."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A held lease: its name, holder, fence and when it ends."""

    name: str
    owner: str
    fence: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain: who did what to what, and the HMAC over it and the link before."""

    position: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: bytes
    mac: str


class Liveness(Protocol):
    """Tells whether the process behind an owner's name still runs."""

    def __call__(self, owner: str) -> bool | None:
        """True or False where it can be seen from here, None for a process of another host."""


class ValueSeal(Protocol):
    """Keeps personal values in the journal from whoever can only read the ledger."""

    def seal(self, value: bytes) -> bytes:
        """A canonical object with its personal values sealed. Raises: VaultError."""

    def open(self, value: bytes) -> bytes:
        """The object that was sealed; one that never was, as it is. Raises: VaultError."""


class RunRows(Protocol):
    """The rows of a run, to read: what reports and evidence need of the ledger."""

    def items(self, run_id: str, *, kind: OutcomeKind | None = None) -> Iterator[Item]:
        """A run's items in type and key order."""

    def count_items(self, run_id: str) -> dict[tuple[str, OutcomeKind], int]:
        """Number of items by type and outcome."""

    def findings(self, run_id: str, *, stage: str = "") -> list[Finding]:
        """A run's findings, or those of one stage, in the order they were stored."""

    def conflicts(self, run_id: str) -> list[Conflict]:
        """A run's conflicts in the order they were stored."""

    def changes(self, run_id: str, *, unfinished: bool = False) -> Iterator[JournalEntry]:
        """The journal in rank order; `unfinished` gives only entries without outcome."""

    def count_changes(self, run_id: str) -> dict[tuple[str, str, str], int]:
        """Number of changes by type, verb and outcome kind (`planned`, `in doubt`, or the outcome's kind)."""


class Ledger(RunRows, Protocol):
    """The database rows that say what every item and change came to. All calls are durable when they return.

    Calls that take a `Run` write for it, and are refused with TakenOver (a Busy) once its owner and
    fence are no longer the newest, or the run has ended. Every call may raise LedgerError, its
    LedgerFull (disk) and LedgerDamaged, and Busy when the database stays locked by others.
    """

    def start_run(self, run: Run) -> None:
        """Store a new run. Raises: Busy when the id is taken."""

    def run(self, run_id: str) -> Run:
        """A run by id or unique prefix, or the newest for `latest`. Raises: NotFound; UsageError for an ambiguous prefix."""

    def runs(self, *, system: str = "", state: RunState | None = None, limit: int = 0) -> list[Run]:
        """Runs, newest first; `limit` 0 means all."""

    def claim_run(self, run_id: str, owner: str, now: datetime) -> Run:
        """Take a run over for resuming: raises its fence, sets it running. Raises: Busy when its owner still lives."""

    def heartbeat(self, run: Run, now: datetime) -> None:
        """Say that the owner lives. Raises: Busy when another owner has taken the run over."""

    def advance(self, run: Run, stage: str, *, snapshot: str = "") -> Run:
        """Commit that a stage ended and which comes next; the run as it is now. Raises: Busy as `heartbeat`."""

    def finish_run(self, run: Run, state: RunState, now: datetime, error: bytes = b"") -> Run:
        """End a run; the run as it is now. Raises: Busy as `heartbeat`."""

    def record_items(self, run: Run, stage: str, items: Iterable[Item]) -> None:
        """Store outcomes, about 1,000 a transaction; an item stored before is replaced."""

    def clear_stage(self, run: Run, stage: str) -> None:
        """Forget the items, findings and conflicts of a stage that is about to be repeated."""

    def record_findings(self, run: Run, stage: str, findings: Iterable[Finding]) -> None:
        """Store what a check or plan noticed."""

    def record_conflicts(self, run: Run, stage: str, conflicts: Iterable[Conflict]) -> None:
        """Store the conflicts a plan met and how they were decided."""

    def plan_changes(self, run: Run, changes: Iterable[Change]) -> int:
        """Replace the run's plan, streaming; the number of changes. Raises: Refused when one is already intended."""

    def intend(self, run: Run, positions: Sequence[int]) -> None:
        """Commit the intent of changes before they are called. Raises: Busy as `heartbeat`."""

    def note_request(self, run: Run, position: int, request: str) -> None:
        """Commit the service's id of an asynchronous operation that is under way."""

    def settle(self, run: Run, outcomes: Sequence[tuple[int, Outcome]]) -> None:
        """Commit how changes ended. Raises: Busy as `heartbeat`."""

    def acquire(self, name: str, owner: str, seconds: float, now: datetime) -> Lease:
        """Hold a named lease. Raises: Busy naming the holder while another holds it."""

    def release(self, lease: Lease) -> None:
        """Give a lease back; one that was lost meanwhile is left alone."""

    def append_audit(self, entry: Callable[[int, str], AuditEntry]) -> AuditEntry:
        """Append a link under one lock: `entry` gets the next position and the head's MAC."""

    def audit(self) -> Iterator[AuditEntry]:
        """The audit chain in order."""

    def audit_head(self) -> AuditEntry | None:
        """The newest link of the audit chain; None for an empty one."""


class Progress(Protocol):
    """Long work as people watch it; an implementation may print nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage starts; `total` is the number of steps where it is known."""

    def expect(self, steps: int) -> None:
        """So many more steps of the present stage have become known. Called from several threads."""

    def advance(self, steps: int = 1, note: str = "") -> None:
        """Steps of the present stage are done. Called from several threads."""

    def say(self, line: str) -> None:
        """A line worth keeping on the screen."""

    def paused(self) -> AbstractContextManager[None]:
        """Print nothing until the context ends, so that a person can be asked."""


class Chooser(Protocol):
    """Decides a conflict under PROMPT: a person at a terminal, or a test."""

    def __call__(self, conflict: Conflict) -> ConflictStrategy:
        """OVERWRITE, SKIP or MERGE for this conflict."""


@dataclass(frozen=True, slots=True)
class CallCount:
    """What a paced session has done so far: calls sent, throttles met, seconds spent waiting for its turn."""

    calls: int
    throttles: int
    waited: float
    by_operation: tuple[tuple[str, int], ...]

    def since(self, earlier: CallCount | None) -> CallCount:
        """What came after an earlier count of the same session."""
        if earlier is None:
            return self
        before = dict(earlier.by_operation)
        rest = ((name, count - before.get(name, 0)) for name, count in self.by_operation)
        return CallCount(
            self.calls - earlier.calls,
            self.throttles - earlier.throttles,
            self.waited - earlier.waited,
            tuple((name, count) for name, count in rest if count),
        )

    @classmethod
    def total(cls, counts: Iterable[CallCount]) -> CallCount:
        """The sum of several counts."""
        counts = list(counts)
        operations: Counter[str] = Counter()
        for count in counts:
            operations.update(dict(count.by_operation))
        return cls(
            sum(count.calls for count in counts),
            sum(count.throttles for count in counts),
            sum(count.waited for count in counts),
            tuple(sorted(operations.items())),
        )


class PacedSession(Protocol):
    """Calls to a vendor's services that wait their turn, are repeated where that is safe, and are counted.

    Safe to use from several threads.
    """

    @property
    def region(self) -> str:
        """The region that the calls go to."""

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        """The service's answer to one operation, in the vendor's names.

        With `repeatable` False a call whose answer was lost is not sent again: the effect is in doubt.
        Raises: AccessDenied, CredentialsError, RemoteError, RemoteUnavailable, Throttled, Refused and
        SettingsError; errors that belong to one service leave as the vendor's own for its client to name.
        """

    def assuming(self, role: str) -> PacedSession:
        """The same pace and limits under a role, given by its ARN; it is assumed at the first call."""

    def calls(self) -> CallCount:
        """What was sent since the session was made."""


class Download(Protocol):
    """Gets a file from the web by an address that is good for a short time."""

    def __call__(self, address: str, most: int) -> bytes:
        """All bytes of the file, at most `most`.

        Raises: RemoteError, also for an address that is no longer good; Refused for one that is not https, or
        that leads where only this machine may ask, or for more bytes.
        """
