"""Throttles, server errors, resets, latency and a region that goes down: slower, repeated, or cut off and resumed."""

from __future__ import annotations

import pytest

from holdfast.adapters import aws
from holdfast.sandbox.faults import Asked, FaultRule, Faults, Verdict
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk
from tests.simulators.sleeping_time import SleepingTime, TimedSession

THROTTLE = "ThrottlingException"
IDENTITY_CENTER = ("identitystore", "sso-admin")


@pytest.fixture
def time() -> SleepingTime:
    return SleepingTime()


@pytest.fixture
def hurried(desk: Desk, time: SleepingTime, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose requests wait by a clock of their own, so that minutes take no time."""
    monkeypatch.setattr(aws, "AwsSession", lambda settings, clock: TimedSession(settings, time))
    desk.environment.update(
        HOLDFAST_AWS_REQUESTS_PER_SECOND="20", HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND="20"
    )
    return desk


def test_a_service_at_two_requests_a_second_makes_a_backup_slower_and_not_incomplete(
    hurried: Desk, sandbox: SandboxServer, time: SleepingTime
) -> None:
    sandbox.engine.faults = Faults(2, 1, time.monotonic)
    try:
        taken = hurried.run("identity-center", "backup", "--json")
    finally:
        sandbox.engine.faults = Faults(None, 1)
    assert taken.code == 0, taken
    assert taken.json["state"] == "complete"
    traffic = taken.json["cost"]["traffic"]
    assert traffic["throttles"] == sandbox.status().throttled_total > 0
    assert traffic["calls"] == sandbox.status().requests_total
    # The first two may come at once, and to Organizations and STS any number.
    throttled = (
        sum(count for name, count in sandbox.status().requests.items() if name.startswith(IDENTITY_CENTER))
        - traffic["throttles"]
    )
    assert time.elapsed >= (throttled - 2) / 2
    assert traffic["waited"] > 5
    assert taken.json["failures"] == []


def test_five_minutes_of_nothing_but_throttles_are_waited_out(
    hurried: Desk, sandbox: SandboxServer, time: SleepingTime
) -> None:
    sandbox.faults([FaultRule(service=IDENTITY_CENTER, error=THROTTLE)])
    time.at(300, sandbox.clear_faults)
    taken = hurried.run("identity-center", "backup", "--json")
    assert taken.code == 0, taken
    assert time.elapsed >= 300, "the backup waited until the throttles ended"
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
    hurried: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
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
        # Three in all: as many as one call is repeated, should all of them meet the same one.
        FaultRule(service=IDENTITY_CENTER, error="InternalServerException", status=500, p=0.1, times=3),
        FaultRule(service=IDENTITY_CENTER, reset=True, p=0.1, times=3),
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
    hurried: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator, after: bool
) -> None:
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


class GoesDown(Faults):
    """The region goes down once so many changes were made."""

    def __init__(self, sandbox: SandboxServer, changes: int) -> None:
        super().__init__(None, 1)
        self._sandbox, self._changes = sandbox, changes

    def judge(self, request: Asked) -> Verdict:
        if len(self._sandbox.changes()) >= self._changes and not self.listed():
            self.add((FaultRule(service=IDENTITY_CENTER, region_down=True),))
        return super().judge(request)


def test_changes_that_get_no_answer_while_all_else_does_fail_alone(
    hurried: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    company = sandbox.dump()
    admin.empty("All Employees")
    admin.describe("ReadOnly", "altered")
    sandbox.faults([FaultRule(operation="CreateGroupMembership", region_down=True)])
    restored = hurried.restore()
    assert restored.code == 3
    assert {each["type"] for each in restored.json["failures"]} == {"membership"}
    assert "identitystore:CreateGroupMembership" in restored.json["failures"][0]["reason"]
    assert sandbox.dump().permission_sets == company.permission_sets


def test_a_region_that_goes_down_in_a_restore_leaves_a_journal_that_resumes(
    hurried: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    company = sandbox.dump()
    admin.empty("All Employees")
    before = len(sandbox.changes())
    sandbox.engine.faults = GoesDown(sandbox, before + 10)
    try:
        stopped = hurried.run("identity-center", "restore", "latest")
    finally:
        sandbox.engine.faults = Faults(None, 1)
    assert stopped.code == 30, stopped
    assert "holdfast runs resume" in stopped.err
    assert hurried.run("runs", "resume", "latest").code == 0
    assert sandbox.dump() == company
    assert len(sandbox.changes()) - before == 39
