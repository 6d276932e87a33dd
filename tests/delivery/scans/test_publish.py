"""Publishing a scan: once, under a key of its own, whole, with what the options ask for."""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import parse_qs

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.delivery.scans.conftest import EVAL, RESULT, SHELL, Job
from tests.simulators.ash_results import Made, result_file, shifted


def test_a_scan_is_published_whole_with_a_local_copy_and_its_url(job: Job) -> None:
    done = job.publish()
    assert done.code == 0, done
    (scan,) = done.json["scans"]
    assert re.fullmatch(r"20260301T080000\.000Z-[0-9a-f]{12}", scan["scan"])
    key = f"ash-reports/ash-report-{scan['scan']}.json"
    assert scan["url"] == f"s3://{job.bucket}/{key}"
    objects = job.objects()
    place = f"project=webshop/branch=unknown/date=2026-03-01/scan={scan['scan']}"
    assert sorted(objects) == [
        key,
        f"ash-reports/findings-ndjson/{place}/findings.ndjson",
        f"ash-reports/findings/{place}/findings.parquet",
        f"ash-reports/scans/{scan['scan']}.json",
    ]
    assert (job.desk.folder / "reports" / f"ash-report-{scan['scan']}.json").read_bytes() == objects[key]
    assert len(json.loads(objects[key])["findings"]) == 2


def test_the_manifest_lists_every_other_object_with_its_digest(job: Job) -> None:
    job.publish()
    objects = job.objects()
    (manifest,) = (data for key, data in objects.items() if key.startswith("ash-reports/scans/"))
    listed = {each["key"]: each["sha256"] for each in json.loads(manifest)["objects"]}
    stored = {key: hashlib.sha256(data).hexdigest() for key, data in objects.items() if "/scans/" not in key}
    assert listed == stored


def test_a_scan_published_twice_is_delivered_once_and_that_is_said(job: Job) -> None:
    job.publish()
    before = job.objects()
    again = job.publish()
    assert again.code == 0
    (scan,) = again.json["scans"]
    assert (scan["already_there"], scan["put"], scan["already"]) == (True, 0, 4)
    assert job.objects() == before
    assert "is there already" in job.desk.run("scans", "publish", RESULT).out


def test_two_scans_of_one_second_never_share_a_key(job: Job) -> None:
    job.write(result_file([EVAL]), "second.json")
    done = job.publish(RESULT, "second.json")
    assert done.code == 0
    assert len(done.json["scans"]) == 2
    assert len(job.objects()) == 8


def test_yaml_is_published_as_yaml_and_read_by_a_safe_loader(job: Job) -> None:
    import yaml

    done = job.publish(HOLDFAST_SCANS_FILE_FORMAT="yaml")
    key = done.json["scans"][0]["url"].partition(f"{job.bucket}/")[2]
    assert key.endswith(".yaml")
    assert job.s3().head_object(Bucket=job.bucket, Key=key)["ContentType"] == "application/yaml"
    assert len(yaml.safe_load(job.objects()[key])["findings"]) == 2


def test_a_role_that_may_only_put_publishes_and_nothing_else_is_asked(job: Job) -> None:
    job.sandbox.faults([FaultRule(service=("s3", "sts"), operation="(GET|HEAD|POST|Get).*", deny=True)])
    done = job.publish()
    asked = set(job.sandbox.status().requests)
    again = job.publish()
    job.sandbox.clear_faults()
    assert done.code == 0, done
    assert asked == {"s3:PUT"}
    assert again.code == 0, again
    assert again.json["scans"][0]["already_there"]
    assert len(job.objects()) == 4


def test_a_put_only_role_whose_answer_was_lost_still_delivers_once(job: Job) -> None:
    job.sandbox.faults(
        [
            FaultRule(service="s3", operation="(GET|HEAD).*", deny=True),
            FaultRule(service="s3", operation="PUT.*", reset=True, after=True, times=1),
        ]
    )
    done = job.publish()
    job.sandbox.clear_faults()
    assert done.code == 0, done
    assert len(job.objects()) == 4


def test_the_options_reach_the_objects(job: Job) -> None:
    done = job.publish(
        HOLDFAST_SCANS_TAGS="team=security,env=ci",
        HOLDFAST_SCANS_STORAGE_CLASS="STANDARD_IA",
        HOLDFAST_SCANS_KMS_KEY_ID="alias/scans",
        HOLDFAST_SCANS_KEY_PREFIX="teams/a",
    )
    assert done.code == 0, done
    (key,) = (key for key in job.objects() if key.startswith("teams/a/ash-report-"))
    held = job.s3().head_object(Bucket=job.bucket, Key=key)
    assert (held["StorageClass"], held["ServerSideEncryption"]) == ("STANDARD_IA", "aws:kms")
    tags = job.s3().get_object_tagging(Bucket=job.bucket, Key=key)["TagSet"]
    assert {each["Key"]: each["Value"] for each in tags} == parse_flat("team=security&env=ci")
    assert job.s3().head_object(Bucket=job.bucket, Key=key, ChecksumMode="ENABLED")["ChecksumSHA256"]


def parse_flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}


def test_an_object_lock_is_asked_for(job: Job) -> None:
    locked = f"{job.bucket}-locked"
    job.s3().create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
    done = job.publish(ASH_S3_BUCKET_NAME=locked, HOLDFAST_SCANS_OBJECT_LOCK_DAYS="30")
    assert done.code == 0, done
    key = done.json["scans"][0]["url"].partition(f"{locked}/")[2]
    assert job.s3().head_object(Bucket=locked, Key=key)["ObjectLockMode"] == "GOVERNANCE"


