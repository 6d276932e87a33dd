"""What a restore keeps for itself is nobody's newest backup; what a cleanup after a backup leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk


def test_latest_and_a_date_never_mean_the_safety_snapshot_of_a_restore(
    desk: Desk, backed_up: str, sandbox: SandboxServer, admin: Administrator
) -> None:
    backup, company = backed_up, sandbox.dump()
    assert admin.empty("All Employees") > 0
    restored = desk.restore()
    assert restored.code == 0
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
    for name in ("latest", tomorrow):
        again = desk.run("identity-center", "preview", name, "--json")
        assert again.json["changes_total"] == 0
        assert desk.run("backups", "show", name, "--json").json[0]["id"] == backup
    assert desk.restore().json["changes"] == []
    assert sandbox.dump() == company
    kept = restored.json["snapshot"]
    assert kept != backup
    assert desk.run("backups", "show", kept, "--json").json[0]["kind"] == "safety"


def test_an_automatic_cleanup_keeps_to_its_rules_and_the_evidence_says_what_went(
    desk: Desk, backed_up: str
) -> None:
    desk.write("holdfast.toml", "[retention]\nkeep_last = 1\nauto_cleanup = true\n")
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 0, taken
    deleted = [found["key"] for found in taken.json["findings"] if found["code"] == "cleaned-up"]
    assert deleted == [backed_up]
    assert [found["id"] for found in desk.run("backups", "list", "--json").json] == [taken.json["snapshot"]]
    assert desk.run("vault", "check", "--read-data").code == 0
