"""Faults on demand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from holdfast.sandbox.faults import Asked, FaultRule, Faults
from holdfast.sandbox.server import SandboxServer
from holdfast.sandbox.wire import Parameters
from tests.sandbox.conftest import Aws, Clock

Refused = Callable[[Callable[[], object]], tuple[str, str]]


def _asked(service: str = "sso-admin", operation: str = "ListPermissionSets") -> Asked:
    return Asked(service, operation, "us-east-1", Parameters({}), f"sso:{operation}", "arn", "caller")


def test_identity_stores_and_sso_admin_share_one_bucket_that_refills_with_time() -> None:
    clock = Clock()
    faults = Faults(rate=20.0, seed=1, clock=clock)
    services = ["identitystore", "sso-admin"] * 15
    passed = [faults.judge(_asked(each)).refusal is None for each in services]
    assert passed == [True] * 20 + [False] * 10
    assert faults.judge(_asked("organizations")).refusal is None
    clock.pass_by(0.25)
    assert [faults.judge(_asked()).throttled for _ in range(6)] == [False] * 5 + [True]


def test_a_throttle_is_awss_throttle_and_counted_by_operation(clock: Clock, refused: Refused) -> None:
    with SandboxServer("tiny", seed=1, rate=0.001, clock=clock) as sandbox:
        aws = Aws(sandbox, clock)
        aws.sso.list_instances()
        code, message = refused(lambda: aws.ids.list_users(IdentityStoreId=aws.store))
        status = sandbox.status()
    assert (code, message) == ("ThrottlingException", "Rate exceeded")
    assert (status.throttled, status.throttled_total) == ({"identitystore:ListUsers": 1}, 1)
    assert status.requests == {"identitystore:ListUsers": 1, "sso-admin:ListInstances": 1}


def test_an_error_strikes_as_often_as_told_and_only_what_it_matches(aws: Aws) -> None:
    rule = FaultRule(operation="ListUsers", error="InternalServerException", status=500, times=2)
    aws.sandbox.faults([rule])
    aws.ids.list_groups(IdentityStoreId=aws.store)

    def status() -> int:
        try:
            answer = aws.ids.list_users(IdentityStoreId=aws.store)
        except ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    assert [status() for _ in range(3)] == [500, 500, 200]
    assert aws.sandbox.status().faults == {"identitystore:ListUsers": 2}


def test_an_operation_pattern_matches_whole_names(aws: Aws) -> None:
    aws.sandbox.faults([FaultRule(operation="CreateGroup", error="X")])
    user = aws.user("ann")
    group = aws.ids.list_groups(IdentityStoreId=aws.store)["Groups"][0]["GroupId"]
    aws.member(group, user)


def test_a_rule_may_look_at_a_parameter(aws: Aws, refused: Refused) -> None:
    aws.sandbox.faults(
        [FaultRule(parameters={"UserName": "^ann"}, error="InternalServerException", status=500)]
    )
    aws.user("bob")
    assert refused(lambda: aws.user("anna"))[0] == "InternalServerException"


def test_chance_is_drawn_from_the_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(rate=None, seed=seed)
        faults.add((FaultRule(error="X", p=0.5),))
        return [faults.judge(_asked()).refusal is not None for _ in range(64)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 16 < sum(struck(1)) < 48


def test_delays_of_several_rules_add_up_and_the_first_refusal_decides() -> None:
    faults = Faults(rate=None, seed=1)
    rules = [FaultRule(delay=0.5), FaultRule(delay=0.25), FaultRule(error="First"), FaultRule(error="Second")]
    faults.add(tuple(rules))
    verdict = faults.judge(_asked())
    assert verdict.delay == 0.75
    assert verdict.refusal is not None
    assert verdict.refusal.code == "First"


def test_a_denied_action_is_named_with_its_resource_as_iam_names_it(aws: Aws, refused: Refused) -> None:
    aws.sandbox.faults([FaultRule(service="sso-admin", operation="ListPermissionSets", deny=True)])
    code, message = refused(lambda: aws.sso.list_permission_sets(InstanceArn=aws.instance))
    assert code == "AccessDeniedException"
    assert message.startswith("User: arn:aws:iam::123456789012:root is not authorized")
    assert f"is not authorized to perform: sso:ListPermissionSets on resource: {aws.instance}" in message


def test_an_expired_token_is_told_as_aws_tells_it(aws: Aws, refused: Refused) -> None:
    aws.sandbox.faults([FaultRule(expired_token=True)])
    code, message = refused(aws.organizations.list_accounts)
    assert (code, message) == (
        "ExpiredTokenException",
        "The security token included in the request is expired",
    )
    assert refused(aws.s3.list_buckets)[0] == "ExpiredToken"


@pytest.mark.parametrize("rule", [FaultRule(reset=True), FaultRule(region="us-east-1", region_down=True)])
def test_a_cut_connection_has_no_answer_and_no_effect(aws: Aws, rule: FaultRule) -> None:
    aws.sandbox.faults([rule])
    with pytest.raises(ConnectionClosedError):
        aws.user("ann")
    aws.sandbox.clear_faults()
    aws.user("ann")


def test_a_region_that_is_down_leaves_another_up(aws: Aws) -> None:
    aws.sandbox.faults([FaultRule(region="us-east-1", region_down=True)])
    assert Aws(aws.sandbox, aws.clock, region="eu-west-1").sso.list_instances()["Instances"] == []


def test_an_effect_may_happen_although_its_answer_is_lost(aws: Aws, refused: Refused) -> None:
    aws.sandbox.faults([FaultRule(operation="CreateUser", after=True, reset=True, times=1)])
    with pytest.raises(ConnectionClosedError):
        aws.user("ann")
    assert [(each.operation, each.key) for each in aws.sandbox.changes()] == [("CreateUser", "ann")]
    assert refused(lambda: aws.user("ann"))[0] == "ConflictException"


def test_an_answer_may_come_late_while_its_effect_is_there(aws: Aws) -> None:
    aws.sandbox.faults([FaultRule(operation="CreateUser", after=True, delay=0.5)])
    with ThreadPoolExecutor() as pool:
        calling = pool.submit(aws.user, "ann")
        while not aws.sandbox.changes():
            wait([calling], 0.01)
        assert not calling.done()


def test_a_sandbox_that_ended_answers_nobody_who_was_connected(clock: Clock) -> None:
    with SandboxServer("empty", clock=clock) as sandbox:
        aws = Aws(sandbox, clock)
        aws.sso.list_instances()
    with pytest.raises(BotoCoreError):
        aws.sso.list_instances()


def test_clearing_takes_back_the_rules_but_not_the_standing_rate() -> None:
    clock = Clock()
    faults = Faults(rate=1.0, seed=1, clock=clock)
    faults.add((FaultRule(error="X"),))
    faults.clear()
    assert [faults.judge(_asked()).throttled for _ in range(2)] == [False, True]
    assert faults.listed() == []
