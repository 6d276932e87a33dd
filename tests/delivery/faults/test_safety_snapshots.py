"""What a restore keeps for itself is nobody's newest backup."""

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
