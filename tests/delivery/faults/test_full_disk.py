"""A disk without room: exit 75, the evidence on standard error, and nothing that was there is harmed."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 2 MiB; skips where this user may not mount one."""
    with tempfile.TemporaryDirectory() as place:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            pytest.skip(f"no small file system can be mounted here: {made.stderr.strip()}")
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=False)


def fill(disk: Path, leave: int) -> None:
    """Take all room but so many bytes."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - leave))


def unfill(disk: Path) -> None:
    (disk / "filler").unlink()


@pytest.mark.parametrize(
    ("place", "leave"),
    [
        ("vault", 0),
        ("vault", 8192),
        ("data_dir", 8192),
        ("reports_dir", 0),
        pytest.param("data_dir", 0, marks=pytest.mark.soak),
        pytest.param("reports_dir", 8192, marks=pytest.mark.soak),
    ],
)
def test_a_backup_on_a_full_disk_exits_75_and_harms_nothing(
    desk: Desk, admin: Administrator, small_disk: Path, place: str, leave: int
) -> None:
    folders = {
        "vault": {"HOLDFAST_VAULT_LOCATION": str(small_disk / "vault")},
        "data_dir": {"HOLDFAST_HOLDFAST_DATA_DIR": str(small_disk / "data")},
        "reports_dir": {"HOLDFAST_HOLDFAST_REPORTS_DIR": str(small_disk / "reports")},
    }
    desk.environment.update(folders[place])
    first = desk.backup()
    admin.empty("All Employees")  # so that there is something to store
    fill(small_disk, leave)
    taken = desk.run("identity-center", "backup", "--no-progress")
    assert taken.code == 75, taken
    assert "room" in taken.err or "full" in taken.err or "space" in taken.err
    assert "Traceback" not in taken.err
    unfill(small_disk)
    assert desk.run("backups", "verify", first).code == 0
    assert desk.run("vault", "check", "--read-data").code == 0
    assert desk.run("audit", "verify").code == 0
    second = desk.backup()
    assert desk.run("backups", "verify", second).code == 0


def test_a_vault_whose_disk_is_full_goes_on_in_its_second_place_and_comes_home(
    desk: Desk, admin: Administrator, small_disk: Path
) -> None:
    desk.environment |= {
        "HOLDFAST_VAULT_LOCATION": str(small_disk / "vault"),
        "HOLDFAST_VAULT_REPLICA": "second",
        "HOLDFAST_VAULT_REPLICA_MODE": "fallback",
    }
    desk.backup()
    admin.empty("All Employees")
    fill(small_disk, 0)
    taken = desk.run("identity-center", "backup", "--json")
    assert taken.code == 3, taken
    assert "is full" in next(each["message"] for each in taken.json["findings"] if not each["key"])
    assert desk.run("backups", "verify", "latest").code == 0
    assert desk.run("vault", "repair").code == 75
    unfill(small_disk)
    assert desk.run("vault", "repair").code == 0
    assert desk.run("backups", "verify", taken.json["snapshot"], HOLDFAST_VAULT_REPLICA="").code == 0


def test_evidence_that_has_no_room_goes_to_standard_error(desk: Desk, small_disk: Path) -> None:
    desk.environment["HOLDFAST_HOLDFAST_REPORTS_DIR"] = str(small_disk / "reports")
    desk.backup()
    fill(small_disk, 0)
    taken = desk.run("identity-center", "backup")
    assert taken.code == 75
    assert "backup of identity_center: complete" in taken.err
    unfill(small_disk)
    assert desk.run("runs", "report", "latest").code == 0
    assert len(desk.run("backups", "list", "--json").json) == 2


def test_a_restore_that_finds_the_disk_full_is_resumed_to_the_same_end(
    desk: Desk, sandbox: SandboxServer, admin: Administrator, small_disk: Path
) -> None:
    desk.environment["HOLDFAST_VAULT_LOCATION"] = str(small_disk / "vault")
    desk.backup()
    company = sandbox.dump()
    admin.empty("All Employees")
    admin.describe("ReadOnly", "altered")
    fill(small_disk, 0)
    changes = sandbox.changes()
    refused = desk.run("identity-center", "restore", "latest")
    assert refused.code == 75, refused
    assert "holdfast runs resume" in refused.err
    assert sandbox.changes() == changes, "what is there is kept before anything is changed"
    unfill(small_disk)
    assert desk.run("runs", "resume", "latest").code == 0
    assert msgspec.structs.replace(sandbox.dump(), stale=()) == msgspec.structs.replace(company, stale=())


def test_a_limit_on_the_size_of_files_is_met_like_a_full_disk(desk: Desk, backed_up: str) -> None:
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 2; exec "$0" "$@"', *desk.command("identity-center", "backup")],
        cwd=desk.folder,
        env=desk.variables({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 75, limited
    assert "Traceback" not in limited.stderr
    assert desk.run("backups", "verify", backed_up).code == 0
    assert desk.run("vault", "check", "--read-data").code == 0
    assert desk.backup()
