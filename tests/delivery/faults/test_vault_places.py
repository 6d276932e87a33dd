"""The same commands on a bucket, and with a passphrase in place of a key file."""

from __future__ import annotations

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

BUCKET = "backups"
WORDS = "correct horse battery staple"


@pytest.fixture
def on_s3(desk: Desk, admin: Administrator) -> Desk:
    """A desk whose vault lies in a bucket of the sandbox."""
    admin.s3.create_bucket(Bucket=BUCKET)
    for page in admin.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", ()):
            admin.s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    desk.write("holdfast.toml", f'[vault]\nlocation = "s3://{BUCKET}/some/prefix"\n')
    assert desk.run("vault", "init").code == 0
    return desk


def keys(admin: Administrator) -> list[str]:
    return [each["Key"] for each in admin.s3.list_objects_v2(Bucket=BUCKET)["Contents"]]


def test_a_vault_in_a_bucket_is_backed_up_to_verified_and_restored_from(
    on_s3: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    backup, company = on_s3.backup(), sandbox.dump()
    assert all(key.startswith("some/prefix/") for key in keys(admin))
    assert on_s3.run("backups", "verify", backup).code == 0
    assert on_s3.run("vault", "check", "--read-data").code == 0
    assert admin.empty("All Employees") > 0
    restored = on_s3.restore()
    assert restored.code == 0, restored
    assert sandbox.dump() == company


def test_damage_in_a_bucket_is_named(on_s3: Desk, admin: Administrator) -> None:
    backup = on_s3.backup()
    for key in (key for key in keys(admin) if "/packs/" in key):
        data = admin.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        admin.s3.put_object(Bucket=BUCKET, Key=key, Body=data[:-1] + bytes([data[-1] ^ 1]))
        answer = on_s3.run("backups", "verify", backup)
        assert answer.code == 20
        assert key.removeprefix("some/prefix/")[:40] in answer.out
        admin.s3.put_object(Bucket=BUCKET, Key=key, Body=data)
    assert on_s3.run("backups", "verify", backup).code == 0


def test_a_bucket_that_refuses_names_the_bucket_and_what_is_needed(
    on_s3: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(service="s3", operation="PUT .*", deny=True)])
    answer = on_s3.run("identity-center", "backup")
    assert answer.code == 20
    assert f"s3://{BUCKET}/some/prefix" in answer.err
    assert "put" in answer.err
    assert "Traceback" not in answer.err


def test_a_bucket_that_is_not_there_is_named(desk: Desk) -> None:
    desk.write("holdfast.toml", '[vault]\nlocation = "s3://no-such-bucket-here/x"\n')
    answer = desk.run("backups", "list")
    assert answer.code == 20
    assert "no-such-bucket-here" in answer.err


def test_a_vault_behind_a_passphrase_opens_with_it_and_with_nothing_else(
    desk: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    desk.write("holdfast.toml", '[vault]\npassphrase_env = "VAULT_WORDS"\n')
    desk.environment["VAULT_WORDS"] = WORDS
    made = desk.run("vault", "init")
    assert made.code == 0, made
    assert "passphrase" in made.out
    backup, company = desk.backup(), sandbox.dump()
    assert desk.run("backups", "verify", backup).code == 0
    wrong = desk.run("backups", "verify", backup, VAULT_WORDS="incorrect horse")
    assert wrong.code == 20
    assert "passphrase" in wrong.err
    assert WORDS not in made.out + wrong.err
    admin.delete_group("Retired Contractors")
    assert desk.restore().code == 0
    assert sandbox.dump().groups == company.groups


def test_a_damaged_key_header_is_told_from_a_wrong_passphrase(desk: Desk) -> None:
    desk.write("holdfast.toml", '[vault]\npassphrase_env = "VAULT_WORDS"\n')
    desk.environment["VAULT_WORDS"] = WORDS
    assert desk.run("vault", "init").code == 0
    header = desk.folder / ".holdfast/vault/keys/passphrase"
    sound = header.read_bytes()
    for place in range(0, len(sound), len(sound) // 12):
        header.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        answer = desk.run("backups", "list")
        assert answer.code == 20, (place, answer)
        assert "keys/passphrase" in answer.err, (place, answer)
