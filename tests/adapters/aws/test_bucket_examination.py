"""What a doctor sees of a bucket: who else may read it, and what it could not look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from holdfast.adapters.aws import AwsSession
from holdfast.adapters.bucket_examination import BLOCKS, examine_bucket
from holdfast.kernel.checks import Check, Verdict, exit_code
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer

BUCKET = "examined"
CLOSED = dict.fromkeys(BLOCKS, True)
EVERYBODY_READS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",'
    f'"Resource":"arn:aws:s3:::{BUCKET}/*"}}]}}'
)


@pytest.fixture
def owner(sandbox: SandboxServer) -> Any:  # noqa: ANN401  # boto3 makes the class at run time
    """A client of the owner, with a closed bucket."""
    client: Any = boto3.client(
        "s3",
        endpoint_url=sandbox.url,
        region_name="us-east-1",
        aws_access_key_id="AKIASANDBOXSANDBOX00",
        aws_secret_access_key="sandbox",
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=CLOSED)
    return client


def look(session: Callable[..., AwsSession]) -> dict[str, Check]:
    return {check.name: check for check in examine_bucket(session(), BUCKET)}


def test_a_closed_bucket_is_in_order(owner: Any, session: Callable[..., AwsSession]) -> None:  # noqa: ANN401
    seen = look(session)
    assert exit_code(seen.values()) == 0
    assert (seen["public access block"].verdict, seen["policy"].reason) == (Verdict.OK, "there is none")
    assert seen["access list"].verdict is Verdict.OK
    assert seen["default encryption"].needed is False
    assert seen["versioning"].reason == "never turned on"


def test_whatever_opens_a_bucket_is_wrong_and_says_how_to_close_it(
    owner: Any,  # noqa: ANN401
    session: Callable[..., AwsSession],
) -> None:
    half = {**CLOSED, "BlockPublicPolicy": False, "BlockPublicAcls": False}
    owner.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=half)
    owner.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    owner.put_bucket_policy(Bucket=BUCKET, Policy=EVERYBODY_READS)
    owner.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    owner.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    )
    seen = look(session)
    assert exit_code(seen.values()) == 5
    assert seen["public access block"].reason == "off: BlockPublicAcls, BlockPublicPolicy"
    assert "put-public-access-block" in seen["public access block"].advice
    assert seen["access list"].reason == "READ to everybody"
    assert "--acl private" in seen["access list"].advice
    assert seen["policy"].reason == "it makes the bucket public"
    assert seen["versioning"].reason == "Enabled; what is deleted stays as an old version"
    assert (seen["default encryption"].verdict, seen["default encryption"].reason) == (Verdict.OK, "aws:kms")
    owner.delete_public_access_block(Bucket=BUCKET)
    assert look(session)["public access block"].reason == "the bucket has none"


@pytest.mark.usefixtures("owner")
def test_what_may_not_be_looked_at_is_unknown_and_names_the_permission(
    sandbox: SandboxServer, session: Callable[..., AwsSession]
) -> None:
    sandbox.faults([FaultRule(service="s3", deny=True)])
    seen = look(session)
    assert {check.verdict for check in seen.values()} == {Verdict.UNKNOWN}
    assert exit_code(seen.values()) == 3
    assert (
        "Allow s3:GetBucketPublicAccessBlock on arn:aws:s3:::examined" in seen["public access block"].advice
    )
