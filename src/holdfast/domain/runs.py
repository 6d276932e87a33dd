"""A run: one execution with an id, a ledger and evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome


class RunState(StrEnum):
    """Where a run stands. Interrupted and failed runs can be resumed; refused ones changed nothing."""

    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial"
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Run:
    """A run's row in the ledger.

    `arguments` is the canonical JSON of what was asked, enough to resume in another process;
    `stage` is the stage that is under way or comes next. `owner` (host, pid, start), `heartbeat_at`
    and `fence` say who holds it: a fence that is no longer the newest may not write.
    """

    id: str
    system: str
    kind: str
    state: RunState
    stage: str
    arguments: bytes
    started_at: datetime
    owner: str
    heartbeat_at: datetime
    fence: int = 1
    finished_at: datetime | None = None
    snapshot: str = ""
    undoes: str = ""
    target: str = ""
    error: bytes = b""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A row of `changes`: the change, whether its intent is on record, and how it ended.

    Intent without outcome is *in doubt*: the call may or may not have reached the service.
    `request` is the service's own id of an asynchronous operation, where it gave one.
    """

    position: int
    change: Change
    intended: bool
    outcome: Outcome | None
    request: str = ""

    @property
    def in_doubt(self) -> bool:
        """Whether a call may have been made whose answer is not known."""
        return self.intended and self.outcome is None
