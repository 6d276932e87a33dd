"""A backup is restored into another organization under a mapping, and what it lacks is found before."""

from __future__ import annotations

import json

import msgspec
import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import AccountPortrait
from holdfast.sandbox.server import SandboxServer
from tests.delivery.elsewhere.conftest import MAPPING, NEW, NEW_BANK, NEW_OWNER, NEW_SHOP, OLD
from tests.simulators.desk import Answer, Desk


def there(new: SandboxServer) -> list[str]:
    return ["--mapping", "mapping.toml", "--target-endpoint-url", new.url, "--target-region", "eu-west-1"]


def with_account(new: SandboxServer, changed: AccountPortrait) -> None:
    """Load the new organization with one account changed."""
    whole = new.dump()
    accounts = tuple(changed if each.id == changed.id else each for each in whole.accounts)
    new.load(msgspec.structs.replace(whole, accounts=accounts))


def restored(desk: Desk, new: SandboxServer) -> Answer:
    return desk.restore(*there(new))


def test_a_restore_into_another_organization_is_equal_under_the_mapping_and_can_be_undone(
    desk: Desk, old: SandboxServer, new: SandboxServer
) -> None:
    empty = new.dump()
    done = restored(desk, new)
    assert done.code == 0, done
    assert msgspec.structs.replace(new.dump(), stale=()) == NEW
    same = desk.run("identity-center", "diff", "latest", "live", "--exit-code", "--json", *there(new))
    assert (same.code, same.json) == (0, []), same
    again = desk.run("identity-center", "preview", "latest", "--json", *there(new))
    assert again.json["changes_total"] == 0
    assert desk.run("runs", "show", "latest", "--json").json["target"] == new.status().instance_arn
    # The newest snapshot is the safety snapshot of the other instance; a history is of what is backed up.
    assert desk.run("identity-center", "history", "user:anna", "--json").json["events"] != []
    undone = desk.run("runs", "rollback", done.json["run"])
    assert undone.code == 0, undone
    assert new.dump() == empty
    assert old.changes() == []
    assert old.dump() == OLD


def test_policies_and_boundaries_missing_in_a_member_account_are_found_before_the_first_change(
    desk: Desk, new: SandboxServer
) -> None:
    with_account(new, AccountPortrait(NEW_BANK, "New bank", "b@example.com", policies=("/team/Deploy",)))
    for refused in (
        desk.run("identity-center", "preview", "latest", "--json", *there(new)),
        restored(desk, new),
    ):
        assert refused.code == 4
        message = refused.error["message"]
        assert f"/ops/Deploy is missing in account {NEW_BANK}." in message
        assert f"/team/Limit is missing in account {NEW_BANK}." in message
        assert NEW_SHOP not in message
    assert new.changes() == []


def test_only_what_the_plan_adds_is_looked_at(desk: Desk, new: SandboxServer) -> None:
    assert restored(desk, new).code == 0
    new.load(new.dump())  # counts begin anew
    assert restored(desk, new).code == 0
    assert not any(name.startswith(("iam:", "sts:AssumeRole")) for name in new.status().requests)


def test_accounts_whose_role_cannot_be_assumed_are_named_as_not_checked_and_the_restore_goes_on(
    desk: Desk, new: SandboxServer
) -> None:
    bank = next(each for each in new.dump().accounts if each.id == NEW_BANK)
    with_account(new, msgspec.structs.replace(bank, roles={}))
    done = restored(desk, new)
    assert done.code == 0, done
    (told,) = [each for each in done.json["findings"] if each["code"] == "policies-unchecked"]
    assert NEW_BANK in told["message"]
    assert f"arn:aws:iam::{NEW_BANK}:role/OrganizationAccountAccessRole" in told["message"]
    assert NEW_SHOP not in told["message"]
    assert "member_role" in told["advice"]


def test_what_the_target_has_not_got_is_listed_by_name_and_nothing_is_changed(
    desk: Desk, new: SandboxServer
) -> None:
    desk.write(
        "mapping.toml", MAPPING.replace('["555555555555"]', "[]").replace("222222222222", "222222222223")
    )
    refused = restored(desk, new)
    assert refused.code == 4
    assert "no account 222222222222, 555555555555" in refused.error["message"]
    assert new.changes() == []


def test_assignments_planned_in_a_suspended_account_are_refused(desk: Desk, new: SandboxServer) -> None:
    shop = next(each for each in new.dump().accounts if each.id == NEW_SHOP)
    with_account(new, msgspec.structs.replace(shop, status="SUSPENDED"))
    refused = restored(desk, new)
    assert refused.code == 4
    assert f"Not active: account {NEW_SHOP}" in refused.error["message"]
    assert new.changes() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target-account", "123456789012"], f"the target is account {NEW_OWNER}"),
        (["--target-region", "us-east-1"], "in this account and region us-east-1"),
        (["--target-instance-arn", "arn:aws:sso:::instance/ssoins-0"], "ssoins-0"),
    ],
)
def test_a_target_that_is_not_the_one_meant_is_refused(
    desk: Desk, new: SandboxServer, words: list[str], said: str
) -> None:
    for command, codes in (("restore", {4}), ("preview", {4}), ("diff", {2, 4})):
        answer = desk.run("identity-center", command, "latest", "--json", *there(new), *words)
        assert answer.code in codes
        assert said in answer.error["message"]
    assert new.changes() == []


