"""The export part of the seed's overview, each drawn leaf by its name, and what spoils, delays or loses a job."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from holdfast.adapters.web_download import WebDownload
from holdfast.domain.errors import RemoteError
from holdfast.domain.outcomes import OutcomeKind
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.quicksight.bundle_rules import SILENT
from holdfast.sandbox.quicksight.bundle_store import DOWNLOAD, Job
from holdfast.systems.quicksight.errors import ServiceSilent
from tests.systems.quicksight.capture.capturing import ACCOUNT, REGION, STARTS, Capturing, schedule_key

LOOKS = "quicksight:DescribeAssetBundleExportJob"
START = "StartAssetBundleExportJob"


def jobs(capturing: Capturing) -> list[Job]:
    held = capturing.sandbox.engine.world.quicksight.bundles
    return held.listed("export", ACCOUNT, REGION, capturing.time.now().timestamp())


def themes(capturing: Capturing, count: int) -> list[str]:
    keys = [f"t{number:02}" for number in range(count)]
    for key in keys:
        capturing.add("theme", key, baseThemeId="CLASSIC", configuration={})
    return keys


def test_start_asset_bundle_export_job(capturing: Capturing) -> None:
    keys = themes(capturing, 3)
    found = capturing.capture(("theme",))
    assert (found.keys("theme"), found.sent(STARTS)) == (keys, 1)


def test_export_job_status_in_progress_wait_and_poll_status(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.faults(FaultRule(operation=START, async_delay=21.0))
    began = capturing.time.elapsed
    found = capturing.capture(("theme",))
    # Once before the start, then at 5, 10, 15, 20 and 25 seconds.
    assert found.sent(LOOKS) == 6
    assert capturing.time.elapsed - began == 25.0


def test_export_job_status_successful_download_asset_bundle(capturing: Capturing) -> None:
    asset = capturing.source("a")
    record = next(iter(capturing.capture(("data_source",)).part("data_source").records))
    assert b'"workGroup":"primary"' in record.body
    assert asset.key == record.key


def test_retry_available_yes_increment_retry_counter(capturing: Capturing) -> None:
    themes(capturing, 2)
    capturing.faults(FaultRule(operation=START, async_failure="no luck", times=3))
    found = capturing.capture(("theme",))
    assert (found.sent(STARTS), found.items, found.keys("theme")) == (4, {}, ["t00", "t01"])
    assert len({job.id for job in jobs(capturing)}) == 4


def test_retry_available_no_log_error_and_continue(capturing: Capturing) -> None:
    themes(capturing, 2)
    capturing.source("a")
    capturing.faults(
        FaultRule(operation=START, async_failure="no luck", parameters={"ResourceArns": "theme"})
    )
    found = capturing.capture(("data_source", "theme"))
    assert found.sent(STARTS) == 5
    assert {key: item.outcome.kind for key, item in found.items.items()} == {
        "t00": OutcomeKind.FAILED,
        "t01": OutcomeKind.FAILED,
    }
    assert "no luck" in found.items["t00"].outcome.reason
    assert found.keys("data_source") == ["a"]
    assert found.keys("theme") == ["t00", "t01"], "described where no bundle could be made"


def test_a_named_culprit_falls_back_to_its_description_and_the_rest_is_exported_without_it(
    capturing: Capturing,
) -> None:
    capturing.data_set("d")
    for key in "uvwx":
        capturing.view("dashboard", key, "d")
    capturing.view("dashboard", "bad", "d").unexportable = "has associated errors and cannot be exported"
    found = capturing.capture(("dashboard",))
    assert found.sent(STARTS) == 2
    assert found.keys("dashboard") == ["bad", "u", "v", "w", "x"]
    assert list(found.items) == ["bad"]
    assert "has associated errors" in found.items["bad"].outcome.reason
    described = [b'"Described":true' in record.body for record in found.part("dashboard").records]
    assert described == [True, False, False, False, False]


def test_a_culprit_that_no_error_names_is_found_by_halving(capturing: Capturing) -> None:
    keys = themes(capturing, 8)
    capturing.estate.find("theme", "t05").unexportable = SILENT  # type: ignore[union-attr]
    found = capturing.capture(("theme",))
    assert (list(found.items), found.keys("theme")) == (["t05"], keys)
    assert found.sent(STARTS) == 7  # 8, 4, 4, 2, 1, 1, 2


def test_an_asset_that_cannot_be_described_either_is_impossible_with_both_reasons(
    capturing: Capturing,
) -> None:
    capturing.data_set("d")
    bad = capturing.view("dashboard", "bad", "d")
    bad.unexportable, bad.undescribable = (
        "has associated errors and cannot be exported",
        "Not through the API",
    )
    found = capturing.capture(("dashboard",))
    outcome = found.items["bad"].outcome
    assert outcome.kind is OutcomeKind.IMPOSSIBLE
    assert "has associated errors" in outcome.reason and "Not through the API" in outcome.reason
    assert not found.part("dashboard").complete


def test_no_more_than_five_jobs_run_at_once(capturing: Capturing) -> None:
    themes(capturing, 12)
    found = capturing.capture(("theme",), assets_per_bundle=1)
    assert found.sent(STARTS) == 12  # the service refuses a sixth, and none was refused


def test_a_job_waits_for_a_place_beside_those_of_others(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.faults(
        FaultRule(operation=START, error="LimitExceededException", status=409, times=4, message="five run")
    )
    found = capturing.capture(("theme",))
    assert (found.sent(STARTS), found.keys("theme"), found.items) == (5, ["t00"], {})


def test_warnings_of_a_job_that_ended_well_are_kept(capturing: Capturing) -> None:
    capturing.data_set("d")
    board = capturing.view("dashboard", "board", "d")
    board.latest.errors = (("COLUMN_NOT_FOUND", "Column margin is not there"),)
    found = capturing.capture(("dashboard",))
    assert found.told("export-warning") == ["Exporting board: COLUMN_NOT_FOUND: Column margin is not there"]
    assert found.items == {}


def test_an_expired_url_is_asked_for_again(capturing: Capturing) -> None:
    themes(capturing, 1)
    asked: list[str] = []
    fetch = WebDownload()

    def late(address: str, most: int) -> bytes:
        asked.append(address)
        if len(asked) == 1:
            capturing.time.sleep(301)
        return fetch(address, most)

    capturing.download = late
    found = capturing.capture(("theme",))
    assert found.keys("theme") == ["t00"]
    assert len(set(asked)) == 2
    assert found.sent(STARTS) == 1


def test_a_bundle_that_is_cut_off_is_fetched_again(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.sandbox.faults([FaultRule(service=DOWNLOAD, cut_body=True, times=2)])
    found = capturing.capture(("theme",))
    assert (found.keys("theme"), found.items, found.sent(STARTS)) == (["t00"], {}, 1)


def test_a_job_that_hangs_counts_as_failed_and_its_assets_are_described(capturing: Capturing) -> None:
    themes(capturing, 2)
    capturing.faults(FaultRule(operation=START, async_delay=100_000.0))
    found = capturing.capture(("theme",), job_minutes=30)
    outcome = found.items["t00"].outcome
    assert outcome.kind is OutcomeKind.FAILED
    assert "had not ended after 30 minutes" in outcome.reason
    assert (found.keys("theme"), found.sent(STARTS)) == (["t00", "t01"], 1)


def repacked(capturing: Capturing, change: dict[str, bytes | None]) -> None:
    """Bundles come with these members put in, in place, or (None) left out."""
    fetch = WebDownload()

    def changed(address: str, most: int) -> bytes:
        out = BytesIO()
        with zipfile.ZipFile(BytesIO(fetch(address, most))) as held, zipfile.ZipFile(out, "w") as made:
            members = {name: held.read(name) for name in held.namelist()} | change
            for name, data in members.items():
                if data is not None:
                    made.writestr(name, data)
        return out.getvalue()

    capturing.download = changed


def test_an_asset_that_its_bundle_lacks_is_noticed(capturing: Capturing) -> None:
    themes(capturing, 2)
    repacked(capturing, {"theme/t01.json": None})
    found = capturing.capture(("theme",))
    assert "its bundle lacks the asset" in found.items["t01"].outcome.reason
    assert list(found.items) == ["t01"]


def test_a_member_that_nobody_asked_for_is_told_of_and_not_kept(capturing: Capturing) -> None:
    themes(capturing, 1)
    repacked(capturing, {"theme/x.json": b'{"resourceType": "theme", "themeId": "stranger"}'})
    found = capturing.capture(("theme",))
    assert found.told("foreign-member") == [
        "A bundle is not what was asked for: theme/x.json was not asked for."
    ]
    assert (found.keys("theme"), found.sent(STARTS)) == (["t00"], 4)


def test_the_folder_in_a_bundle_says_nothing(capturing: Capturing) -> None:
    themes(capturing, 1)
    repacked(
        capturing,
        {"theme/t00.json": None, "odd/place.json": b'{"resourceType": "theme", "themeId": "t00"}'},
    )
    found = capturing.capture(("theme",))
    assert (found.keys("theme"), found.items) == (["t00"], {})


def test_bytes_that_are_no_zip_make_the_job_be_repeated_and_then_described(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.download = lambda address, most: b"<html>"
    found = capturing.capture(("theme",))
    assert found.sent(STARTS) == 4
    assert "it is no sound zip file" in found.items["t00"].outcome.reason


def test_a_start_whose_answer_is_lost_is_not_repeated(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.faults(FaultRule(operation=START, reset=True, after=True, times=1))
    found = capturing.capture(("theme",))
    assert (found.keys("theme"), found.sent(STARTS), len(jobs(capturing))) == (["t00"], 1, 1)


def test_a_capture_taken_up_again_waits_for_the_job_that_runs(capturing: Capturing) -> None:
    themes(capturing, 2)

    def killed(address: str, most: int) -> bytes:
        raise ServiceSilent("cut off", "")

    capturing.download = killed
    with pytest.raises(ServiceSilent):
        capturing.capture(("theme",), name="one-run")
    capturing.download = WebDownload()
    again = capturing.capture(("theme",), name="one-run")
    assert (again.sent(STARTS), again.keys("theme"), len(jobs(capturing))) == (0, ["t00", "t01"], 1)


def test_a_job_of_the_same_capture_that_ended_long_ago_is_made_anew(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.capture(("theme",), name="one-run")
    capturing.time.sleep(13 * 3600)
    assert capturing.capture(("theme",), name="one-run").sent(STARTS) == 1


def test_permissions_are_read_before_the_export_and_an_asset_they_are_denied_for_is_not_exported(
    capturing: Capturing,
) -> None:
    themes(capturing, 2)
    capturing.faults(
        FaultRule(operation="DescribeThemePermissions", parameters={"ThemeId": "t01"}, deny=True)
    )
    found = capturing.capture(("theme",))
    assert found.keys("theme") == ["t00"]
    assert "quicksight:DescribeThemePermissions" in found.items["t01"].outcome.reason
    (job,) = jobs(capturing)
    assert list(job.asked.texts("ResourceArns")) == [capturing.arn("theme/t00")]


def test_a_type_that_cannot_be_listed_is_incomplete_and_the_rest_goes_on(capturing: Capturing) -> None:
    themes(capturing, 1)
    capturing.data_set("d")
    capturing.faults(FaultRule(operation="ListDataSets", deny=True))
    found = capturing.capture(("data_set", "theme"))
    assert not found.part("data_set").complete
    assert "quicksight:ListDataSets" in found.part("data_set").reason
    assert found.keys("theme") == ["t00"]


def test_an_address_that_is_no_longer_good_is_a_remote_error(capturing: Capturing) -> None:
    with pytest.raises(RemoteError, match="403"):
        WebDownload()(f"{capturing.sandbox.url}/quicksight-bundles/a/b/export/c?X-Amz-Signature=no", 10)


def test_a_dataset_that_can_have_no_schedules_leaves_those_of_others_whole(capturing: Capturing) -> None:
    for key in ("direct", "spice"):
        capturing.data_set(key)
        capturing.schedule(key, "nightly")
    refusal = FaultRule(
        operation="ListRefreshSchedules",
        parameters={"DataSetId": "direct"},
        error="InvalidParameterValueException",
        message="not a SPICE dataset",
    )
    capturing.faults(refusal)
    found = capturing.capture(("refresh_schedule",))
    assert found.keys("refresh_schedule") == [schedule_key("spice", "nightly")]
    assert found.part("refresh_schedule").complete


def test_an_asset_that_is_deleted_between_its_listing_and_its_export_is_gone_and_no_failure(
    capturing: Capturing,
) -> None:
    themes(capturing, 4)
    capturing.faults(FaultRule(operation=START, error="ThrottlingException", status=429, times=1))
    doomed = capturing.estate.find("theme", "t02")
    assert doomed is not None
    capturing.time.at(capturing.time.elapsed + 0.001, lambda: capturing.estate.remove(doomed))
    found = capturing.capture(("theme",))
    assert (found.keys("theme"), found.items) == (["t00", "t01", "t03"], {})
    assert found.part("theme").complete
    (told,) = [each for each in found.findings if each.code == "gone-meanwhile"]
    assert told.key == "t02"
