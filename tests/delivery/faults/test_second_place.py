"""A second place: what a backup that fell back says, and how damage is named and healed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Answer, Desk

BUCKET = "first-place"
VAULT, COPY = Path(".holdfast/vault"), Path("copy")


def packs(desk: Desk, place: Path = VAULT) -> list[Path]:
    return sorted(path for path in (desk.folder / place / "packs").rglob("*") if path.is_file())


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def records(answer: Answer) -> list[tuple[str, str]]:
    """Pack and what is in it, of every block that a check says cannot be read."""
    named = re.compile(r"packs/../([0-9a-f]{64}) block \d+ \(snapshot [^,]+, (.*)\)")
    found = (named.fullmatch(each["where"]) for each in answer.json["problems"] if each["level"] == "records")
    return [(match.group(1), match.group(2)) for match in found if match]


def harmed(desk: Desk) -> tuple[Path, Path]:
    """The pack that was removed (of records) and the one with a bit turned over (of personal parts)."""
    bodies, personal = sorted(packs(desk), key=lambda path: path.read_bytes()[4:5], reverse=True)
    bodies.unlink()
    flip(personal, personal.stat().st_size // 2)
    return bodies, personal


def test_a_removed_pack_and_a_flipped_bit_are_named_by_their_records_and_healed_from_the_copy(
    desk: Desk, backed_up: str
) -> None:
    desk.environment["HOLDFAST_VAULT_REPLICA"] = str(COPY)
    assert desk.run("vault", "repair").code == 0  # fills the new place
    whole = {path.name: path.read_bytes() for path in packs(desk)}
    removed, flipped = harmed(desk)
    checked = desk.run("vault", "check", "--read-data", "--json")
    assert checked.code == 20
    lost = records(checked)
    counts = {
        count["type"]: count["count"]
        for count in desk.run("backups", "show", backed_up, "--json").json[0]["sections"]
    }
    in_removed = [what for pack, what in lost if pack == removed.name]
    assert len(in_removed) == sum(count > 0 for count in counts.values())
    for what in in_removed:
        name, rows = re.match(r"(\w+): (\d+) rows, ", what).groups()  # type: ignore[union-attr]
        assert int(rows) == counts[name], what
    assert len([what for pack, what in lost if pack == flipped.name]) == 1
    preview = desk.run("vault", "repair", "--dry-run", "--json")
    assert (preview.code, removed.exists()) == (0, False)
    healed = desk.run("vault", "repair", "--json")
    assert healed.code == 0
    assert {Path(each["name"]).name for each in healed.json["healed"]} == {removed.name, flipped.name}
    assert {path.name: path.read_bytes() for path in packs(desk)} == whole
    assert desk.run("vault", "check", "--read-data").code == 0


def test_without_a_copy_what_is_lost_is_named_and_its_backups_can_be_dropped(
    desk: Desk, backed_up: str, admin: Administrator
) -> None:
    assert admin.empty("All Employees") > 0
    newer = desk.backup()
    harmed_pack = max(packs(desk), key=lambda path: path.stat().st_mtime_ns)
    harmed_pack.unlink()
    found = desk.run("vault", "repair", "--json")
    assert (found.code, found.json["healed"], found.json["unreadable"]) == (20, [], [newer])
    shown = desk.run("vault", "repair")
    assert "--drop-unreadable" in shown.out
    assert newer in shown.out
    asked = desk.run("vault", "repair", "--drop-unreadable")
    assert asked.code == 4
    assert "--yes" in asked.err
    dropped = desk.run("vault", "repair", "--drop-unreadable", "--yes", "--json")
    assert (dropped.code, dropped.json["dropped"]) == (0, [newer])
    assert desk.run("vault", "check", "--read-data").code == 0
    assert desk.run("backups", "verify", backed_up).code == 0


@pytest.fixture
def on_s3(desk: Desk, admin: Administrator) -> Desk:
    """A desk whose vault lies in a bucket of the sandbox, with a folder to fall back to."""
    admin.s3.create_bucket(Bucket=BUCKET)
    for page in admin.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", ()):
            admin.s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    settings = f'[vault]\nlocation = "s3://{BUCKET}/v"\nreplica = "copy"\nreplica_mode = "fallback"\n'
    desk.write("holdfast.toml", settings + '[aws]\nretries = 0\ntls_minimum = "1.2"\n')
    assert desk.run("vault", "init").code == 0
    return desk


def test_a_backup_whose_bucket_refuses_lies_in_the_second_place_and_says_so(
    on_s3: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(service="s3", operation="PUT .*", error="InternalError", status=500)])
    taken = on_s3.run("identity-center", "backup", "--json")
    sandbox.clear_faults()
    assert taken.code == 3, taken
    assert taken.json["state"] == "partial"
    assert "The vault's first place does not take what is written" in taken.err
    errors = [each for each in taken.json["findings"] if each["severity"] == "error"]
    assert [each["code"] for each in errors] == ["second-place"]
    assert "InternalError" in errors[0]["message"]
    assert "holdfast vault repair" in errors[0]["advice"]
    warnings = [each["message"] for each in taken.json["findings"] if each["severity"] == "warning"]
    assert warnings == ["TLS 1.2 was accepted, because `[aws] tls_minimum` says so."]
    told = {each["key"] for each in taken.json["findings"] if each["severity"] == "note"}
    lie_there = {path.relative_to(on_s3.folder / COPY).as_posix() for path in packs(on_s3, COPY)}
    assert lie_there <= told
    assert f"snapshots/{taken.json['snapshot'].lower()}" in told
    assert on_s3.run("backups", "verify", taken.json["snapshot"]).code == 0
    assert on_s3.run("vault", "repair").code == 0
    assert on_s3.run("vault", "check", "--read-data").code == 0
    alone = on_s3.run("backups", "verify", taken.json["snapshot"], HOLDFAST_VAULT_REPLICA="")
    assert alone.code == 0


def test_a_doctor_looks_at_both_places_and_says_what_was_weakened(on_s3: Desk) -> None:
    (on_s3.folder / COPY / "vault.json").unlink()
    (on_s3.folder / COPY).chmod(0o755)
    seen = on_s3.run("doctor", "--for", "backup", "--json")
    assert seen.code == 5
    found = {(each["topic"], each["name"]): each for each in seen.json["checks"]}
    assert found[f"bucket {BUCKET}", "public access block"]["verdict"] == "wrong"
    assert found["vault", f"s3://{BUCKET}/v"]["verdict"] == "ok"
    assert "holdfast vault repair" in found["vault", str(on_s3.folder / COPY)]["advice"]
    assert "chmod 0700" in found["vault", "folder"]["advice"]
    assert found["settings", "TLS"]["reason"].startswith("TLS 1.2 is accepted")
