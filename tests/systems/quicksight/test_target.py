"""QuickSight in the sandbox: put back, undone, cut off, refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSettings
from holdfast.domain.changes import RestoreScope
from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.runs import RunState
from holdfast.kernel.system import PlanOptions
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.quicksight.portraits import AssetPortrait, EstatePortrait, QuickSightPortrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.quicksight.clients.connection import connect
from tests.contracts.system_contract import (
    CutTarget,
    SystemContract,
    captured,
    changes_of,
    content,
    plan_stages,
    replaying,
    restore,
    undo_run,
)
from tests.simulators.memory_system import MemoryService
from tests.simulators.power import PowerCut
from tests.simulators.sleeping_time import SleepingTime, TimedSession
from tests.simulators.workbench import Bench
from tests.systems.quicksight.small_installation import (
    EMPTY,
    KEPT,
    REGION,
    Installation,
    source,
    table,
    view,
)


@pytest.fixture(scope="module")
def connected() -> Iterator[Callable[[], Installation]]:
    """Makes installations over one sandbox and one session, since a client takes its time to be made."""
    time = SleepingTime()
    with SandboxServer("empty", async_delay=0.0, clock=lambda: time.now().timestamp()) as server:
        pace = AwsSettings("", REGION, requests_per_second=100_000, other_requests_per_second=100_000)
        endpoint = AwsEndpoint(server.url, "AKIASANDBOXSANDBOX00", "sandbox")
        session = TimedSession(pace, time, endpoint=endpoint)
        connection = connect(session, session)
        yield lambda: Installation(server, time, connection)


@pytest.fixture
def installation(connected: Callable[[], Installation]) -> Iterator[Installation]:
    made = connected()
    yield made
    made.sandbox.clear_faults()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, MemoryService())


def test_a_restore_leaves_nothing_to_plan_and_its_rollback_gives_what_was_there(
    installation: Installation, bench: Bench
) -> None:
    installation.load(KEPT)
    wanted = captured(installation)
    installation.damage()
    start = captured(installation)
    run = restore(installation, bench, wanted)
    assert run.state is RunState.COMPLETE
    links = [e.change.key for e in bench.ledger.changes(run.id) if e.outcome and "link" in e.outcome.advice]
    assert links == ["lost\x1flea"]  # Ops/cyd signs in by IAM
    assert changes_of(installation, wanted, captured(installation)) == []
    undo_run(installation, bench, run)
    assert content(installation) == content(installation, start)


@pytest.mark.soak
@pytest.mark.timeout(1800)
class TestQuickSight(SystemContract):
    @pytest.fixture
    def arena(self, installation: Installation) -> Installation:
        installation.load(KEPT)
        return installation

    def test_everything_comes_back_into_an_empty_account(self, arena: Installation, bench: Bench) -> None:
        wanted = captured(arena)
        arena.load(EMPTY)
        assert restore(arena, bench, wanted).state is RunState.COMPLETE
        assert content(arena) == content(arena, wanted)


BOARDS = tuple(view("dashboard", f"board{n}", "sales") for n in range(5))
SALES = (source("db"), table("sales", "db"))


def _load(installation: Installation, *assets: AssetPortrait) -> None:
    installation.load(QuickSightPortrait(estates=(EstatePortrait(REGION, (*SALES, *assets)),)))
    installation.types = ("data_source", "data_set", "analysis", "dashboard")
    installation.options = PlanOptions(RestoreScope(("analysis", "dashboard")), delete_extra=True)


def _with(asset: AssetPortrait, **fields: object) -> AssetPortrait:
    return msgspec.structs.replace(asset, member={**asset.member, **fields})


def _operations(installation: Installation, since: int) -> Counter[str]:
    return Counter(effect.operation for effect in installation.sandbox.changes()[since:])


def test_an_asset_that_cannot_be_imported_is_named_and_the_others_come_back(
    installation: Installation, bench: Bench
) -> None:
    nothing: dict[str, object] = {"dataSetIdentifierDeclarations": [], "sheets": []}
    silent = _with(BOARDS[2], definition=nothing)
    named = _with(BOARDS[3], name="")
    _load(installation, *BOARDS[:2], silent, named, BOARDS[4])
    wanted = captured(installation)
    _load(installation)
    plan = changes_of(installation, wanted, captured(installation))
    engine = bench.engine()
    run = engine.execute(engine.start("contract", "restore", b"{}"), plan_stages(plan, installation.target()))
    ends = {e.change.key: e.outcome for e in bench.ledger.changes(run.id) if e.outcome}
    failed = {key: end for key, end in ends.items() if end.kind is not OutcomeKind.DONE}
    assert run.state is RunState.PARTIAL
    assert set(failed) == {"board2", "board3"}
    assert "has no name" in failed["board3"].reason
    assert set(content(installation)) >= {("dashboard", f"board{n}") for n in (0, 1, 4)}


def test_an_analysis_that_waits_for_its_deletion_is_taken_back(
    installation: Installation, bench: Bench
) -> None:
    _load(installation, view("analysis", "binned", "sales", "as it was"))
    wanted = captured(installation)
    _load(installation, view("analysis", "binned", "sales", "changed", deleted=True))
    since = len(installation.sandbox.changes())
    run = restore(installation, bench, wanted)
    assert content(installation) == content(installation, wanted)
    assert _operations(installation, since) == {"RestoreAnalysis": 1, "ImportAsset": 1}
    undo_run(installation, bench, run)
    assert ("analysis", "binned") not in content(installation)


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_that_dies_at_an_import_imports_each_asset_once(
    installation: Installation, bench: Bench, lost: bool
) -> None:
    _load(installation, *BOARDS)
    wanted = captured(installation)
    _load(installation)
    plan = changes_of(installation, wanted, captured(installation))
    since = len(installation.sandbox.changes())
    dying = CutTarget(installation.target(), ("create", "dashboard"), after=lost)
    run = bench.engine("first").start("contract", "restore", b"{}")
    with pytest.raises(PowerCut):
        bench.engine("first").execute(run, plan_stages(plan, dying))
    bench.dead.add("first")
    stages = replaying(plan_stages(plan, installation.target()))
    assert bench.engine("next").resume(run.id, stages).state is RunState.COMPLETE
    assert _operations(installation, since) == {"ImportAsset": len(BOARDS)}


def test_a_namespace_that_may_not_be_looked_at_is_told_by_the_listing(
    installation: Installation, bench: Bench
) -> None:
    installation.types = ("namespace",)
    installation.options = PlanOptions(RestoreScope(("namespace",)))
    installation.load(KEPT)
    wanted = captured(installation)
    installation.load(EMPTY)
    since = len(installation.sandbox.changes())
    look = FaultRule(service="quicksight", operation="DescribeNamespace", deny=True)
    installation.sandbox.faults([look])
    assert restore(installation, bench, wanted).state is RunState.COMPLETE
    assert _operations(installation, since) == {"CreateNamespace": 1}


def test_an_import_that_may_not_be_looked_at_is_told_by_its_assets(
    installation: Installation, bench: Bench
) -> None:
    _load(installation, *BOARDS)
    wanted = captured(installation)
    _load(installation)
    since = len(installation.sandbox.changes())
    look = FaultRule(service="quicksight", operation="DescribeAssetBundleImportJob", deny=True)
    installation.sandbox.faults([look])
    assert restore(installation, bench, wanted).state is RunState.COMPLETE
    assert _operations(installation, since) == {"ImportAsset": len(BOARDS)}


def test_a_start_whose_answer_is_lost_is_no_second_import(installation: Installation, bench: Bench) -> None:
    _load(installation, BOARDS[0])
    wanted = captured(installation)
    _load(installation)
    since = len(installation.sandbox.changes())
    rule = FaultRule(
        service="quicksight", operation="StartAssetBundleImportJob", times=1, reset=True, after=True
    )
    installation.sandbox.faults([rule])
    assert restore(installation, bench, wanted).state is RunState.COMPLETE
    assert _operations(installation, since) == {"ImportAsset": 1}
