"""A role is assumed at the first call and again before its keys expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from holdfast.adapters.aws_roles import RoleSession
from holdfast.kernel.ports import CallCount, PacedSession
from tests.simulators.quiet import HandClock

ROLE = "arn:aws:iam::111111111111:role/R"


class Lender:
    """A session that gives keys for an hour; what was called with which keys is kept."""

    region = "eu-north-1"

    def __init__(self) -> None:
        self.clock, self.log, self.key = HandClock(), list[tuple[str, str, Mapping[str, object]]](), ""

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        self.log.append((self.key, operation, parameters))
        keys = {"AccessKeyId": f"AK{len(self.log)}", "SecretAccessKey": "s", "SessionToken": "t"}
        return {"Credentials": {**keys, "Expiration": self.clock.now() + timedelta(hours=1)}}

    def calls(self) -> CallCount:
        return CallCount(len(self.log), 0, 0.0, ())

    def assuming(self, role: str) -> PacedSession:
        return RoleSession(self, role)

    def with_keys(self, access_key: str, secret_key: str, token: str) -> PacedSession:
        other = Lender()
        other.clock, other.log, other.key = self.clock, self.log, access_key
        return other


def operations(lender: Lender) -> list[tuple[str, str]]:
    return [(key, operation) for key, operation, _ in lender.log]


def test_nothing_is_sent_before_the_first_call_and_keys_last_until_shortly_before_they_expire() -> None:
    lender = Lender()
    session = RoleSession(lender, ROLE, "42")
    assert (operations(lender), session.region) == ([], "eu-north-1")
    session.call("sso-admin", "ListInstances", {})
    lender.clock.sleep(54 * 60)
    session.call("sso-admin", "ListInstances", {})
    lender.clock.sleep(2 * 60)
    session.call("sso-admin", "ListInstances", {})
    assert operations(lender) == [
        ("", "AssumeRole"),
        ("AK1", "ListInstances"),
        ("AK1", "ListInstances"),
        ("", "AssumeRole"),
        ("AK4", "ListInstances"),
    ]
    asked = {"RoleArn": ROLE, "RoleSessionName": "holdfast", "ExternalId": "42"}
    assert lender.log[0][2] == asked
    assert session.calls().calls == 5


def test_a_role_assumes_another_one_with_its_own_keys() -> None:
    lender = Lender()
    RoleSession(lender, ROLE).assuming("arn:aws:iam::222222222222:role/R").call("iam", "GetPolicy", {})
    assert operations(lender) == [("", "AssumeRole"), ("AK1", "AssumeRole"), ("AK2", "GetPolicy")]
