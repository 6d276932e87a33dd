"""The journal: each change takes effect once, nobody else's edit is lost, lanes and ranks hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.domain.errors import AccessDenied, CredentialsError, Interrupted, TakenOver, Throttled
from holdfast.domain.outcomes import Outcome, OutcomeKind, Severity
from holdfast.domain.records import join_key
from holdfast.domain.runs import Run, RunState
from tests.simulators.memory_system import Facet, MemoryService, MemoryTarget
from tests.simulators.power import PowerCut
from tests.simulators.workbench import Bench

START: dict[Facet, bytes] = {
    ("user", "ada"): b'{"mail":"a@x"}',
    ("user", "bob"): b'{"mail":"b@x"}',
    ("group", "Old"): b"{}",
    ("membership", join_key("Old", "bob")): b"{}",
    ("label", "l1"): b'{"v":1}',
}
WANTED: dict[Facet, bytes] = {
    ("user", "ada"): b'{"mail":"a@y"}',
    ("user", "bob"): b'{"mail":"b@x"}',
    ("user", "cyd"): b'{"mail":"c@x"}',
    ("group", "New"): b"{}",
    ("membership", join_key("New", "ada")): b"{}",
    ("membership", join_key("New", "cyd")): b"{}",
    ("label", "l1"): b'{"v":2}',
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, MemoryService(START))


def run_to(bench: Bench, wanted: dict[Facet, bytes], target: MemoryTarget | None = None) -> Run:
    engine = bench.engine()
    return engine.execute(engine.start("memory", "restore", b"{}"), bench.stages(wanted, target))


def outcomes(bench: Bench) -> dict[str, Outcome]:
    entries = bench.ledger.changes(bench.ledger.run("latest").id)
    return {entry.change.name: entry.outcome for entry in entries if entry.outcome is not None}


def test_every_change_takes_effect_once_and_is_read_back(bench: Bench) -> None:
    assert run_to(bench, WANTED).state is RunState.COMPLETE
    assert bench.service.facets == WANTED
    assert len(bench.service.effects) == len(set(bench.service.effects)) == 8
    (note,) = bench.ledger.findings(bench.ledger.run("latest").id)
    assert (note.severity, note.message) == (
        Severity.NOTE,
        "8 of 8 changed things stand as this run left them",
    )
    assert ("apply", 8) in bench.progress.stages


def test_a_lost_answer_after_the_effect_is_found_done_and_counted(bench: Bench) -> None:
    bench.service.faults.lost_after["create user cyd"] = 1
    assert run_to(bench, WANTED).state is RunState.COMPLETE
    assert outcomes(bench)["create user cyd"].repeats == 1
    assert bench.service.effects.count("create user cyd") == 1


def test_a_lost_request_is_sent_again(bench: Bench) -> None:
    bench.service.faults.lost_before["update user ada"] = 2
    assert run_to(bench, WANTED).state is RunState.COMPLETE
    assert bench.service.effects.count("update user ada") == 1


def test_three_lost_requests_fail_the_change_and_the_rest_goes_on(bench: Bench) -> None:
    bench.service.faults.lost_before["update user ada"] = 3
    assert run_to(bench, WANTED).state is RunState.PARTIAL
    assert outcomes(bench)["update user ada"].code == "remote-unavailable"
    assert "create membership New / cyd" in bench.service.effects


def test_a_denied_change_fails_alone(bench: Bench) -> None:
    bench.service.faults.raises["update user ada"] = AccessDenied("UpdateUser", "ada", "no")
    assert run_to(bench, WANTED).state is RunState.PARTIAL
    failed = {name for name, outcome in outcomes(bench).items() if outcome.kind is OutcomeKind.FAILED}
    assert failed == {"update user ada"}


def test_what_hangs_on_a_failed_change_fails_in_the_services_own_words(bench: Bench) -> None:
    bench.service.faults.refused["create group New"] = Outcome(OutcomeKind.FAILED, "LimitExceeded: groups")
    assert run_to(bench, WANTED).state is RunState.PARTIAL
    reason = outcomes(bench)["create membership New / cyd"].reason
    assert reason == "ResourceNotFoundException: no group New"


@pytest.mark.parametrize(
    "error", [CredentialsError("expired", "log in"), Throttled("Update", "Throttling", "slow")]
)
def test_what_no_change_would_escape_stops_the_run_which_then_resumes(
    bench: Bench, error: CredentialsError | Throttled
) -> None:
    bench.service.faults.raises["create user cyd"] = error
    with pytest.raises(type(error)):
        run_to(bench, WANTED)
    assert bench.ledger.run("latest").state is RunState.FAILED
    bench.service.faults.raises.clear()
    assert (
        bench.engine("second").resume("latest", lambda run: bench.stages(WANTED)).state is RunState.COMPLETE
    )
    assert bench.service.facets == WANTED
    assert len(bench.service.effects) == len(set(bench.service.effects)) == 8


def test_somebody_elses_edit_between_plan_and_apply_survives(bench: Bench) -> None:
    stages = bench.stages(WANTED)
    theirs = b'{"mail":"theirs@x"}'

    class Meddling(MemoryTarget):
        def await_settled(self, change_types: object) -> None:
            pass

        def guarded_by_service(self, change: object) -> bool:
            self.service.facets["user", "ada"] = theirs
            return super().guarded_by_service(change)  # type: ignore[arg-type]

    stages = bench.stages(WANTED, Meddling(bench.service))
    engine = bench.engine()
    assert engine.execute(engine.start("m", "restore", b"{}"), stages).state is RunState.PARTIAL
    outcome = outcomes(bench)["update user ada"]
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "conflict")
    assert outcome.reason == "somebody else changed it since the plan: it holds something else now in mail"
    assert bench.service.facets["user", "ada"] == theirs


def test_an_edit_by_somebody_else_after_apply_is_found_on_reading_back(bench: Bench) -> None:
    plan, apply, verify = bench.stages(WANTED)
    engine = bench.engine()

    def meddle_then_verify(context: object) -> None:
        del bench.service.facets["label", "l1"]
        verify.work(context)  # type: ignore[arg-type]

    checked = type(verify)(verify.name, verify.kind, meddle_then_verify)
    assert (
        engine.execute(engine.start("m", "restore", b"{}"), [plan, apply, checked]).state is RunState.PARTIAL
    )
    errors = [f for f in bench.ledger.findings(bench.ledger.run("latest").id) if f.severity is Severity.ERROR]
    assert [(error.code, error.message) for error in errors] == [
        ("change-not-standing", "update label l1: it is absent now")
    ]


@pytest.mark.parametrize("batch", [1, 7])
def test_concurrent_changes_never_break_lanes_ranks_or_batches(tmp_path: Path, batch: int) -> None:
    wanted: dict[Facet, bytes] = {("user", f"u{n:02}"): b"{}" for n in range(40)}
    wanted |= {("group", f"g{n}"): b"{}" for n in range(3)}
    wanted |= {("membership", join_key(f"g{n % 3}", f"u{n:02}")): b"{}" for n in range(40)}
    wanted |= {("label", f"l{n:02}"): b"{}" for n in range(40)}
    bench = Bench(tmp_path, MemoryService())
    assert (
        run_to(bench, wanted, MemoryTarget(bench.service, batch=batch, pause=0.001)).state
        is RunState.COMPLETE
    )
    assert bench.service.facets == wanted
    assert (bench.service.lane_breaks, bench.service.rank_breaks) == ([], [])
    assert bench.service.most_at_once > 1
    assert len(bench.service.effects) == 123


def test_changes_of_one_lane_share_a_batch_call(tmp_path: Path) -> None:
    wanted: dict[Facet, bytes] = {("label", join_key("box", f"l{n}")): b"{}" for n in range(12)}
    bench = Bench(tmp_path, MemoryService())
    assert run_to(bench, wanted, MemoryTarget(bench.service, batch=5)).state is RunState.COMPLETE
    assert bench.service.facets == wanted
    assert bench.service.applies == 3
    assert bench.service.lane_breaks == []


def test_ctrl_c_lets_the_calls_under_way_end_and_keeps_what_they_came_to(bench: Bench) -> None:
    def interrupt(name: str) -> None:
        if name == "applied" and len(bench.service.effects) == 3:
            raise KeyboardInterrupt

    bench.service.faults.on_call = interrupt
    with pytest.raises(Interrupted):
        run_to(bench, WANTED, MemoryTarget(bench.service, concurrency=1))
    bench.service.faults.on_call = lambda name: None
    counts = bench.ledger.count_changes(bench.ledger.run("latest").id)
    assert sum(count for (_, _, kind), count in counts.items() if kind == "done") == 2
    assert (
        bench.engine("second").resume("latest", lambda run: bench.stages(WANTED)).state is RunState.COMPLETE
    )
    assert len(bench.service.effects) == len(set(bench.service.effects)) == 8


def test_a_worker_that_was_overtaken_stops_at_its_next_write_and_doubles_nothing(bench: Bench) -> None:
    first = bench.engine("first")
    run = first.start("memory", "restore", b"{}")
    overtaken: list[RunState] = []

    def overtake(name: str) -> None:
        if name == "apply" and not overtaken:
            overtaken.append(RunState.RUNNING)
            bench.dead.add("first")
            second = bench.engine("second")
            second.recover_abandoned()
            overtaken[0] = second.resume(run.id, lambda run: bench.stages(WANTED)).state

    bench.service.faults.on_call = overtake
    with pytest.raises(TakenOver):
        first.execute(run, bench.stages(WANTED, MemoryTarget(bench.service, concurrency=1)))
    assert overtaken == [RunState.COMPLETE]
    assert bench.service.facets == WANTED
    assert len(bench.service.effects) == len(set(bench.service.effects)) == 8
    assert [run.state for run in bench.evidence] == [RunState.INTERRUPTED, RunState.COMPLETE]


def test_a_call_that_lands_late_after_a_resume_counts_as_this_runs_own(bench: Bench) -> None:
    def cut(name: str) -> None:
        if name == "apply":
            raise PowerCut

    bench.service.faults.on_call = cut
    with pytest.raises(PowerCut):
        run_to(bench, {**START, ("label", "l1"): b'{"v":2}'})
    bench.dead.add("first")
    reads = 0

    def land_before_the_second_read(name: str) -> None:
        nonlocal reads
        reads += name == "present"
        if reads == 2:
            bench.service.facets["label", "l1"] = b'{"v":2}'

    bench.service.faults.on_call = land_before_the_second_read
    assert bench.engine("second").resume("latest", lambda run: bench.stages({})).state is RunState.COMPLETE
    outcome = outcomes(bench)["update label l1"]
    assert (outcome.kind, outcome.repeats) == (OutcomeKind.DONE, 1)
