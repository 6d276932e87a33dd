"""Doctor: what stands in the way is seen, said with the next step, and left as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from holdfast.kernel.checks import Check, Verdict, exit_code
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Answer, Desk
from tests.simulators.small_worlds import DAMAGED, MANAGEMENT, MEMBER


def found(answer: Answer, name: str) -> dict[str, str]:
    """The check of that name."""
    check: dict[str, str] = next(each for each in answer.json["checks"] if each["name"] == name)
    return check


def client(sandbox: SandboxServer, service: str) -> Any:  # noqa: ANN401  # boto3 makes the class at run time
    """A client with the sandbox's own key."""
    root = sandbox.env()
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=sandbox.url,
        region_name="us-east-1",
        aws_access_key_id=root["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=root["AWS_SECRET_ACCESS_KEY"],
    )


def assumed(sandbox: SandboxServer, role: str) -> dict[str, str]:
    """The environment of a session of the role."""
    given = client(sandbox, "sts").assume_role(RoleArn=role, RoleSessionName="somebody")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def test_a_sound_installation_is_well_and_nothing_was_changed(
    desk: Desk, backed_up: str, sandbox: SandboxServer
) -> None:
    before = sorted((str(path), path.stat().st_mtime_ns) for path in desk.folder.rglob("*") if path.is_file())
    seen = desk.run("doctor", "--json")
    assert (seen.code, seen.json["exit_code"], seen.json["system"]) == (0, 0, "identity_center")
    assert {each["verdict"] for each in seen.json["checks"]} == {"ok"}
    kept = [(name, at) for name, at in before if "ledger" not in name]
    after = sorted((str(path), path.stat().st_mtime_ns) for path in desk.folder.rglob("*") if path.is_file())
    assert [(name, at) for name, at in after if "ledger" not in name] == kept
    assert sandbox.changes() == []
    assert found(seen, "account")["reason"] == "123456789012, the management account"
    assert "external ids" in found(seen, "identity source")["reason"]


def test_before_the_first_backup_nothing_is_made(desk: Desk) -> None:
    assert desk.run("doctor").code == 0
    assert list(desk.folder.iterdir()) == []


def test_what_is_open_to_others_is_named_with_the_command_that_closes_it(desk: Desk, backed_up: str) -> None:
    key, folder = desk.folder / ".holdfast" / "vault.key", desk.folder / ".holdfast"
    folder.chmod(0o755)
    (folder / "ledger.sqlite").chmod(0o644)
    key.chmod(0o640)
    seen = desk.run("doctor", "--json")
    assert seen.code == 5
    assert found(seen, "data")["advice"] == f"Run `chmod 0700 {folder}`."
    assert f"chmod 0600 {key}" in found(seen, "key")["advice"]
    assert found(seen, "place")["verdict"] == "wrong"
    shown = desk.run("doctor")
    assert "Next steps" in shown.out
    assert f"chmod 0600 {key}" in shown.out


def test_a_vault_that_the_settings_name_must_be_there(desk: Desk) -> None:
    desk.write("holdfast.toml", '[vault]\nlocation = "vault"\n')
    seen = desk.run("doctor", "--json")
    assert seen.code == 5
    assert "vault" in found(seen, "place")["reason"]


def test_settings_that_cannot_be_read_end_it(desk: Desk) -> None:
    desk.write("holdfast.toml", '[aws]\nretries = "many"\n')
    assert desk.run("doctor").code == 10


def test_without_credentials_the_way_to_some_is_said(desk: Desk) -> None:
    seen = desk.run("doctor", "--json", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert seen.code == 11
    check = found(seen, "principal")
    assert (check["topic"], check["verdict"]) == ("credentials", "missing")
    assert "aws configure" in check["advice"] or "AWS_ACCESS_KEY_ID" in check["advice"]


def test_in_a_region_without_identity_center_the_home_region_is_asked_for(desk: Desk) -> None:
    seen = desk.run("doctor", "--json", AWS_REGION="eu-north-1", AWS_DEFAULT_REGION="eu-north-1")
    assert seen.code == 5
    check = found(seen, "instance")
    assert check["verdict"] == "wrong"
    assert "home region" in check["advice"]


def test_a_denied_read_is_missing_in_the_service_s_words(desk: Desk, sandbox: SandboxServer) -> None:
    sandbox.faults([FaultRule(operation="GetInlinePolicyForPermissionSet", deny=True)])
    seen = desk.run("doctor", "--for", "backup", "--json")
    assert seen.code == 11
    check = found(seen, "sso:GetInlinePolicyForPermissionSet")
    assert check["verdict"] == "missing"
    assert "The service said: User: arn:aws:" in check["reason"]
    assert check["reason"].startswith("needed to read inline policies: ")


def test_who_may_not_list_permission_sets_is_told_which_accounts_may(
    desk: Desk, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation="ListPermissionSets", deny=True)])
    seen = desk.run("doctor", "--for", "backup", "--json")
    assert (
        "management account 123456789012 or of the delegated administrator"
        in found(seen, "account")["advice"]
    )
    assert found(seen, "sso:DescribePermissionSet")["verdict"] == "ok"


