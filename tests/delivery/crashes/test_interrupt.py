"""Ctrl-C and SIGTERM: the calls under way end, the run says how to go on, and going on ends the same."""

from __future__ import annotations

import re
import signal

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.simulators.command_line import Home, effects, run_named, same_world
from tests.simulators.two_companies import BEFORE, RESTORED

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_restore_stopped_in_the_middle_names_its_resume_command_which_completes_it(
    home: Home, number: int
) -> None:
    home.sandbox.faults([FaultRule(operation="UpdatePermissionSet", after=True, delay=1.0)])
    command = home.start(*RESTORE)
    assert command.until(lambda: ("UpdatePermissionSet", "Session") in effects(home.sandbox))
    stopped = command.kill(number)
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


def test_ctrl_c_does_not_wait_for_what_the_service_works_on_and_resume_settles_it(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="CreateAccountAssignment", async_delay=1e6)])
    command = home.start(*RESTORE)
    assert command.until(lambda: home.sandbox.status().outstanding > 0)
    stopped = command.kill(signal.SIGINT)
    assert stopped.code == 130, stopped
    home.sandbox.clear_faults()
    for request in home.sandbox.engine.world.requests.all.values():
        request.due = 0.0
    home.run("runs", "resume", run_named(stopped.errors))
    assert effects(home.sandbox) == RESTORED


def test_the_demo_ends_the_same_twice_and_after_ctrl_c_in_the_middle_of_its_restore(
    empty_home: Home,
) -> None:
    home = empty_home
    words = ("demo", "--folder", "demo")
    command = home.start(*words, "identity-center")
    assert command.until(lambda: "apply: started" in command.told())
    stopped = command.kill(signal.SIGINT)
    assert stopped.code == 130, stopped
    assert "Start it again: `holdfast demo --folder demo`." in stopped.errors
    chapter, whole = home.run(*words, "identity-center").output, home.run(*words).output
    assert _told(chapter)
    assert _told(whole).startswith(_told(chapter))


def _told(output: str) -> str:
    """What the last screen says happened, without ids, ports, times and layout."""
    happened = output[output.index("What happened") : output.index("Where the evidence lies")]
    return " ".join(re.sub(r"\S*Z-[0-9a-f]{8}|http://\S+|\d+ s\b", "...", happened).split())
