"""What keeps a scan from being sent: the message a user sees, the spool, and one delivery by `resend`."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.delivery.faults.test_full_disk import fill, small_disk, unfill
from tests.delivery.scans.conftest import Job
from tests.simulators.desk import Answer

__all__ = ["small_disk"]
PUT = "PUT /.*/ash-.*"


def waits(job: Job, refused: Answer, code: int) -> None:
    """The command failed as it should, nothing is in the bucket, the local copy is there, the scan waits."""
    assert refused.code == code, refused
    assert "holdfast scans resend" in refused.error["advice"]
    assert len(list((job.desk.folder / "reports").glob("ash-report-*.json"))) == 1
    (run,) = job.desk.run("runs", "list", "--json").json
    assert (run["kind"], run["state"]) == ("publish", "failed")


def delivered_once(job: Job, **more: str) -> None:
    """`resend` sends the scan, and a second one has nothing to do."""
    sent = job.resend(**more)
    assert sent.code == 0, sent
    assert sent.json["scans"][0]["put"] == 4
    bucket = more.get("ASH_S3_BUCKET_NAME", job.bucket)
    stored = job.s3().list_objects_v2(Bucket=bucket)["Contents"]
    assert len(stored) == 4
    assert job.resend(**more).json == {"scans": []}
    again = job.s3().list_objects_v2(Bucket=bucket)["Contents"]
    assert [each["LastModified"] for each in again] == [each["LastModified"] for each in stored]


def test_a_missing_bucket_is_named(job: Job) -> None:
    absent = f"{job.bucket}-absent"
    refused = job.publish(ASH_S3_BUCKET_NAME=absent)
    waits(job, refused, 30)
    assert refused.error["code"] == "no-such-bucket"
    assert f"There is no bucket {absent}." in refused.error["message"]
    delivered_once(job)  # the setting was mended: the bucket of today counts


def test_a_missing_bucket_that_is_made_later_gets_the_scan(job: Job) -> None:
    late = f"{job.bucket}-late"
    waits(job, job.publish(ASH_S3_BUCKET_NAME=late), 30)
    job.s3().create_bucket(Bucket=late)
    delivered_once(job, ASH_S3_BUCKET_NAME=late)


def test_a_denied_put_names_the_action_and_the_bucket(job: Job) -> None:
    job.sandbox.faults([FaultRule(service="s3", operation=PUT, deny=True)])
    refused = job.publish()
    waits(job, refused, 11)
    assert f"s3:PutObject on bucket {job.bucket} was denied" in refused.error["message"]
    assert f"Allow s3:PutObject on arn:aws:s3:::{job.bucket}/*" in refused.error["advice"]
    job.sandbox.clear_faults()
    delivered_once(job)


def test_throttles_are_waited_out_within_the_retries(job: Job) -> None:
    job.sandbox.faults([FaultRule(service="s3", operation=PUT, error="SlowDown", status=503, times=3)])
    done = job.publish()
    assert done.code == 0, done
    assert len(job.objects()) == 4


@pytest.mark.parametrize("retries", [0, 2, 5])
def test_after_so_many_retries_the_throttled_put_is_given_up(job: Job, retries: int) -> None:
    job.sandbox.faults([FaultRule(service="s3", operation=PUT, error="SlowDown", status=503)])
    refused = job.publish(HOLDFAST_SCANS_MAX_RETRIES=str(retries))
    waits(job, refused, 30)
    assert f"s3:PutObject failed {retries + 1} times" in refused.error["message"]
    assert job.sandbox.status().requests["s3:PUT"] == 2 + retries  # one made the bucket
    job.sandbox.clear_faults()
    delivered_once(job)


def test_a_network_that_is_down_leaves_the_scan_waiting(job: Job) -> None:
    job.sandbox.faults([FaultRule(service="s3", region_down=True)])
    refused = job.publish()
    waits(job, refused, 30)
    assert refused.error["code"] == "retries-exhausted"
    assert "Check the network" in refused.error["advice"]
    still = job.resend()
    assert still.code == 30
    assert "1 scans wait" in still.error["advice"]
    job.sandbox.clear_faults()
    delivered_once(job)


def test_a_network_that_goes_down_between_two_puts_repeats_none_of_them(job: Job) -> None:
    job.sandbox.faults([FaultRule(service="s3", operation=".*/findings/.*", region_down=True)])
    assert job.publish().code == 30
    before = job.s3().list_objects_v2(Bucket=job.bucket)["Contents"]
    assert len(before) == 2
    job.sandbox.clear_faults()
    assert job.resend().code == 0
    after = job.s3().list_objects_v2(Bucket=job.bucket)["Contents"]
    assert len(after) == 4
    kept = {each["Key"]: each["LastModified"] for each in after}
    assert [kept[each["Key"]] for each in before] == [each["LastModified"] for each in before]


def test_another_error_is_told_in_the_service_s_words(job: Job) -> None:
    rule = FaultRule(
        service="s3", operation=PUT, error="KMS.DisabledException", message="The key is disabled."
    )
    job.sandbox.faults([rule])
    refused = job.publish()
    waits(job, refused, 30)
    assert "KMS.Disabled" in refused.error["message"] and "The key is disabled." in refused.error["message"]
    job.sandbox.clear_faults()
    delivered_once(job)


def test_an_expired_token_leaves_the_scan_waiting(job: Job) -> None:
    job.sandbox.faults([FaultRule(service="s3", operation=PUT, expired_token=True)])
    waits(job, job.publish(), 11)
    job.sandbox.clear_faults()
    delivered_once(job)


def test_without_a_region_the_scan_waits_until_there_is_one(job: Job) -> None:
    region = job.desk.environment.pop("AWS_REGION")
    job.desk.environment.pop("AWS_DEFAULT_REGION")
    refused = job.publish()
    waits(job, refused, 10)
    assert "no AWS region is set" in refused.error["message"]
    assert "AWS_REGION" in refused.error["message"]
    delivered_once(job, AWS_DEFAULT_REGION=region)


def test_without_a_bucket_the_scan_waits_until_there_is_one(job: Job) -> None:
    del job.desk.environment["ASH_S3_BUCKET_NAME"]
    refused = job.publish()
    waits(job, refused, 10)
    assert "no bucket is set" in refused.error["message"]
    assert "ASH_S3_BUCKET_NAME" in refused.error["message"]
    delivered_once(job, ASH_S3_BUCKET_NAME=job.bucket)


@pytest.mark.parametrize("place", ["reports", "data"])
def test_a_full_disk_keeps_the_scan_and_it_is_sent_once_there_is_room(
    job: Job, small_disk: Path, place: str
) -> None:
    if place == "data":
        job.desk.environment["HOLDFAST_HOLDFAST_DATA_DIR"] = str(small_disk / "data")
        job.desk.run("runs", "list")
    fill(small_disk, 4096 if place == "reports" else 40_000)
    words = ("--reports", str(small_disk / "reports")) if place == "reports" else ()
    refused = job.desk.process("scans", "publish", "ash_aggregated_results.json", *words)
    assert refused.code == 75, refused
    assert "room" in refused.err or "full" in refused.err
    unfill(small_disk)
    if place == "data" and not job.desk.run("runs", "list", "--json").json:
        pytest.skip("the disk was too full to start a run; the result file is the scan")
    delivered_once(job)


def test_a_result_that_changed_before_it_was_read_is_not_sent_for_another(job: Job, small_disk: Path) -> None:
    fill(small_disk, 4096)
    assert job.publish("ash_aggregated_results.json", "--reports", str(small_disk / "reports")).code == 75
    unfill(small_disk)
    job.write(b"{}")
    refused = job.resend()
    assert refused.error["code"] == "result-changed"
    assert job.objects() == {}