def test_a_vault_keeps_the_raw_file_and_none_is_made(job: Job) -> None:
    job.publish()
    assert not (job.desk.folder / ".holdfast" / "vault").exists()
    assert job.desk.run("vault", "init").code == 0
    job.write(raw := result_file([SHELL]), "other.json")
    assert job.publish("other.json").code == 0
    (listed,) = job.desk.run("backups", "list", "--json").json
    assert listed["system"] == "scans"
    from holdfast.bootstrap import open_installation
    from holdfast.kernel.quiet import SilentProgress

    with job.desk._here({}):
        vault = open_installation(None, SilentProgress()).vault
        (record,) = vault.read(vault.resolve("latest")).records("scan_result")
    assert record.personal == raw
    assert record.key == hashlib.sha256(raw).hexdigest()


def test_a_file_that_is_no_result_starts_no_run(job: Job) -> None:
    job.write(b'{"runs": []}', "x.sarif.json")
    refused = job.publish("x.sarif.json")
    assert refused.code == 2
    assert "SARIF" in refused.error["message"]
    assert job.desk.run("runs", "list", "--json").json == []
    assert job.publish("absent.json").code == 2


def test_scans_go_to_a_folder_too_and_are_read_from_there(job: Job) -> None:
    assert job.publish(HOLDFAST_SCANS_FOLDER="out").code == 0
    assert job.objects() == {}
    (listed,) = job.desk.run("scans", "list", "--store", "out", "--json").json
    assert listed["counts"]["CRITICAL"] == 1
    assert listed["findings"] == 2


FIXED = Made("B301", "bandit", "src/old.py", 3, "    pickle.loads(data)", "pickle", "warning")
LOST = Made("CKV_1", "checkov", "main.tf", 4, 'resource "aws_s3_bucket" "b" {', "no encryption", "error")
NEW = [
    Made("B105", "bandit", "src/new.py", 9, '    password = "tk4421Zq9931"', "hardcoded password", "note"),
    Made("python.exec", "semgrep", "src/new.py", 12, "    exec(code)", "exec", "error"),
]


@pytest.fixture
def two_scans(job: Job) -> Job:
    """Two published scans: moved lines, one fixed, two new, and a scanner that failed."""
    job.write(result_file([EVAL, SHELL, FIXED, LOST]), "first.json")
    later = [*shifted([EVAL, SHELL], 5), *NEW]
    job.write(result_file(later, {"checkov": "ERROR"}, started="2026-03-02T08:00:00+00:00"), "second.json")
    assert job.publish("first.json", "second.json").code == 0
    return job


@pytest.mark.parametrize(
    "pair", [("previous", "latest"), ("20260301", "20260302"), ("first.json", "second.json")]
)
def test_diff_says_exactly_what_changed(two_scans: Job, pair: tuple[str, str]) -> None:
    said = two_scans.desk.run("scans", "diff", *pair, "--json")
    assert said.code == 0, said
    rules = {
        kind: sorted(each["rule_id"] for each in said.json[kind]) for kind in ("new", "fixed", "unchanged")
    }
    assert rules == {
        "new": ["B105", "python.exec"],
        "fixed": ["B301"],
        "unchanged": ["B602", "python.lang.security.audit.eval-detected"],
    }
    assert [each["rule_id"] for each in said.json["unknown"]] == ["CKV_1"]
    assert said.json["reopened"] == said.json["suppressed"] == []
    assert {"rule_id", "scanner", "path", "line", "severity", "fingerprint"} <= set(said.json["new"][0])


@pytest.mark.parametrize(
    ("rule", "code"), [("new:high", 5), ("new", 5), ("unknown:critical", 5), ("reopened", 0)]
)
def test_fail_on_decides_the_exit_code(two_scans: Job, rule: str, code: int) -> None:
    assert two_scans.desk.run("scans", "diff", "previous", "latest", "--fail-on", rule).code == code


def test_fail_on_of_an_unknown_word_is_a_usage_error(two_scans: Job) -> None:
    assert two_scans.desk.run("scans", "diff", "previous", "latest", "--fail-on", "new:awful").code == 2


def test_trend_marks_the_scan_that_did_not_look_and_draws_a_page(two_scans: Job) -> None:
    said = two_scans.desk.run("scans", "trend", "--json", "--html", "trend.html")
    assert [(row["total"], row["new"], row["fixed"], row["clean"]) for row in said.json] == [
        (4, None, None, False),
        (4, 2, 1, False),
    ]
    assert said.json[1]["not_run"] == ["checkov"]
    page = (two_scans.desk.folder / "trend.html").read_text()
    assert "<svg" in page and "<script" not in page and "did not run" in page


def test_no_secret_is_in_any_object_or_local_file(two_scans: Job) -> None:
    for key, data in two_scans.objects().items():
        assert b"tk4421Zq9931" not in data, key
    local = [
        path for path in two_scans.desk.folder.rglob("*") if path.is_file() and path.name != "second.json"
    ]
    assert [path for path in local if b"tk4421Zq9931" in path.read_bytes()] == []


def test_a_damaged_object_is_not_read_as_a_scan(two_scans: Job) -> None:
    (key,) = (key for key in two_scans.objects() if "date=2026-03-02" in key and key.endswith("ndjson"))
    two_scans.s3().put_object(Bucket=two_scans.bucket, Key=key, Body=b"")
    said = two_scans.desk.run("scans", "diff", "previous", "latest", "--json")
    assert said.code == 5
    assert said.error["code"] == "published-damaged"
