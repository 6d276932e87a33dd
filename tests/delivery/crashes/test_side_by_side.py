"""Two commands at once: backups do not disturb each other, changes wait for nobody and say who holds the right."""

from __future__ import annotations

import msgspec

from holdfast.sandbox.faults import FaultRule
from tests.simulators.command_line import LATE, Home, effects, run_named
from tests.simulators.two_companies import RESTORED

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


def test_two_backups_at_once_both_complete_and_verify(home: Home) -> None:
    commands = [home.start("identity-center", "backup") for _ in range(2)]
    assert [command.ended().code for command in commands] == [0, 0]
    taken = [each.id for each in home.snapshots()]
    assert len(set(taken)) == 3
    for each in taken:
        home.run("backups", "verify", each)
    home.run("vault", "check", "--read-data")
    home.run("identity-center", "diff", taken[0], taken[1], "--exit-code")


def test_beside_a_running_restore_a_backup_is_correct_and_every_other_change_is_refused(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="UpdatePermissionSet", after=True, delay=LATE)])
    restore = home.start(*RESTORE)
    assert restore.until(lambda: ("UpdatePermissionSet", "Session") in effects(home.sandbox))
    (running,) = [run for run in home.runs() if run.state == "running"]

    second = home.run(*RESTORE, code=75)
    assert "is held by" in second.errors
    resumed = home.run("runs", "resume", running.id, "--json", code=75)
    assert msgspec.json.decode(resumed.errors.splitlines()[-1])["error"]["code"] == "busy"
    home.run("runs", "rollback", running.id, code=4)

    home.run("identity-center", "backup")
    taken = home.snapshots()[0]
    assert (taken.kind, taken.during) == ("full", (running.id,))
    home.run("identity-center", "diff", taken.id, "--exit-code")
    home.run("backups", "verify", taken.id)

    restore.kill()
    home.sandbox.clear_faults()
    assert run_named(home.run("runs", "list").errors) == running.id
    home.run("runs", "resume", running.id)
    assert effects(home.sandbox) == RESTORED
