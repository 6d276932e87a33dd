"""A vault in S3: storage classes by age, object lock, old versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from holdfast.adapters.s3_bucket import S3Bucket
from holdfast.bootstrap import Installation
from holdfast.config import load
from holdfast.delivery.cli.vault_stats import old_versions
from holdfast.domain.errors import AccessDenied
from holdfast.kernel.ports import CallCount, PacedSession, Protection
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk
from tests.simulators.old_backups import put_backup, users
from tests.simulators.quiet import SilentProgress

NUMBERS = count(1)
OLD, LESS_OLD, YOUNG = "2026-01-15", "2026-01-16", f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}"
PHOTO = 2200
"""Bytes of a photo with which 80 people make a pack larger than the 128 KiB that colder classes charge at least."""


@pytest.fixture
def vault_in(
    desk: Desk, sandbox: SandboxServer, admin: Administrator, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Installation, str]]:
    """Makes a bucket and a vault in it, with further lines of `[vault]`; the installation and the bucket."""
    for name, value in desk.variables({}).items():
        monkeypatch.setenv(name, value)

    def make(*lines: str, lock: bool = False) -> tuple[Installation, str]:
        bucket = f"classes-{next(NUMBERS)}"
        admin.s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=lock)
        desk.write("holdfast.toml", "\n".join(["[vault]", f'location = "s3://{bucket}/v"', *lines]))
        home = Installation(load(None, {}, desk.folder), SilentProgress())
        home.create_vault()
        return home, bucket

    return make


def classes(admin: Administrator, bucket: str) -> dict[str, set[str]]:
    """The storage classes of each kind of object, as the bucket tells them."""
    found: dict[str, set[str]] = {}
    for each in admin.s3.list_objects_v2(Bucket=bucket)["Contents"]:
        head = admin.s3.head_object(Bucket=bucket, Key=each["Key"])
        found.setdefault(each["Key"].split("/")[1], set()).add(head.get("StorageClass", "STANDARD"))
    return found


def packs(admin: Administrator, bucket: str) -> dict[str, str]:
    """The storage class of each pack."""
    listed = admin.s3.list_objects_v2(Bucket=bucket, Prefix="v/packs/")["Contents"]
    return {each["Key"]: each["StorageClass"] for each in listed}


def two_ages(home: Installation, admin: Administrator, bucket: str) -> tuple[set[str], set[str]]:
    """Two old backups and a young one, which stores all anew because all had changed before; packs old and young."""
    for day in (OLD, LESS_OLD):
        put_backup(home, day, users(80, day, PHOTO))
    old = set(packs(admin, bucket))
    put_backup(home, YOUNG, users(80, "Young", PHOTO))
    return old, packs(admin, bucket).keys() - old


def test_what_only_old_backups_need_moves_and_all_else_stays_warm(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk, admin: Administrator
) -> None:
    home, bucket = vault_in()
    old, young = two_ages(home, admin, bucket)
    tagged = next(iter(old))
    tags = [{"Key": "owner", "Value": "us"}]
    admin.s3.put_object_tagging(Bucket=bucket, Key=tagged, Tagging={"TagSet": tags})  # type: ignore[typeddict-item]
    dry = desk.run("backups", "tier", "--dry-run", "--storage-class", "GLACIER_IR", "--json").json
    assert [f"v/{move['name']}" for move in dry["tiering"]["moves"]] == sorted(old)
    assert set(packs(admin, bucket).values()) == {"STANDARD"}
    moved = desk.run("backups", "tier", "--storage-class", "GLACIER_IR")
    assert (moved.code, "at least 90 days are charged, smaller objects as 128 KiB" in moved.out) == (0, True)
    assert {key for key, held in packs(admin, bucket).items() if held == "GLACIER_IR"} == old
    assert classes(admin, bucket)["indexes"] == classes(admin, bucket)["snapshots"] == {"STANDARD"}
    assert admin.s3.get_object_tagging(Bucket=bucket, Key=tagged)["TagSet"] == tags
    again = desk.run("backups", "tier", "--storage-class", "GLACIER_IR", "--json").json["tiering"]
    assert (again["moves"], again["already"], again["warm"]) == ([], len(old), len(young))
    assert desk.run("vault", "check", "--read-data").code == 0
    split = desk.run("vault", "stats", "--json").json["storage_classes"]
    assert {part["kind"]: part["objects"] for part in split}["GLACIER_IR"] == len(old)


def test_an_archive_must_be_allowed_and_reading_it_names_the_way_back(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk, admin: Administrator
) -> None:
    home, bucket = vault_in()
    two_ages(home, admin, bucket)
    assert desk.run("backups", "tier", "--storage-class", "DEEP_ARCHIVE").code == 4
    allowed = desk.run("backups", "tier", "--storage-class", "DEEP_ARCHIVE", "--allow-archive")
    assert (allowed.code, "restore-object" in allowed.out) == (0, True)
    read = desk.run("backups", "verify", OLD)
    assert read.code == 20
    assert "lies in an archive class and cannot be read now" in read.err
    assert "aws s3api restore-object" in read.err
    assert desk.run("backups", "verify", YOUNG).code == 0
    assert desk.run("vault", "stats").code == 0


def test_small_packs_stay_and_new_ones_lie_in_the_class_that_is_set(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk, admin: Administrator
) -> None:
    home, bucket = vault_in('storage_class = "ONEZONE_IA"')
    for day in (OLD, LESS_OLD, YOUNG):
        put_backup(home, day, users(3, day))
    found = classes(admin, bucket)
    assert found["packs"] == {"ONEZONE_IA"}
    assert found["indexes"] == found["snapshots"] == found["vault.json"] == {"STANDARD"}
    tiering = desk.run("backups", "tier", "--json").json["tiering"]
    assert (tiering["moves"], tiering["small"]) == ([], 2)


def test_object_lock_keeps_what_is_written_and_a_deletion_says_until_when(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk, admin: Administrator
) -> None:
    home, bucket = vault_in("object_lock_days = 30", lock=True)
    old = put_backup(home, OLD, users(3))
    put_backup(home, YOUNG, users(3, "Boss"))
    until = {
        each["Key"]: admin.s3.head_object(Bucket=bucket, Key=each["Key"]).get("ObjectLockRetainUntilDate")
        for each in admin.s3.list_objects_v2(Bucket=bucket)["Contents"]
    }
    assert len(until) == 7  # configuration; a pack, an index and a manifest for each
    assert all(date and 29 <= (date - datetime.now(UTC)).days <= 30 for date in until.values())
    deleted = desk.run("backups", "delete", old.id, "--yes")
    day = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    assert f"{old.id} is deleted, but object lock keeps its bytes until {day}." in deleted.out
    pruned = desk.run("backups", "prune", "--keep-last", "1", "--yes")
    assert pruned.code == 0, pruned
    versions = desk.run("vault", "stats", "--json").json["old_versions"]
    kept = admin.s3.list_object_versions(Bucket=bucket)
    assert versions["objects"] == len([each for each in kept["Versions"] if not each["IsLatest"]]) > 0
    assert {each["Key"] for each in kept["Versions"]} >= until.keys()
    assert f"{versions['objects']} old versions" in desk.run("vault", "check").out
    assert home.bucket and home.bucket.protection() == Protection(versioning=True, lock=True)


def test_a_move_takes_the_lock_along(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk, admin: Administrator
) -> None:
    home, bucket = vault_in("object_lock_days = 30", 'object_lock_mode = "COMPLIANCE"', lock=True)
    old, _ = two_ages(home, admin, bucket)
    before = admin.s3.head_object(Bucket=bucket, Key=min(old))
    moved = desk.run("backups", "tier")
    assert moved.code == 0, moved.err
    after = admin.s3.head_object(Bucket=bucket, Key=min(old))
    assert (after["StorageClass"], after["ObjectLockMode"]) == ("STANDARD_IA", "COMPLIANCE")
    assert after["ObjectLockRetainUntilDate"] == before["ObjectLockRetainUntilDate"]
    assert after["VersionId"] != before["VersionId"]


def test_a_lock_without_a_bucket_that_can_is_named(
    vault_in: Callable[..., tuple[Installation, str]], desk: Desk
) -> None:
    vault_in()
    desk.environment["HOLDFAST_VAULT_OBJECT_LOCK_DAYS"] = "30"
    answer = desk.run("identity-center", "backup")
    assert (answer.code, "the bucket has no object lock" in answer.err) == (20, True)
    checks = desk.run("doctor", "--json").json["checks"]
    assert [found["verdict"] for found in checks if found["name"] == "object lock"] == ["wrong"]


class Denied:
    """A session that may do nothing."""

    region = "us-east-1"

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        raise AccessDenied(f"{service}:{operation}", "*", "not authorized")

    def assuming(self, role: str) -> PacedSession:
        raise NotImplementedError

    def calls(self) -> CallCount:
        raise NotImplementedError


def test_versions_that_may_not_be_listed_are_said_and_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Home(Installation):
        bucket = S3Bucket(Denied(), "classes", "v")  # type: ignore[assignment]

    home = Home(load(None, {}, tmp_path), SilentProgress())
    assert old_versions(home) is None
    assert "s3:ListBucketVersions on s3://classes/v/ was denied" in capsys.readouterr().err
