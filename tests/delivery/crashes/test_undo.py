"""Rollback through the command line: only what the run changed, only where it still stands as the run left it."""

from __future__ import annotations

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.sandbox.conftest import Aws, Clock
from tests.simulators.command_line import LATE, Home, effects, run_named, same_world
from tests.simulators.two_companies import AFTER, BEFORE, RESTORED, UNDONE

RESTORE = ("identity-center", "restore", "latest", "--delete-extra")


def test_a_rollback_of_a_rollback_gives_what_was_restored(restored: Home) -> None:
    home = restored
    home.run("runs", "rollback", "latest")
    assert effects(home.sandbox) == sorted(RESTORED + UNDONE)
    same_world(home, AFTER)
    home.run("runs", "rollback", "latest")
    same_world(home, BEFORE)


def test_a_rollback_of_a_partial_restore_undoes_what_it_did(home: Home) -> None:
    home.sandbox.faults([FaultRule(operation="(Create|Update)Group", deny=True)])
    home.run(*RESTORE, code=3)
    home.sandbox.clear_faults()
    assert 0 < len(effects(home.sandbox)) < len(RESTORED)
    home.run("runs", "rollback", "latest")
    same_world(home, AFTER)


@pytest.mark.parametrize(
    "operation",
    [
        "CreateUser",
        pytest.param("PutInlinePolicyToPermissionSet", marks=pytest.mark.soak),
        "CreateAccountAssignment",
    ],
)
def test_a_rollback_of_a_killed_restore_settles_what_is_in_doubt_and_undoes_it(
    home: Home, operation: str
) -> None:
    home.sandbox.faults([FaultRule(operation=operation, after=True, delay=LATE)])
    command = home.start(*RESTORE)
    assert command.until(lambda: any(each.operation == operation for each in home.sandbox.changes()))
    command.kill()
    home.sandbox.clear_faults()
    run = run_named(home.run("runs", "list").errors)
    home.run("runs", "rollback", run)
    same_world(home, AFTER)
    refused = home.run("runs", "resume", run, code=4)
    assert "was rolled back by" in refused.errors


def test_somebodys_edit_since_the_restore_survives_its_rollback(restored: Home) -> None:
    home = restored
    aws = Aws(home.sandbox, Clock())
    group = aws.ids.get_group_id(
        IdentityStoreId=aws.store,
        AlternateIdentifier={"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "Admins"}},
    )
    aws.ids.update_group(
        IdentityStoreId=aws.store,
        GroupId=group["GroupId"],
        Operations=[{"AttributePath": "description", "AttributeValue": "Edited by hand"}],
    )
    undone = home.run("runs", "rollback", "latest")
    assert "not undone" in undone.output
    held = {each.name: each.description for each in home.sandbox.dump().groups}
    assert held == {"Admins": "Edited by hand", "Builders": "", "Intruders": ""}
