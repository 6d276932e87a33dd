"""The control endpoints, the counts and the log of effects."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import msgspec

from holdfast.sandbox.portrait import Portrait
from tests.sandbox.conftest import Aws


def _ask(aws: Aws, method: str, path: str, body: object = None) -> tuple[int, object]:
    connection = http.client.HTTPConnection(urlsplit(aws.sandbox.url).netloc, timeout=10)
    connection.request(method, path, None if body is None else json.dumps(body))
    answer = connection.getresponse()
    found: object = json.loads(answer.read())
    connection.close()
    return answer.status, found


def test_the_status_counts_requests_and_changes_by_operation(aws: Aws) -> None:
    aws.user("ann")
    aws.ids.list_users(IdentityStoreId=aws.store)
    aws.ids.list_users(IdentityStoreId=aws.store)
    code, status = _ask(aws, "GET", "/_sandbox/status")
    assert code == 200
    assert isinstance(status, dict)
    assert status["requests"] == {"identitystore:CreateUser": 1, "identitystore:ListUsers": 2}
    assert (status["requests_total"], status["throttled_total"]) == (3, 0)
    assert (status["changes"], status["changes_total"]) == ({"CreateUser": 1}, 1)
    assert (status["scale"], status["seed"], status["rate"]) == ("tiny", 1, None)
    assert status["url"] == aws.sandbox.url


def test_the_log_has_effects_in_order_by_natural_names_and_asynchronous_ones_when_they_happen(
    aws: Aws,
) -> None:
    account = aws.accounts()[0]
    arn, group = aws.permission_set("P"), aws.group("G")
    aws.assign(account, arn, group)
    user = aws.user("ann")
    aws.clock.pass_by(1)
    aws.member(group, user)
    _, changes = _ask(aws, "GET", "/_sandbox/changes")
    assert changes == [
        {"seq": 1, "operation": "CreatePermissionSet", "key": "P"},
        {"seq": 2, "operation": "CreateGroup", "key": "G"},
        {"seq": 3, "operation": "CreateUser", "key": "ann"},
        {"seq": 4, "operation": "CreateAccountAssignment", "key": f"{account}/P/GROUP/G"},
        {"seq": 5, "operation": "CreateGroupMembership", "key": "G/ann"},
    ]


def test_a_world_that_is_dumped_and_loaded_is_the_same_world(aws: Aws) -> None:
    _, dumped = _ask(aws, "GET", "/_sandbox/dump")
    code, _ = _ask(aws, "POST", "/_sandbox/load", {})
    assert code == 200
    assert aws.sandbox.dump().users == ()
    _ask(aws, "POST", "/_sandbox/load", dumped)
    assert _ask(aws, "GET", "/_sandbox/dump")[1] == dumped


def test_a_dump_has_neither_ids_nor_times(aws: Aws) -> None:
    text = msgspec.json.encode(aws.sandbox.dump()).decode()
    assert aws.store.removeprefix("d-") not in text
    assert "CreatedAt" not in text
    assert "ssoins-" not in text


def test_a_reset_gives_the_world_of_the_start_without_rules_and_counts(aws: Aws) -> None:
    before = aws.sandbox.dump()
    aws.user("ann")
    _ask(aws, "POST", "/_sandbox/faults", [{"error": "X"}])
    _ask(aws, "POST", "/_sandbox/reset")
    assert aws.sandbox.dump() == before
    assert aws.sandbox.changes() == []
    aws.user("ann")


def test_rules_are_posted_listed_with_what_is_left_and_cleared(aws: Aws) -> None:
    code, listed = _ask(aws, "POST", "/_sandbox/faults", {"operation": "ListUsers", "error": "X", "times": 3})
    assert code == 200
    assert listed == [{"rule": {"operation": "ListUsers", "error": "X", "times": 3}, "left": 3}]
    assert _ask(aws, "GET", "/_sandbox/faults")[1] == listed
    assert _ask(aws, "DELETE", "/_sandbox/faults")[1] == []


def test_nonsense_is_told_and_not_taken(aws: Aws) -> None:
    for path, body in (
        ("/_sandbox/faults", {"no_such_field": 1}),
        ("/_sandbox/load", {"memberships": [{"group": "nobody", "user": "nowhere"}]}),
        ("/_sandbox/load", {"users": [{"DisplayName": "no user name"}]}),
    ):
        code, answer = _ask(aws, "POST", path, body)
        assert code == 400
        assert isinstance(answer, dict)
        assert answer["error"]
    assert _ask(aws, "GET", "/_sandbox/nothing")[0] == 404


def test_how_long_asynchronous_requests_take_can_be_set(aws: Aws) -> None:
    _ask(aws, "POST", "/_sandbox/settings", {"async_delay": 30})
    request = aws.assign(aws.accounts()[0], aws.permission_set("P"), aws.group("G"))
    aws.clock.pass_by(29)
    assert aws.creation(request)["Status"] == "IN_PROGRESS"
    aws.clock.pass_by(1)
    assert aws.creation(request)["Status"] == "SUCCEEDED"


def test_the_same_story_gives_the_same_ids(aws: Aws) -> None:
    first = aws.user("ann")
    aws.sandbox.load(aws.sandbox.dump())
    aws.ids.delete_user(IdentityStoreId=aws.store, UserId=aws.ids.list_users(
        IdentityStoreId=aws.store, Filters=[{"AttributePath": "UserName", "AttributeValue": "ann"}]
    )["Users"][0]["UserId"])  # fmt: skip
    _ask(aws, "POST", "/_sandbox/reset")
    assert aws.user("ann") == first
    assert isinstance(aws.sandbox.dump(), Portrait)
