"""What a capture had read before it was cut off: used once, by the same run, for the same instance, sealed."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.ports import CallCount
from holdfast.kernel.recall import Answers, Recall, RecallingSession
from holdfast.kernel.vault.key_set import new_key_set
from holdfast.kernel.vault.sealing import DataKey, Seals
from holdfast.kernel.vault.spool import SealedSpool
from tests.simulators.quiet import HandClock

ME = SourceIdentity("identity_center", "123456789012", "eu-central-1", "ssoins-7223", "arn:role")
SEALS = Seals(new_key_set())
USERS = {"": ("Ada", "page-2"), "page-2": ("Bruno", "page-3"), "page-3": ("Chiara", "")}
"""Who is on each page, and the token of the next."""


class Directory:
    """A service of three pages that counts what it is asked."""

    region = "eu-central-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        token = str(parameters.get("NextToken", ""))
        self.asked.append(f"{operation} {token}".strip())
        if operation.startswith("Describe"):
            return {"UserName": "Dmitri", "CreatedAt": datetime(2026, 1, 1, tzinfo=UTC)}
        user, following = USERS[token]
        page: dict[str, object] = {"Users": [{"UserName": user}], "ResponseMetadata": {"RequestId": "r"}}
        return {**page, "NextToken": following} if following else page

    def assuming(self, role: str) -> Directory:
        return self

    def calls(self) -> CallCount:
        return CallCount(len(self.asked), 0, 0.0, ())


class Place:
    """A folder in which runs come and go."""

    def __init__(self, folder: Path) -> None:
        self.directory, self.clock = Directory(), HandClock()
        self.recall = Recall(folder, 12.0, RecallingSession(lambda: self.directory), self.clock)
        self.file = folder / "run-1.answers"

    def read(self, pages: int = 3, identity: SourceIdentity = ME) -> Answers:
        """One process of run-1 that describes a user and lists up to so many pages."""
        session = self.recall.session
        with self.recall.during("run-1", identity, SEALS) as answers:
            session.call("identitystore", "DescribeUser", {"UserId": "u-4"})
            token = ""
            for _ in range(pages):
                after = {"NextToken": token} if token else {}
                answer = session.call("identitystore", "ListUsers", {"MaxResults": 1, **after})
                token = str(answer.get("NextToken", ""))
        assert answers is not None
        return answers

    def asked(self) -> list[str]:
        """What the service was asked since the last time."""
        asked, self.directory.asked = self.directory.asked, []
        return asked


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "captures")


ALL = ["DescribeUser", "ListUsers", "ListUsers page-2", "ListUsers page-3"]


def codes(answers: Answers) -> list[str]:
    return [finding.code for finding in answers.told()]


def test_what_was_read_is_not_asked_again_and_is_counted_with_its_age(place: Place) -> None:
    assert codes(place.read()) == []
    assert place.asked() == ALL
    place.clock.sleep(600)
    answers = place.read()
    assert place.asked() == []
    (told,) = answers.told()
    assert told.code == "answered-before"
    assert "4 calls were answered" in told.message
    assert "10 min 00 s old" in told.message


def test_an_answer_comes_back_as_it_was_but_for_its_envelope(place: Place) -> None:
    place.read()
    with place.recall.during("run-1", ME, SEALS):
        answer = place.recall.session.call("identitystore", "DescribeUser", {"UserId": "u-4"})
        first = place.recall.session.call("identitystore", "ListUsers", {"MaxResults": 1})
    assert answer == {"UserName": "Dmitri", "CreatedAt": datetime(2026, 1, 1, tzinfo=UTC)}
    assert first == {"Users": [{"UserName": "Ada"}], "NextToken": "page-2"}


def test_a_listing_without_its_last_page_is_read_anew_from_its_first(place: Place) -> None:
    place.read(pages=2)
    place.asked()
    place.read()
    assert place.asked() == ALL[1:]
    place.read()
    assert place.asked() == []


def test_a_torn_tail_is_cut_off_and_what_comes_after_it_can_be_read(place: Place) -> None:
    place.read()
    place.file.write_bytes(place.file.read_bytes()[:-1])
    place.asked()
    place.read()
    assert place.asked() == ALL[1:]
    place.read()
    assert place.asked() == []


@pytest.mark.parametrize("part", ["kind", "length", "body"])
def test_damage_costs_calls_and_nothing_else(place: Place, part: str) -> None:
    place.read()
    data = bytearray(place.file.read_bytes())
    data[{"kind": 0, "length": 4, "body": 100}[part]] ^= 1
    place.file.write_bytes(data)
    place.asked()
    place.read()
    assert place.asked() == ALL


def test_answers_that_are_too_old_are_not_used_and_that_is_said(place: Place) -> None:
    place.read()
    place.asked()
    place.clock.sleep(13 * 3600)
    answers = place.read()
    assert place.asked() == ALL
    (told,) = answers.told()
    assert (told.code, "13 h 00 min old" in told.message) == ("answers-too-old", True)
    assert "resume_within_hours" in told.advice


def test_another_instance_gets_nothing_of_what_was_read_of_the_first(place: Place) -> None:
    place.read()
    place.asked()
    place.read(identity=replace(ME, instance="ssoins-other"))
    assert place.asked() == ALL


def test_who_asks_is_asked_every_time_and_so_is_everything_outside_a_capture(place: Place) -> None:
    session = place.recall.session
    place.read()
    place.asked()
    session.call("identitystore", "ListUsers", {"MaxResults": 1})
    with place.recall.during("run-1", ME, SEALS):
        session.call("sts", "GetCallerIdentity", {})
        session.call("sso-admin", "ListInstances", {})
        session.call("identitystore", "CreateUser", {"UserName": "x"})
    assert place.asked() == ["ListUsers", "GetCallerIdentity", "ListInstances", "CreateUser"]


def test_what_is_kept_is_private_sealed_and_gone_when_it_is_forgotten(place: Place) -> None:
    place.read()
    assert place.file.stat().st_mode & 0o777 == 0o600
    assert place.file.parent.stat().st_mode & 0o777 == 0o700
    kept = place.file.read_bytes()
    assert not any(name in kept for name in (b"Ada", b"Dmitri", b"UserName", b"ListUsers"))
    place.recall.forget("run-1")
    assert not place.file.exists()
    place.recall.forget("run-1")


def test_keys_of_another_vault_cannot_use_what_was_kept(place: Place) -> None:
    place.read()
    place.asked()
    with place.recall.during("run-1", ME, Seals(new_key_set())) as answers:
        assert answers is not None
        assert answers.known == {}


def test_what_nobody_resumed_in_time_is_removed_by_the_next_capture(place: Place) -> None:
    place.read()
    left = place.file.rename(place.file.with_name("run-0.answers"))
    place.read()
    assert left.exists()
    os.utime(left, (0, 0))
    place.read()
    assert not left.exists()


def test_no_room_ends_the_keeping_and_not_the_capture(place: Place) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
    try:
        answers = place.read()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert place.asked() == ALL
    assert codes(answers) == ["answers-unkept"]


def test_no_number_seals_twice_where_an_entry_found_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers: list[int] = []
    seal = DataKey.seal

    def noted(key: DataKey, number: int, data: bytes, extra: bytes = b"") -> bytes:
        numbers.append(number)
        return seal(key, number, data, extra)

    monkeypatch.setattr(DataKey, "seal", noted)
    spool, limits = SealedSpool(tmp_path / "run-1.answers", SEALS), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80, limits[1]))
    try:
        with pytest.raises(OSError, match="whole"):
            spool.append(b"first")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    spool.append(b"second")  # another thread's, which had not heard of it yet
    spool.close()
    assert len(set(numbers)) == 2


def test_hours_of_nought_keep_nothing(place: Place) -> None:
    off = replace(place.recall, hours=0.0)
    with off.during("run-1", ME, SEALS) as answers:
        off.session.call("identitystore", "ListUsers", {})
    assert answers is None
    assert not place.file.parent.exists()


def test_an_answer_that_comes_after_the_end_goes_nowhere(place: Place) -> None:
    answers = place.read()
    before = place.file.read_bytes()
    answers.keep(b"k" * 16, b"", {"UserName": "Late"})
    assert place.file.read_bytes() == before
    assert codes(answers) == []


def test_the_same_call_to_two_regions_is_two_calls_and_both_are_recalled(place: Place) -> None:
    elsewhere = Directory()
    other = RecallingSession(lambda: elsewhere, "us-east-1")
    place.recall.others.append(other)
    for _ in range(2):
        with place.recall.during("run-1", ME, SEALS):
            for session in (place.recall.session, other):
                session.call("quicksight", "DescribeUser", {"UserName": "u-4"})
    assert (place.asked(), elsewhere.asked) == (["DescribeUser"], ["DescribeUser"])


def test_how_far_work_has_come_is_asked_anew(place: Place) -> None:
    with place.recall.during("run-1", ME, SEALS):
        for _ in range(2):
            place.recall.session.call(
                "quicksight", "DescribeAssetBundleExportJob", {"AssetBundleExportJobId": "j"}
            )
    assert len(place.asked()) == 2
