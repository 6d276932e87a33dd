"""What every system must keep to, whatever it moves. Subclass it with an `arena` fixture that makes the system's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from holdfast.domain.changes import Change, Decision
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.domain.records import Record, RecordView
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.journal import apply_journal, verify_journal
from holdfast.kernel.runs.rollback import rollback_stages
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.system import Part, PlanOptions, Source, Target
from tests.simulators.memory_system import MemoryService
from tests.simulators.power import PowerCut
from tests.simulators.quiet import SilentProgress
from tests.simulators.workbench import Bench


class Arena(Protocol):
    """A system with a stand-in of its service in it, small enough to be restored many times."""

    @property
    def types(self) -> Sequence[str]:
        """The record types to capture."""

    @property
    def options(self) -> PlanOptions:
        """Options under which a restore brings back everything that `damage` did."""

    def source(self) -> Source:
        """The half that captures."""

    def target(self) -> Target:
        """The half that changes; every call a fresh one, as another process would have."""

    def comparable(self, record: Record) -> bytes:
        """A record without what no restore brings back: the service's own ids and times."""

    def damage(self) -> None:
        """Create, change and delete something of every kind that can be restored."""

    def effects(self) -> int:
        """How many changes the service has made since it was set up, `damage` included."""


class SystemContract:
    """The claims; each gets a fresh `arena`."""

    @pytest.fixture
    def arena(self) -> Arena:
        raise NotImplementedError

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Bench:
        return Bench(tmp_path, MemoryService())

    def test_a_capture_is_complete_sorted_and_without_doubles(self, arena: Arena) -> None:
        parts = list(arena.source().capture(arena.types, SilentProgress()))
        assert sorted(part.type for part in parts) == sorted(arena.types)
        for part in parts:
            keys = [record.key for record in part.records]
            assert (part.complete, keys) == (True, sorted(set(keys)))

    def test_a_plan_from_a_state_to_itself_is_empty(self, arena: Arena) -> None:
        view = captured(arena)
        assert changes_of(arena, view, view) == []

    def test_planning_is_repeatable_in_rank_order_and_changes_nothing(self, arena: Arena) -> None:
        wanted, before = captured(arena), arena.effects()
        arena.damage()
        damaged, made = captured(arena), arena.effects()
        first = changes_of(arena, wanted, damaged)
        assert made > before
        assert first == changes_of(arena, wanted, damaged) != []
        assert [change.rank for change in first] == sorted(change.rank for change in first)
        assert arena.effects() == made

    def test_applying_a_plan_makes_the_next_one_empty(self, arena: Arena, bench: Bench) -> None:
        wanted = captured(arena)
        arena.damage()
        assert restore(arena, bench, wanted).state is RunState.COMPLETE
        assert changes_of(arena, wanted, captured(arena)) == []
        assert content(arena) == content(arena, wanted)

    def test_applying_the_same_plan_twice_is_applying_it_once(self, arena: Arena, bench: Bench) -> None:
        wanted = captured(arena)
        arena.damage()
        plan = changes_of(arena, wanted, captured(arena))
        run_plan(arena, bench, plan)
        made, end = arena.effects(), content(arena)
        run_plan(arena, bench, [change for change in plan if not arena.target().guarded_by_service(change)])
        assert arena.effects() == made
        assert content(arena) == end

    def test_a_rollback_gives_the_state_before_the_run(self, arena: Arena, bench: Bench) -> None:
        wanted = captured(arena)
        arena.damage()
        start = content(arena)
        undone = restore(arena, bench, wanted)
        undo_run(arena, bench, undone)
        assert content(arena) == start

    @pytest.mark.parametrize("lost", ["before", "after"])
    def test_a_crash_at_a_change_of_each_kind_then_resume_gives_the_same_end(
        self, arena: Arena, bench: Bench, lost: str
    ) -> None:
        wanted = captured(arena)
        arena.damage()
        start = captured(arena)
        plan = changes_of(arena, wanted, start)
        for kind in dict.fromkeys((change.verb, change.type) for change in plan):
            made, dying = arena.effects(), CutTarget(arena.target(), kind, after=lost == "after")
            engine = bench.engine(f"dies at {kind}")
            run = engine.start("contract", "restore", b"{}")
            with pytest.raises(PowerCut):
                engine.execute(run, plan_stages(plan, dying))
            bench.dead.add(f"dies at {kind}")
            alive = plan_stages(plan, arena.target())
            assert bench.engine("next").resume(run.id, replaying(alive)).state is RunState.COMPLETE
            assert content(arena) == content(arena, wanted)
            assert arena.effects() - made == len(plan)
            undo_run(arena, bench, run)
            assert content(arena) == content(arena, start)


