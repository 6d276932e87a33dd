"""A preview: what a plan would do, counted as it streams, with a bounded list of its changes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from holdfast.domain.changes import Change, Conflict, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView, split_key
from holdfast.kernel.showing import masked_bytes, masked_conflict, visible
from holdfast.kernel.system import System

AWAITED = "principal-awaited"
"""Code of findings on what only somebody else can bring, and on what waits for it."""

LISTED = 200
"""Changes and conflicts a preview lists; the counts are of all."""

CANNOT_RETURN = "cannot-return"
CANNOT_BE_MADE = f"{CANNOT_RETURN}-at-all"
"""Code of the finding about a record that no call makes, so that none of it comes back."""
"""Findings whose code starts so say what a restore or rollback does not bring back."""


@dataclass(frozen=True, slots=True)
class ChangeCount:
    """How many changes of a type do the same thing to it."""

    type: str
    verb: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a restore or rollback would do now.

    `changes` and `conflicts` hold the first `LISTED`; `changes_total` and `conflicts_total` count all.
    Conflicts are masked; `changes` are as planned and are masked by `to_json`. `calls` is the number
    of calls that the changes need, 0 where it is not known. `names` are names of listed records by type and key,
    where the key is an id.
    """

    changes_summary: tuple[ChangeCount, ...]
    changes_total: int
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    conflicts_total: int
    findings: tuple[Finding, ...]
    estimated_seconds: float
    calls: int = 0
    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def shown_key(self, type_name: str, key: str) -> str:
        """The key of a listed change or conflict as people read it, with the name of what has an id for a key."""
        first, *rest = split_key(key)
        called = self.names.get((type_name.partition(".")[0], first), "")
        return visible(" / ".join([f"{called} ({first})" if called else first, *rest]))

    @property
    def cannot_return(self) -> tuple[Finding, ...]:
        """The findings that say what would not come back."""
        return tuple(finding for finding in self.findings if finding.code.startswith(CANNOT_RETURN))

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The other findings, the worst first."""
        return worst_first(finding for finding in self.findings if not finding.code.startswith(CANNOT_RETURN))

    @property
    def awaited(self) -> dict[str, int]:
        """By type, how much is not planned because somebody else must bring it, or what it names, first."""
        return dict(Counter(finding.type for finding in self.findings if finding.code == AWAITED))

    def to_json(self) -> bytes:
        """The object that `preview --json` and `--dry-run --json` print, personal fields masked."""
        document = {
            "changes_summary": self.changes_summary,
            "changes_total": self.changes_total,
            "changes": tuple(map(_shown, self.changes)),
            "conflicts": self.conflicts,
            "conflicts_total": self.conflicts_total,
            "awaited": self.awaited,
            "warnings": self.warnings,
            "cannot_return": self.cannot_return,
            "estimated_seconds": self.estimated_seconds,
            "calls": self.calls,
        }
        return msgspec.json.encode(document)


def names_in(found: Preview, system: System, *views: RecordView) -> dict[tuple[str, str], str]:
    """The names of the records that the listed changes and conflicts are about, by type and key; the first view wins."""
    if system.called is None:
        return {}
    listed: tuple[Change | Conflict, ...] = (*found.changes, *found.conflicts)
    about = {(each.type.partition(".")[0], split_key(each.key)[0]) for each in listed}
    names = dict[tuple[str, str], str]()
    for kind, key in sorted(about):
        records = (view.find(kind, key) for view in views if kind in view.types)
        names[kind, key] = next((system.name_of(record) for record in records if record is not None), "")
    return names


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by severity, in their order where that is the same."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def preview_of(
    decisions: Iterable[Decision], estimate: Callable[[Iterable[Change]], float], calls: int = 0
) -> Preview:
    """The preview of a plan, read once; memory is bounded by what is listed, not by the plan.

    `estimate` gets the changes as they stream by and says how many seconds they take.
    """
    counts: Counter[tuple[str, str]] = Counter()
    changes, conflicts, findings, conflicts_total = list[Change](), list[Conflict](), list[Finding](), 0

    def streaming() -> Iterator[Change]:
        nonlocal conflicts_total
        for decision in decisions:
            if isinstance(decision, Change):
                counts[decision.type, decision.verb.value] += 1
                if len(changes) < LISTED:
                    changes.append(decision)
                yield decision
            elif isinstance(decision, Conflict):
                conflicts_total += 1
                if len(conflicts) < LISTED:
                    conflicts.append(masked_conflict(decision))
            else:
                findings.append(decision)

    stream = streaming()
    estimated_seconds = estimate(stream)
    deque(stream, maxlen=0)  # what the estimate had no need to look at
    return Preview(
        changes_summary=tuple(ChangeCount(*what, count) for what, count in sorted(counts.items())),
        changes_total=counts.total(),
        changes=tuple(changes),
        conflicts=tuple(conflicts),
        conflicts_total=conflicts_total,
        findings=tuple(findings),
        estimated_seconds=estimated_seconds,
        calls=calls,
    )


def _shown(change: Change) -> dict[str, str | int | msgspec.Raw]:
    """A change as JSON shows it; `before` and `after` are null for absent."""
    return {
        "name": change.name,
        "type": change.type,
        "key": change.key,
        "verb": change.verb.value,
        "rank": change.rank,
        "before": msgspec.Raw(masked_bytes(change.before)),
        "after": msgspec.Raw(masked_bytes(change.after)),
        "note": change.note,
    }
