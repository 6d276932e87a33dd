"""Rollback: undoes only what a run changed, only where it still stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.domain.errors import AccessDenied, CredentialsError, Refused
from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.records import join_key
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.runs.rollback import rollback_stages, undoable
from tests.simulators.memory_system import Facet, MemoryService, MemoryTarget
from tests.simulators.workbench import Bench

START: dict[Facet, bytes] = {
    ("user", "ada"): b'{"mail":"a@x"}',
    ("user", "bob"): b"{}",
    ("group", "Old"): b"{}",
    ("membership", join_key("Old", "bob")): b"{}",
    ("label", "l1"): b'{"v":1}',
}
WANTED: dict[Facet, bytes] = {
    ("user", "ada"): b'{"mail":"a@y"}',
    ("user", "bob"): b"{}",
    ("group", "New"): b"{}",
    ("membership", join_key("New", "bob")): b"{}",
    ("label", "l1"): b'{"v":2}',
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, MemoryService(START))


def restore(bench: Bench) -> Run:
    engine = bench.engine()
    return engine.execute(engine.start("memory", "restore", b"{}"), bench.stages(WANTED))


def roll_back(bench: Bench, undone: str) -> Run:
    engine = bench.engine("undoing")
    run = engine.start("memory", "rollback", b"{}", undoes=undoable(bench.ledger, undone).id)
    return engine.execute(run, rollback_stages(MemoryTarget(bench.service)))


def test_a_rollback_gives_the_start_and_can_itself_be_rolled_back(bench: Bench) -> None:
    run = restore(bench)
    undo = roll_back(bench, run.id)
    assert (undo.state, undo.undoes, bench.service.facets) == (RunState.COMPLETE, run.id, START)
    assert roll_back(bench, undo.id).state is RunState.COMPLETE
    assert bench.service.facets == WANTED


def test_a_rollback_of_a_partial_run_undoes_what_it_did(bench: Bench) -> None:
    bench.service.faults.raises["create group New"] = AccessDenied("CreateGroup", "New", "no")
    run = restore(bench)
    assert run.state is RunState.PARTIAL
    bench.service.faults.raises.clear()
    assert roll_back(bench, run.id).state is RunState.COMPLETE
    assert bench.service.facets == START


def test_what_somebody_changed_since_is_left_alone_and_said(bench: Bench) -> None:
    run = restore(bench)
    theirs = b'{"mail":"theirs@x"}'
    bench.service.facets["user", "ada"] = theirs
    undo = roll_back(bench, run.id)
    assert bench.service.facets == {**START, ("user", "ada"): theirs}
    (item,) = bench.ledger.items(undo.id)
    assert (item.type, item.key, item.outcome.kind, item.outcome.code) == (
        "user",
        "ada",
        OutcomeKind.SKIPPED,
        "conflict",
    )
    assert (
        item.outcome.reason == f"not undone, because since run {run.id} it holds something else now in mail"
    )


def test_what_was_so_already_before_the_run_called_is_not_undone(bench: Bench) -> None:
    plan, apply, verify = bench.stages(WANTED)

    def plan_then_meddle(context: object) -> None:
        plan.work(context)  # type: ignore[arg-type]
        bench.service.facets["label", "l1"] = WANTED["label", "l1"]

    engine = bench.engine()
    stages = [type(plan)("plan", plan.kind, plan_then_meddle), apply, verify]
    run = engine.execute(engine.start("memory", "restore", b"{}"), stages)
    assert run.state is RunState.COMPLETE
    roll_back(bench, run.id)
    assert bench.service.facets == {**START, ("label", "l1"): b'{"v":2}'}


@pytest.mark.parametrize("took_effect", [True, False])
def test_a_change_in_doubt_is_undone_where_it_took_effect(bench: Bench, took_effect: bool) -> None:
    bench.service.faults.raises["update label l1"] = CredentialsError("expired", "log in")
    with pytest.raises(CredentialsError):
        restore(bench)
    run = bench.ledger.run("latest")
    assert bench.ledger.count_changes(run.id)["label", "update", "in doubt"] == 1
    if took_effect:
        bench.service.facets["label", "l1"] = WANTED["label", "l1"]
    bench.service.faults.raises.clear()
    undo = roll_back(bench, run.id)
    assert (undo.state, bench.service.facets) == (RunState.COMPLETE, START)
    assert list(bench.ledger.items(undo.id)) == []


def test_a_running_run_is_not_rolled_back(bench: Bench) -> None:
    run = bench.engine().start("memory", "restore", b"{}")
    with pytest.raises(Refused, match="is still running"):
        undoable(bench.ledger, run.id)


def test_a_run_that_changed_nothing_is_not_rolled_back(bench: Bench) -> None:
    engine = bench.engine()
    run = engine.execute(engine.start("memory", "backup", b"{}"), [])
    with pytest.raises(Refused, match="changed nothing"):
        undoable(bench.ledger, run.id)


def test_a_run_that_was_rolled_back_is_not_resumed(bench: Bench) -> None:
    bench.service.faults.raises["update label l1"] = CredentialsError("expired", "log in")
    with pytest.raises(CredentialsError):
        restore(bench)
    run = bench.ledger.run("latest")
    roll_back(bench, run.id)
    with pytest.raises(Refused, match="was rolled back by"):
        bench.engine("third").resume(run.id, lambda run: bench.stages(WANTED))
