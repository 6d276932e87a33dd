"""A crash at any moment, then resume: the same end as without it, and every effect once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.domain.records import join_key
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.rollback import rollback_stages
from tests.simulators.memory_system import Facet, MemoryService, MemoryTarget
from tests.simulators.power import Power, PowerCut, under
from tests.simulators.workbench import Bench

START: dict[Facet, bytes] = {
    ("user", "bob"): b"{}",
    ("group", "Old"): b"{}",
    ("membership", join_key("Old", "bob")): b"{}",
    ("label", "l1"): b'{"v":1}',
}
WANTED: dict[Facet, bytes] = {
    ("user", "bob"): b"{}",
    ("group", "New"): b"{}",
    ("membership", join_key("New", "bob")): b"{}",
    ("label", "l1"): b'{"v":2}',
}
EFFECTS = {
    "delete membership Old / bob",
    "delete group Old",
    "create group New",
    "create membership New / bob",
    "update label l1",
}


PROCESSES = count()


class Story:
    """A run that is cut off again and again, and the later processes that go on with it."""

    def __init__(
        self, bench: Bench, target: MemoryTarget, wanted: dict[Facet, bytes], undoes: str = ""
    ) -> None:
        self.bench = bench
        self.stages = rollback_stages(target) if undoes else bench.stages(wanted, target)
        self.undoes = undoes

    def process(self, power: Power, run: Run | None = None) -> Run | None:
        """One process under `power`: starts the run or resumes it; None when it was cut off."""
        owner = f"process {next(PROCESSES)}"
        engine = self.bench.engine(owner, under(power, self.bench.ledger))
        self.bench.service.faults.on_call = power.moment
        try:
            if run is not None:
                return engine.resume(run.id, lambda _: self.stages)
            return engine.execute(engine.start("memory", "restore", b"{}", undoes=self.undoes), self.stages)
        except PowerCut:
            self.bench.dead.add(owner)
            return None

    def recover(self, before: set[str]) -> Run | None:
        """What the next command finds of a run that was cut off; None when it was not even stored."""
        self.bench.service.faults.on_call = lambda name: None
        self.bench.engine("next command").recover_abandoned()
        return next((run for run in self.bench.ledger.runs() if run.id not in before), None)

    def to_the_end(self, cuts: list[int]) -> Run:
        """The run as it ended in spite of power cuts at these moments, one after the other."""
        before = {run.id for run in self.bench.ledger.runs()}
        run: Run | None = None
        for cut in [*cuts, 0]:
            ended = self.process(Power(cut), run)
            run = ended or self.recover(before)
            if run is not None and run.state is not RunState.INTERRUPTED:
                return run
        raise AssertionError("the last process is never cut off")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, MemoryService())
    yield made
    made.ledger.close()


def begin_with(
    bench: Bench, facets: dict[Facet, bytes], *, batch: int = 1, concurrency: int = 1
) -> MemoryTarget:
    """A target over a service that holds these facets and has done nothing yet; the ledger keeps its older runs."""
    bench.service = MemoryService(facets)
    return MemoryTarget(bench.service, batch=batch, concurrency=concurrency)


def moments_of(bench: Bench, *, undo: bool) -> int:
    """How many moments an undisturbed run has."""
    target = begin_with(bench, START)
    undoes = Story(bench, target, WANTED).to_the_end([]).id if undo else ""
    power = Power()
    Story(bench, target, WANTED, undoes).process(power)
    return power.moments


def test_a_crash_at_any_moment_of_a_run_then_resume_applies_each_change_once(bench: Bench) -> None:
    moments = moments_of(bench, undo=False)
    assert moments > 60
    for cut in range(1, moments + 1):
        run = Story(bench, begin_with(bench, START), WANTED).to_the_end([cut])
        assert run.state is RunState.COMPLETE, cut
        assert bench.service.facets == WANTED, cut
        assert sorted(bench.service.effects) == sorted(EFFECTS), cut
        assert bench.evidence[-1].state is RunState.COMPLETE, cut


def test_a_crash_at_any_moment_of_a_rollback_then_resume_gives_the_start(bench: Bench) -> None:
    moments = moments_of(bench, undo=True)
    assert moments > 60
    for cut in range(1, moments + 1, 4):
        target = begin_with(bench, START)
        undone = Story(bench, target, WANTED).to_the_end([])
        run = Story(bench, target, WANTED, undone.id).to_the_end([cut])
        assert (run.state, run.undoes) == (RunState.COMPLETE, undone.id), cut
        assert bench.service.facets == START, cut
        assert len(bench.service.effects) == 10, cut


facets = st.dictionaries(
    st.one_of(
        st.tuples(st.just("user"), st.sampled_from("abcd")),
        st.tuples(st.just("group"), st.sampled_from("GH")),
        st.tuples(st.just("label"), st.sampled_from("lmn")),
    ),
    st.sampled_from([b'{"v":1}', b'{"v":2}']),
)
memberships = st.sets(st.tuples(st.sampled_from("GH"), st.sampled_from("abcd")))


@st.composite
def worlds(draw: st.DrawFn) -> dict[Facet, bytes]:
    """Facets in which every membership has both its ends."""
    world: dict[Facet, bytes] = dict(draw(facets))
    for group, user in draw(memberships):
        if ("group", group) in world and ("user", user) in world:
            world["membership", join_key(group, user)] = b"{}"
    return world


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=worlds(),
    wanted=worlds(),
    cuts=st.lists(st.integers(1, 60), max_size=4),
    batch=st.integers(1, 3),
    data=st.data(),
)
def test_any_run_under_any_crashes_and_lost_answers_ends_as_planned_and_rolls_back_to_the_start(
    bench: Bench,
    start: dict[Facet, bytes],
    wanted: dict[Facet, bytes],
    cuts: list[int],
    batch: int,
    data: st.DataObject,
) -> None:
    target = begin_with(bench, start, batch=batch, concurrency=4)
    changed = sorted({key for key in start.keys() | wanted.keys() if start.get(key) != wanted.get(key)})
    if changed:
        lost = data.draw(st.sets(st.sampled_from(changed)))
        for kind, key in lost:
            bench.service.faults.lost_after.update(
                f"{verb} {kind} {key}" for verb in ("create", "update", "delete")
            )
    run = Story(bench, target, wanted).to_the_end(cuts)
    assert run.state is RunState.COMPLETE
    assert bench.service.facets == wanted
    assert len(bench.service.effects) == len(changed)
    assert (bench.service.lane_breaks, bench.service.rank_breaks) == ([], [])
    if changed:
        assert Story(bench, target, wanted, run.id).to_the_end(cuts).state is RunState.COMPLETE
        assert bench.service.facets == start
        assert len(bench.service.effects) == 2 * len(changed)
