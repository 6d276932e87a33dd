"""`access` and `review` as they are typed, on the sample company."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Answer, Desk

MANAGEMENT = "123456789012"
OPERATORS = "Cloud Operators"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", async_delay=0.01) as server:
        yield server


@pytest.fixture
def desk(sandbox: SandboxServer, tmp_path: Path) -> Desk:
    sandbox.engine.reset()
    return Desk(tmp_path, sandbox.env())


@pytest.fixture(scope="module")
def first_backup(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    sandbox.engine.reset()
    desk = Desk(tmp_path_factory.mktemp("backup"), sandbox.env())
    return desk.folder, desk.backup()


@pytest.fixture
def backup(first_backup: tuple[Path, str], desk: Desk) -> str:
    """The id of a backup of the company, already at the desk."""
    folder, taken = first_backup
    shutil.copytree(folder, desk.folder, dirs_exist_ok=True)
    return taken


def access(desk: Desk, *words: str) -> Answer:
    return desk.run("identity-center", "access", *words)


def review(desk: Desk, *words: str) -> Answer:
    return desk.run("identity-center", "review", *words)


def test_who_could_reach_an_account_is_answered_in_three_forms_and_live(desk: Desk, backup: str) -> None:
    asked = ("--account", "management", "--user", "ADA.Lindqvist")
    shown = access(desk, *asked)
    assert shown.code == 0
    assert f"As of {backup}, taken " in shown.err
    assert shown.out.splitlines()[2].split() == [
        MANAGEMENT, "Management", "AdministratorAccess", "ada.lindqvist", "direct"
    ]  # fmt: skip
    found = access(desk, *asked, "--at", backup[:20], "--json").json
    assert found["complete"] is True
    assert found["as_of"]["id"] == backup
    path = {
        "account_id": MANAGEMENT,
        "account_name": "Management",
        "permission_set": "AdministratorAccess",
        "user": "ada.lindqvist",
        "via": "direct",
        "group": "",
        "user_status": "",
    }
    assert path in found["paths"]
    live = access(desk, *asked, "--live", "--format", "csv")
    assert "As of live, taken " in live.err
    assert path in list(csv.DictReader(io.StringIO(live.out, newline="")))


def test_a_file_is_for_its_owner_alone(desk: Desk, backup: str) -> None:
    written = access(desk, "--group", OPERATORS, "--output", "paths.csv")
    path = desk.folder / "paths.csv"
    assert written.err.endswith("Written to paths.csv.\n")
    assert written.out == ""
    assert path.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    assert {row["group"] for row in rows} == {OPERATORS}


def test_from_a_backup_that_is_not_whole_absence_proves_nothing(desk: Desk, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(service="identitystore", operation="ListGroupMemberships", deny=True)])
    assert desk.run("identity-center", "backup").code == 3
    torn = access(desk, "--user", "ada.lindqvist", "--json")
    assert torn.code == 3
    assert torn.json["complete"] is False
    assert "That something is not listed proves nothing." in torn.err
    sandbox.clear_faults()
    whole = desk.backup()
    sandbox.faults([FaultRule(service="identitystore", operation="ListGroupMemberships", deny=True)])
    assert desk.run("identity-center", "backup").code == 3
    sandbox.clear_faults()
    passed_over = access(desk, "--user", "ada.lindqvist", "--json")
    assert (passed_over.code, passed_over.json["as_of"]["id"]) == (0, whole)
    assert "Passed over, because not whole: " in passed_over.err


REFUSED = (
    (("--at", "2001-01-01"), "There is no backup of users, groups, memberships,"),
    (("--user", "mallory"), "There is no user mallory."),
    (("--live", "--at", "2026-01-01"), "--at and --live"),
    (("--output", "paths.txt"), "A table is for the screen"),
    (("--application", "QuickSight", "--account", MANAGEMENT), "An application is in no account."),
    (("--application", "QuickSigh"), "did you mean QuickSight?"),
)


def test_who_could_use_an_application_is_answered_in_three_forms(desk: Desk, backup: str) -> None:
    asked = ("--application", "internal wiki", "--user", "ada.lindqvist")
    shown = access(desk, *asked).out.splitlines()
    assert shown[0] == "Internal Wiki requires no assignment: every user can use it."
    assert shown[3].split("  ") == ["Internal Wiki", "ada.lindqvist", "open to all"]
    path = {
        "application": "Internal Wiki",
        "user": "ada.lindqvist",
        "via": "open to all",
        "group": "",
        "user_status": "",
    }
    found = access(desk, *asked, "--json").json
    assert (found["applications"][0]["assignment_required"], found["paths"]) == (False, [path])
    live = access(
        desk, "--application", "Analytics Portal", "--user", "ada.lindqvist", "--live", "--format", "csv"
    )
    assert list(csv.DictReader(io.StringIO(live.out))) == [
        {**path, "application": "Analytics Portal", "via": "direct"},
        {**path, "application": "Analytics Portal", "via": "group", "group": "All Employees"},
    ]


def test_what_cannot_be_answered_says_why(desk: Desk, backup: str) -> None:
    for words, told in REFUSED:
        refused = access(desk, *words)
        assert (refused.code, told in refused.err) == (2, True), refused


def test_a_review_tells_what_an_administrator_did(desk: Desk, backup: str, sandbox: SandboxServer) -> None:
    admin = Administrator(sandbox)
    emptied = admin.empty(OPERATORS)
    same = review(desk, backup, "latest", "--exit-code")
    assert (same.code, "FROM and TO are the same backup" in same.err) == (0, True)
    found = review(desk, backup, "live", "--exit-code", "--json", "--html", "review.html")
    assert found.code == 5
    lost = found.json["totals"]["lost"]
    assert 0 < lost["users"] <= emptied
    # ada.lindqvist is an operator too, and stays in the management account by her own assignment.
    turns = [
        (turn["user"], turn["kind"], turn["causes"])
        for turn in found.json["turns"]
        if turn["account_id"] == MANAGEMENT
    ]
    cause = [{"what": "left group", "group": OPERATORS}]
    assert all(causes == cause for _, _, causes in turns)
    assert len([user for user, kind, _ in turns if kind == "lost"]) == emptied - 1
    page = desk.folder / "review.html"
    assert page.stat().st_mode & 0o777 == 0o600
    assert f"left group {OPERATORS}" in page.read_text()
    table = review(desk, backup, "live", "--format", "csv")
    assert table.code == 0
    rows = list(csv.DictReader(io.StringIO(table.out, newline="")))
    assert len(rows) == len(found.json["turns"]) + len(found.json["permission_sets"])


def test_a_review_refuses_what_would_make_it_a_list_of_false_losses(desk: Desk, backup: str) -> None:
    partly = desk.backup("--resources", "users")
    refused = review(desk, backup, partly)
    assert (refused.code, "leaves out" in refused.err) == (4, True)
    assert review(desk, "live", backup).code == 2
