"""What a backup says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.adapters.ledger import SqlLedger
from holdfast.domain.outcomes import Finding, Item, Outcome, OutcomeKind, Severity
from holdfast.domain.records import Record
from holdfast.domain.runs import RunState
from holdfast.kernel.backup import Backup, BackupRequest, changed_during
from holdfast.kernel.ports import Progress
from holdfast.kernel.system import Part
from tests.simulators.memory_system import MemoryService, MemorySource, memory_system
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.power import Power, PowerCut, under
from tests.simulators.sample_run import STARTED, run
from tests.simulators.small_vault import new_vault
from tests.simulators.workbench import Bench


def test_a_backup_was_taken_during_changes_of_its_own_instance_only(tmp_path: Path) -> None:
    ledger = SqlLedger.open(tmp_path / "ledger.db")
    for name, target in (("here", "arn:here"), ("elsewhere", "arn:there")):
        ledger.start_run(run(RunState.RUNNING, id=name, target=target))
    began = STARTED + timedelta(seconds=1)
    assert changed_during(ledger, "identity_center", "arn:here", began, own_run="mine") == ("here",)
    assert changed_during(ledger, "identity_center", "arn:here", began, own_run="here") == ()
    ledger.close()


KEPT_ONLY = Item("user", "bob", Outcome(OutcomeKind.IMPOSSIBLE, "no bundle could be made of it"))
LEFT_OUT = Item("user", "cyd", Outcome(OutcomeKind.SKIPPED, "an uploaded file"))


class Uneven(MemorySource):
    """A user as it should be, one that is in the backup though in a poorer form, one left out, a group unread."""

    def capture(self, types: Sequence[str], progress: Progress, name: str = "") -> Iterator[Part]:
        yield Part("user", [Record("user", key, b"{}") for key in ("ann", "bob")], (KEPT_ONLY, LEFT_OUT))
        unread = Item("group", "crew", Outcome(OutcomeKind.FAILED, "denied"))
        yield Part("group", (), (unread,), complete=False, reason="denied")

    def validate(self, parts: Sequence[Part]) -> list[Finding]:
        return [Finding(Severity.WARNING, "odd", "user", "ann", "there is something about her")]


def test_a_crash_at_any_moment_around_the_seal_leaves_the_inventory_of_an_undisturbed_run(
    tmp_path: Path,
) -> None:
    service = MemoryService()
    bench, vault = Bench(tmp_path, service), new_vault(MemoryStore(), tmp_path)
    backup = Backup(memory_system(service), Uneven(service), vault, lambda: "")
    stages = backup.stages(BackupRequest("full", ("user", "group")))

    def told(run_id: str) -> tuple[list[Item], list[Finding]]:
        return list(bench.ledger.items(run_id)), bench.ledger.findings(run_id)

    power = Power()
    whole = bench.engine(ledger=under(power, bench.ledger))
    undisturbed = whole.execute(whole.start("memory", "backup", b"{}"), stages)
    assert undisturbed.state is RunState.PARTIAL
    assert [item.outcome.kind for item in told(undisturbed.id)[0]] == [
        *(OutcomeKind.FAILED, OutcomeKind.DONE, OutcomeKind.IMPOSSIBLE, OutcomeKind.SKIPPED)
    ]
    for cut in range(3, power.moments):  # the first two are before the run is on record
        owner = f"cut at {cut}"
        dying = bench.engine(owner, under(Power(cut), bench.ledger))
        with pytest.raises(PowerCut):
            dying.execute(dying.start("memory", "backup", b"{}"), stages)
        bench.dead.add(owner)
        bench.engine("next").recover_abandoned()
        run = bench.ledger.run("latest")
        if run.state is RunState.INTERRUPTED:
            run = bench.engine("next").resume(run.id, lambda _: stages)
        assert (run.state, *told(run.id)) == (undisturbed.state, *told(undisturbed.id)), cut
    bench.ledger.close()
