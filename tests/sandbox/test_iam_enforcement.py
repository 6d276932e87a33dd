"""A sandbox that obeys IAM policies, and the simulation of them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from holdfast.sandbox.server import SandboxServer
from tests.sandbox.conftest import Aws, Clock

Refused = Callable[[Callable[[], object]], tuple[str, str]]
HOME = "arn:aws:iam::222222222222"


def allow(*actions: str, resource: str = "*", effect: str = "Allow") -> dict[str, object]:
    return {"Effect": effect, "Action": list(actions), "Resource": resource}


def policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def enforcing() -> Iterator[Aws]:
    """Nothing in it is changed but IAM users and roles, whose names are each test's own."""
    clock = Clock()
    with SandboxServer("tiny", clock=clock, account="222222222222", enforce_iam=True) as sandbox:
        yield Aws(sandbox, clock)


def user(aws: Aws, *statements: Mapping[str, object]) -> tuple[str, Mapping[str, str]]:
    """Name and access key of a new user with these statements."""
    iam, name = aws.client("iam"), f"user-{uuid4().hex}"
    iam.create_user(UserName=name)
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
    return name, iam.create_access_key(UserName=name)["AccessKey"]


def role(aws: Aws, trusted: str, *statements: Mapping[str, object]) -> str:
    iam, name = aws.client("iam"), f"role-{uuid4().hex}"
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
    return name


def test_a_user_may_do_what_its_policies_allow_and_nothing_else(enforcing: Aws, refused: Refused) -> None:
    name, key = user(enforcing, allow("sso:List*", "identitystore:ListUsers"))
    sso, ids = enforcing.client("sso-admin", key), enforcing.client("identitystore", key)
    assert len(sso.list_permission_sets(InstanceArn=enforcing.instance)["PermissionSets"]) == 6
    assert len(ids.list_users(IdentityStoreId=enforcing.store)["Users"]) == 40
    assert refused(lambda: sso.create_permission_set(InstanceArn=enforcing.instance, Name="P")) == (
        "AccessDeniedException",
        (
            f"User: {HOME}:user/{name} is not authorized to perform: sso:CreatePermissionSet on resource: "
            f"{enforcing.instance} because no identity-based policy allows the sso:CreatePermissionSet action"
        ),
    )
    assert refused(lambda: ids.list_groups(IdentityStoreId=enforcing.store))[0] == "AccessDeniedException"
    organizations = enforcing.client("organizations", key)
    assert refused(organizations.list_accounts)[0] == "AccessDeniedException"


def test_services_of_moto_are_refused_in_their_own_form(enforcing: Aws, refused: Refused) -> None:
    name, key = user(enforcing)
    iam, s3, kms = (enforcing.client(each, key) for each in ("iam", "s3", "kms"))
    code, message = refused(lambda: iam.get_user(UserName=name))
    assert (code, message[:120]) == (
        "AccessDenied",
        f"User: {HOME}:user/{name} is not authorized to perform: iam:GetUser on resource: {HOME}:user/{name}"[
            :120
        ],
    )
    assert refused(s3.list_buckets)[0] == "AccessDenied"
    assert refused(kms.list_keys)[0] == "AccessDeniedException"


def test_s3_is_judged_by_bucket_and_key(enforcing: Aws, refused: Refused) -> None:
    bucket = f"bucket-{uuid4().hex}"
    enforcing.s3.create_bucket(Bucket=bucket)
    _, key = user(
        enforcing,
        allow("s3:PutObject", "s3:GetObject", resource=f"arn:aws:s3:::{bucket}/vault/*"),
        allow("s3:ListBucket", resource=f"arn:aws:s3:::{bucket}"),
    )
    s3 = enforcing.client("s3", key)
    s3.put_object(Bucket=bucket, Key="vault/ü", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="vault/ü")["Body"].read() == b"x"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    assert refused(lambda: s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"x"))[0] == "AccessDenied"
    code, message = refused(lambda: s3.delete_object(Bucket=bucket, Key="vault/ü"))
    assert code == "AccessDenied"
    assert f"s3:DeleteObject on resource: arn:aws:s3:::{bucket}/vault/ü" in message
    assert "s3:GetBucketVersioning" in refused(lambda: s3.get_bucket_versioning(Bucket=bucket))[1]


