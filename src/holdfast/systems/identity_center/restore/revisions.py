"""Compare-and-set: users and groups are changed only while they are as they were read."""

from __future__ import annotations

from holdfast.domain.changes import Change, Verb
from holdfast.domain.errors import RemoteError
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.kernel.runs.comparison import CONFLICT, describe, unread
from holdfast.kernel.system import Present
from holdfast.systems.identity_center.model import GROUP, USER


class Revisions:
    """The revisions under which users and groups were last read, by their ids. Thread-safe.

    By id and not by name: a thing that was made anew counts its revisions from the start again.
    """

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def note(self, identifier: str, revision: str) -> None:
        """That a thing was read under this revision; empty where the service gives none."""
        self._of[identifier] = revision

    def take(self, identifier: str) -> str:
        """The revision to send with a change, for one call; empty when the thing was not read."""
        return self._of.pop(identifier, "")


def has_revision(change: Change) -> bool:
    """Whether the change is one that the service makes only under a given revision."""
    return change.type in (USER, GROUP) and change.verb is not Verb.CREATE


def overtaken(change: Change, present: Present, error: RemoteError) -> Outcome:
    """The outcome of a change that was refused because its thing is not what was read; that stands."""
    if present.failure is not None:
        return unread(present.failure, called=True)
    if present.value == change.before:
        # Something changed that no backup sets, or another thing has the value that this was to get.
        advice = "See what the service said; run the command again to plan from what is there now."
        return Outcome(OutcomeKind.FAILED, str(error), advice, CONFLICT)
    return Outcome(
        OutcomeKind.FAILED,
        f"somebody else changed it just before the call, and that stands: "
        f"it {describe(change.before, present.value)}",
        "Look at it and run the command again; the new plan starts from what is there now.",
        CONFLICT,
    )
