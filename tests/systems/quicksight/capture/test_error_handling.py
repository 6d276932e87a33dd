"""The seed's "Detailed Error Handling Flow", row by row, and its scenarios of a network that is lost."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from holdfast.domain.errors import CredentialsError, SettingsError
from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.errors import ServiceSilent
from tests.systems.quicksight.capture.capturing import Captured, Capturing, timed_session

ABOUT_ONE = {"ThemeId": "bad"}


@dataclass(frozen=True)
class Row:
    """An error that meets one of three themes: what that theme comes to, and how often it was asked about."""

    rule: FaultRule
    kept: tuple[str, ...]
    outcome: OutcomeKind | None
    told: str
    asked: int


ASK = "DescribeThemePermissions"
TABLE = {
    "Rate Limiting: Apply Exponential Backoff": Row(
        FaultRule(operation=ASK, parameters=ABOUT_ONE, error="ThrottlingException", status=429, times=5),
        ("a", "bad", "c"), None, "", 8,
    ),
    "Permission Error: Log Detailed Error & Stop": Row(
        FaultRule(operation=ASK, parameters=ABOUT_ONE, deny=True),
        ("a", "c"), OutcomeKind.FAILED, "quicksight:DescribeThemePermissions", 3,
    ),
    "Network Error: Check Retry Count, cured in time": Row(
        FaultRule(operation=ASK, parameters=ABOUT_ONE, reset=True, times=3),
        ("a", "bad", "c"), None, "", 6,
    ),
    "Network Error: Log Final Error": Row(
        FaultRule(operation=ASK, parameters=ABOUT_ONE, reset=True),
        ("a", "c"), OutcomeKind.FAILED, "did not get an answer", 6,
    ),
    "Resource Not Found: Log Warning & Continue": Row(
        FaultRule(operation=ASK, parameters=ABOUT_ONE, error="ResourceNotFoundException", status=404),
        ("a", "c"), None, "", 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_the_error_handling_table(capturing: Capturing, name: str) -> None:
    row = TABLE[name]
    for key in ("a", "bad", "c"):
        capturing.add("theme", key, baseThemeId="CLASSIC", configuration={})
    capturing.faults(row.rule)
    found = capturing.capture(("theme",))
    assert tuple(found.keys("theme")) == row.kept  # Continue with Next Resource
    assert found.sent(f"quicksight:{ASK}") == row.asked
    if row.outcome is None:
        assert found.items == {}
    else:  # Update Error Report
        assert found.items["bad"].outcome.kind is row.outcome
        assert row.told in found.items["bad"].outcome.reason
        assert not found.part("theme").complete


def test_resource_not_found_is_a_warning_that_names_it(capturing: Capturing) -> None:
    capturing.add("theme", "bad", configuration={})
    capturing.faults(FaultRule(operation=ASK, error="ResourceNotFoundException", status=404))
    (told,) = [each for each in capturing.capture(("theme",)).findings if each.code == "gone-meanwhile"]
    assert (told.severity, told.key) == (Severity.WARNING, "bad")


@dataclass(frozen=True)
class Stop:
    """An error after which nothing can be asked at all: how the run ends, and what is named."""

    profile: str | None
    rule: FaultRule | None
    exit_code: int
    told: str


STOPS = {
    "Configuration Error: Exit with Config Error": Stop("nobody-has-this", None, 10, "nobody-has-this"),
    "AWS Credentials Valid? No: Exit with Credentials Error": Stop(
        None, FaultRule(service="sts", expired_token=True), 11, "expired"
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_the_rows_of_the_error_handling_table_that_end_the_run(
    capturing: Capturing, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    row = STOPS[name]
    if row.profile:
        monkeypatch.setenv("AWS_PROFILE", row.profile)
        capturing.session = timed_session(capturing.time)
    if row.rule:
        capturing.faults(row.rule)
    with pytest.raises((SettingsError, CredentialsError), match=row.told) as raised:
        capturing.capture()
    assert raised.value.exit_code == row.exit_code


def test_scenario_2_network_lost_midway_ends_the_run_resumably(capturing: Capturing) -> None:
    for number in range(20):
        capturing.add("theme", f"t{number:02}", configuration={})
    capturing.faults(FaultRule(operation=ASK, parameters={"ThemeId": "t0[2-9]|t1"}, reset=True))
    with pytest.raises(ServiceSilent) as raised:
        capturing.capture(("theme",))
    assert raised.value.exit_code == 75
    assert "Resume the run" in raised.value.advice


def test_a_network_that_is_lost_for_good_is_no_backup_of_nothing_however_little_there_is(
    capturing: Capturing,
) -> None:
    capturing.add("theme", "t", configuration={})
    capturing.faults(FaultRule(operation="List.*", reset=True))
    with pytest.raises(ServiceSilent):
        capturing.capture(("theme", "dashboard", "analysis"))


def test_people_that_answer_do_not_cover_up_for_assets_that_do_not(capturing: Capturing) -> None:
    capturing.load("tiny")
    for number in range(4):
        capturing.add("theme", f"t{number}", configuration={})
    capturing.faults(
        FaultRule(operation=ASK, region_down=True),
        # They are read last so.
        FaultRule(operation="ListGroupMemberships", error="ThrottlingException", status=429, times=30),
    )
    with pytest.raises(ServiceSilent):
        capturing.capture(("theme", "group", "membership"))


def test_throttles_on_every_call_only_make_it_slower(capturing: Capturing) -> None:
    capturing.source("a")
    capturing.data_set("d", "a")
    capturing.view("dashboard", "board", "d")
    plain = outcome(capturing.capture(name="undisturbed"))
    capturing.faults(FaultRule(error="ThrottlingException", status=429, p=0.5))
    throttled = capturing.capture(name="throttled")
    assert throttled.calls.throttles > 10
    assert outcome(throttled) == plain


def test_permission_revoked_midway_keeps_what_was_read_and_names_what_is_missing(
    capturing: Capturing,
) -> None:
    capturing.source("a")
    capturing.data_set("d", "a")
    capturing.faults(FaultRule(operation="StartAssetBundleExportJob", deny=True))
    found = capturing.capture(("data_source", "data_set"))
    reasons = [found.items[key].outcome.reason for key in ("a", "d")]
    assert all("quicksight:StartAssetBundleExportJob" in reason for reason in reasons)
    assert found.items["a"].outcome.advice.startswith("Allow quicksight:StartAssetBundleExportJob")
    assert (found.keys("data_source"), found.keys("data_set")) == (["a"], ["d"])


def test_permission_to_look_at_jobs_revoked_midway_is_not_waited_for(capturing: Capturing) -> None:
    capturing.source("a")
    look = "DescribeAssetBundleExportJob"
    capturing.faults(FaultRule(operation=look, error="ResourceNotFoundException", status=404, times=1))
    capturing.faults(FaultRule(operation=look, deny=True))
    began = capturing.time.elapsed
    found = capturing.capture(("data_source",))
    assert f"quicksight:{look}" in found.items["a"].outcome.reason
    assert capturing.time.elapsed - began < 60


def test_people_of_the_default_namespace_are_read_also_where_nobody_may_list_namespaces(
    capturing: Capturing,
) -> None:
    capturing.load("tiny")
    everybody = capturing.capture(("user",)).keys("user")
    capturing.faults(FaultRule(operation="ListNamespaces", deny=True))
    found = capturing.capture(("user",))
    assert found.keys("user") == [key for key in everybody if key.startswith("default\x1f")]
    assert not found.part("user").complete


def test_an_edition_without_a_type_is_told_and_the_rest_goes_on(capturing: Capturing) -> None:
    capturing.source("a")
    capturing.faults(FaultRule(operation="ListFolders", error="UnsupportedUserEditionException", status=403))
    found = capturing.capture(("data_source", "folder"))
    assert found.items["*"].outcome.code == "quicksight-edition"
    assert found.keys("data_source") == ["a"]


def outcome(found: Captured) -> list[tuple[str, str, bytes]]:
    return [(record.type, record.key, record.body) for part in found.parts for record in part.records]