def test_a_key_is_judged_by_its_own_arn_also_under_an_alias(enforcing: Aws, refused: Refused) -> None:
    arns = [enforcing.client("kms").create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    alias = f"alias/{uuid4().hex}"
    enforcing.client("kms").create_alias(AliasName=alias, TargetKeyId=arns[0])
    _, key = user(enforcing, allow("kms:GenerateDataKey", resource=arns[0]))
    kms = enforcing.client("kms", key)
    for name in (arns[0], arns[0].rpartition("/")[2], alias):
        assert kms.generate_data_key(KeyId=name, KeySpec="AES_256")["KeyId"] == arns[0]
    code, _ = refused(lambda: kms.generate_data_key(KeyId=arns[1], KeySpec="AES_256"))
    assert code == "AccessDeniedException"


def test_a_deny_wins_over_an_allow_and_is_named(enforcing: Aws, refused: Refused) -> None:
    _, key = user(enforcing, allow("*"), allow("sso:ListPermissionSets", effect="Deny"))
    sso = enforcing.client("sso-admin", key)
    assert sso.list_instances()["Instances"]
    code, message = refused(lambda: sso.list_permission_sets(InstanceArn=enforcing.instance))
    assert code == "AccessDeniedException"
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_every_resource_of_a_call_must_be_allowed(enforcing: Aws, refused: Refused) -> None:
    account, other = enforcing.accounts()[:2]
    arn = enforcing.sso.list_permission_sets(InstanceArn=enforcing.instance)["PermissionSets"][0]
    parts = "arn:aws:sso:::instance/*", "arn:aws:sso:::permissionSet/*", f"arn:aws:sso:::account/{account}"
    _, key = user(enforcing, *(allow("sso:ListAccountAssignments", resource=each) for each in parts))
    sso = enforcing.client("sso-admin", key)
    asked = {"InstanceArn": enforcing.instance, "PermissionSetArn": arn}
    sso.list_account_assignments(**asked, AccountId=account)
    code, message = refused(lambda: sso.list_account_assignments(**asked, AccountId=other))
    assert code == "AccessDeniedException"
    assert f"on resource: arn:aws:sso:::account/{other} " in message


def test_a_policy_that_is_attached_is_no_resource_of_its_own(aws: Aws) -> None:
    aws.sandbox.engine.enforce_iam = True
    arn = aws.permission_set("P")
    narrow = (allow("sso:AttachManagedPolicyToPermissionSet", resource=each) for each in (arn, aws.instance))
    _, key = user(aws, *narrow)
    readable = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}
    aws.client("sso-admin", key).attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=readable)
    attached = aws.sso.list_managed_policies_in_permission_set(**asked)["AttachedManagedPolicies"]
    assert [each["Arn"] for each in attached] == [readable]


def test_a_presigned_request_is_judged_by_who_signed_it(enforcing: Aws) -> None:
    bucket = f"bucket-{uuid4().hex}"
    enforcing.s3.create_bucket(Bucket=bucket)
    enforcing.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    _, key = user(enforcing)
    for signer, status in ((enforcing.client("s3", key), 403), (enforcing.s3, 200)):
        url = urlsplit(signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}))
        connection = http.client.HTTPConnection(url.netloc, timeout=10)
        connection.request("GET", f"{url.path}?{url.query}")
        assert connection.getresponse().status == status
        connection.close()


