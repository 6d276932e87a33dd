"""What each item of an inventory came to. The outcomes of a run sum up to its inventory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    """The four ways an item can end."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item or change ended, why, and what to do about it.

    `repeats` counts requests that the service refused or answered as already done, because an
    earlier request whose answer was lost had taken effect.
    """

    kind: OutcomeKind
    reason: str = ""
    advice: str = ""
    code: str = ""
    repeats: int = 0


DONE = Outcome(OutcomeKind.DONE)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a run's inventory with its outcome; `digest` is the stored record's where there is one."""

    type: str
    key: str
    outcome: Outcome
    digest: str = ""


class Severity(StrEnum):
    """How much a finding matters: an error fails the check, a warning is shown, a note informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check or a plan noticed about one thing; `code` is stable and machine readable."""

    severity: Severity
    code: str
    type: str
    key: str
    message: str
    advice: str = ""
