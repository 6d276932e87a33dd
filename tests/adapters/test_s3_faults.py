"""A bucket that fails: each way has its own words and next step, and no snapshot is broken by any."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from holdfast.adapters.aws import AwsSettings
from holdfast.adapters.object_store import open_store
from holdfast.domain.errors import AccessDenied, CredentialsError, HoldfastError
from holdfast.kernel.ports import ObjectStore
from holdfast.kernel.vault.errors import (
    BucketElsewhere,
    BucketMissing,
    ObjectExists,
    StoreFull,
    StoreUnavailable,
)
from tests.simulators.faulty_s3 import Fault, FaultyBucket, faulty_bucket
from tests.simulators.small_vault import TINY, company, contents_of, new_vault, open_vault, take

AT_ONCE = AwsSettings(retries=0, throttle_patience=0)


@pytest.fixture(scope="module")
def shared_bucket() -> Iterator[FaultyBucket]:
    with faulty_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(shared_bucket: FaultyBucket, monkeypatch: pytest.MonkeyPatch) -> FaultyBucket:
    """An empty bucket, and keys for it."""
    shared_bucket.objects.clear()
    shared_bucket.break_with()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return shared_bucket


@cache
def opened_at(endpoint: str, settings: AwsSettings) -> ObjectStore:
    return open_store("s3://bucket/v", Path(), {"AWS_ENDPOINT_URL_S3": endpoint}, settings)


def opened(bucket: FaultyBucket, settings: AwsSettings = AT_ONCE) -> ObjectStore:
    return opened_at(bucket.endpoint, settings)


IN_IRELAND = "<Region>eu-west-1</Region>"


@pytest.mark.parametrize(
    ("fault", "kind", "code", "said", "advice"),
    [
        (Fault(status=500, code="InternalError"), StoreUnavailable, 20, "InternalError: said by", "reachable"),
        (Fault(status=503, code="SlowDown"), StoreUnavailable, 20, "SlowDown", "reachable"),
        (Fault(status=403, code="AccessDenied"), AccessDenied, 11, "s3:PutObject on s3://bucket/v/n", "Allow s3:Put"),
        (Fault(status=400, code="ExpiredToken"), CredentialsError, 11, "ExpiredToken", "aws sso login"),
        (Fault(status=403, code="InvalidAccessKeyId"), CredentialsError, 11, "InvalidAccessKeyId", "AWS_PROFILE"),
        (Fault(status=403, code="SignatureDoesNotMatch"), CredentialsError, 11, "Signature", "AWS_SECRET_ACCESS_KEY"),
        (Fault(status=403, code="RequestTimeTooSkewed"), CredentialsError, 11, "TimeTooSkewed", "clock"),
        (Fault(status=404, code="NoSuchBucket"), BucketMissing, 20, "no bucket for s3://bucket/v", "[vault] location"),
        (Fault(status=301, code="PermanentRedirect"), BucketElsewhere, 20, "wrong region", "[aws] region"),
        (
            Fault(status=400, code="AuthorizationHeaderMalformed", more=IN_IRELAND),
            BucketElsewhere, 20, "it lies in eu-west-1", "replica_region",
        ),
        (Fault(status=507, code="XMinioStorageFull"), StoreFull, 75, "s3://bucket/v is full", "Make space"),
        (Fault(reset=True), StoreUnavailable, 20, "error sending request", "AWS_ENDPOINT_URL_S3"),
    ],
    ids=lambda value: value.code or "reset" if isinstance(value, Fault) else "",
)  # fmt: skip
def test_each_refusal_of_a_write_says_what_it_is_and_what_to_do(
    bucket: FaultyBucket, fault: Fault, kind: type[HoldfastError], code: int, said: str, advice: str
) -> None:
    store = opened(bucket)
    bucket.break_with(fault)
    with pytest.raises(kind) as caught:
        store.put("name", b"x")
    assert (type(caught.value), caught.value.exit_code) == (kind, code)
    assert said in str(caught.value)
    assert advice in caught.value.advice
    assert "Generic S3 error" not in str(caught.value) or fault.reset
    assert bucket.objects == {}


def test_a_bucket_that_is_gone_is_not_a_missing_object(bucket: FaultyBucket) -> None:
    store = opened(bucket)
    bucket.break_with(Fault(status=404, code="NoSuchBucket"))
    with pytest.raises(BucketMissing):
        store.get("name")
    with pytest.raises(BucketMissing):
        store.delete("name")


def test_server_errors_are_repeated_as_often_as_the_settings_say(bucket: FaultyBucket) -> None:
    store = opened(bucket, AwsSettings(retries=1, throttle_patience=0))
    bucket.break_with(Fault(status=500, code="InternalError"))
    with pytest.raises(StoreUnavailable):
        store.put("name", b"x")
    assert bucket.requests == ["PUT", "PUT"]
    bucket.break_with(Fault(status=500, code="InternalError", times=1))
    store.put("name", b"x")
    assert bucket.objects == {"v/name": b"x"}


def test_a_throttle_is_waited_out_beyond_the_repeats(bucket: FaultyBucket) -> None:
    store = opened(bucket, AwsSettings(retries=0))
    bucket.break_with(Fault(status=503, code="SlowDown", times=1))
    store.put("name", b"x")
    assert bucket.requests == ["PUT", "PUT"]


def test_a_bucket_that_does_not_answer_is_given_up_after_the_time_set(bucket: FaultyBucket) -> None:
    store = opened(bucket, AwsSettings(retries=0, read_timeout=0.1))
    bucket.break_with(Fault(stall=30))
    with pytest.raises(StoreUnavailable):
        store.get("name")


def test_half_an_answer_is_never_taken_for_a_whole_one(bucket: FaultyBucket) -> None:
    whole = bytes(range(256)) * 40
    opened(bucket).put("name", whole)
    bucket.break_with(Fault(truncate=True))
    with pytest.raises(StoreUnavailable):
        opened(bucket).get("name")
    with pytest.raises(StoreUnavailable):
        opened(bucket).list("")
    patient = opened(bucket, AwsSettings(retries=1, throttle_patience=5))
    bucket.break_with(Fault(truncate=True, times=1))
    assert patient.get("name") == whole
    bucket.break_with(Fault(truncate=True, times=1))
    assert [found.name for found in patient.list("")] == ["name"]


def test_a_write_whose_answer_was_lost_is_repeated_and_the_snapshot_is_sound(
    bucket: FaultyBucket, tmp_path: Path
) -> None:
    new_vault(opened(bucket), tmp_path, TINY)
    vault = open_vault(opened(bucket, AwsSettings(retries=1)), tmp_path)
    bucket.break_with(Fault(method="PUT", reset=True, after=True, times=1))
    with pytest.raises(ObjectExists):
        opened(bucket, AwsSettings(retries=1)).put("name", b"x")
    bucket.break_with(Fault(method="PUT", reset=True, after=True, times=1))
    info = take(vault, company(3))
    assert vault.verify(info).sound


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT", status=403, code="AccessDenied"),
        Fault("PUT", status=500, code="InternalError"),
        Fault("PUT", status=507, code="XMinioStorageFull"),
        Fault("PUT", reset=True, after=True),
        Fault(status=400, code="ExpiredToken"),
        Fault(status=404, code="NoSuchBucket"),
    ],
    ids=lambda fault: fault.code or "reset",
)
def test_a_bucket_that_fails_midway_breaks_no_snapshot_and_the_next_writer_succeeds(
    bucket: FaultyBucket, tmp_path: Path, fault: Fault
) -> None:
    first = take(new_vault(opened(bucket), tmp_path, TINY), company(3))
    for through in (0, 2):
        vault = open_vault(opened(bucket), tmp_path, TINY)
        writer_requests = [Fault("PUT", times=through)] if through else []
        bucket.break_with(*writer_requests, fault)
        with pytest.raises(HoldfastError) as caught:
            take(vault, company(9, "Director"), after=1)
        assert caught.value.exit_code in (11, 20, 75)
        bucket.break_with()
        again = open_vault(opened(bucket), tmp_path)
        assert again.check(read_data=True).problems == ()
        assert contents_of(again.read(first)) == company(3)
    last = take(open_vault(opened(bucket), tmp_path, TINY), company(9, "Director"), after=2)
    assert open_vault(opened(bucket), tmp_path).verify(last).sound