def test_a_role_is_taken_by_whom_it_trusts_and_may_do_what_its_policies_allow(
    enforcing: Aws, refused: Refused
) -> None:
    name = role(enforcing, f"{HOME}:root", allow("sso:ListInstances"))
    _, key = user(enforcing, allow("sts:AssumeRole", resource=f"{HOME}:role/{name}"))
    sts = enforcing.client("sts", key)
    taken = sts.assume_role(RoleArn=f"{HOME}:role/{name}", RoleSessionName="backup")
    assert taken["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::222222222222:assumed-role/{name}/backup"
    known = enforcing.client("sts", taken["Credentials"]).get_caller_identity()
    assert (known["Arn"], known["Account"]) == (taken["AssumedRoleUser"]["Arn"], "222222222222")
    sso = enforcing.client("sso-admin", taken["Credentials"])
    assert sso.list_instances()["Instances"]
    code, message = refused(lambda: sso.list_permission_sets(InstanceArn=enforcing.instance))
    assert code == "AccessDeniedException"
    assert message.startswith(f"User: {taken['AssumedRoleUser']['Arn']} is not authorized to perform: ")
    closed = role(enforcing, f"{HOME}:user/somebody-else", allow("*"))
    for denied in (closed, "no-such-role"):
        arn = f"{HOME}:role/{denied}"
        _, key = user(enforcing, allow("sts:AssumeRole"))
        sts = enforcing.client("sts", key)
        assert refused(lambda: sts.assume_role(RoleArn=arn, RoleSessionName="backup"))[0] == "AccessDenied"  # noqa: B023


def test_a_session_ends_with_its_time(enforcing: Aws, refused: Refused) -> None:
    name = role(enforcing, f"{HOME}:root", allow("*"))
    arn = f"{HOME}:role/{name}"
    taken = enforcing.client("sts").assume_role(RoleArn=arn, RoleSessionName="backup", DurationSeconds=900)
    sso = enforcing.client("sso-admin", taken["Credentials"])
    enforcing.clock.pass_by(899)
    assert sso.list_instances()["Instances"]
    enforcing.clock.pass_by(2)
    assert refused(sso.list_instances)[0] == "ExpiredTokenException"


def test_the_identity_of_a_user_and_of_the_sandboxs_own_key_are_their_own(enforcing: Aws) -> None:
    name, key = user(enforcing, allow("sts:GetCallerIdentity", effect="Deny"))
    assert enforcing.client("sts", key).get_caller_identity()["Arn"] == f"{HOME}:user/{name}"
    own = enforcing.client("sts").get_caller_identity()
    assert (own["Arn"], own["UserId"]) == (f"{HOME}:root", "222222222222")


def test_a_key_that_nobody_has_is_refused(enforcing: Aws, refused: Refused) -> None:
    key = {"AccessKeyId": "AKIANOBODYNOBODY0000", "SecretAccessKey": "x"}
    for service, call, code in (
        ("sso-admin", "list_instances", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ):
        assert refused(getattr(enforcing.client(service, key), call))[0] == code


def test_enforcement_is_switched_while_the_sandbox_runs(aws: Aws, refused: Refused) -> None:
    _, key = user(aws)
    sso = aws.client("sso-admin", key)
    assert sso.list_instances()["Instances"]
    for path, on in (("settings", True), ("reset", False)):
        connection = http.client.HTTPConnection(urlsplit(aws.sandbox.url).netloc, timeout=10)
        connection.request("POST", f"/_sandbox/{path}", json.dumps({"enforce_iam": True}))
        assert connection.getresponse().status == 200
        connection.close()
        assert aws.sandbox.status().enforce_iam is on
        if on:
            assert refused(sso.list_instances)[0] == "AccessDeniedException"


# ---------------------------------------------------------------- simulation


def test_a_simulation_says_what_a_call_would_be_told(enforcing: Aws, refused: Refused) -> None:
    name, key = user(
        enforcing, allow("sso:List*", "iam:SimulatePrincipalPolicy"), allow("sso:ListTags*", effect="Deny")
    )
    asked = ["sso:ListInstances", "sso:CreatePermissionSet", "sso:ListTagsForResource"]
    iam = enforcing.client("iam", key)
    found = iam.simulate_principal_policy(PolicySourceArn=f"{HOME}:user/{name}", ActionNames=asked)
    decided = [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"])
        for each in found["EvaluationResults"]
    ]
    assert decided == [
        ("sso:ListInstances", "*", "allowed"),
        ("sso:CreatePermissionSet", "*", "implicitDeny"),
        ("sso:ListTagsForResource", "*", "explicitDeny"),
    ]
    _, other = user(enforcing)
    code, message = refused(
        lambda: enforcing.client("iam", other).simulate_principal_policy(
            PolicySourceArn=f"{HOME}:user/{name}", ActionNames=asked
        )
    )
    assert code == "AccessDenied"
    assert f"iam:SimulatePrincipalPolicy on resource: {HOME}:user/{name} " in message


def test_a_simulation_of_a_role_goes_by_resources_and_pages(enforcing: Aws) -> None:
    name = role(enforcing, "*", allow("s3:PutObject", resource="arn:aws:s3:::b/vault/*"))
    pages = enforcing.client("iam").get_paginator("simulate_principal_policy")
    found = [
        (each["EvalActionName"], each["EvalResourceName"], each["EvalDecision"])
        for page in pages.paginate(
            PolicySourceArn=f"{HOME}:role/{name}",
            ActionNames=["s3:PutObject", "s3:GetObject"],
            ResourceArns=["arn:aws:s3:::b/vault/1", "arn:aws:s3:::b/other"],
            PaginationConfig={"PageSize": 3},
        )
        for each in page["EvaluationResults"]
    ]
    assert found == [
        ("s3:PutObject", "arn:aws:s3:::b/vault/1", "allowed"),
        ("s3:PutObject", "arn:aws:s3:::b/other", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::b/vault/1", "implicitDeny"),
        ("s3:GetObject", "arn:aws:s3:::b/other", "implicitDeny"),
    ]


def test_nobody_is_simulated_who_is_not_there(enforcing: Aws, refused: Refused) -> None:
    iam = enforcing.client("iam")
    for arn, code in (
        (f"{HOME}:user/nobody", "NoSuchEntity"),
        (f"{HOME}:role/nobody", "NoSuchEntity"),
        ("arn:aws:iam::333333333333:role/foreign", "NoSuchEntity"),
        (f"{HOME}:root", "InvalidInput"),
    ):
        asked = {"PolicySourceArn": arn, "ActionNames": ["sso:ListInstances"]}
        assert refused(lambda: iam.simulate_principal_policy(**asked))[0] == code  # noqa: B023


def test_quicksights_policies_are_obeyed_down_to_the_resource(enforcing: Aws, refused: Refused) -> None:
    arn, asked = "arn:aws:quicksight:us-east-1:222222222222", {"AwsAccountId": "222222222222"}
    name, key = user(
        enforcing,
        allow("quicksight:ListThemes", "quicksight:DescribeTheme", resource=f"{arn}:theme/*"),
        allow("quicksight:ListUsers", resource=f"{arn}:namespace/default"),
    )
    quicksight = enforcing.client("quicksight", key)
    assert quicksight.list_themes(**asked, Type="QUICKSIGHT")["ThemeSummaryList"]
    assert quicksight.describe_theme(**asked, ThemeId="CLASSIC")["Theme"]["Name"] == "Classic"
    assert quicksight.list_users(**asked, Namespace="default")["UserList"]
    assert refused(lambda: quicksight.list_groups(**asked, Namespace="default")) == (
        "AccessDeniedException",
        (
            f"User: {HOME}:user/{name} is not authorized to perform: quicksight:ListGroups on resource: "
            f"{arn}:namespace/default because no identity-based policy allows the quicksight:ListGroups action"
        ),
    )
