"""A ledger in memory for tests of what reads it: reports and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding, Item, OutcomeKind
from holdfast.domain.runs import JournalEntry


@dataclass
class MemoryLedger:
    """The reading half of the Ledger port over lists that a test fills."""

    item_rows: list[Item] = field(default_factory=list)
    entries: list[JournalEntry] = field(default_factory=list)
    finding_rows: list[Finding] = field(default_factory=list)
    conflict_rows: list[Conflict] = field(default_factory=list)

    def record_items(self, run_id: str, stage: str, items: Iterable[Item]) -> None:
        self.item_rows.extend(items)

    def items(self, run_id: str, *, kind: OutcomeKind | None = None) -> Iterator[Item]:
        rows = sorted(self.item_rows, key=lambda item: (item.type, item.key))
        return (item for item in rows if kind in (None, item.outcome.kind))

    def count_items(self, run_id: str) -> dict[tuple[str, OutcomeKind], int]:
        return dict(Counter((item.type, item.outcome.kind) for item in self.item_rows))

    def findings(self, run_id: str, *, stage: str = "") -> list[Finding]:
        return list(self.finding_rows)

    def conflicts(self, run_id: str) -> list[Conflict]:
        return list(self.conflict_rows)

    def changes(self, run_id: str, *, unfinished: bool = False) -> Iterator[JournalEntry]:
        return (entry for entry in self.entries if not (unfinished and entry.outcome))

    def count_changes(self, run_id: str) -> dict[tuple[str, str, str], int]:
        return dict(Counter((e.change.type, e.change.verb.value, _ending(e)) for e in self.entries))


def _ending(entry: JournalEntry) -> str:
    if entry.outcome is not None:
        return entry.outcome.kind.value
    return "in doubt" if entry.intended else "planned"
