"""The sample company's 300 assets and 60 users in an empty account of another region."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.quicksight_estates import NEW_ACCOUNT
from tests.delivery.elsewhere.test_quicksight_elsewhere import client
from tests.simulators.desk import Desk

HERE = {"HOLDFAST_QUICKSIGHT_BUCKET": "bundles", "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.01"}
MAPPING = f"""
[accounts]
123456789012 = "{NEW_ACCOUNT}"
[regions]
us-east-1 = "eu-west-1"
[identity_regions]
us-east-1 = "eu-west-1"
"""


def networks(sandbox: SandboxServer) -> str:
    """A table of the mapping for each VPC connection."""
    (company,) = sandbox.dump().quicksight
    ids = [
        each.member["vpcConnectionId"]
        for estate in company.estates
        for each in estate.assets
        if each.type == "vpc_connection"
    ]
    role = f'role_arn = "arn:aws:iam::{NEW_ACCOUNT}:role/network"'
    told = f'subnet_ids = ["subnet-1", "subnet-2"]\nsecurity_group_ids = ["sg-1"]\n{role}\n'
    return "".join(f"[vpc_connections.{each}]\n{told}" for each in ids)


@pytest.mark.soak
def test_all_that_can_be_made_is_equal_under_the_mapping_and_the_rest_was_told(tmp_path: Path) -> None:
    with (
        SandboxServer("small", async_delay=0.0) as old,
        SandboxServer("empty", seed=7, async_delay=0.0, account=NEW_ACCOUNT, region="eu-west-1") as new,
    ):
        client(old, "s3").create_bucket(Bucket="bundles")
        desk = Desk(tmp_path, {**old.env(), **HERE})
        desk.write("mapping.toml", MAPPING + networks(old))
        assert desk.run("quicksight", "backup", "--json").code == 3
        there = [
            "--mapping",
            "mapping.toml",
            "--target-endpoint-url",
            new.url,
            "--target-region",
            "eu-west-1",
        ]
        done = desk.run("quicksight", "restore", "latest", "--json", *there)
        same = desk.run("quicksight", "diff", "latest", "live", "--json", *there)
    assert done.code == 3, done
    assert {each["kind"] for each in same.json} == {"removed"}
    # An uploaded file is in no listing, so only the import knows that what needs one cannot be made.
    told = {
        (each["type"], each["key"])
        for each in (*done.json["cannot_return"], *done.json["failures"])
        if each["key"] and "." not in each["type"]
    }
    assert {(each["type"], each["key"]) for each in same.json} == told
    assert len(told) == 5