class Captured(RecordView):
    """A capture as a view."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = {part.type: part for part in parts}

    @property
    def types(self) -> tuple[str, ...]:
        """The captured types."""
        return tuple(self._parts)

    def is_complete(self, type_name: str) -> bool:
        """Whether all of a type was read."""
        return type_name in self._parts and self._parts[type_name].complete

    def records(self, type_name: str) -> Iterator[Record]:
        """A type's records in key order."""
        return iter(self._parts[type_name].records if type_name in self._parts else ())

    def find(self, type_name: str, key: str) -> Record | None:
        """One record by its key."""
        return next((record for record in self.records(type_name) if record.key == key), None)


class CutTarget:
    """A target in a process that dies at the first change of one verb and type."""

    def __init__(self, inner: Target, kind: tuple[str, str], *, after: bool) -> None:
        self._inner = inner
        self._kind = kind
        self._after = after
        self._gone = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        """Apply, and die before or after the fatal change."""
        fatal = any((change.verb, change.type) == self._kind for change in changes)
        if self._gone or (fatal and not self._after):
            self._gone = True
            raise PowerCut
        outcomes = self._inner.apply(changes, note_request)
        if fatal:
            self._gone = True
            raise PowerCut
        return outcomes


def captured(arena: Arena) -> Captured:
    """What the arena's service holds now."""
    return Captured(list(arena.source().capture(arena.types, SilentProgress())))


def content(arena: Arena, view: RecordView | None = None) -> dict[tuple[str, str], bytes]:
    """A view's records (by default what the service holds now) by type and key; equal means restored."""
    shown = view or captured(arena)
    return {(r.type, r.key): arena.comparable(r) for name in shown.types for r in shown.records(name)}


def changes_of(arena: Arena, wanted: RecordView, present: RecordView) -> list[Change]:
    """The changes of a plan."""
    decisions: Iterator[Decision] = arena.target().plan(wanted, present, arena.options)
    return [decision for decision in decisions if isinstance(decision, Change)]


def plan_stages(plan: Sequence[Change], target: object) -> tuple[Stage, ...]:
    """The stages that carry out a plan made before."""
    goal: Target = target  # type: ignore[assignment]  # CutTarget forwards what it lacks

    def keep(context: RunContext) -> None:
        context.plan_changes(plan)

    return (
        Stage("plan", StageKind.GATHER, keep),
        Stage("apply", StageKind.CHANGE, lambda context: apply_journal(context, goal)),
        Stage("verify", StageKind.CHECK, lambda context: verify_journal(context, goal)),
    )


def replaying(stages: Sequence[Stage]) -> Callable[[Run], Sequence[Stage]]:
    """The same stages for any run."""
    return lambda run: stages


def undo_run(arena: Arena, bench: Bench, undone: Run) -> None:
    """Roll a run back."""
    engine = bench.engine("undoing")
    run = engine.start("contract", "rollback", b"{}", undoes=undone.id)
    assert engine.execute(run, rollback_stages(arena.target())).state is RunState.COMPLETE


def run_plan(arena: Arena, bench: Bench, plan: Sequence[Change]) -> Run:
    """A run that carries out a plan; its outcomes must all be done or skipped."""
    engine = bench.engine()
    run = engine.execute(engine.start("contract", "restore", b"{}"), plan_stages(plan, arena.target()))
    ends = {kind for _, _, kind in bench.ledger.count_changes(run.id)}
    assert ends <= {OutcomeKind.DONE.value, OutcomeKind.SKIPPED.value}
    return run


def restore(arena: Arena, bench: Bench, wanted: RecordView) -> Run:
    """A run that brings the service to `wanted`."""
    return run_plan(arena, bench, changes_of(arena, wanted, captured(arena)))
