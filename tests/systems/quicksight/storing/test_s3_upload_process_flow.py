"""The drawn S3 Upload Process Flow, leaf by leaf; tests are named for its boxes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from holdfast.domain.errors import Throttled
from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.domain.runs import RunState
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.model import ASSET_KINDS, DASHBOARD, THEME
from holdfast.systems.quicksight.storing.object_client import IN_PARTS_ABOVE, ObjectClient, in_parts
from holdfast.systems.quicksight.storing.where import stored_bundles
from tests.systems.quicksight.storing.storage import Storage, company

PUT_THEMES = "PUT /.*/theme_bundle.*"
MIB = 1024 * 1024


@pytest.fixture
def assets(storage: Storage) -> Storage:
    """Two bundles: dashboards and a theme."""
    storage.types = tuple(ASSET_KINDS)
    storage.contents = {THEME: company()[THEME][:1], DASHBOARD: company()[DASHBOARD][:2]}
    return storage


@pytest.fixture
def parted(assets: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Two bundles in parts of 120 bytes: three of the dashboards, two of the theme."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", 100)
    assets.divides, assets.part = (lambda size: True), 120
    return assets


def part(number: int, **effect: object) -> FaultRule:
    """A fault of a part of that number."""
    asked = {"partNumber": f"^{number}$"}
    return FaultRule(service="s3", operation="PUT .*", parameters=asked, **effect)  # type: ignore[arg-type]


def ends(storage: Storage) -> dict[str, tuple[OutcomeKind, str]]:
    """How each bundle ended, by its type."""
    found = storage.outcomes("bundle").items()
    return {key.split("/")[-2]: (outcome.kind, outcome.code) for key, outcome in found}


def test_file_size_above_100_mb_decides() -> None:
    assert IN_PARTS_ABOVE == 100 * MIB
    assert not in_parts(100 * MIB)
    assert in_parts(100 * MIB + 1)


def test_use_multipart_upload_in_parallel_and_complete_it(parted: Storage) -> None:
    assert parted.store().state is RunState.COMPLETE
    assert len(parted.keys()) == 2 and parted.uploads() == []
    sizes = {
        bundle.type: bundle.size
        for bundle in stored_bundles(parted.bench.ledger, parted.bench.ledger.run("latest").id)
    }
    assert 240 < sizes["dashboard"] <= 360 and 120 < sizes["theme"] <= 240
    assert parted.requests("s3:PUT") == 3 + 2 + 1  # one made the bucket


def test_retry_failed_parts_and_those_alone(parted: Storage) -> None:
    parted.faults(part(2, error="InternalError", status=500, times=2))
    assert parted.store().state is RunState.COMPLETE
    assert parted.requests("s3:PUT") == 3 + 2 + 1 + 2


def test_s3_refusing_the_last_part_is_an_upload_error_and_leaves_nothing(parted: Storage) -> None:
    parted.faults(part(3, error="InvalidRequest", message="No."))
    assert parted.store().state is RunState.PARTIAL
    assert ends(parted) == {
        "theme": (OutcomeKind.DONE, ""),
        "dashboard": (OutcomeKind.FAILED, "upload-error"),
    }
    assert len(parted.keys()) == 1 and parted.uploads() == []


def test_s3_failing_at_the_last_part_is_an_upload_error_after_three_retries(parted: Storage) -> None:
    parted.faults(part(3, error="InternalError", status=500))
    assert parted.store().state is RunState.PARTIAL
    assert ends(parted)["dashboard"] == (OutcomeKind.FAILED, "upload-error")
    assert parted.requests("s3:PUT") == 3 + 2 + 1 + 3
    assert parted.uploads() == []


def test_an_upload_that_cannot_be_aborted_says_so(parted: Storage) -> None:
    parted.faults(
        part(3, error="InvalidRequest", message="No."),
        FaultRule(service="s3", operation="DELETE .*", deny=True),
    )
    assert parted.store().state is RunState.PARTIAL
    assert ends(parted)["dashboard"] == (OutcomeKind.FAILED, "parts-left")
    (outcome,) = [each for each in parted.outcomes("bundle").values() if each.code]
    assert "No." in outcome.reason and "s3:AbortMultipartUpload" in outcome.advice


def test_a_part_that_arrives_damaged_is_refused(parted: Storage) -> None:
    parted.faults(part(1, error="BadDigest", message="It did not match.", times=1))
    assert parted.store().state is RunState.PARTIAL
    assert parted.uploads() == []


def test_use_standard_upload(assets: Storage) -> None:
    assert assets.store().state is RunState.COMPLETE
    assert assets.requests("s3:POST") == 0


def test_wait_and_retry_an_upload_that_failed(assets: Storage) -> None:
    assets.faults(FaultRule(service="s3", operation=PUT_THEMES, error="InternalError", status=500, times=3))
    assert assets.store().state is RunState.COMPLETE


def test_log_upload_error_after_three_retries_and_continue_with_next_asset(assets: Storage) -> None:
    assets.faults(FaultRule(service="s3", operation=PUT_THEMES, error="InternalError", status=500))
    before = assets.requests("s3:PUT")
    assert assets.store().state is RunState.PARTIAL
    assert ends(assets) == {
        "theme": (OutcomeKind.FAILED, "upload-error"),
        "dashboard": (OutcomeKind.DONE, ""),
    }
    assert assets.requests("s3:PUT") - before == 4 + 1
    (warning,) = assets.findings(Severity.WARNING)
    assert warning.message == "1 of type theme are in the vault and in no stored bundle: blue"


def test_an_upload_whose_answer_is_lost_is_found_and_not_made_twice(assets: Storage) -> None:
    assets.faults(
        FaultRule(service="s3", operation=PUT_THEMES, error="InternalError", status=500, after=True, times=1)
    )
    assert assets.store().state is RunState.COMPLETE
    assert len(assets.keys()) == 2
    assert sum(outcome.repeats for outcome in assets.outcomes("bundle").values()) == 1


def test_log_verification_error_where_another_object_is_stored(assets: Storage) -> None:
    class Meddled(ObjectClient):
        def put(
            self, key: str, body: bytes, metadata: Mapping[str, str], note_request: Callable[[str], None]
        ) -> None:
            super().put(key, body + b"!" if "theme" in key else body, metadata, note_request)

    assets.client = Meddled
    assert assets.store().state is RunState.PARTIAL
    assert ends(assets)["theme"] == (OutcomeKind.FAILED, "verification-error")
    assert ends(assets)["dashboard"] == (OutcomeKind.DONE, "")


def test_log_verification_error_where_the_encryption_is_another(assets: Storage) -> None:
    class Plain(ObjectClient):
        def _kept_as(self) -> dict[str, object]:
            return {}

    assets.client = Plain
    assert assets.store().state is RunState.PARTIAL
    (reason, _) = [outcome.reason for outcome in assets.outcomes("bundle").values()]
    assert "it is encrypted by nothing, not by AES256" in reason


def test_log_verification_error_where_nothing_may_be_read_names_the_action(assets: Storage) -> None:
    assets.faults(FaultRule(service="s3", operation="HEAD .*theme.*", deny=True))
    assert assets.store().state is RunState.PARTIAL
    (theme,) = [each for key, each in assets.outcomes("bundle").items() if "theme" in key]
    assert theme.code == "verification-error" and "Allow s3:GetObject" in theme.advice


def test_the_check_finds_an_object_that_was_removed_or_replaced(assets: Storage) -> None:
    def meddle() -> None:
        board, theme = assets.keys()
        assets.s3.delete_object(Bucket=assets.name, Key=board)
        assets.s3.put_object(Bucket=assets.name, Key=theme, Body=b"else")

    assets.meanwhile = meddle
    assert assets.store().state is RunState.PARTIAL
    told = sorted(finding.message for finding in assets.findings(Severity.ERROR))
    assert len(told) == 2
    assert "could not be read back" in told[0] and "its 4 bytes are not the" in told[1]


def test_scenario_4_storage_quota_exceeded_tells_usage_and_what_to_do(assets: Storage) -> None:
    assets.s3.put_object(Bucket=assets.name, Key="kept/earlier.qs", Body=b"12345")
    assets.contents = {THEME: company()[THEME][:1]}
    assets.faults(FaultRule(service="s3", operation=PUT_THEMES, error="QuotaExceeded", message="It is full."))
    assert assets.store().state is RunState.PARTIAL
    (theme,) = assets.outcomes("bundle").values()
    assert theme.code == "storage-quota" and "It is full." in theme.reason
    assert f"Used now: 1 objects and 5 bytes in s3://{assets.name}/kept." in theme.reason
    assert "Clean up" in theme.advice and "quota increased" in theme.advice


def test_scenario_3_permission_changes_a_revoked_permission_names_the_action(assets: Storage) -> None:
    assets.faults(FaultRule(service="s3", operation=PUT_THEMES, deny=True))
    assert assets.store().state is RunState.PARTIAL
    assert ends(assets) == {
        "theme": (OutcomeKind.FAILED, "access-denied"),
        "dashboard": (OutcomeKind.DONE, ""),
    }
    (theme,) = [each for key, each in assets.outcomes("bundle").items() if "theme" in key]
    assert "s3:PutObject" in theme.reason and "Allow s3:PutObject" in theme.advice


def test_rate_limiting_beyond_the_patience_ends_the_run_to_be_resumed(assets: Storage) -> None:
    assets.faults(FaultRule(service="s3", operation=PUT_THEMES, error="SlowDown", status=503))
    with pytest.raises(Throttled):
        assets.store()
    assets.sandbox.clear_faults()
    assert assets.resumed().state is RunState.COMPLETE
    assert len(assets.keys()) == 2


def test_a_missing_bucket_is_told_and_people_are_stored_all_the_same(storage: Storage) -> None:
    storage.s3.delete_bucket(Bucket=storage.name)
    assert storage.store().state is RunState.PARTIAL
    assert {outcome.code for outcome in storage.outcomes("bundle").values()} == {"bucket-missing"}
    assert len(storage.items("users")) == 4
