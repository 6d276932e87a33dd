"""Parts of a backup, parts of a restore, and what each conflict strategy makes of a changed world."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time

import pytest

from holdfast.sandbox.portrait import PermissionSetPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

EVERYBODY = "All Employees"
TYPES = (
    *("user", "group", "membership", "permission_set", "assignment"),
    *("instance", "access_control_attributes"),
    *("trusted_token_issuer", "application", "application_assignment"),
)


@pytest.mark.parametrize(
    ("resources", "held"),
    [
        ("users", {"user"}),
        ("groups", {"group", "membership"}),
        ("permission_sets", {"permission_set"}),
        ("permission-sets,users", {"permission_set", "user"}),
        ("assignments", {"assignment"}),
        ("applications", {"trusted_token_issuer", "application", "application_assignment"}),
        ("instance_settings", {"instance", "access_control_attributes"}),
    ],
)
def test_parts_that_were_not_asked_for_are_stated_and_not_shown_as_empty(
    desk: Desk, resources: str, held: set[str]
) -> None:
    taken = desk.run("identity-center", "backup", "--resources", resources, "--json")
    assert taken.code == 0, taken
    assert {part["type"] for part in taken.json["left_out"]} == set(TYPES) - held
    shown = desk.run("backups", "show", "latest", "--json").json[0]
    assert {part["type"] for part in shown["sections"] if part["captured"]} == held
    on_screen = desk.run("backups", "show", "latest").out
    assert on_screen.count("left out") == len(TYPES) - len(held)


def test_a_restore_of_a_type_the_backup_left_out_is_refused(desk: Desk, sandbox: SandboxServer) -> None:
    desk.backup("--resources", "users")
    answer = desk.run("identity-center", "restore", "latest", "--resources", "groups")
    assert answer.code in (2, 4), answer
    assert "group" in answer.err
    assert sandbox.changes() == []


def test_a_restore_of_all_states_what_the_backup_left_out(desk: Desk) -> None:
    desk.backup("--resources", "users")
    restored = desk.restore()
    assert restored.code == 0
    assert {part["type"] for part in restored.json["left_out"]} >= {
        "group",
        "membership",
        "permission_set",
        "assignment",
    }


def test_an_unknown_resource_is_a_usage_error_that_lists_the_known_ones(desk: Desk) -> None:
    answer = desk.run("identity-center", "backup", "--resources", "users,gruops")
    assert answer.code == 2
    assert "gruops" in answer.err
    assert "permission_sets" in answer.err


def test_only_one_record_comes_back_with_what_belongs_to_it(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    company = sandbox.dump()
    admin.describe("ReadOnly", "altered")
    admin.delete_group("Cloud Operators")
    restored = desk.restore("--only", "group:Cloud Operators")
    assert restored.code == 0, restored
    now = sandbox.dump()
    assert now.groups == company.groups
    assert described(now)["ReadOnly"].description == "altered"


def test_only_a_record_that_the_backup_does_not_have_is_refused_by_name(
    desk: Desk, backed_up: str, sandbox: SandboxServer
) -> None:
    answer = desk.run("identity-center", "restore", "latest", "--only", "group:No Such Group")
    assert answer.code in (2, 4), answer
    assert "No Such Group" in answer.err
    assert sandbox.changes() == []


def described(world: Portrait) -> dict[str, PermissionSetPortrait]:
    return {each.name: each for each in world.permission_sets}


@pytest.fixture
def conflicting(desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator) -> Portrait:
    """A backup; then a description and a tag of ReadOnly are changed, and a member is added. The backup's world."""
    company = sandbox.dump()
    admin.describe("ReadOnly", "altered")
    arn = admin.sets()["ReadOnly"]
    admin.sso.tag_resource(
        InstanceArn=admin.instance, ResourceArn=arn, Tags=[{"Key": "added", "Value": "later"}]
    )
    return company


def test_overwrite_makes_a_changed_record_exactly_the_backup_s(
    desk: Desk, sandbox: SandboxServer, conflicting: Portrait
) -> None:
    restored = desk.restore("--conflict-strategy", "overwrite")
    assert restored.code == 0
    assert sandbox.dump().permission_sets == conflicting.permission_sets


def test_skip_leaves_a_changed_record_and_says_so(
    desk: Desk, sandbox: SandboxServer, conflicting: Portrait
) -> None:
    before = sandbox.dump()
    restored = desk.restore("--conflict-strategy", "skip")
    assert restored.code == 0
    assert sandbox.dump() == before
    assert [(each["type"], each["resolution"]) for each in restored.json["conflicts"]] == [
        ("permission_set", "skip")
    ]
    assert sum(tally["skipped"] for tally in restored.json["items"]) == 1


def test_merge_takes_the_backup_s_values_and_keeps_what_was_added(
    desk: Desk, sandbox: SandboxServer, conflicting: Portrait
) -> None:
    restored = desk.restore("--conflict-strategy", "merge")
    assert restored.code == 0
    now, was = described(sandbox.dump())["ReadOnly"], described(conflicting)["ReadOnly"]
    assert now.tags == {**was.tags, "added": "later"}
    assert desk.restore("--conflict-strategy", "merge").json["changes"] == []


def test_prompt_refuses_without_a_terminal_and_changes_nothing(
    desk: Desk, sandbox: SandboxServer, conflicting: Portrait
) -> None:
    before = sandbox.changes()
    answer = desk.process("identity-center", "restore", "latest", "--conflict-strategy", "prompt")
    assert answer.code == 4
    assert "needs a terminal" in answer.err
    assert "--conflict-strategy overwrite, skip or merge" in answer.err
    assert sandbox.changes() == before


@pytest.mark.parametrize(("key", "description"), [("o", "of the backup"), ("s", "altered")])
def test_prompt_asks_at_a_terminal_and_does_as_it_is_told(
    desk: Desk, sandbox: SandboxServer, conflicting: Portrait, key: str, description: str
) -> None:
    code, shown = at_a_terminal(
        desk, ("identity-center", "restore", "latest", "--conflict-strategy", "prompt"), key
    )
    assert code == 0, shown
    assert "permission_set ReadOnly differs" in shown
    kept = described(conflicting)["ReadOnly"].description if key == "o" else description
    assert described(sandbox.dump())["ReadOnly"].description == kept


def at_a_terminal(desk: Desk, words: tuple[str, ...], typed: str) -> tuple[int, str]:
    """Exit code and screen of a command on a pseudo-terminal, answered once it asks."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        desk.command(*words),
        cwd=desk.folder,
        env=desk.variables({"TERM": "dumb"}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown, answered, deadline = b"", False, time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 0.2)[0]:
            continue
        try:
            shown += os.read(master, 4096)
        except OSError:  # the other side is closed
            break
        if b"for all that follow" in shown and not answered:
            answered = True
            os.write(master, f"{typed}\n".encode())
    os.close(master)
    return process.wait(10), shown.decode()
