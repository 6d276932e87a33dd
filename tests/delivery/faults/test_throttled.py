"""Throttles, server errors, resets, latency and a region that goes down: slower, repeated, or cut off and resumed."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from holdfast.sandbox.faults import FaultRule, Faults
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

SPEED = 250.0
THROTTLE = "ThrottlingException"
IDENTITY_CENTER = ("identitystore", "sso-admin")


class HurriedClock:
    """Time that runs 250 times as fast as it does, for the command and for whoever throttles it."""

    _began = time.monotonic()
    _moment = datetime.now(UTC)

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=self.monotonic() - self._began * SPEED)

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / SPEED)


@pytest.fixture
def hurried(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk where minutes pass in a second."""
    monkeypatch.setattr("holdfast.adapters.clock.SystemClock", HurriedClock)
    desk.environment.update(
        HOLDFAST_AWS_REQUESTS_PER_SECOND="20", HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND="20"
    )
    return desk


def test_a_service_at_two_requests_a_second_makes_a_backup_slower_and_not_incomplete(
    hurried: Desk, sandbox: SandboxServer
) -> None:
    sandbox.engine.faults = Faults(2, 1, HurriedClock().monotonic)
    try:
        taken = hurried.run("identity-center", "backup", "--json")
    finally:
        sandbox.engine.faults = Faults(None, 1)
    assert taken.code == 0, taken
    assert taken.json["state"] == "complete"
    traffic = taken.json["cost"]["traffic"]
    assert traffic["throttles"] == sandbox.status().throttled_total > 0
    assert traffic["calls"] == sandbox.status().requests_total
    assert taken.json["cost"]["seconds"] > 20
    assert taken.json["failures"] == []


def test_five_minutes_of_nothing_but_throttles_are_waited_out(hurried: Desk, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(service=IDENTITY_CENTER, error=THROTTLE)])
    window = threading.Timer(300 / SPEED, sandbox.clear_faults)
    window.start()
    taken = hurried.run("identity-center", "backup", "--json")
    window.join()
    assert taken.code == 0, taken
    assert taken.json["cost"]["seconds"] > 200
    assert taken.json["cost"]["traffic"]["throttles"] > 5


def test_throttles_beyond_the_patience_stop_the_run_with_the_way_to_resume_it(
    hurried: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="ListGroupMemberships", error=THROTTLE)])
    stopped = hurried.run("identity-center", "backup", HOLDFAST_AWS_THROTTLE_PATIENCE="60")
    assert stopped.code == 30, stopped
    assert "throttle_patience" in stopped.err
    assert "holdfast runs resume" in stopped.err
    sandbox.clear_faults()
    assert hurried.run("runs", "resume", "latest").code == 0


def test_a_restore_under_throttles_applies_each_change_once(
    hurried: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    hurried.backup()
    company = sandbox.dump()
    admin.empty("All Employees")
    before = len(sandbox.changes())
    sandbox.faults([FaultRule(service=IDENTITY_CENTER, error=THROTTLE, p=0.3)])
    restored = hurried.restore()
    assert restored.code == 0, restored
    assert sandbox.dump() == company
    assert len(sandbox.changes()) - before == 39


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(service=IDENTITY_CENTER, error="InternalServerException", status=500, p=0.1),
        FaultRule(service=IDENTITY_CENTER, reset=True, p=0.1),
        FaultRule(service=IDENTITY_CENTER, delay=0.02),
    ],
    ids=["errors", "resets", "latency"],
)
def test_scattered_trouble_is_repeated_away(hurried: Desk, sandbox: SandboxServer, rule: FaultRule) -> None:
    sandbox.faults([rule])
    taken = hurried.run("identity-center", "backup", "--json")
    assert taken.code == 0, taken
    assert taken.json["failures"] == []


@pytest.mark.parametrize("after", [False, True], ids=["lost before", "lost after"])
def test_changes_whose_answers_are_lost_are_made_once(
    hurried: Desk, sandbox: SandboxServer, admin: Administrator, after: bool
) -> None:
    hurried.backup()
    company = sandbox.dump()
    admin.empty("All Employees")
    before = len(sandbox.changes())
    sandbox.faults([FaultRule(operation="CreateGroupMembership", reset=True, after=after, times=12)])
    restored = hurried.restore()
    assert restored.code == 0, restored
    assert sandbox.dump() == company
    assert len(sandbox.changes()) - before == 39


def test_a_region_that_goes_down_midway_leaves_a_run_that_resumes(
    hurried: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults(
        [FaultRule(service="sso-admin", operation="(Describe|Get|List[AMCT]).*", region_down=True)]
    )
    stopped = hurried.run("identity-center", "backup", "--json")
    assert stopped.code in (3, 30), stopped
    assert "sso:" in stopped.out + stopped.err
    sandbox.clear_faults()
    if stopped.code == 30:
        assert hurried.run("runs", "resume", "latest").code == 0
    assert hurried.backup()


def test_a_region_that_goes_down_in_a_restore_leaves_a_journal_that_resumes(
    hurried: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    hurried.backup()
    company = sandbox.dump()
    admin.empty("All Employees")
    before = len(sandbox.changes())
    sandbox.faults([FaultRule(operation="CreateGroupMembership", region_down=True)])
    stopped = hurried.run("identity-center", "restore", "latest")
    assert stopped.code == 30, stopped
    assert "holdfast runs resume" in stopped.err
    sandbox.clear_faults()
    assert hurried.run("runs", "resume", "latest").code == 0
    assert sandbox.dump() == company
    assert len(sandbox.changes()) - before == 39
