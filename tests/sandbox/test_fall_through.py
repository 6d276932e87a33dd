"""What the stand-in does not answer itself: moto's services, with a stricter S3."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
WRONG = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()


@pytest.fixture
def bucket(aws: Aws) -> str:
    # moto's state is one for the process, so a test takes a name of its own.
    name = f"bucket-{uuid4().hex}"
    aws.s3.create_bucket(Bucket=name)
    return name


def test_an_object_is_stored_and_read_back_under_a_key_of_any_letters(aws: Aws, bucket: str) -> None:
    aws.s3.put_object(Bucket=bucket, Key="a/ü 東.txt", Body=b"x" * 3_000_000)
    assert aws.s3.get_object(Bucket=bucket, Key="a/ü 東.txt")["Body"].read() == b"x" * 3_000_000
    assert aws.s3.head_object(Bucket=bucket, Key="a/ü 東.txt")["ContentLength"] == 3_000_000


@pytest.mark.parametrize("given", [{"ChecksumSHA256": WRONG}, {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}])
def test_an_object_with_a_wrong_checksum_is_refused(
    aws: Aws, bucket: str, refused: Refused, given: dict[str, str]
) -> None:
    code, _ = refused(lambda: aws.s3.put_object(Bucket=bucket, Key="k", Body=b"body", **given))
    assert code == "BadDigest"
    assert "Contents" not in aws.s3.list_objects_v2(Bucket=bucket)


def test_a_put_that_must_not_replace_does_not(aws: Aws, bucket: str, refused: Refused) -> None:
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"first", IfNoneMatch="*")
    code, _ = refused(lambda: aws.s3.put_object(Bucket=bucket, Key="k", Body=b"second", IfNoneMatch="*"))
    assert code == "PreconditionFailed"
    assert aws.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"


def test_metadata_with_an_underscore_in_its_name_is_kept(aws: Aws, bucket: str) -> None:
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"owned_by": "us"})
    assert aws.s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"owned_by": "us"}
