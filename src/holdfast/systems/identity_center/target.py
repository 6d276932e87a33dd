"""The Restore Processor: the half of the plug that changes Identity Center."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from holdfast.domain.changes import Change, Decision, RestoreScope, Verb
from holdfast.domain.errors import AccessDenied, NotFound, RemoteError
from holdfast.domain.outcomes import Finding, Outcome, OutcomeKind
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.ports import Clock
from holdfast.kernel.preview import CANNOT_RETURN
from holdfast.kernel.runs.comparison import CONFLICT as OVERTAKEN
from holdfast.kernel.runs.comparison import describe, failed_by, unread
from holdfast.kernel.system import PlanOptions, Present
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.model import (
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TAGS,
    USER,
)
from holdfast.systems.identity_center.needs.beforehand import beforehand
from holdfast.systems.identity_center.plan import plan
from holdfast.systems.identity_center.restore.closure import closure
from holdfast.systems.identity_center.restore.compatibility import ReadOnce, compatibility
from holdfast.systems.identity_center.restore.conflicts import within_reach
from holdfast.systems.identity_center.restore.directory import Directory
from holdfast.systems.identity_center.restore.estimate import ASYNCHRONOUS, Pace, estimate_seconds, guarded
from holdfast.systems.identity_center.restore.operations import CONFLICT, MOST_OUTSTANDING, Operations
from holdfast.systems.identity_center.restore.order import invert, owner_of
from holdfast.systems.identity_center.restore.prerequisites import prerequisites
from holdfast.systems.identity_center.restore.reading import GONE, Reader, forget_ids
from holdfast.systems.identity_center.restore.writing import ALREADY, Writer
from holdfast.systems.identity_center.settings import IdentitySource

# TagResource takes up to 75 tags; each thing has at most 50.
_TAGS_AT_ONCE = 50


class IdentityCenterTarget:
    """`Target` of Identity Center. Thread-safe; ids behind names are looked up once and kept."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        pace: Pace | None = None,
        source: IdentitySource = IdentitySource.AUTO,
        concurrency: int = 8,
    ) -> None:
        store, admin, applications = connection.identity_store, connection.sso_admin, connection.applications
        self._connection, self._pace, self._source = connection, pace, source
        self._readers = concurrency
        self._organization = ReadOnce(connection)
        self._directory = Directory(store, admin, applications)
        self._operations = Operations(admin, clock)
        revisions: dict[str, str] = {}
        self._reader = Reader(store, admin, applications, self._directory, revisions)
        self._writer = Writer(store, admin, applications, self._directory, self._operations, revisions)

    @property
    def concurrency(self) -> int:
        """As many as the service lets be outstanding at once."""
        return MOST_OUTSTANDING

    def batch_size(self, change_type: str) -> int:
        """Tags of a thing go together; everything else one by one."""
        return _TAGS_AT_ONCE if change_type in TAGS else 1

    def compatibility(self, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope) -> list[Finding]:
        """What stands against restoring this snapshot here. Raises: CredentialsError, RemoteUnavailable."""
        return compatibility(self._connection, self._organization, snapshot, wanted, closure(wanted, scope))

    def permitted(self, kinds: Iterable[tuple[str, str]]) -> list[Finding]:
        """The actions that changes of these kinds need and the caller lacks, by IAM's simulation."""
        return beforehand(self._connection, kinds)

    def closure(self, wanted: RecordView, scope: RestoreScope) -> RestoreScope:
        """The scope with the principals and permission sets that its memberships and assignments name."""
        return closure(wanted, scope)

    def plan(self, wanted: RecordView, present: RecordView, options: PlanOptions) -> Iterator[Decision]:
        """Changes in rank order, conflicts and findings. Raises: Refused by the lock-out guard."""
        return plan(wanted, present, options, self._source)

    def prerequisites(self, present: RecordView, changes: Iterable[Change]) -> list[Finding]:
        """Policies, accounts and room that these changes need here. Raises: CredentialsError, RemoteUnavailable."""
        return prerequisites(self._connection.iam, self._organization, present, changes, self._readers)

    def invert(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes that undo these, in rank order."""
        return invert(changes)

    def guarded_by_service(self, change: Change) -> bool:
        """Creating, attaching and detaching what the service refuses to do twice."""
        return guarded(change)

    def await_settled(self, change_types: Sequence[str]) -> None:
        """Return when no assignment or provisioning is under way, where the types concern these."""
        if any(change_type in ASYNCHRONOUS for change_type in change_types):
            self._operations.await_idle()

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        """What the facets hold now, in the changes' own spelling where it means the same."""
        return self._reader.present(changes)

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        """Make the changes and wait for their real end.

        Raises: RemoteUnavailable when an answer was lost; CredentialsError.
        """
        outcomes: dict[str, Outcome] = {}
        for group in _applied_together(changes):
            outcome = self._apply(group, note_request)
            outcomes.update({_name(change): outcome for change in group})
        return [outcomes[_name(change)] for change in changes]

    def estimate_seconds(self, changes: Iterable[Change]) -> float:
        """Seconds for applying these within the service's limits."""
        return estimate_seconds(changes, self._pace)

    def _apply(self, group: list[Change], note_request: Callable[[str], None]) -> Outcome:
        if self._is_foreign(group[0]):
            return _FOREIGN
        possible = [within_reach(change) for change in group]
        if possible == group:
            return self._make(group, note_request)
        if possible[0].after == possible[0].before:
            return _OUT_OF_REACH
        outcome = self._make(possible, note_request)
        return _IN_PART if outcome.kind is OutcomeKind.DONE else outcome

    def _make(self, group: list[Change], note_request: Callable[[str], None]) -> Outcome:
        try:
            return self._write(group, note_request)
        except (AccessDenied, NotFound) as error:
            return failed_by(error)
        except RemoteError as error:
            if not error.permanent:
                raise
            return self._refused(group, error)

    def _is_foreign(self, change: Change) -> bool:
        """Whether it is for the identity source to make: a rollback may meet what that has adopted since."""
        if self._source is IdentitySource.EXTERNAL:
            return change.type in (USER, GROUP, MEMBERSHIP)
        adopted = (change.type, change.key) in self._reader.adopted
        return self._source is IdentitySource.AUTO and _has_revision(change) and adopted

    def _write(self, group: list[Change], note_request: Callable[[str], None]) -> Outcome:
        """A remembered id may be of a thing that was made anew since: forget it and try once more.

        Not where that thing itself is changed or deleted: nobody has compared the new one.
        """
        try:
            return self._write_once(group, note_request)
        except RemoteError as error:
            if error.error != GONE or group[0].verb is Verb.DELETE or _has_revision(group[0]):
                raise
        forget_ids(self._directory, group[0].type, [change.key for change in group])
        return self._write_once(group, note_request)

    def _write_once(self, group: list[Change], note_request: Callable[[str], None]) -> Outcome:
        change = group[0]
        if change.type in TAGS:
            return self._operations.undisturbed(lambda: self._writer.tags(group))
        if change.type.startswith(PERMISSION_SET) and change.type != PROVISION:
            return self._operations.undisturbed(lambda: self._writer.write(change, note_request))
        return self._writer.write(change, note_request)

    def _refused(self, group: list[Change], error: RemoteError) -> Outcome:
        """A refusal because it is done already counts as done; any other stands."""
        if error.error not in (CONFLICT, GONE):
            return failed_by(error)
        forget_ids(self._directory, group[0].type, [change.key for change in group])
        presents = self._reader.present(group)
        if all(
            now.failure is None and now.value == change.after
            for now, change in zip(presents, group, strict=True)
        ):
            return ALREADY
        if _has_revision(group[0]):
            return _overtaken(group[0], presents[0], error)
        code = "conflict" if error.error == CONFLICT else error.code
        happened = "It was changed by somebody else meanwhile" if code == "conflict" else _NOT_THERE
        advice = f"{happened}. Look at it, then plan the restore again."
        return Outcome(OutcomeKind.FAILED, str(error), advice, code)


_NOT_THERE = "It, or what it refers to, is not there any more"

_BY_HAND = "Clear it in the console."
_OUT_OF_REACH = Outcome(
    OutcomeKind.IMPOSSIBLE, "no call of the API empties a text, so it stays", _BY_HAND, CANNOT_RETURN
)
_IN_PART = Outcome(
    OutcomeKind.IMPOSSIBLE,
    "made but for a text that was empty: no call of the API empties one, so it stays",
    _BY_HAND,
    CANNOT_RETURN,
)
_FOREIGN = Outcome(
    OutcomeKind.FAILED,
    "it belongs to the identity source, so it was left as it is",
    "Change it there. Where the built-in directory is the source now, set `identity_source` to identity_center.",
    "owned-by-identity-source",
)


def _has_revision(change: Change) -> bool:
    """Whether the change is one that the service makes only under a given revision."""
    return change.type in (USER, GROUP) and change.verb is not Verb.CREATE


def _overtaken(change: Change, present: Present, error: RemoteError) -> Outcome:
    """The outcome of a change that was refused because its thing is not what was read; that stands."""
    if present.failure is not None:
        return unread(present.failure, called=True)
    if present.value == change.before:
        # Something changed that no backup sets, or another thing has the value that this was to get.
        advice = "See what the service said; run the command again to plan from what is there now."
        return Outcome(OutcomeKind.FAILED, str(error), advice, OVERTAKEN)
    return Outcome(
        OutcomeKind.FAILED,
        f"somebody else changed it just before the call, and that stands: "
        f"it {describe(change.before, present.value)}",
        "Look at it and run the command again; the new plan starts from what is there now.",
        OVERTAKEN,
    )


def _name(change: Change) -> str:
    return f"{change.type} {change.key}"


def _applied_together(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Tags of one thing that are all set, or all removed, go in one call."""
    groups: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        if change.type in TAGS:
            owner = owner_of(change.type, change.key)
            name: tuple[str, ...] = (change.type, owner, str(change.verb is Verb.DELETE))
        else:
            name = (change.type, change.key)
        groups.setdefault(name, []).append(change)
    yield from groups.values()