def test_a_restore_that_was_cut_off_goes_on_in_the_same_place_without_the_mapping_file(
    desk: Desk, old: SandboxServer, new: SandboxServer
) -> None:
    new.faults([FaultRule(operation="CreateAccountAssignment", error="ThrottlingException")])
    stopped = desk.run(
        *("identity-center", "restore", "latest", *there(new)), HOLDFAST_AWS_THROTTLE_PATIENCE="0"
    )
    assert stopped.code == 30, stopped
    new.clear_faults()
    (desk.folder / "mapping.toml").unlink()
    elsewhere = desk.run("runs", "resume", "latest", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert elsewhere.code == 0, elsewhere
    assert msgspec.structs.replace(new.dump(), stale=()) == NEW
    assert old.changes() == []


def test_a_target_is_reached_by_a_profile_and_a_role_with_an_external_id(
    desk: Desk, old: SandboxServer, new: SandboxServer
) -> None:
    config = desk.write(
        "aws-config",
        f"[profile old]\nendpoint_url = {old.url}\nregion = us-east-1\n"
        f"[profile new]\nendpoint_url = {new.url}\nregion = eu-west-1\n",
    )
    keys = "aws_access_key_id = AKIASANDBOXSANDBOX00\naws_secret_access_key = sandbox\n"
    secret = desk.write("aws-credentials", f"[old]\n{keys}[new]\n{keys}")
    desk.environment = {
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(secret),
        "AWS_PROFILE": "old",
    }
    new_role = make_role(new)
    done = desk.restore(
        *("--mapping", "mapping.toml", "--target-profile", "new"),
        *("--target-role-arn", new_role, "--target-external-id", "42", "--target-account", NEW_OWNER),
    )
    assert done.code == 0, done
    assert msgspec.structs.replace(new.dump(), stale=()) == NEW
    assert new.status().requests["sts:AssumeRole"] >= 1
    asked = desk.run("runs", "show", "latest", "--json").json["arguments"]
    assert asked["target"] == {
        "profile": "new", "role": new_role, "external_id": "42", "account": NEW_OWNER
    }  # fmt: skip


def make_role(new: SandboxServer) -> str:
    """A role of the new management account that an administrator made by the ordinary IAM API."""
    import boto3

    iam = boto3.client(
        "iam",
        endpoint_url=new.url,
        region_name="eu-west-1",
        aws_access_key_id="AKIASANDBOXSANDBOX00",
        aws_secret_access_key="sandbox",
    )
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": NEW_OWNER}, "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="Restorer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="Restorer", PolicyName="All", PolicyDocument=json.dumps(anything))
    return str(role["Arn"])


def test_every_problem_of_a_mapping_file_is_told_at_once(desk: Desk, new: SandboxServer) -> None:
    desk.write(
        "mapping.yaml",
        "acounts: {}\n"
        "accounts: {111111111111: '333', '222222222222': '444444444444'}\n"
        "groups: {Admins: All, Builders: All}\n"
        "policies: {/team/Deploy: 'arn:aws:iam::aws:policy/X'}\n"
        "drop: {accounts: ['222222222222'], policies: []}\n",
    )
    refused = desk.run("identity-center", "preview", "latest", "--json", "--mapping", "mapping.yaml")
    assert refused.code == 10
    assert refused.error["facts"]["problems"].split("\n  ")[1:] == [
        "[acounts]: unknown section; did you mean accounts?",
        "[accounts] 111111111111: 111111111111 is no text; write it in quotes",
        "[accounts] 111111111111: '333' is no account id of twelve digits",
        "[groups] Admins and Builders: cannot both become All",
        "[policies] /team/Deploy: an ARN becomes an ARN, a customer managed policy /path/name another one",
        "[drop] policies: cannot be dropped; what can is accounts, users, groups, permission_sets",
        "[accounts] 222222222222: mapped and dropped at once",
    ]


def test_names_that_the_backup_does_not_hold_are_a_warning_and_collisions_are_refused(desk: Desk) -> None:
    desk.write("mapping.json", '{"users": {"nobody": "somebody"}, "regions": {"ap-south-1": "us-east-1"}}')
    told = desk.run("identity-center", "diff", "latest", "--mapping", "mapping.json")
    assert told.code == 0
    assert "none of these users of the mapping: nobody." in told.err
    assert "none of these regions of the mapping: ap-south-1." in told.err
    desk.write("mapping.json", '{"groups": {"Admins": "Builders"}}')
    refused = desk.run("identity-center", "diff", "latest", "--json", "--mapping", "mapping.json")
    assert refused.code == 4
    assert "Two group records of the backup would both be Builders." in refused.error["message"]


def test_a_drill_rehearses_the_restore_under_the_mapping(desk: Desk) -> None:
    drilled = desk.run("backups", "drill", "latest", "--mapping", "mapping.toml", "--json")
    assert drilled.code == 0, drilled
    # 2 users, 2 groups, 2 memberships, 2 permission sets, 3 of 4 assignments; an application with 2 assignments,
    # a token issuer, the instance and its attributes.
    assert sum(each["done"] for each in drilled.json["items"]) == 17
