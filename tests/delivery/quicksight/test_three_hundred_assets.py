"""A backup of 300 assets of which seven cannot be exported for four reasons: where each one is, or why it is nowhere."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Answer, Desk

BUCKET = "kept-bundles"
ASSETS = {
    "vpc_connection": 3,
    "data_source": 24,
    "data_set": 84,
    "refresh_schedule": 30,
    "topic": 6,
    "theme": 6,
    "analysis": 54,
    "dashboard": 75,
    "folder": 18,
}
SEVEN = {
    "it is an uploaded file": ("skipped", 3),
    "bundles take nothing on a data source of type JIRA": ("impossible", 2),
    "has associated errors and cannot be exported": ("impossible", 1),
    "the export job failed without saying why": ("impossible", 1),
}
"""The four reasons, and how many of the seven end how for each."""
NAMED_CULPRIT = 1
SILENT_BISECT = 12
"""Jobs that find one of 54 assets by halving, beyond the first: two a level, of 27, 14, 7, 4, 2 and 1."""


@dataclass(frozen=True)
class Backup:
    """What the command said and left."""

    answer: Answer
    text: str
    manifest: dict[str, Any]
    requests: dict[str, int]
    files: set[str]
    s3: Any

    def of(self, part: str) -> list[dict[str, Any]]:
        """The manifest's rows of this name that are of assets."""
        return [each for each in self.manifest[part] if each["type"] in ASSETS]

    def told(self, code: str) -> list[str]:
        return [each["message"] for each in self.manifest["findings"] if each["code"] == code]


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backup]:
    with SandboxServer("small", async_delay=0.0) as sandbox:
        s3 = Administrator(sandbox).s3
        s3.create_bucket(Bucket=BUCKET)
        settings = {"HOLDFAST_QUICKSIGHT_BUCKET": BUCKET, "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.01"}
        desk = Desk(tmp_path_factory.mktemp("desk"), {**sandbox.env(), **settings})
        answer = desk.run("quicksight", "backup", "--json")
        requests = dict(sandbox.status().requests)
        (folder,) = (desk.folder / ".holdfast" / "reports").iterdir()
        text = " ".join((folder / "report.txt").read_text().split())
        manifest = json.loads((folder / "manifest.json").read_bytes())
        files = {each.name for each in folder.iterdir()}
        yield Backup(answer, text, manifest, requests, files, s3)


def test_scenario_1_a_partial_backup_failure_accounts_for_everything(backup: Backup) -> None:
    assert (backup.answer.code, backup.answer.json["state"], backup.answer.json["sums_up"]) == (
        3,
        "partial",
        True,
    )
    for part in ("items", "places"):
        names = {(each["type"], each["key"]) for each in backup.of(part)}
        assert Counter(kind for kind, _ in names) == ASSETS
        assert len(backup.of(part)) == len(names) == 300


def test_output_generation_manifest_and_reports_are_always_saved(backup: Backup) -> None:
    assert {"manifest.json", "report.txt", "report.html"} <= backup.files
    assert {each["name"] for each in backup.manifest["files"]} <= backup.files


def test_each_of_the_seven_has_its_reason(backup: Backup) -> None:
    ended = [each["outcome"] for each in backup.of("items") if each["outcome"]["kind"] != "done"]
    for reason, (kind, count) in SEVEN.items():
        assert [each["kind"] for each in ended if reason in each["reason"]] == [kind] * count
    assert len(ended) == sum(count for _, count in SEVEN.values()) == 7
    for each in backup.of("places"):
        assert each["location"] or any(reason in each["reason"] for reason in SEVEN)


def test_the_other_293_are_in_bundles_that_are_what_the_manifest_says(backup: Backup) -> None:
    done = {(each["type"], each["key"]) for each in backup.of("items") if each["outcome"]["kind"] == "done"}
    places = [each for each in backup.of("places") if (each["type"], each["key"]) in done]
    assert len(places) == 293
    digests = {each["location"]: each["sha256"] for each in places}
    for location, digest in digests.items():
        bucket, _, key = location.removeprefix("s3://").partition("/")
        data = backup.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert hashlib.sha256(data).hexdigest() == digest
    assert backup.told("bundles-verified") == [
        "13 of 13 bundles, with 297 assets, were read back whole from s3://kept-bundles/ and hold what was sent"
    ]


def test_export_jobs_are_the_fewest_and_those_that_find_culprits_and_their_number_is_told(
    backup: Backup,
) -> None:
    fewest = len(ASSETS)  # none of the types has more than a hundred
    assert backup.requests["quicksight:StartAssetBundleExportJob"] == fewest + NAMED_CULPRIT + SILENT_BISECT
    assert (
        "22 export jobs for 295 assets; 13 of them repeated one that failed, or found what spoiled it."
        in backup.text
    )


def test_calls_to_list_and_describe_are_the_fewest_there_can_be(backup: Backup) -> None:
    """Of every asset its permissions and tags, of every dataset what it is and its schedules, of a folder its members."""
    read = {**ASSETS, "data_source": ASSETS["data_source"] - 1, "data_set": ASSETS["data_set"] - 2}
    tags = sum(read.values()) - ASSETS["refresh_schedule"]
    permissions = tags - ASSETS["vpc_connection"]
    data_sets = ASSETS["data_set"] + read["data_set"]
    listings = len(ASSETS) - 1
    # Namespaces, custom permissions, users and groups of two, members of twelve groups.
    people = 1 + 1 + 2 + 2 + 12
    fallbacks = 5  # a dashboard takes two
    fewest = listings + permissions + tags + data_sets + ASSETS["folder"] + people + fallbacks
    asked = sum(
        count
        for name, count in backup.requests.items()
        if name.startswith(("quicksight:List", "quicksight:Describe"))
        and name != "quicksight:DescribeAssetBundleExportJob"
    )
    assert asked <= 1.05 * fewest


def test_what_depends_on_uploaded_files_and_on_what_is_gone_is_named(backup: Backup) -> None:
    assert len(backup.told("depends-on-file")) == 2
    (missing,) = backup.told("missing-dependency")
    assert missing.endswith("which is not there.")


def test_people_of_all_namespaces_are_in_their_tables(backup: Backup) -> None:
    tables = Counter(
        (each["type"], each["location"].rpartition("-")[2])
        for each in backup.manifest["places"]
        if each["type"] in ("user", "group")
    )
    assert tables == {("user", "users"): 60, ("group", "groups"): 12}
    namespaces = {each["key"].split("\x1f")[0] for each in backup.manifest["items"] if each["type"] == "user"}
    assert len(namespaces) == 2
