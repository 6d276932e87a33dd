"""Several accounts: another organization, roles across accounts, and the policies of member accounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from holdfast.sandbox.portrait import AccountPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from tests.sandbox.conftest import Aws, Client, Clock

Refused = Callable[[Callable[[], object]], tuple[str, str]]
ROLE = "OrganizationAccountAccessRole"
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
)


@pytest.fixture
def other(clock: Clock) -> Iterator[Aws]:
    """The same company in another organization and region."""
    with SandboxServer("tiny", clock=clock, account="222222222222", region="eu-west-1") as sandbox:
        yield Aws(sandbox, clock, "eu-west-1")


def member_iam(aws: Aws, account: str, role: str = ROLE) -> Client:
    arn = f"arn:aws:iam::{account}:role/{role}"
    taken = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="holdfast")
    return aws.client("iam", taken["Credentials"])


def boundary_of(account: str) -> str:
    return f"arn:aws:iam::{account}:policy/boundaries/DeveloperBoundary"


# ---------------------------------------------------------------- another organization


def test_another_management_account_has_the_same_company_under_other_ids(aws: Aws, other: Aws) -> None:
    here, there = aws.sandbox.dump(), other.sandbox.dump()
    assert (there.management_account, there.region) == ("222222222222", "eu-west-1")
    assert (there.users, there.permission_sets) == (here.users, here.permission_sets)
    assert {each.name for each in there.accounts} == {each.name for each in here.accounts}
    assert {each.id for each in there.accounts}.isdisjoint(each.id for each in here.accounts)
    assert (aws.store != other.store) and (aws.instance != other.instance)
    assert other.client("organizations").describe_organization()["Organization"]["MasterAccountId"] == (
        "222222222222"
    )
    assert other.client("sts").get_caller_identity()["Account"] == "222222222222"


def test_the_instance_is_found_in_its_home_region_only(other: Aws) -> None:
    assert other.sso.list_instances()["Instances"][0]["InstanceArn"] == other.instance
    other.region = "us-east-1"
    assert other.client("sso-admin").list_instances()["Instances"] == []


def test_sandboxes_of_two_accounts_in_one_process_share_nothing_but_bucket_names(
    aws: Aws, other: Aws, refused: Refused
) -> None:
    name = f"both-{uuid4().hex}"
    aws.client("iam").create_user(UserName=name)
    assert refused(lambda: other.client("iam").get_user(UserName=name))[0] == "NoSuchEntity"
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    assert refused(lambda: other.client("kms").describe_key(KeyId=key))[0] == "NotFoundException"
    aws.s3.create_bucket(Bucket=name)
    assert name not in {each["Name"] for each in other.s3.list_buckets()["Buckets"]}


# ---------------------------------------------------------------- policies in member accounts


def test_policies_of_a_member_account_are_seen_made_and_removed_through_its_role(
    aws: Aws, refused: Refused
) -> None:
    account = aws.accounts()[0]
    iam = member_iam(aws, account)
    found = iam.get_policy(PolicyArn=boundary_of(account))["Policy"]
    assert (found["PolicyName"], found["Path"]) == ("DeveloperBoundary", "/boundaries/")
    made = iam.create_policy(PolicyName="New", Path="/team/", PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    assert made == f"arn:aws:iam::{account}:policy/team/New"
    listed = iam.list_policies(Scope="Local", PathPrefix="/team/")["Policies"]
    assert [each["Arn"] for each in listed] == [made]
    again = refused(lambda: iam.create_policy(PolicyName="New", Path="/team/", PolicyDocument=DOCUMENT))
    assert again[0] == "EntityAlreadyExists"
    iam.delete_policy(PolicyArn=made)
    assert refused(lambda: iam.get_policy(PolicyArn=made))[0] == "NoSuchEntity"
    assert refused(lambda: iam.delete_policy(PolicyArn=made))[0] == "NoSuchEntity"
    elsewhere = boundary_of(aws.accounts()[1])
    assert refused(lambda: iam.get_policy(PolicyArn=elsewhere))[0] == "NoSuchEntity"
    bad = refused(lambda: iam.create_policy(PolicyName="Bad", PolicyDocument="{}"))
    assert bad[0] == "MalformedPolicyDocument"
    assert refused(iam.list_users)[0] == "NotImplemented"


def test_a_policy_made_in_an_account_lets_an_assignment_succeed_that_failed(aws: Aws) -> None:
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    aws.sso.attach_customer_managed_policy_reference_to_permission_set(
        InstanceArn=aws.instance,
        PermissionSetArn=arn,
        CustomerManagedPolicyReference={"Name": "New", "Path": "/team/"},
    )
    for expected in ("FAILED", "SUCCEEDED"):
        request = aws.assign(account, arn, group)
        aws.clock.pass_by(1)
        assert aws.creation(request)["Status"] == expected
        if expected == "FAILED":
            member_iam(aws, account).create_policy(PolicyName="New", Path="/team/", PolicyDocument=DOCUMENT)


def test_policies_of_the_management_account_are_seen_without_a_role_and_can_be_attached(
    aws: Aws, refused: Refused
) -> None:
    iam, name = aws.client("iam"), f"p-{uuid4().hex}"
    assert iam.get_policy(PolicyArn=boundary_of("123456789012"))["Policy"]["IsAttachable"] is True
    made = iam.create_policy(PolicyName=name, PolicyDocument=DOCUMENT)["Policy"]["Arn"]
    assert made in {each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]}
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=made)
    decided = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::123456789012:user/{name}", ActionNames=["s3:GetObject"]
    )
    assert decided["EvaluationResults"][0]["EvalDecision"] == "explicitDeny"
    iam.detach_user_policy(UserName=name, PolicyArn=made)
    iam.delete_policy(PolicyArn=made)
    assert refused(lambda: iam.get_policy(PolicyArn=made))[0] == "NoSuchEntity"


def test_a_role_that_the_account_lacks_and_a_role_from_outside_are_refused(
    aws: Aws, refused: Refused
) -> None:
    account, second = aws.accounts()[:2]
    for of, name in ((account, "NoSuchRole"), ("999999999999", ROLE), ("123456789012", ROLE)):
        code, message = refused(lambda: member_iam(aws, of, name))  # noqa: B023
        assert code == "AccessDenied"
        assert f"sts:AssumeRole on resource: arn:aws:iam::{of}:role/{name}" in message
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    taken = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="holdfast")["Credentials"]
    sideways = f"arn:aws:iam::{second}:role/{ROLE}"
    sts = aws.client("sts", taken)
    code, _ = refused(lambda: sts.assume_role(RoleArn=sideways, RoleSessionName="holdfast"))
    assert code == "AccessDenied"


def test_a_role_of_a_member_account_may_do_what_its_policy_in_the_portrait_allows(
    refused: Refused, clock: Clock
) -> None:
    reader = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:GetPolicy", "Resource": "*"}})
    policies, roles = ("/boundaries/DeveloperBoundary",), {"Reader": reader}
    account = AccountPortrait("333333333333", "sales", "sales@example.com", policies=policies, roles=roles)
    with SandboxServer("empty", clock=clock, enforce_iam=True) as sandbox:
        sandbox.load(Portrait(accounts=(account,)))
        aws = Aws(sandbox, clock)
        iam = member_iam(aws, "333333333333", "Reader")
        assert iam.get_policy(PolicyArn=boundary_of("333333333333"))
        assert refused(lambda: iam.list_policies(Scope="Local"))[0] == "AccessDenied"
        assert refused(lambda: member_iam(aws, "333333333333"))[0] == "AccessDenied"
        assert sandbox.dump().accounts[1].roles == roles
