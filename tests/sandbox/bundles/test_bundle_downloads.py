"""The presigned URLs of asset bundles."""

from __future__ import annotations

from http.client import IncompleteRead
from urllib.error import HTTPError

import pytest

from holdfast.sandbox.faults import FaultRule
from tests.sandbox.bundles.desk import Desk, fetch, unzipped


@pytest.fixture
def url(desk: Desk) -> str:
    return str(desk.exported([desk.sound("dashboard")[0].arn])["DownloadUrl"])


def _refusal(url: str) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        fetch(url)
    with caught.value as answer:
        return answer.code, answer.read().decode()


def test_a_url_can_be_fetched_for_five_minutes_without_credentials(desk: Desk, url: str) -> None:
    assert url.startswith("http://127.0.0.1:")
    assert fetch(url) == fetch(url)
    desk.aws.clock.pass_by(300)
    assert len(unzipped(fetch(url))) == 1
    desk.aws.clock.pass_by(1)
    code, text = _refusal(url)
    assert code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in text


def test_each_describe_gives_a_fresh_url_that_lives_as_long(desk: Desk, url: str) -> None:
    desk.aws.clock.pass_by(299)
    fresh = str(desk.export()["DownloadUrl"])
    again = str(desk.export()["DownloadUrl"])
    assert len({url, fresh, again}) == 3
    desk.aws.clock.pass_by(299)
    assert _refusal(url)[0] == 403
    assert fetch(fresh) == fetch(again)


def test_a_changed_url_is_refused(url: str) -> None:
    code, text = _refusal(url.replace("X-Amz-Date=2", "X-Amz-Date=3"))
    assert (code, "SignatureDoesNotMatch" in text) == (403, True)


def test_the_url_of_an_earlier_job_of_the_same_id_finds_nothing(desk: Desk, url: str) -> None:
    desk.exported([desk.sound("dashboard")[1].arn])
    code, text = _refusal(url)
    assert (code, "NoSuchKey" in text) == (404, True)


def test_a_rule_expires_a_url_at_once(desk: Desk, url: str) -> None:
    expired = FaultRule(
        service="quicksight-bundles", error="AccessDenied", status=403, message="Request has expired", times=1
    )
    desk.aws.sandbox.faults([expired])
    assert "Request has expired" in _refusal(url)[1]
    assert fetch(url)


def test_a_rule_cuts_a_download_off_halfway(desk: Desk, url: str) -> None:
    whole = len(fetch(url))
    desk.aws.sandbox.faults([FaultRule(service="quicksight-bundles", cut_body=True, times=1)])
    with pytest.raises(IncompleteRead) as caught:
        fetch(url)
    assert len(caught.value.partial) == whole // 2
    assert len(fetch(url)) == whole


def test_downloads_are_counted_apart_from_calls_of_the_api(desk: Desk, url: str) -> None:
    fetch(url)
    assert desk.aws.sandbox.status().requests["quicksight-bundles:GET"] == 1
