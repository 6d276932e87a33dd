"""The seed's "Asset Discovery and Filtering Flow", each drawn leaf by its name."""

from __future__ import annotations

import pytest

from holdfast.domain.outcomes import OutcomeKind
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.quicksight.bundle_store import Job
from holdfast.sandbox.wire import Json
from tests.systems.quicksight.capture.capturing import ACCOUNT, REGION, STARTS, Capturing


def pages_of_two(capturing: Capturing) -> None:
    capturing.faults(FaultRule(operation="List(DataSources|DataSets|Analyses|Dashboards)", page_size=2))


def test_list_all_data_sources(capturing: Capturing) -> None:
    pages_of_two(capturing)
    for key in "abcde":
        capturing.source(key)
    found = capturing.capture(("data_source",))
    assert found.keys("data_source") == ["a", "b", "c", "d", "e"]
    assert found.sent("quicksight:ListDataSources") == 3


def test_list_all_data_sets(capturing: Capturing) -> None:
    pages_of_two(capturing)
    capturing.source("a")
    for key in "vwxyz":
        capturing.data_set(key, "a")
    assert capturing.capture(("data_set",)).keys("data_set") == ["v", "w", "x", "y", "z"]


def test_list_all_analyses(capturing: Capturing) -> None:
    pages_of_two(capturing)
    capturing.data_set("d")
    for key in "vwx":
        capturing.view("analysis", key, "d")
    capturing.estate.find("analysis", "w").deleted = 2_000_000_000.0  # type: ignore[union-attr]
    found = capturing.capture(("analysis",))
    assert found.keys("analysis") == ["v", "x"]
    assert found.told("deleted-analysis") == ["Deleted analyses are left out (1): W."]


def test_list_all_dashboards(capturing: Capturing) -> None:
    pages_of_two(capturing)
    capturing.data_set("d")
    for key in "vwx":
        capturing.view("dashboard", key, "d")
    assert capturing.capture(("dashboard",)).keys("dashboard") == ["v", "w", "x"]


def files(capturing: Capturing) -> None:
    """A dataset on Athena, one that is an uploaded file, and a dashboard over that."""
    capturing.source("athena")
    capturing.source("upload", "FILE")
    capturing.data_set("good", "athena")
    capturing.data_set("sheet", "upload")
    capturing.view("dashboard", "board", "sheet")


def test_filter_file_data_sets_yes_identify_file_data_sets(capturing: Capturing) -> None:
    files(capturing)
    item = capturing.capture().items["sheet"]
    assert (item.outcome.kind, item.outcome.code) == (OutcomeKind.SKIPPED, "uploaded-file")


def test_remove_file_data_sets_from_list(capturing: Capturing) -> None:
    files(capturing)
    found = capturing.capture(("data_source", "data_set"))
    assert (found.keys("data_source"), found.keys("data_set")) == (["athena"], ["good"])
    asked = [list(job.asked.texts("ResourceArns")) for job in jobs(capturing)]
    assert sorted(asked) == [[capturing.arn("dataset/good")], [capturing.arn("datasource/athena")]]


def test_log_excluded_data_sets(capturing: Capturing) -> None:
    files(capturing)
    found = capturing.capture()
    assert "FILE dataset SHEET is excluded: it is an uploaded file" in found.items["sheet"].outcome.reason
    (told,) = found.told("depends-on-file")
    assert told.startswith(
        "The dashboard BOARD (board) depends on data set sheet: FILE dataset SHEET is excluded"
    )


def test_filter_file_data_sets_no_keep_all_data_sets(capturing: Capturing) -> None:
    files(capturing)
    found = capturing.capture(include_file_datasets=True)
    kept = [found.items[key].outcome.kind for key in ("sheet", "upload")]
    assert kept == [OutcomeKind.IMPOSSIBLE, OutcomeKind.IMPOSSIBLE]
    assert "Describe calls do not give it either" in found.items["sheet"].outcome.reason
    # The service gives the definition of the data source out, not that of the dataset.
    assert (found.keys("data_source"), found.keys("data_set")) == (["athena", "upload"], ["good"])
    asked = [arn for job in jobs(capturing) for arn in job.asked.texts("ResourceArns")]
    assert capturing.arn("dataset/sheet") not in asked


