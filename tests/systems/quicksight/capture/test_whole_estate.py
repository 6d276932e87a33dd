"""The capture of an estate with 300 assets, seven of which cannot be exported for four reasons."""

from __future__ import annotations

from collections import Counter

from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.records import split_key
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.records.admission import faults
from holdfast.systems.quicksight.records.assets import asset_of
from tests.systems.quicksight.capture.capturing import STARTS, Captured

AMOUNTS = {
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
SILENT_BISECT = 12
"""Jobs that find one of 54 assets by halving, beyond the first: two a level, of 27, 14, 7, 4, 2 and 1."""


def test_every_asset_of_300_is_accounted_for(three_hundred: Captured) -> None:
    found = {
        kind: {*three_hundred.keys(kind), *(item.key for item in three_hundred.part(kind).failures)}
        for kind in ASSET_KINDS
    }
    assert {kind: len(keys) for kind, keys in found.items()} == AMOUNTS


def test_each_of_the_seven_has_its_reason(three_hundred: Captured) -> None:
    items = [item for part in three_hundred.parts for item in part.failures]
    reasons = ("uploaded file", "data source of type JIRA", "has associated errors", "without saying why")
    told = Counter(reason for item in items for reason in reasons if reason in item.outcome.reason)
    assert (len(items), dict(told)) == (7, dict(zip(reasons, (3, 2, 1, 1), strict=True)))
    assert Counter(item.outcome.kind for item in items) == {
        OutcomeKind.SKIPPED: 3,
        OutcomeKind.IMPOSSIBLE: 4,
    }


def test_the_other_293_are_from_bundles(three_hundred: Captured) -> None:
    records = [record for kind in ASSET_KINDS for record in three_hundred.part(kind).records]
    assert Counter(asset_of(record).described for record in records) == {False: 293, True: 4}


def test_export_jobs_are_the_fewest_and_those_that_find_culprits(three_hundred: Captured) -> None:
    fewest = len(AMOUNTS)  # none of the types has more than a hundred
    named_culprit = 1
    assert three_hundred.sent(STARTS) == fewest + named_culprit + SILENT_BISECT
    assert three_hundred.told("export-jobs") == [
        "22 export jobs for 295 assets; 13 of them repeated one that failed, or found what spoiled it."
    ]


def test_calls_to_list_and_describe_are_the_fewest_there_can_be(three_hundred: Captured) -> None:
    """Of every asset its permissions and tags, of every dataset what it is and its schedules, of a folder its members."""
    exportable = {
        kind: count for kind, count in AMOUNTS.items() if kind not in ("vpc_connection", "refresh_schedule")
    }
    exportable["data_source"] -= 1
    exportable["data_set"] -= 2
    permissions = sum(exportable.values())
    tags = permissions + AMOUNTS["vpc_connection"]
    data_sets = AMOUNTS["data_set"] + exportable["data_set"]
    listings = len(AMOUNTS) - 1
    people = (
        1 + 1 + 2 + 2 + 12
    )  # namespaces, custom permissions, users and groups of two, members of twelve groups
    fallbacks = 5  # a dashboard takes two
    fewest = listings + permissions + tags + data_sets + AMOUNTS["folder"] + people + fallbacks
    asked = sum(
        count
        for name, count in three_hundred.calls.by_operation
        if name.startswith(("quicksight:List", "quicksight:Describe"))
        and name != "quicksight:DescribeAssetBundleExportJob"
    )
    print(f"{asked} list and describe calls, at least {fewest} are needed")  # noqa: T201
    assert asked <= 1.05 * fewest


def test_what_depends_on_uploaded_files_and_on_what_is_gone_is_named(three_hundred: Captured) -> None:
    assert len(three_hundred.told("depends-on-file")) == 2
    (missing,) = three_hundred.told("missing-dependency")
    assert missing.endswith("which is not there.")


def test_a_captured_record_is_one_that_may_be_imported(three_hundred: Captured) -> None:
    assert [
        fault for part in three_hundred.parts for record in part.records for fault in faults(record)
    ] == []


def test_people_of_all_namespaces_are_kept(three_hundred: Captured) -> None:
    namespaces = three_hundred.keys("namespace")
    assert sorted({split_key(key)[0] for key in three_hundred.keys("user")}) == sorted(namespaces)
    assert (len(three_hundred.keys("user")), len(three_hundred.keys("group"))) == (60, 12)


def test_parts_say_what_they_took(three_hundred: Captured) -> None:
    operations = {name for part in three_hundred.parts for name, *_ in part.spent}
    assert operations == {"people", "discovery", "export"}
