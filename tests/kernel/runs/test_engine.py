"""The engine: stages end once, every run ends with a state and evidence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.domain.errors import AccessDenied, Busy, Interrupted, LedgerFull, OutOfSpace, Refused, TakenOver
from holdfast.domain.outcomes import DONE, Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from tests.simulators.memory_system import MemoryService
from tests.simulators.power import Power, under
from tests.simulators.workbench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, MemoryService())


def gather(name: str, work: Callable[[RunContext], None]) -> Stage:
    return Stage(name, StageKind.GATHER, work)


def raising(error: BaseException) -> Callable[[RunContext], None]:
    def work(context: RunContext) -> None:
        raise error

    return work


def test_a_run_whose_items_are_all_done_is_complete_and_leaves_evidence(bench: Bench) -> None:
    engine = bench.engine()
    run = engine.start("memory", "backup", b"{}")
    ended = engine.execute(run, [gather("read", lambda c: c.record_items([Item("user", "ada", DONE)]))])
    assert ended.state is RunState.COMPLETE
    assert ended == bench.ledger.run("latest")
    assert [(run.id, run.state) for run in bench.evidence] == [(ended.id, RunState.COMPLETE)]


def test_evidence_that_cannot_be_written_is_the_error_that_leaves_and_the_run_has_ended(bench: Bench) -> None:
    def full(run: Run) -> None:
        raise OutOfSpace("reports", "report.txt")

    engine = bench.engine(on_end=full)
    with pytest.raises(OutOfSpace):
        engine.execute(engine.start("memory", "backup", b"{}"), [gather("read", lambda context: None)])
    assert bench.ledger.run("latest").state is RunState.COMPLETE
    with pytest.raises(OutOfSpace):
        engine.execute(
            engine.start("memory", "backup", b"{}"), [gather("read", raising(KeyboardInterrupt()))]
        )
    assert bench.ledger.run("latest").state is RunState.INTERRUPTED


def test_ctrl_c_while_the_evidence_is_written_leaves_a_run_whose_resume_writes_it(bench: Bench) -> None:
    written: list[RunState] = []

    def stopped_once(run: Run) -> None:
        written.append(run.state)
        if len(written) == 1:
            raise KeyboardInterrupt

    engine, stages = bench.engine(on_end=stopped_once), [gather("read", lambda context: None)]
    with pytest.raises(Interrupted):
        engine.execute(engine.start("memory", "backup", b"{}"), stages)
    assert engine.resume("latest", lambda run: stages).state is RunState.COMPLETE
    assert written == [RunState.COMPLETE, RunState.INTERRUPTED, RunState.COMPLETE]


@pytest.mark.parametrize("kind", [OutcomeKind.FAILED, OutcomeKind.IMPOSSIBLE])
def test_one_item_that_failed_makes_the_run_partial(bench: Bench, kind: OutcomeKind) -> None:
    engine = bench.engine()
    items = [Item("user", "ada", DONE), Item("user", "bob", Outcome(kind, "no"))]
    ended = engine.execute(
        engine.start("memory", "backup", b"{}"), [gather("read", lambda c: c.record_items(items))]
    )
    assert ended.state is RunState.PARTIAL


def test_only_an_error_that_a_check_found_makes_the_run_partial(bench: Bench) -> None:
    engine = bench.engine()
    error = Finding(Severity.ERROR, "x", "user", "ada", "differs")
    stages = [gather("plan", lambda c: c.record_findings([error]))]
    assert engine.execute(engine.start("memory", "a", b"{}"), stages).state is RunState.COMPLETE
    checks = [Stage("verify", StageKind.CHECK, lambda c: c.record_findings([error]))]
    assert engine.execute(engine.start("memory", "b", b"{}"), checks).state is RunState.PARTIAL


def test_a_stage_that_ended_is_not_repeated_and_one_cut_off_is_repeated_clean(bench: Bench) -> None:
    seen: list[str] = []

    def read(context: RunContext) -> None:
        seen.append("read")
        context.snapshot = "snapshot-1"

    def half(context: RunContext) -> None:
        seen.append("plan")
        context.record_items([Item("user", f"attempt {len(seen)}", DONE)])
        context.record_findings([Finding(Severity.NOTE, "x", "", "", f"attempt {len(seen)}")])
        if len(seen) == 2:
            raise AccessDenied("ListUsers", "store", "no")

    stages = [gather("read", read), gather("plan", half)]
    engine = bench.engine()
    with pytest.raises(AccessDenied) as caught:
        engine.execute(engine.start("memory", "restore", b"{}"), stages)
    failed = bench.ledger.run("latest")
    assert (failed.state, failed.stage, failed.snapshot) == (RunState.FAILED, "plan", "snapshot-1")
    assert caught.value.__notes__ == [f"Go on with `holdfast runs resume {failed.id}`."]
    ended = bench.engine("second").resume("latest", lambda run: stages)
    assert (ended.state, ended.error, seen) == (RunState.COMPLETE, b"", ["read", "plan", "plan"])
    assert [item.key for item in bench.ledger.items(ended.id)] == ["attempt 3"]
    assert [finding.message for finding in bench.ledger.findings(ended.id)] == ["attempt 3"]


def test_an_error_is_kept_in_the_run_with_its_advice(bench: Bench) -> None:
    engine = bench.engine()
    with pytest.raises(AccessDenied):
        engine.execute(
            engine.start("m", "k", b"{}"), [gather("x", raising(AccessDenied("sso:List", "store", "no")))]
        )
    kept = json.loads(bench.evidence[0].error)
    assert kept == json.loads(bench.ledger.run("latest").error)
    assert (kept["code"], kept["exit_code"], kept["facts"]["action"]) == ("access-denied", 11, "sso:List")
    assert kept["advice"] == "Allow sso:List to the principal Holdfast runs as, then run the command again."


def test_a_refusal_before_any_change_is_refused_and_cannot_be_resumed(bench: Bench) -> None:
    engine = bench.engine()
    with pytest.raises(Refused):
        engine.execute(engine.start("m", "k", b"{}"), [gather("x", raising(Refused("lock-out", "allow it")))])
    assert bench.ledger.run("latest").state is RunState.REFUSED
    with pytest.raises(Refused, match="was refused before it changed anything"):
        engine.resume("latest", lambda run: [])


def test_ctrl_c_interrupts_the_run_and_says_how_to_resume(bench: Bench) -> None:
    engine = bench.engine()
    run = engine.start("m", "k", b"{}")
    with pytest.raises(Interrupted) as caught:
        engine.execute(run, [gather("x", raising(KeyboardInterrupt()))])
    assert (caught.value.exit_code, caught.value.advice) == (130, f"holdfast runs resume {run.id}")
    assert [run.state for run in bench.evidence] == [RunState.INTERRUPTED]


def test_a_bug_fails_the_run_and_comes_out_as_it_is(bench: Bench) -> None:
    engine = bench.engine()
    with pytest.raises(ZeroDivisionError):
        engine.execute(engine.start("m", "k", b"{}"), [gather("x", raising(ZeroDivisionError("oops")))])
    assert json.loads(bench.evidence[0].error)["message"] == "ZeroDivisionError: oops"
    assert bench.ledger.run("latest").state is RunState.FAILED


def test_the_next_command_ends_runs_of_dead_processes_with_evidence(bench: Bench) -> None:
    run = bench.engine("killed").start("m", "k", b"{}")
    later = bench.engine("later")
    assert later.recover_abandoned() == []
    bench.dead.add("killed")
    (recovered,) = later.recover_abandoned()
    assert (recovered.id, recovered.state) == (run.id, RunState.INTERRUPTED)
    assert [run.state for run in bench.evidence] == [RunState.INTERRUPTED]
    assert later.recover_abandoned() == []


def test_a_run_killed_between_its_last_stage_and_its_evidence_is_ended_as_what_it_was(bench: Bench) -> None:
    run = bench.engine("killed").start("m", "k", b"{}")
    bench.ledger.advance(run, "ended")
    bench.dead.add("killed")
    assert [run.state for run in bench.engine("later").recover_abandoned()] == [RunState.COMPLETE]


def test_a_worker_whose_lease_is_older_than_half_its_life_stops_and_can_be_resumed(bench: Bench) -> None:
    acted: list[str] = []

    def slept(context: RunContext) -> None:
        bench.clock.sleep(31)
        context.guard()
        acted.append("acted")

    engine = bench.engine()
    with pytest.raises(Busy, match="could not renew its lease"):
        engine.execute(engine.start("m", "k", b"{}"), [gather("x", slept)])
    assert (acted, bench.ledger.run("latest").state) == ([], RunState.INTERRUPTED)


def test_a_run_taken_over_stops_its_first_worker_which_writes_no_evidence(bench: Bench) -> None:
    first = bench.engine("first")
    run = first.start("m", "k", b"{}")

    def overtaken(context: RunContext) -> None:
        bench.dead.add("first")
        bench.ledger.claim_run(run.id, "second", bench.clock.now())
        context.record_items([Item("user", "ada", DONE)])

    with pytest.raises(TakenOver):
        first.execute(run, [gather("x", overtaken)])
    assert bench.evidence == []
    assert list(bench.ledger.items(run.id)) == []
    assert bench.ledger.run(run.id).owner == "second"


def test_of_two_processes_that_resume_a_run_one_gets_it(bench: Bench) -> None:
    engine = bench.engine("first")
    with pytest.raises(Interrupted):
        engine.execute(engine.start("m", "k", b"{}"), [gather("x", raising(KeyboardInterrupt()))])

    def rival(context: RunContext) -> None:
        with pytest.raises(Busy, match="is being worked on by second"):
            bench.engine("third").resume("latest", lambda run: [])

    assert (
        bench.engine("second").resume("latest", lambda run: [gather("x", rival)]).state is RunState.COMPLETE
    )


class FullDisk(Power):
    """From the first item on, nothing can be written to the ledger any more."""

    def moment(self, name: str = "") -> None:
        self.moments += name == "before record_items"
        if self.moments and name.startswith("before") and not name.startswith("before count"):
            raise LedgerFull("ledger.db", "database or disk is full")


def test_a_full_disk_still_gets_evidence_and_the_run_is_resumed_once_there_is_room(bench: Bench) -> None:
    stages = [gather("read", lambda c: c.record_items([Item("user", "ada", DONE)]))]
    engine = bench.engine("first", under(FullDisk(), bench.ledger))
    with pytest.raises(LedgerFull) as caught:
        engine.execute(engine.start("memory", "backup", b"{}"), stages)
    assert (caught.value.exit_code, [run.state for run in bench.evidence]) == (75, [RunState.FAILED])
    bench.dead.add("first")
    later = bench.engine("later")
    assert [run.state for run in later.recover_abandoned()] == [RunState.INTERRUPTED]
    assert later.resume("latest", lambda run: stages).state is RunState.COMPLETE
