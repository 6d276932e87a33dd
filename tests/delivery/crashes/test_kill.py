"""SIGKILL as a user meets it: the next command names the run, resume ends the same, each effect happens once."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.command_line import (
    LATE,
    Command,
    Home,
    effects,
    killed_after_every_effect,
    killed_before_effects,
    run_named,
    same_world,
)
from tests.simulators.two_companies import AFTER, BEFORE, DISABLE, ENABLE, KINDS, RESTORED, UNDONE

ROLLBACK = ("runs", "rollback", "latest")
RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


def _cut_off(home: Home, command: Command, when: Callable[[], bool]) -> str:
    """Kills the command at that moment; the id of its run, which the next command names."""
    assert command.until(when)
    command.kill()
    home.sandbox.clear_faults()
    return run_named(home.run("runs", "list").errors)


def _asked(home: Home, operation: str) -> int:
    return home.sandbox.status().requests.get(operation, 0)


def _vault_is_sound(home: Home) -> None:
    home.run("backups", "verify", "latest")
    home.run("vault", "check", "--read-data")


def test_the_two_companies_differ_by_every_kind_of_change() -> None:
    assert {operation for operation, _ in RESTORED} == KINDS | {ENABLE}
    assert {operation for operation, _ in UNDONE} == KINDS | {DISABLE}


def test_a_restore_killed_after_every_effect_ends_the_same_and_repeats_none(home: Home) -> None:
    restored = killed_after_every_effect(home, *RESTORE)
    assert restored.ended.code == 0, restored.ended
    assert restored.kills > 9
    assert effects(home.sandbox) == RESTORED
    same_world(home, BEFORE)


def test_a_rollback_killed_after_every_effect_gives_the_start_and_repeats_none(restored: Home) -> None:
    home = restored
    assert effects(home.sandbox) == RESTORED
    undone = killed_after_every_effect(home, "runs", "rollback", "latest")
    assert undone.ended.code == 0, undone.ended
    assert undone.kills > 9
    assert effects(home.sandbox) == sorted(RESTORED + UNDONE)
    same_world(home, AFTER)


FEW = ("CreateUser", "UpdatePermissionSet", "PutInlinePolicyToPermissionSet", "ProvisionPermissionSet",
       "CreateAccountAssignment", "DeleteGroup")  # fmt: skip


@pytest.mark.parametrize("kinds", [FEW, pytest.param(sorted(KINDS), marks=pytest.mark.soak)])
def test_a_restore_killed_before_its_requests_arrive_makes_them_later_once(
    home: Home, kinds: list[str]
) -> None:
    restored = killed_before_effects(home, kinds, *RESTORE)
    assert restored.ended.code == 0, restored.ended
    assert effects(home.sandbox) == RESTORED
    same_world(home, BEFORE)


@pytest.mark.parametrize("operation", ["CreateAccountAssignment", "ProvisionPermissionSet"])
def test_a_kill_while_the_service_still_works_waits_for_it_and_asks_no_second_time(
    home: Home, operation: str
) -> None:
    home.sandbox.faults([FaultRule(operation=operation, async_delay=2.0)])
    run = _cut_off(home, home.start(*RESTORE), lambda: home.sandbox.status().outstanding > 0)
    assert home.run("runs", "resume", run).code == 0
    assert effects(home.sandbox) == RESTORED
    assert home.sandbox.status().requests[f"sso-admin:{operation}"] == sum(
        kind == operation for kind, _ in RESTORED
    )
    same_world(home, BEFORE)


def test_a_kill_in_the_middle_of_a_capture_is_named_and_its_resume_completes(empty_home: Home) -> None:
    home = empty_home
    home.sandbox.faults([FaultRule(operation="ListGroupMemberships", delay=LATE)])
    asked = _asked(home, "identitystore:ListGroupMemberships")
    command = home.start("identity-center", "backup")
    run = _cut_off(home, command, lambda: _asked(home, "identitystore:ListGroupMemberships") > asked)
    assert home.evidence(run)["state"] == "interrupted"
    home.run("runs", "resume", run)
    assert [(each.id, each.state) for each in home.runs()] == [(run, "complete")]
    home.run("identity-center", "diff", "latest", "--exit-code")
    _vault_is_sound(home)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_kill_around_the_seal_leaves_one_whole_backup_after_resume(empty_home: Home, late: bool) -> None:
    home = empty_home.with_settings(VAULT_LOCATION=f"s3://sealed-{late}/vault".lower())
    client = boto3.client("s3", endpoint_url=home.sandbox.url, region_name="us-east-1",
                          aws_access_key_id="a", aws_secret_access_key="b")  # fmt: skip
    client.create_bucket(Bucket=f"sealed-{late}".lower())
    seal = FaultRule(
        service="s3", operation="PUT .*/snapshots/.*", delay=LATE, after=late, reset=not late, times=1
    )
    home.sandbox.faults([seal])
    command = home.start("identity-center", "backup")
    run = _cut_off(home, command, lambda: home.sandbox.engine.faults.listed()[0]["left"] == 0)
    home.run("runs", "resume", run)
    assert len(home.snapshots()) == 1
    _vault_is_sound(home)


def test_a_kill_while_a_restore_keeps_what_is_there_now_changes_nothing_and_resumes(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="ListGroupMemberships", delay=LATE)])
    asked = _asked(home, "identitystore:ListGroupMemberships")
    command = home.start(*RESTORE)
    run = _cut_off(home, command, lambda: _asked(home, "identitystore:ListGroupMemberships") > asked)
    assert effects(home.sandbox) == []
    home.run("runs", "resume", run)
    assert effects(home.sandbox) == RESTORED


def test_a_kill_while_a_rollback_plans_changes_nothing_and_resumes(restored: Home) -> None:
    home = restored
    home.sandbox.faults([FaultRule(operation="DescribeUser", delay=LATE)])
    asked = _asked(home, "identitystore:DescribeUser")
    command = home.start("runs", "rollback", "latest")
    run = _cut_off(home, command, lambda: _asked(home, "identitystore:DescribeUser") > asked)
    assert effects(home.sandbox) == RESTORED
    home.run("runs", "resume", run)
    same_world(home, AFTER)


def test_a_kill_while_a_restore_verifies_is_resumed_without_another_change(home: Home) -> None:
    command = home.start(*RESTORE)
    assert command.until(lambda: len(home.sandbox.changes()) >= len(RESTORED) - 1)
    asked = _asked(home, "identitystore:DescribeGroup")
    home.sandbox.faults([FaultRule(operation="DescribeGroup", delay=LATE)])
    run = _cut_off(home, command, lambda: _asked(home, "identitystore:DescribeGroup") > asked)
    home.run("runs", "resume", run)
    assert effects(home.sandbox) == RESTORED


def test_a_kill_between_the_last_stage_and_the_evidence_needs_no_resume(home: Home) -> None:
    with sqlite3.connect(home.folder / ".holdfast" / "ledger.sqlite") as ledger:
        ledger.execute("UPDATE runs SET state = 'running', finished_at = NULL")
    told = home.run("runs", "list").errors
    assert "its evidence is written now" in told
    assert "resume" not in told
    (run,) = home.runs()
    assert (run.state, home.evidence(run.id)["state"]) == ("complete", "complete")


def test_a_kill_of_the_installed_command_is_resumed_by_it(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="CreateGroup", after=True, delay=LATE)])
    command = home.spawn(*RESTORE)
    assert command.until(lambda: len(home.sandbox.changes()) > 0)
    command.kill()
    home.sandbox.clear_faults()
    resumed = home.spawn("runs", "resume", "latest").ended()
    assert resumed.code == 0, resumed
    assert effects(home.sandbox) == RESTORED


@pytest.mark.soak
def test_after_every_change_of_the_tiny_company_a_kill_loses_and_repeats_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with SandboxServer("tiny") as sandbox:
        bare = Portrait(accounts=sandbox.dump().accounts)
        (tmp_path / "home").mkdir()
        home = Home(tmp_path / "home", sandbox)
        home.run("identity-center", "backup")
        calm = home.copy(tmp_path / "calm")
        expected = [_calmly(calm, bare, *command) for command in (RESTORE, ROLLBACK)]
        sandbox.load(bare)
        before = 0
        for command, (code, happened, world) in zip((RESTORE, ROLLBACK), expected, strict=True):
            killed = killed_after_every_effect(home, *command)
            assert (killed.ended.code, sandbox.dump()) == (code, world), killed.ended
            assert effects(sandbox) == happened
            told = (
                f"{command[1]}: {len(happened) - before} effects, {killed.kills} kills, none lost or repeated"
            )
            before = len(happened)
            with capsys.disabled():
                sys.stdout.write(f"\n{told}\n")


def _calmly(home: Home, start: Portrait, *command: str) -> tuple[int, list[tuple[str, str]], Portrait]:
    """Exit code, effects since the start and world after a command that nothing disturbs."""
    if command == RESTORE:
        home.sandbox.load(start)
    code = home.start(*command).ended().code
    return code, effects(home.sandbox), home.sandbox.dump()
