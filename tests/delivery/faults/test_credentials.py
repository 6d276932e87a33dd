"""Credentials and region: what is missing and the command that mends it, before anything is captured."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators.desk import Desk

BACKUP = ("identity-center", "backup")
SSO_PROFILE = """
[profile work]
sso_session = company
sso_account_id = 123456789012
sso_role_name = Backup
region = us-east-1
[sso-session company]
sso_start_url = https://company.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
"""


@pytest.fixture
def stranger(sandbox: SandboxServer, tmp_path: Path) -> Desk:
    """A desk with an endpoint and a region, and no credentials."""
    kept = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_EC2_METADATA_DISABLED")
    return Desk(tmp_path, {name: value for name, value in sandbox.env().items() if name in kept})


def test_without_credentials_the_command_that_makes_some_is_named(stranger: Desk) -> None:
    answer = stranger.run(*BACKUP)
    assert answer.code == 11
    assert "No usable AWS credentials" in answer.err
    assert "aws configure" in answer.err


def test_a_profile_of_single_sign_on_without_login_names_the_login(stranger: Desk) -> None:
    config = stranger.write("aws-config", SSO_PROFILE)
    answer = stranger.run(*BACKUP, AWS_CONFIG_FILE=str(config), AWS_PROFILE="work")
    assert answer.code == 11
    assert "aws sso login --profile work" in answer.err


def test_expired_credentials_end_the_run_with_the_remedy(desk: Desk, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(service=("identitystore", "sso-admin", "sts"), expired_token=True)])
    answer = desk.run(*BACKUP, "--json")
    assert answer.code == 11
    assert answer.error["code"] == "credentials"
    assert "expired" in answer.error["message"]
    assert "AWS_SESSION_TOKEN" in answer.error["advice"]


def test_credentials_that_expire_midway_end_the_run_and_it_can_be_resumed(
    desk: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="ListGroupMemberships", expired_token=True)])
    answer = desk.run(*BACKUP)
    assert answer.code == 11
    assert "holdfast runs resume " in answer.err
    sandbox.clear_faults()
    resumed = desk.run("runs", "resume", "latest", "--json")
    assert resumed.code == 0
    assert resumed.json["state"] == "complete"


def test_an_unknown_profile_is_a_settings_error_that_names_it(desk: Desk) -> None:
    answer = desk.run(*BACKUP, HOLDFAST_AWS_PROFILE="nobody")
    assert answer.code == 10
    assert "nobody" in answer.err


def test_without_a_region_the_settings_that_name_one_are_listed(desk: Desk) -> None:
    without = {name: value for name, value in desk.environment.items() if "REGION" not in name}
    answer = Desk(desk.folder, without).run(*BACKUP)
    assert answer.code == 10
    assert "region" in answer.err
    assert "AWS_REGION" in answer.err


def test_a_malformed_region_is_a_settings_error(desk: Desk) -> None:
    answer = desk.run(*BACKUP, HOLDFAST_AWS_REGION="not a region")
    assert answer.code == 10
    assert "not a region" in answer.err


def test_the_wrong_region_says_where_an_instance_is_looked_for(desk: Desk) -> None:
    answer = desk.run(*BACKUP, HOLDFAST_AWS_REGION="eu-west-1")
    assert answer.code == 2
    assert "region" in answer.err


@pytest.mark.parametrize("endpoint", ["http://192.0.2.1:8080", "http://aws.example.com"])
def test_plain_http_beyond_this_machine_is_refused_before_anything_is_sent(desk: Desk, endpoint: str) -> None:
    answer = desk.run(*BACKUP, AWS_ENDPOINT_URL=endpoint)
    assert answer.code == 4
    assert "unencrypted" in answer.err
    assert "https" in answer.err


def test_an_endpoint_that_does_not_answer_is_named_with_its_address(desk: Desk) -> None:
    answer = desk.run(*BACKUP, AWS_ENDPOINT_URL="http://127.0.0.1:9", HOLDFAST_AWS_RETRIES="0")
    assert answer.code == 30
    assert "127.0.0.1:9" in answer.err
    assert "AWS_ENDPOINT_URL" in answer.err
