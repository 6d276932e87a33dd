"""QuickSight is restored into an empty account in another region, under a mapping; and practised in a sandbox."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
from holdfast.sandbox.quicksight.portraits import QuickSightPortrait
from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.quicksight_estates import (
    EMPTY_WORLD,
    MAPPING,
    NEW_ACCOUNT,
    OLD_ACCOUNT,
    OLD_WORLD,
    as_new,
)
from tests.simulators.desk import Desk

HERE = {
    "HOLDFAST_QUICKSIGHT_BUCKET": "bundles",
    "HOLDFAST_QUICKSIGHT_IDENTITY_REGION": "us-east-1",
    "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.01",
}


def client(sandbox: SandboxServer, service: str):  # boto3's clients have no type of their own
    """A client of the sandbox in its home region."""
    return boto3.client(
        service,
        endpoint_url=sandbox.url,
        region_name=sandbox.engine.world.region,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[tuple[SandboxServer, SandboxServer]]:
    with (
        SandboxServer("empty", async_delay=0.0, account=OLD_ACCOUNT, region="us-east-2") as old,
        SandboxServer("empty", seed=7, async_delay=0.0, account=NEW_ACCOUNT, region="eu-west-1") as new,
    ):
        yield old, new


@pytest.fixture(scope="module")
def backed_up(
    sandboxes: tuple[SandboxServer, SandboxServer], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a backup of the old QuickSight, and a mapping whose secret is in the new account."""
    old, new = sandboxes
    old.load(OLD_WORLD)
    client(old, "s3").create_bucket(
        Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": "us-east-2"}
    )
    secret = client(new, "secretsmanager").create_secret(Name="db", SecretString="{}")["ARN"]
    desk = Desk(tmp_path_factory.mktemp("backed-up"), {**old.env(), **HERE})
    desk.write("mapping.toml", MAPPING.replace("SECRET", secret))
    taken = desk.run("quicksight", "backup", "--json")
    assert taken.code == 0, taken
    return desk.folder


@pytest.fixture
def old(sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The account that was backed up."""
    return sandboxes[0]


@pytest.fixture
def new(sandboxes: tuple[SandboxServer, SandboxServer]) -> SandboxServer:
    """The account that it is restored into."""
    sandboxes[1].load(EMPTY_WORLD)
    return sandboxes[1]


@pytest.fixture
def desk(old: SandboxServer, backed_up: Path, tmp_path: Path) -> Desk:
    """A folder with a mapping and a backup."""
    return Desk(shutil.copytree(backed_up, tmp_path / "desk"), {**old.env(), **HERE})


def there(new: SandboxServer, mapping: str = "mapping.toml") -> list[str]:
    target = ["--target-endpoint-url", new.url, "--target-region", "eu-west-1"]
    return ["--mapping", mapping, *target, "--target-identity-region", "eu-central-1"]


def secret(desk: Desk) -> str:
    """The secret that the mapping names."""
    table = tomllib.loads((desk.folder / "mapping.toml").read_text("utf-8"))
    return str(table["data_sources"]["db"]["secret_arn"])


def held(sandbox: SandboxServer) -> QuickSightPortrait:
    (found,) = sandbox.dump().quicksight
    return found


def test_a_restore_into_another_account_and_region_is_equal_under_the_mapping_and_can_be_undone(
    desk: Desk, new: SandboxServer
) -> None:
    done = desk.run("quicksight", "restore", "latest", "--json", *there(new))
    assert done.code == 0, done
    assert held(new) == as_new(secret(desk))
    same = desk.run("quicksight", "diff", "latest", "live", "--exit-code", "--json", *there(new))
    assert (same.code, same.json) == (0, []), same
    again = desk.run("quicksight", "preview", "latest", "--json", *there(new))
    assert again.json["changes_total"] == 0
    undone = desk.run("runs", "rollback", done.json["run"])
    assert undone.code == 0, undone
    assert new.dump().quicksight == ()
