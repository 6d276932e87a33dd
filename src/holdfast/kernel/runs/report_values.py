"""What a report of a run consists of: frozen values with personal fields already masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.runs import RunState
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.ports import CallCount
from holdfast.kernel.showing import duration, visible, visible_key


@dataclass(frozen=True, slots=True)
class ItemTally:
    """How the items of one type ended. `total` is the type's inventory.

    `kept` are those not done of which a record is kept all the same, such as a part of them. `expected` is
    what the sealed snapshot says the number of done and kept items must be; None where this run sealed no
    snapshot of the type.
    """

    type: str
    total: int
    done: int
    failed: int
    skipped: int
    impossible: int
    expected: int | None = None
    kept: int = 0


@dataclass(frozen=True, slots=True)
class ChangeTally:
    """Number of changes of one type and verb with one outcome (`planned` and `in doubt` have none yet)."""

    type: str
    verb: str
    outcome: str
    count: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An item or change that did not end well, or left something to do: why, and the next step."""

    what: str
    type: str
    key: str
    outcome: str
    reason: str
    advice: str
    code: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Things of a type that are not in the result on purpose, and why; `count` is None where not counted."""

    type: str
    count: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, in seconds."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True)
class OperationTime:
    """How long an operation took in seconds, None where it was not done, and how long it typically takes, in words."""

    operation: str
    seconds: float | None
    typical: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What the run took: seconds, bytes added to the vault, repeated requests, calls, and the stages' times.

    `operations` are those that a system has the times told of, whatever stage they are part of.
    `repeats` are requests the service refused or answered as already done, because an earlier one
    whose answer was lost had taken effect.
    """

    seconds: float
    stored_bytes: int
    repeats: int
    traffic: CallCount | None
    stages: tuple[StageTime, ...]
    operations: tuple[OperationTime, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """The error that ended a run: code, sentence and advice."""

    code: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command that fits the run's state, and what it is good for."""

    command: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Growth:
    """Records of a type in the snapshot before and in this one."""

    type: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run was asked, what it did, and what did not work, with personal values masked.

    `to_do` are changes that are done but for what somebody must do by hand.
    Lists of conflicts, findings, failures and things to do are bounded; the `..._total` figures count all, and the
    manifest holds every one. `sums_up` is False when some type's outcomes do not add up to its
    inventory or a change has no outcome; `discrepancies` says where. `calls` are the requests that the
    process which makes the report has sent, 0 when it sent none.
    """

    run: str
    system: str
    kind: str
    state: RunState
    stage: str
    exit_code: int
    arguments: msgspec.Raw
    started_at: datetime
    finished_at: datetime | None
    owner: str
    source: SourceIdentity | None
    target: str
    snapshot: str
    undoes: str
    sums_up: bool
    discrepancies: tuple[str, ...]
    items: tuple[ItemTally, ...]
    changes: tuple[ChangeTally, ...]
    conflicts: tuple[Conflict, ...]
    conflicts_by_resolution: dict[str, int]
    findings: tuple[Finding, ...]
    findings_by_severity: dict[str, int]
    failures: tuple[Failure, ...]
    failures_total: int
    to_do: tuple[Failure, ...]
    to_do_total: int
    left_out: tuple[LeftOut, ...]
    cannot_return: tuple[Finding, ...]
    cannot_return_total: int
    taken_during: tuple[str, ...]
    calls: int
    cost: Cost
    growth: tuple[Growth, ...]
    error: Problem | None
    next_steps: tuple[NextStep, ...]

    def to_json(self) -> bytes:
        """The object that `--json` prints and the manifest holds under `report`; its schema is published."""
        return msgspec.json.encode(self)

    @property
    def conflicts_total(self) -> int:
        """Number of conflicts, also of those not listed."""
        return sum(self.conflicts_by_resolution.values())

    @property
    def findings_total(self) -> int:
        """Number of findings, also of those not listed."""
        return sum(self.findings_by_severity.values())

    @property
    def inventory(self) -> int:
        """Number of items the run was about."""
        return sum(tally.total for tally in self.items)


def headline(report: RunReport) -> str:
    """One sentence: what ran and how it ended, for example `backup of identity_center: complete in 12 s`."""
    what = f"{visible(report.kind)} of {visible(report.system)}"
    return f"{what}: {report.state} in {duration(report.cost.seconds)}"


def reason(report: RunReport) -> str:
    """Why the run is partial, in one sentence; empty for any other state."""
    errors = [finding for finding in report.findings if finding.severity is Severity.ERROR]
    if report.state is not RunState.PARTIAL or not (report.failures or errors):
        return ""
    if report.failures:
        first = report.failures[0]
        named = f"{first.what} {visible_key(first.key)} ({first.outcome}): {visible(first.reason)}"
        others = report.failures_total - 1
    else:
        named = f"{errors[0].type} {visible_key(errors[0].key)}: {visible(errors[0].message)}"
        others = report.findings_by_severity[Severity.ERROR] - 1
    return f"Partial because of {named}" + (f" And {others:,} more." if others else "")


def rest_of(total: int, shown: Sequence[object]) -> int:
    """How many entries a bounded list leaves out."""
    return max(0, total - len(shown))
