"""A restore that waits for the identity source, which here synchronises whenever the restore pauses."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.domain.errors import Interrupted
from holdfast.domain.outcomes import Severity
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.restore import RestoreRequest
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk
from tests.simulators.quiet import SilentProgress

GROUP = "Platform Engineers"
"""Has external ids in the sample company."""
TYPES = ("user", "group", "membership", "permission_set", "assignment")
AWAITED = "principal-awaited"


class PausingClock(SystemClock):
    """Long pauses take no time; something happens in each instead."""

    def __init__(self, happens: Callable[[int], None]) -> None:
        self._happens, self._skipped, self.pauses = happens, 0.0, 0

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        if seconds < 5:
            super().sleep(seconds)
            return
        self._skipped += seconds
        self.pauses += 1
        self._happens(self.pauses)


class Home(Installation):
    """The desk's installation under another clock."""

    def __init__(self, desk: Desk, happens: Callable[[int], None]) -> None:
        super().__init__(load(None, desk.variables({}), desk.folder), SilentProgress())
        self._happens = happens

    @cached_property
    def clock(self) -> PausingClock:  # type: ignore[override]  # the test's own
        return PausingClock(self._happens)

    def restore_latest(self, minutes: int) -> Run:
        return self.runs.launch(
            "restore", "identity_center", RestoreRequest("latest", TYPES, wait_minutes=minutes)
        )


class Synchronisation:
    """Brings the group back as SCIM does: with its external ids and its members."""

    def __init__(self, sandbox: SandboxServer, admin: Administrator) -> None:
        self.sandbox, self.admin = sandbox, admin
        company = sandbox.dump()
        self.members = [each.user for each in company.memberships if each.group == GROUP]
        self.group = next(each for each in company.groups if each.name == GROUP)

    def run(self) -> None:
        described = {"Description": self.group.description} if self.group.description else {}
        made = self.admin.ids.create_group(
            IdentityStoreId=self.admin.store,
            DisplayName=GROUP,
            **described,  # type: ignore[arg-type]
        )
        users = self.admin.users()
        for name in self.members:
            self.admin.ids.create_group_membership(
                IdentityStoreId=self.admin.store, GroupId=made["GroupId"], MemberId={"UserId": users[name]}
            )
        groups = self.sandbox.engine.world.directory.groups
        entry = groups.get(made["GroupId"])
        issued = [{"Issuer": issuer, "Id": each} for issuer, each in self.group.external_ids]
        groups.replace(entry, {**entry.document, "ExternalIds": issued}, entry.updated)  # type: ignore[dict-item]


@pytest.fixture
def source(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator, monkeypatch: pytest.MonkeyPatch
) -> Synchronisation:
    """A backup; then the identity source loses a group, and a group of the company's own is deleted."""
    synchronisation = Synchronisation(sandbox, admin)
    admin.delete_group(GROUP)
    admin.delete_group("Cloud Operators")
    for name, value in desk.variables({}).items():
        if name not in os.environ:
            monkeypatch.setenv(name, value)
    return synchronisation


def awaited(home: Home, run: Run) -> list[tuple[str, str]]:
    found = home.ledger.findings(run.id)
    return [(each.type, each.key) for each in found if each.code == AWAITED]


def test_without_waiting_the_rest_is_restored_and_the_run_is_partial(
    desk: Desk, sandbox: SandboxServer, source: Synchronisation
) -> None:
    held = [each for each in sandbox.dump().assignments if each.principal == GROUP]
    assert held == []
    shown = desk.run("identity-center", "preview", "latest")
    assert "Awaited from the identity source, so not planned: 1 group, " in shown.out
    restored = desk.restore()
    assert restored.code == 3
    errors = [each for each in restored.json["findings"] if each["severity"] == "error"]
    assert {each["code"] for each in errors} == {AWAITED}
    assert [each["key"] for each in errors if each["type"] == "group"] == [GROUP]
    assert len([each for each in errors if each["type"] == "assignment"]) >= 1
    names = {group.name for group in sandbox.dump().groups}
    assert "Cloud Operators" in names
    assert GROUP not in names
    assert desk.restore().code == 3


def test_a_waiting_restore_goes_on_when_the_group_has_come_and_is_whole(
    desk: Desk, sandbox: SandboxServer, source: Synchronisation
) -> None:
    home = Home(desk, lambda pause: source.run() if pause == 3 else None)
    run = home.restore_latest(30)
    assert run.state is RunState.COMPLETE, home.ledger.findings(run.id)
    assert awaited(home, run) == []
    assert home.clock.pauses == 3
    (told,) = [each.message for each in home.ledger.findings(run.id) if each.code == "awaited"]
    assert told.startswith("1 of 1 that the identity source brings came within 4")
    live = sandbox.dump()
    assert source.group in live.groups
    kept = home.system("identity_center")
    view = home.vault.read(home.vault.resolve("latest", kept.name))
    assert len(live.assignments) == view.info.section("assignment").count  # type: ignore[union-attr]
    undone = home.runs.roll_back(run.id)
    assert undone.state is RunState.COMPLETE
    assert GROUP in {group.name for group in sandbox.dump().groups}
    assert "Cloud Operators" not in {group.name for group in sandbox.dump().groups}


def test_when_the_time_is_over_the_rest_is_restored_and_the_run_is_partial(
    desk: Desk, sandbox: SandboxServer, source: Synchronisation
) -> None:
    home = Home(desk, lambda pause: None)
    run = home.restore_latest(2)
    assert run.state is RunState.PARTIAL
    assert ("group", GROUP) in awaited(home, run)
    assert "Cloud Operators" in {group.name for group in sandbox.dump().groups}
    # 10, 15, 22.5 and 33.75 s, then what is left of two minutes.
    assert home.clock.pauses == 5


def test_an_interrupted_wait_is_resumed_and_waits_again(
    desk: Desk, sandbox: SandboxServer, source: Synchronisation
) -> None:
    def stopped(pause: int) -> None:
        raise KeyboardInterrupt

    home = Home(desk, stopped)
    with pytest.raises(Interrupted) as caught:
        home.restore_latest(5)
    assert not {GROUP, "Cloud Operators"} & {group.name for group in sandbox.dump().groups}
    again = Home(desk, lambda pause: source.run())
    run = again.runs.resume(caught.value.run)
    assert run.state is RunState.COMPLETE
    assert again.clock.pauses == 1
    assert [f for f in again.ledger.findings(run.id) if f.severity is Severity.ERROR] == []
    assert {GROUP, "Cloud Operators"} <= {group.name for group in sandbox.dump().groups}


def test_what_needs_nobody_is_not_waited_for(desk: Desk, backed_up: str) -> None:
    restored = desk.restore("--wait-for-principals", "60")
    assert restored.code == 0
    assert "awaited" not in {each["code"] for each in restored.json["findings"]}
