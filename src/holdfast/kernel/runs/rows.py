"""The part of the ledger that reports and evidence read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding, Item, OutcomeKind
from holdfast.domain.runs import JournalEntry


class RunRows(Protocol):
    """The rows of a run, to read; every `Ledger` is one, and its port says what each call gives."""

    def items(self, run_id: str, *, kind: OutcomeKind | None = None) -> Iterator[Item]:
        """Items in type and key order."""

    def count_items(self, run_id: str) -> dict[tuple[str, OutcomeKind], int]:
        """Items by type and outcome."""

    def findings(self, run_id: str) -> list[Finding]:
        """Findings in the order they were stored."""

    def conflicts(self, run_id: str) -> list[Conflict]:
        """Conflicts in the order they were stored."""

    def changes(self, run_id: str, *, unfinished: bool = False) -> Iterator[JournalEntry]:
        """The journal in rank order."""

    def count_changes(self, run_id: str) -> dict[tuple[str, str, str], int]:
        """Changes by type, verb and outcome."""
