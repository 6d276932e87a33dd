"""The Backup Collector: the half of the plug that reads Identity Center: one part for each record type, failures and all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from holdfast.domain.errors import SettingsError
from holdfast.domain.outcomes import Finding
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.ports import CallCount, Clock, Progress
from holdfast.kernel.reading import Reader
from holdfast.kernel.system import Part
from holdfast.kernel.workers import Workers
from holdfast.systems.identity_center.capture.gathering import Gathering
from holdfast.systems.identity_center.capture.listing import AssignmentsBy
from holdfast.systems.identity_center.capture.validation import find_faults
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.model import SYSTEM
from holdfast.systems.identity_center.settings import IdentityCenterSettings


@dataclass(slots=True)
class IdentityCenterSource:
    """`Source` of Identity Center. What a capture noticed is told by the next `validate`."""

    connection: Connection
    settings: IdentityCenterSettings
    clock: Clock
    _notes: tuple[Finding, ...] = ()

    def identity(self) -> SourceIdentity:
        """Whose instance this is. Raises: CredentialsError, AccessDenied, RemoteError, NotFound."""
        caller = self.connection.organizations.caller()
        instance = self.connection.instance()
        return SourceIdentity(
            system=SYSTEM,
            account=instance.owner_account or caller.account,
            region=caller.region,
            instance=instance.arn,
            principal=caller.arn,
        )

    def capture(self, types: Sequence[str], progress: Progress, name: str = "") -> Iterator[Part]:
        """One part for each type asked for, all read concurrently within the session's pace.

        Users, groups and permission sets wait for what refers to them, because a reference may lead to one
        that was made during the capture. Raises: CredentialsError, Throttled, and whatever keeps the
        instance from being found.
        """
        self._notes = ()
        self.connection.instance()  # so that a missing or unreadable instance is one clear error
        forced = _forced(self.settings.assignments_by)
        with Workers(self.settings.concurrency) as workers:
            reader = Reader(self.connection, workers, progress)
            gathering = Gathering(reader, frozenset(types), forced, self.clock)
            progress.stage("reading Identity Center")
            yield from gathering.parts()
            self._notes = gathering.notes()

    def validate(self, parts: Sequence[Part]) -> list[Finding]:
        """What is wrong with a capture as a whole; an ERROR forbids storing it."""
        return [*find_faults(parts), *self._notes]

    def calls(self) -> CallCount:
        """What this source's session has sent since it was made."""
        return self.connection.calls()


def _forced(way: str) -> AssignmentsBy | None:
    if not way:
        return None
    try:
        return AssignmentsBy(way)
    except ValueError:
        known = ", ".join(AssignmentsBy)
        raise SettingsError("[identity_center]", (f"assignments_by: {way} is none of {known}",)) from None