def test_where_there_is_nothing_to_try_on_iam_is_asked(desk: Desk, sandbox: SandboxServer) -> None:
    sandbox.load(Portrait())
    seen = desk.run("doctor", "--for", "backup", "--json")
    assert seen.code == 0
    assert found(seen, "identitystore:ListUsers")["reason"] == "tried"
    assert found(seen, "sso:DescribePermissionSet")["reason"] == "the root user"


def test_a_delegated_administrator_is_told_what_it_cannot_do(tmp_path: Path, sandbox: SandboxServer) -> None:
    sandbox.load(msgspec.structs.replace(DAMAGED, delegated_administrator=MEMBER))
    delegate = assumed(sandbox, f"arn:aws:iam::{MEMBER}:role/OrganizationAccountAccessRole")
    seen = Desk(tmp_path, {**sandbox.env(), **delegate}).run("doctor", "--json")
    assert seen.code == 0
    account = found(seen, "account")
    assert f"{MEMBER}, a delegated administrator of {MANAGEMENT}: it cannot change" in account["reason"]
    assert account["advice"] == f"To restore those, run with credentials of account {MANAGEMENT}."


def test_another_member_account_is_neither(tmp_path: Path, sandbox: SandboxServer) -> None:
    sandbox.load(DAMAGED)
    member = assumed(sandbox, f"arn:aws:iam::{MEMBER}:role/OrganizationAccountAccessRole")
    seen = Desk(tmp_path, {**sandbox.env(), **member}).run("doctor", "--json")
    assert seen.code in (5, 11)
    said = " ".join(each["reason"] + each["advice"] for each in seen.json["checks"])
    assert "delegated administrator" in said


def test_a_session_is_asked_about_as_its_role_with_the_role_s_path(
    tmp_path: Path, sandbox: SandboxServer, admin: Administrator
) -> None:
    iam = client(sandbox, "iam")
    trust = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}'
    allowed = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sso:*","iam:*"],"Resource":"*"}}'
    )
    role = iam.create_role(Path="/some/path/", RoleName="operator", AssumeRolePolicyDocument=trust)["Role"]
    iam.put_role_policy(RoleName="operator", PolicyName="only", PolicyDocument=allowed)
    try:
        session = assumed(sandbox, role["Arn"])
        seen = Desk(tmp_path, {**sandbox.env(), **session}).run("doctor", "--json")
    finally:
        iam.delete_role_policy(RoleName="operator", PolicyName="only")
        iam.delete_role(RoleName="operator")
    assert seen.code == 11
    assert found(seen, "principal")["reason"].startswith("arn:aws:sts::123456789012:assumed-role/operator/")
    assert found(seen, "sso:CreatePermissionSet")["reason"] == "allowed by IAM's simulation"
    denied = found(seen, "identitystore:CreateUser")
    assert denied["verdict"] == "missing"
    assert "arn:aws:iam::123456789012:role/some/path/operator may not do it" in denied["reason"]


def test_a_policy_is_printed_without_a_call(desk: Desk, sandbox: SandboxServer) -> None:
    arn = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    printed = desk.run(
        "doctor", "--print-policy", "backup", AWS_ACCESS_KEY_ID="", HOLDFAST_IDENTITY_CENTER_INSTANCE_ARN=arn
    )
    assert printed.code == 0
    assert f'"{arn}"' in printed.out
    assert printed.json["Version"] == "2012-10-17"
    assert sandbox.status().requests_total == 0


def test_an_unknown_system_is_refused(desk: Desk) -> None:
    assert desk.run("doctor", "--system", "teapot").code == 2


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 0),
        ((Verdict.OK,), 0),
        ((Verdict.UNKNOWN, Verdict.OK), 3),
        ((Verdict.UNKNOWN, Verdict.WRONG), 5),
        ((Verdict.WRONG, Verdict.MISSING, Verdict.UNKNOWN), 11),
    ],
)
def test_the_worst_verdict_decides_the_exit_code(verdicts: tuple[Verdict, ...], code: int) -> None:
    assert exit_code(Check("topic", "name", verdict) for verdict in verdicts) == code
    assert exit_code(Check("topic", "name", verdict, needed=False) for verdict in verdicts) == 0
