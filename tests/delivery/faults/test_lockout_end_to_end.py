"""The guard against losing one's own access, from the caller's identity to the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.portrait import AssignmentPortrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

ACCOUNT = "123456789012"
OPERATOR = "ada.lindqvist"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_ReadOnly_0123456789abcdef/{OPERATOR}"
OWN = AssignmentPortrait(ACCOUNT, "ReadOnly", "USER", OPERATOR)


@pytest.fixture
def signed_in() -> Iterator[SandboxServer]:
    """A sandbox whose caller works through a permission set of the same Identity Center."""
    with SandboxServer("tiny", async_delay=0.01, caller=CALLER) as server:
        yield server


def test_a_restore_that_would_end_the_operator_s_own_access_is_refused_unless_allowed(
    signed_in: SandboxServer, tmp_path: Path
) -> None:
    desk, admin = Desk(tmp_path, signed_in.env()), Administrator(signed_in)
    desk.backup()
    admin.sso.create_account_assignment(
        InstanceArn=admin.instance,
        TargetId=ACCOUNT,
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=admin.sets()["ReadOnly"],
        PrincipalType="USER",
        PrincipalId=admin.users()[OPERATOR],
    )
    admin.settle()
    before = signed_in.changes()
    for command in ("preview", "restore"):
        refused = desk.run("identity-center", command, "latest", "--delete-extra")
        assert refused.code == 4, refused
        assert "ReadOnly" in refused.err
        assert OPERATOR in refused.err
        assert "--allow-lockout" in refused.err
    assert signed_in.changes() == before
    assert OWN in signed_in.dump().assignments
    assert desk.restore().code == 0, "without --delete-extra the assignment stays"
    assert desk.restore("--delete-extra", "--allow-lockout").code == 0
    assert OWN not in signed_in.dump().assignments


def test_the_backup_says_who_took_it(signed_in: SandboxServer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, signed_in.env())
    shown = desk.run("backups", "show", desk.backup(), "--json").json[0]
    assert shown["source"]["principal"] == CALLER
