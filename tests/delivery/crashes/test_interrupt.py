"""Ctrl-C and SIGTERM: the calls under way end, the run says how to go on, and going on ends the same."""

from __future__ import annotations

import re
import signal

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.simulators.command_line import Home, effects, run_named, same_world
from tests.simulators.two_companies import BEFORE, RESTORED

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


def test_a_restore_stopped_in_the_middle_names_its_resume_command_which_completes_it(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="UpdatePermissionSet", after=True, delay=1.0)])
    command = home.start(*RESTORE)
    assert command.until(lambda: ("UpdatePermissionSet", "Session") in effects(home.sandbox))
    stopped = command.kill(signal.SIGINT)
    assert stopped.code == 130, stopped
    done = len(effects(home.sandbox))
    assert 0 < done < len(RESTORED)
    run = run_named(stopped.errors)
    assert next((each.id, each.state) for each in home.runs()) == (run, "interrupted")
    assert home.evidence(run)["state"] == "interrupted"
    home.run("runs", "resume", run)
    assert home.evidence(run)["state"] == "complete"
    assert effects(home.sandbox) == RESTORED
    same_world(home, BEFORE)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.soak), signal.SIGTERM])
def test_a_stop_does_not_wait_for_what_the_service_works_on_and_resume_settles_it(
    home: Home, number: int
) -> None:
    home.sandbox.faults([FaultRule(operation="CreateAccountAssignment", async_delay=1e6)])
    command = home.start(*RESTORE)
    assert command.until(lambda: home.sandbox.status().outstanding > 0)
    stopped = command.kill(number)
    assert stopped.code == 130, stopped
    home.sandbox.clear_faults()
    for request in home.sandbox.engine.world.requests.all.values():
        request.due = 0.0
    home.run("runs", "resume", run_named(stopped.errors))
    assert effects(home.sandbox) == RESTORED


DEMO = ("demo", "--folder", "demo")
ENDS = (
    "restore 48 changes applied under the journal and read back verify backup sound at every level: 1 vault, "
    "1 snapshot, 1 indexes, 2 packs, 10 types, 255 records rollback 48 changes undone, only those of run ... "
    "restore again 48 changes applied under the journal and read back drill 254 of 255 records came back equal"
)


def test_the_demo_ends_as_ever_after_ctrl_c_in_the_middle_of_its_restore(empty_home: Home) -> None:
    _interrupt_demo(empty_home)
    assert ENDS in _told(empty_home.run(*DEMO, "identity-center").output)


@pytest.mark.soak
def test_the_demo_ends_the_same_twice(empty_home: Home) -> None:
    _interrupt_demo(empty_home)
    chapter, whole = empty_home.run(*DEMO, "identity-center").output, empty_home.run(*DEMO).output
    assert ENDS in _told(chapter)
    assert _told(whole).startswith(_told(chapter))
    assert "once more the second scan is there already, nothing was sent again" in _told(whole)


def _interrupt_demo(home: Home) -> None:
    command = home.start(*DEMO, "identity-center")
    assert command.until(lambda: "apply: started" in command.told())
    stopped = command.kill(signal.SIGINT)
    assert stopped.code == 130, stopped
    assert "Start it again: `holdfast demo --folder demo`." in stopped.errors


def _told(output: str) -> str:
    """What the last screen says happened, without ids, ports, times and layout."""
    happened = output[output.index("What happened") : output.index("Where the evidence lies")]
    return " ".join(re.sub(r"\S*Z-[0-9a-f]{8}|http://\S+|\d+ s\b", "...", happened).split())
