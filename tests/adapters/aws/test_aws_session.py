"""Calls to AWS through the sandbox's faults: what is waited for, repeated, refused, and in whose words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from holdfast.adapters.aws import CONNECTIONS, AwsEndpoint, AwsSession, AwsSettings
from holdfast.domain.errors import (
    AccessDenied,
    CredentialsError,
    Refused,
    RemoteUnavailable,
    SettingsError,
    Throttled,
)
from holdfast.kernel.ports import Clock
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.restore.operations import MOST_OUTSTANDING
from holdfast.systems.identity_center.settings import IdentityCenterSettings

Make = Callable[..., AwsSession]


class Sleeper(Clock):
    """What the tests look at of their clock."""

    elapsed: float
    sleeps: list[float]


def list_users(session: AwsSession, sandbox: SandboxServer) -> object:
    store = sandbox.status().identity_store_id
    return session.call("identitystore", "ListUsers", {"IdentityStoreId": store, "MaxResults": 10})


def create_group(session: AwsSession, sandbox: SandboxServer, name: str) -> object:
    parameters = {"IdentityStoreId": sandbox.status().identity_store_id, "DisplayName": name}
    return session.call("identitystore", "CreateGroup", parameters, repeatable=False)


def test_throttles_are_waited_out_without_using_up_the_retries(session: Make, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", error="ThrottlingException", times=12)])
    made = session(retries=0)
    assert list_users(made, sandbox)
    assert made.calls().throttles == 12
    assert made.calls().calls == 13 == sandbox.status().requests["identitystore:ListUsers"]
    assert made.calls().waited > 12


def test_patience_ends_after_ten_minutes_of_throttling_and_names_the_settings(
    session: Make, sandbox: SandboxServer, clock: Sleeper
) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", error="ThrottlingException")])
    with pytest.raises(Throttled) as caught:
        list_users(session(), sandbox)
    assert 600 <= clock.elapsed < 640
    assert "throttle_patience" in caught.value.advice


def test_server_errors_are_repeated_three_times_with_growing_pauses(
    session: Make, sandbox: SandboxServer, clock: Sleeper
) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", error="InternalServerException", status=500, times=3)])
    assert list_users(session(), sandbox)
    assert clock.sleeps == [0.5, 1.0, 2.0]


def test_the_fourth_server_error_in_a_row_is_reported_as_unavailable(
    session: Make, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", error="InternalServerException", status=500, times=4)])
    with pytest.raises(RemoteUnavailable) as caught:
        list_users(session(), sandbox)
    assert caught.value.error == "InternalServerException"
    assert caught.value.operation == "identitystore:ListUsers"


def test_a_cut_connection_is_repeated_for_a_read(session: Make, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(operation="ListUsers", reset=True, times=2)])
    assert list_users(session(), sandbox)


@pytest.mark.parametrize("rule", [{"reset": True}, {"error": "InternalServerException", "status": 500}])
def test_a_lost_answer_to_a_create_is_in_doubt_and_never_sent_again(
    session: Make, sandbox: SandboxServer, rule: dict[str, object]
) -> None:
    sandbox.faults([FaultRule(operation="CreateGroup", after=True, times=1, **rule)])  # type: ignore[arg-type]
    made = session()
    with pytest.raises(RemoteUnavailable):
        create_group(made, sandbox, "Night Watch")
    assert made.calls().by_operation == (("identitystore:CreateGroup", 1),)
    assert sandbox.status().changes_total == 1


def test_a_throttled_create_is_sent_again_because_it_had_no_effect(
    session: Make, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="CreateGroup", error="ThrottlingException", times=3)])
    assert create_group(session(), sandbox, "Night Watch")
    assert sandbox.status().changes_total == 1


def test_a_connection_that_was_never_made_is_repeated_even_for_a_create(clock: Sleeper) -> None:
    nobody = AwsEndpoint("http://127.0.0.1:9", "AKIASANDBOXSANDBOX00", "sandbox")
    made = AwsSession(AwsSettings(region="us-east-1"), clock, jitter=lambda: 1.0, endpoint=nobody)
    with pytest.raises(RemoteUnavailable) as caught:
        made.call("identitystore", "CreateGroup", {"IdentityStoreId": "d-1234567890"}, repeatable=False)
    assert made.calls().calls == 4
    assert "127.0.0.1:9" in caught.value.service_said
    assert "AWS_ENDPOINT_URL" in caught.value.advice


def test_a_denial_names_the_action_and_the_resource(session: Make, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(operation="ListPermissionSets", deny=True)])
    arn = sandbox.status().instance_arn
    with pytest.raises(AccessDenied) as caught:
        session().call("sso-admin", "ListPermissionSets", {"InstanceArn": arn})
    assert (caught.value.action, caught.value.resource) == ("sso:ListPermissionSets", arn)
    assert "Allow sso:ListPermissionSets" in caught.value.advice


def test_an_expired_token_of_the_environment_asks_for_new_variables(
    session: Make, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASANDBOXSANDBOX00")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    sandbox.faults([FaultRule(operation="ListUsers", expired_token=True)])
    with pytest.raises(CredentialsError) as caught:
        list_users(session(), sandbox)
    assert "AWS_SESSION_TOKEN" in caught.value.advice


def test_a_profile_of_single_sign_on_asks_for_its_login(
    clock: Sleeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile night]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Admin\n"
        "region = us-east-1\n"
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = AwsSession(AwsSettings(profile="night"), clock)
    with pytest.raises(CredentialsError) as caught:
        made.call("sts", "GetCallerIdentity", {})
    assert caught.value.advice == "Run `aws sso login --profile night`, then run the command again."


def test_an_unknown_profile_is_a_settings_error(
    clock: Sleeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="nightly"):
        AwsSession(AwsSettings(profile="nightly", region="us-east-1"), clock).call(
            "sts", "GetCallerIdentity", {}
        )


def test_a_missing_region_says_where_to_set_it(
    clock: Sleeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="AWS_REGION"):
        AwsSession(AwsSettings(), clock).call(
            "identitystore", "ListUsers", {"IdentityStoreId": "d-1234567890"}
        )


def test_plain_http_to_another_machine_is_refused_before_anything_is_sent(clock: Sleeper) -> None:
    elsewhere = AwsEndpoint("http://192.0.2.7:5000", "AKIASANDBOXSANDBOX00", "sandbox")
    made = AwsSession(AwsSettings(region="us-east-1"), clock, endpoint=elsewhere)
    with pytest.raises(Refused, match="unencrypted"):
        made.call("sts", "GetCallerIdentity", {})
    assert made.calls().calls == 0


def test_an_error_of_the_service_itself_is_left_to_its_client(session: Make, sandbox: SandboxServer) -> None:
    parameters = {
        "IdentityStoreId": sandbox.status().identity_store_id,
        "UserId": "00000000-0000-0000-0000-000000000000",
    }
    with pytest.raises(ClientError) as caught:
        session().call("identitystore", "DescribeUser", parameters)
    assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_connection_is_kept_for_every_call_that_may_be_under_way_at_once() -> None:
    (most,) = (each.metadata["most"] for each in fields(IdentityCenterSettings) if each.name == "concurrency")
    assert max(most, MOST_OUTSTANDING) < CONNECTIONS
