"""Permission sets and what is attached to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
POLICY = '{"Version":"2012-10-17","Statement":[]}'


def test_one_organization_instance_is_tied_to_one_identity_store_in_one_region(aws: Aws) -> None:
    (instance,) = aws.sso.list_instances()["Instances"]
    assert (instance["InstanceArn"], instance["IdentityStoreId"]) == (aws.instance, aws.store)
    assert instance["OwnerAccountId"] == "123456789012"
    assert aws.ids.list_users(IdentityStoreId=instance["IdentityStoreId"])["Users"]
    elsewhere = Aws(aws.sandbox, aws.clock, region="eu-central-1")
    assert elsewhere.sso.list_instances()["Instances"] == []


def test_another_instance_or_region_is_not_found(aws: Aws, refused: Refused) -> None:
    unknown = "arn:aws:sso:::instance/ssoins-0000000000000000"
    elsewhere = Aws(aws.sandbox, aws.clock, region="eu-central-1")
    assert (
        refused(lambda: aws.sso.list_permission_sets(InstanceArn=unknown))[0] == "ResourceNotFoundException"
    )
    code, _ = refused(lambda: elsewhere.sso.list_permission_sets(InstanceArn=aws.instance))
    assert code == "ResourceNotFoundException"


def test_a_permission_set_comes_back_as_made_with_an_hour_by_default(empty: Aws) -> None:
    arn = empty.permission_set("Plain")
    seen = empty.sso.describe_permission_set(InstanceArn=empty.instance, PermissionSetArn=arn)[
        "PermissionSet"
    ]
    assert (seen["Name"], seen["SessionDuration"]) == ("Plain", "PT1H")
    assert "Description" not in seen
    assert "RelayState" not in seen


def test_an_update_changes_only_what_is_passed(empty: Aws) -> None:
    made = empty.sso.create_permission_set(
        InstanceArn=empty.instance,
        Name="P",
        Description="first",
        SessionDuration="PT8H",
        RelayState="https://a",
    )
    arn = made["PermissionSet"]["PermissionSetArn"]
    empty.sso.update_permission_set(InstanceArn=empty.instance, PermissionSetArn=arn, Description="second")
    seen = empty.sso.describe_permission_set(InstanceArn=empty.instance, PermissionSetArn=arn)[
        "PermissionSet"
    ]
    assert (seen["Description"], seen["SessionDuration"], seen["RelayState"]) == (
        "second",
        "PT8H",
        "https://a",
    )


def test_a_second_permission_set_of_the_same_name_is_a_conflict(empty: Aws, refused: Refused) -> None:
    empty.permission_set("P")
    assert refused(lambda: empty.permission_set("P"))[0] == "ConflictException"


@pytest.mark.parametrize("name", ["x" * 33, "with space", "ü/slash", ""])
def test_a_name_outside_the_documented_pattern_is_refused(empty: Aws, refused: Refused, name: str) -> None:
    assert refused(lambda: empty.permission_set(name))[0] == "ValidationException"


@pytest.mark.parametrize("session", ["PT59M", "PT12H1S", "PT13H", "1H", "P1D"])
def test_a_session_is_between_one_and_twelve_hours(empty: Aws, refused: Refused, session: str) -> None:
    code, _ = refused(
        lambda: empty.sso.create_permission_set(InstanceArn=empty.instance, Name="P", SessionDuration=session)
    )
    assert code == "ValidationException"


def test_an_inline_policy_is_kept_to_the_letter_and_empty_when_there_is_none(
    empty: Aws, refused: Refused
) -> None:
    arn = empty.permission_set("P")
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": arn}
    assert empty.sso.get_inline_policy_for_permission_set(**asked)["InlinePolicy"] == ""
    spaced = '{ "Version": "2012-10-17",\n  "Statement": [] }'
    empty.sso.put_inline_policy_to_permission_set(**asked, InlinePolicy=spaced)
    assert empty.sso.get_inline_policy_for_permission_set(**asked)["InlinePolicy"] == spaced
    empty.sso.delete_inline_policy_from_permission_set(**asked)
    code, _ = refused(lambda: empty.sso.delete_inline_policy_from_permission_set(**asked))
    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("not json", "ValidationException"),
        ("[]", "ValidationException"),
        (POLICY + " " * (32_768 - len(POLICY)), ""),
        (POLICY + " " * (32_769 - len(POLICY)), "ValidationException"),
        ('{"Statement":[],"Id":"' + "x" * (10_240 - 24) + '"}', ""),
        ('{"Statement":[],"Id":"' + "x" * (10_240 - 23) + '"}', "ServiceQuotaExceededException"),
    ],
)
def test_an_inline_policy_is_json_of_32768_bytes_and_10240_characters_at_most(
    empty: Aws, refused: Refused, policy: str, code: str
) -> None:
    asked = {
        "InstanceArn": empty.instance,
        "PermissionSetArn": empty.permission_set("P"),
        "InlinePolicy": policy,
    }
    if code:
        assert refused(lambda: empty.sso.put_inline_policy_to_permission_set(**asked))[0] == code
    else:
        empty.sso.put_inline_policy_to_permission_set(**asked)


def test_a_managed_policy_is_attached_once_listed_and_detached_once(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": empty.permission_set("P")}
    empty.sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=ADMIN)
    code, _ = refused(
        lambda: empty.sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=ADMIN)
    )
    assert code == "ConflictException"
    listed = empty.sso.list_managed_policies_in_permission_set(**asked)["AttachedManagedPolicies"]
    assert listed == [{"Name": "AdministratorAccess", "Arn": ADMIN}]
    empty.sso.detach_managed_policy_from_permission_set(**asked, ManagedPolicyArn=ADMIN)
    code, _ = refused(
        lambda: empty.sso.detach_managed_policy_from_permission_set(**asked, ManagedPolicyArn=ADMIN)
    )
    assert code == "ResourceNotFoundException"


def test_a_managed_policy_arn_must_be_one_of_awss_own(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": empty.permission_set("P")}
    own = "arn:aws:iam::123456789012:policy/Mine"
    code, _ = refused(
        lambda: empty.sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=own)
    )
    assert code == "ValidationException"


def test_a_customer_managed_policy_is_known_by_name_and_path(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": empty.permission_set("P")}
    attach = empty.sso.attach_customer_managed_policy_reference_to_permission_set
    attach(**asked, CustomerManagedPolicyReference={"Name": "Mine"})
    attach(**asked, CustomerManagedPolicyReference={"Name": "Mine", "Path": "/team/"})
    again = {"Name": "Mine", "Path": "/"}
    code, _ = refused(lambda: attach(**asked, CustomerManagedPolicyReference=again))
    assert code == "ConflictException"
    listed = empty.sso.list_customer_managed_policy_references_in_permission_set(**asked)
    assert listed["CustomerManagedPolicyReferences"] == [again, {"Name": "Mine", "Path": "/team/"}]


def test_twenty_policies_fit_on_a_permission_set_and_no_more(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": empty.permission_set("P")}
    for number in range(20):
        arn = f"arn:aws:iam::aws:policy/P{number}"
        empty.sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=arn)
    code, _ = refused(
        lambda: empty.sso.attach_managed_policy_to_permission_set(**asked, ManagedPolicyArn=ADMIN)
    )
    assert code == "ServiceQuotaExceededException"


def test_a_boundary_is_one_policy_of_either_kind(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance, "PermissionSetArn": empty.permission_set("P")}
    put, get = (
        empty.sso.put_permissions_boundary_to_permission_set,
        empty.sso.get_permissions_boundary_for_permission_set,
    )
    assert refused(lambda: get(**asked))[0] == "ResourceNotFoundException"
    put(**asked, PermissionsBoundary={"ManagedPolicyArn": ADMIN})
    put(**asked, PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "Edge"}})
    shown = get(**asked)["PermissionsBoundary"]
    assert shown == {"CustomerManagedPolicyReference": {"Name": "Edge", "Path": "/"}}
    assert refused(lambda: put(**asked, PermissionsBoundary={}))[0] == "ValidationException"
    empty.sso.delete_permissions_boundary_from_permission_set(**asked)
    assert refused(lambda: get(**asked))[0] == "ResourceNotFoundException"


def test_tags_are_set_changed_and_removed_by_key(empty: Aws, refused: Refused) -> None:
    tags = [{"Key": "team", "Value": "a"}, {"Key": "größe", "Value": ""}]
    made = empty.sso.create_permission_set(InstanceArn=empty.instance, Name="P", Tags=tags)
    asked = {"InstanceArn": empty.instance, "ResourceArn": made["PermissionSet"]["PermissionSetArn"]}
    empty.sso.tag_resource(**asked, Tags=[{"Key": "team", "Value": "b"}])
    empty.sso.untag_resource(**asked, TagKeys=["größe"])
    assert empty.sso.list_tags_for_resource(**asked)["Tags"] == [{"Key": "team", "Value": "b"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    code, _ = refused(lambda: empty.sso.tag_resource(**asked, Tags=many))
    assert code == "ServiceQuotaExceededException"
    code, _ = refused(lambda: empty.sso.tag_resource(**asked, Tags=[{"Key": "aws:x", "Value": ""}]))
    assert code == "ValidationException"


def test_a_permission_set_that_is_assigned_cannot_be_deleted(aws: Aws, refused: Refused) -> None:
    arn, group, account = aws.permission_set("P"), aws.group("G"), aws.accounts()[0]
    aws.assigned(account, arn, group)
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}
    assert refused(lambda: aws.sso.delete_permission_set(**asked))[0] == "ConflictException"
    aws.sso.delete_account_assignment(
        **asked, TargetId=account, TargetType="AWS_ACCOUNT", PrincipalType="GROUP", PrincipalId=group
    )
    aws.clock.pass_by(1)
    aws.sso.delete_permission_set(**asked)
    assert refused(lambda: aws.sso.describe_permission_set(**asked))[0] == "ResourceNotFoundException"