def test_group_remaining_assets_by_type(capturing: Capturing) -> None:
    capturing.source("a")
    for key in "uvwxy":
        capturing.data_set(key, "a")
    capturing.capture(("data_source", "data_set"), assets_per_bundle=2)
    groups = [[arn.rpartition(":")[2] for arn in job.asked.texts("ResourceArns")] for job in jobs(capturing)]
    assert sorted(groups) == [
        ["dataset/u", "dataset/v"],
        ["dataset/w", "dataset/x"],
        ["dataset/y"],
        ["datasource/a"],
    ]


def test_assets_found_no_log_no_assets_warning(capturing: Capturing) -> None:
    found = capturing.capture(("data_source", "dashboard"))
    assert sorted(found.told("no-assets")) == [
        "There are no dashboards; their export is skipped.",
        "There are no data sources; their export is skipped.",
    ]


def test_skip_asset_export_and_continue_with_next_asset_type(capturing: Capturing) -> None:
    capturing.data_set("d")
    capturing.view("dashboard", "board", "d")
    found = capturing.capture(("analysis", "dashboard"))
    assert [(part.type, part.complete, len(part.records)) for part in found.parts] == [
        ("analysis", True, 0),
        ("dashboard", True, 1),
    ]
    assert found.sent(STARTS) == 1


def test_create_export_job_request(capturing: Capturing) -> None:
    capturing.source("a")
    capturing.capture(("data_source",))
    (job,) = jobs(capturing)
    options = ("IncludeAllDependencies", "IncludePermissions", "IncludeTags")
    assert [job.asked.raw(name) for name in options] == [False, False, False]
    assert job.asked.text("ExportFormat") == "QUICKSIGHT_JSON"


def test_validate_asset_dependencies_yes_proceed_with_export(capturing: Capturing) -> None:
    capturing.source("a")
    capturing.data_set("d", "a")
    capturing.view("dashboard", "board", "d")
    found = capturing.capture(("data_source", "data_set", "dashboard"))
    assert [finding.code for finding in found.findings] == ["export-jobs"]
    assert found.sent(STARTS) == 3


def test_dependencies_valid_no_log_dependency_warning_and_proceed_with_export(capturing: Capturing) -> None:
    capturing.data_set("d", "nowhere")
    found = capturing.capture(("data_source", "data_set"))
    assert found.told("missing-dependency") == [
        "The data set D (d) depends on data source nowhere, which is not there."
    ]
    assert found.keys("data_set") == ["d"]


def test_a_circle_of_dependencies_is_a_warning_and_the_export_goes_on(capturing: Capturing) -> None:
    for one, other in (("x", "y"), ("y", "z"), ("z", "x")):
        on: Json = {"source": {"dataSetArn": capturing.arn(f"dataset/{other}")}, "alias": "t"}
        capturing.data_set(one, logicalTableMap={"all": on})
    found = capturing.capture(("data_set",))
    (told,) = found.told("circular-dependency")
    assert all(f"data set {key}" in told for key in "xyz")
    assert found.keys("data_set") == ["x", "y", "z"]


def test_submit_export_job_and_return_job_id(capturing: Capturing) -> None:
    capturing.source("a")
    capturing.capture(("data_source",), name="run-1")
    capturing.capture(("data_source",), name="run-2")
    one, other = jobs(capturing)
    assert one.id != other.id
    assert one.id.startswith("holdfast-data_source-")


def test_starter_themes_of_aws_are_not_ours(capturing: Capturing) -> None:
    capturing.add("theme", "own", baseThemeId="CLASSIC", configuration={})
    assert capturing.capture(("theme",)).keys("theme") == ["own"]


@pytest.mark.parametrize(("kind", "shown"), [("JIRA", "JIRA"), ("SALESFORCE", "SALESFORCE")])
def test_what_no_bundle_takes_is_never_asked_for_and_described(
    capturing: Capturing, kind: str, shown: str
) -> None:
    capturing.source("odd", kind)
    found = capturing.capture(("data_source",))
    assert found.sent(STARTS) == 0
    assert found.keys("data_source") == ["odd"]
    item = found.items["odd"]
    assert item.outcome.kind is OutcomeKind.IMPOSSIBLE
    assert f"data source of type {shown}" in item.outcome.reason
    assert item.outcome.advice.startswith("No later export cures that")


def jobs(capturing: Capturing) -> list[Job]:
    held = capturing.sandbox.engine.world.quicksight.bundles
    return held.listed("export", ACCOUNT, REGION, capturing.time.now().timestamp())
