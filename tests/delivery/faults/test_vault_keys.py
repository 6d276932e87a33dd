"""The vault's keys from the command line: sealed under AWS KMS, rotated, and moved from one way to another."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import dataclass

import boto3
import pytest

from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

ALIAS = "alias/holdfast"


@dataclass(frozen=True)
class KmsAdministrator:
    """Somebody who makes and disables KMS keys in the sandbox."""

    client: object

    def do(self, operation: str, **parameters: object) -> dict[str, dict[str, str]]:
        call: Callable[..., dict[str, dict[str, str]]] = getattr(self.client, operation)
        return call(**parameters)

    def new_key(self) -> str:
        return self.do("create_key")["KeyMetadata"]["Arn"]


@pytest.fixture(scope="session")
def kms(shared_sandbox: SandboxServer) -> KmsAdministrator:
    return KmsAdministrator(
        boto3.client(
            "kms",
            "us-east-1",
            endpoint_url=shared_sandbox.url,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
    )


def test_a_vault_under_kms_opens_while_its_key_may_be_used_and_rotates_with_its_alias(
    desk: Desk, kms: KmsAdministrator
) -> None:
    first = kms.new_key()
    kms.do("create_alias", AliasName=ALIAS, TargetKeyId=first)
    made = desk.run("init", "--kms-key", ALIAS)
    assert made.code == 0, made
    assert f"sealed under KMS key {ALIAS}" in made.out
    assert stat.S_IMODE((desk.folder / ".holdfast/vault.key").stat().st_mode) == 0o600
    assert f'"kms_key":"{first}"' in (desk.folder / ".holdfast/vault.key").read_text()

    kms.do("disable_key", KeyId=first.rpartition("/")[2])
    refused = desk.run("backups", "list")
    assert refused.code == 20
    assert f"KMS key {first} is disabled" in refused.err
    assert "aws kms enable-key" in refused.err
    kms.do("enable_key", KeyId=first.rpartition("/")[2])

    second = kms.new_key()
    kms.do("update_alias", AliasName=ALIAS, TargetKeyId=second)
    policy = json.loads(desk.run("doctor", "--print-policy", "backup").out)
    assert [each["Resource"] for each in policy["Statement"][-2:]] == [first, "arn:aws:kms:*:*:key/*"]
    rotated = desk.run("vault", "rotate-key", "--json")
    assert rotated.code == 0, rotated
    assert (rotated.json["epoch"], rotated.json["can_erase"], rotated.json["settings"]) == (2, True, [])
    assert f'"kms_key":"{second}"' in (desk.folder / ".holdfast/vault.key").read_text()
    kms.do("disable_key", KeyId=first.rpartition("/")[2])
    assert desk.run("vault", "check").code == 0
    assert "vault keys rotated" in desk.run("audit", "list").out
    kms.do("delete_alias", AliasName=ALIAS)


def test_keys_move_between_the_ways_of_keeping_them(desk: Desk, kms: KmsAdministrator) -> None:
    key = kms.new_key()
    desk.environment["WORDS"] = "correct horse"
    assert desk.run("init").code == 0
    settings = desk.folder / "holdfast.toml"
    sealed = desk.run("vault", "rotate-key", "--kms-key", key)
    assert f'kms_key = "{key}"' in sealed.out, sealed
    desk.write("holdfast.toml", f'[vault]\nkms_key = "{key}"\n')
    moved = desk.run("vault", "rotate-key", "--new-passphrase-env", "WORDS")
    assert 'passphrase_env = "WORDS"' in moved.out, moved
    assert 'kms_key = ""' in moved.out
    assert "stay readable in old copies" in moved.out
    assert not (desk.folder / ".holdfast/vault.key").exists()
    closed = desk.run("backups", "list")
    assert "is opened by a passphrase, not by a key file" in closed.err
    desk.write("holdfast.toml", '[vault]\npassphrase_env = "WORDS"\n')
    plain = desk.run("vault", "rotate-key", "--key-file", "--json")
    assert plain.json["settings"] == ['passphrase_env = ""'], plain
    settings.write_text("")
    assert desk.run("vault", "check").code == 0
    both = desk.run("vault", "rotate-key", "--key-file", "--kms-key", key)
    assert (both.code, "in one way only" in both.err) == (2, True)


def test_a_vault_in_a_bucket_can_be_sealed_by_s3_once_more(
    desk: Desk, kms: KmsAdministrator, admin: Administrator
) -> None:
    key = kms.new_key()
    admin.s3.create_bucket(Bucket="sealed-once-more")
    desk.write("holdfast.toml", f'[vault]\nlocation = "s3://sealed-once-more/v"\nsse_kms_key = "{key}"\n')
    assert desk.run("vault", "init").code == 0
    head = admin.s3.head_object(Bucket="sealed-once-more", Key="v/vault.json")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_a_kms_key_that_is_none_or_stands_beside_a_passphrase_is_refused(desk: Desk) -> None:
    desk.write("holdfast.toml", '[vault]\nkms_key = "my key"\n')
    assert "must be the ARN of a KMS key or alias" in desk.run("backups", "list").err
    desk.write("holdfast.toml", f'[vault]\nkms_key = "{ALIAS}"\npassphrase_env = "WORDS"\n')
    answer = desk.run("backups", "list", WORDS="x")
    assert (answer.code, "take one of them out" in answer.err) == (10, True)
