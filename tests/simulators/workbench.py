"""A ledger, an engine and the memory service put together, as several processes would see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from holdfast.adapters.ledger.sql_ledger import SqlLedger
from holdfast.domain.changes import Change, RestoreScope
from holdfast.domain.runs import Run
from holdfast.kernel.ports import Ledger
from holdfast.kernel.runs.engine import Engine
from holdfast.kernel.runs.journal import apply_journal, verify_journal
from holdfast.kernel.runs.stages import Stage, StageKind
from holdfast.kernel.system import PlanOptions, Target
from tests.simulators.memory_system import NAMES, Facet, MemoryService, MemoryTarget, MemoryView
from tests.simulators.quiet import HandClock, SilentProgress

EVERYTHING = PlanOptions(RestoreScope(NAMES), delete_extra=True)


class Bench:
    """One installation: `engine(owner)` is a process of it, dead once its owner is in `dead`."""

    def __init__(self, folder: Path, service: MemoryService) -> None:
        self.dead: set[str] = set()
        self.clock = HandClock()
        self.progress = SilentProgress()
        self.service = service
        path = folder / "ledger.db"
        if not path.exists():
            path.write_bytes(_empty_ledger())
        self.ledger = SqlLedger(f"sqlite:///{path}", alive=self.is_alive, durable=False)
        self.evidence: list[Run] = []

    def is_alive(self, owner: str) -> bool | None:
        """Whether an owner was not declared dead."""
        return owner not in self.dead

    def engine(
        self,
        owner: str = "first",
        ledger: Ledger | None = None,
        on_end: Callable[[Run], None] | None = None,
    ) -> Engine:
        """An engine as another process would have it."""
        write = on_end or self.evidence.append
        return Engine(ledger or self.ledger, self.clock, self.progress, owner, self.is_alive, write)

    def stages(self, wanted: dict[Facet, bytes], target: Target | None = None) -> Sequence[Stage]:
        """Plan towards `wanted`, apply, verify."""
        return stages_towards(self.service, wanted, target)


@cache
def _empty_ledger() -> bytes:
    """A ledger file with its tables; migrating for each test would take longer than the tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        SqlLedger.open(path).close()
        return path.read_bytes()


def stages_towards(
    service: MemoryService, wanted: dict[Facet, bytes], target: Target | None = None, *, concurrency: int = 4
) -> Sequence[Stage]:
    """The stages of a run that brings a service to `wanted`: plan, apply, verify."""
    goal = target or MemoryTarget(service, concurrency=concurrency)
    return (
        Stage("plan", StageKind.GATHER, lambda context: _plan(context.plan_changes, goal, service, wanted)),
        Stage("apply", StageKind.CHANGE, lambda context: apply_journal(context, goal)),
        Stage("verify", StageKind.CHECK, lambda context: verify_journal(context, goal)),
    )


def _plan(
    keep: Callable[[list[Change]], int], target: Target, service: MemoryService, wanted: dict[Facet, bytes]
) -> None:
    decisions = target.plan(MemoryView(wanted), MemoryView(service.facets), EVERYTHING)
    keep([decision for decision in decisions if isinstance(decision, Change)])
