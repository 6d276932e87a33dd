"""The instance's own settings, and its attributes for access control."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"
CONFIGURATION = "InstanceAccessControlAttributeConfiguration"


def _attributes(**sources: str) -> dict[str, object]:
    listed = [{"Key": key, "Value": {"Source": [source]}} for key, source in sources.items()]
    return {"AccessControlAttributes": listed}


def test_the_sample_company_s_instance_has_a_name_tags_and_aws_s_own_key(aws: Aws) -> None:
    shown = aws.sso.describe_instance(InstanceArn=aws.instance)
    assert (shown["Name"], shown["Status"], shown["OwnerAccountId"]) == (
        "example-corp",
        "ACTIVE",
        "123456789012",
    )
    assert shown["EncryptionConfigurationDetails"] == {
        "KeyType": "AWS_OWNED_KMS_KEY",
        "EncryptionStatus": "ENABLED",
    }
    tags = aws.sso.list_tags_for_resource(ResourceArn=aws.instance)["Tags"]
    assert tags == [{"Key": "owner", "Value": "identity-team"}]


def test_an_instance_is_named_and_encrypted_anew(empty: Aws, refused: Refused) -> None:
    update, show = (
        partial(empty.sso.update_instance, InstanceArn=empty.instance),
        partial(empty.sso.describe_instance, InstanceArn=empty.instance),
    )
    assert "Name" not in show()
    update(Name="corp")
    assert refused(lambda: update(Name="two words"))[0] == "ValidationException"
    own = {"KeyType": "CUSTOMER_MANAGED_KEY"}
    assert refused(lambda: update(EncryptionConfiguration=own))[0] == "ValidationException"
    update(EncryptionConfiguration={**own, "KmsKeyArn": KEY})
    shown = show()
    assert (shown["Name"], shown["EncryptionConfigurationDetails"]["KmsKeyArn"]) == ("corp", KEY)
    assert empty.sso.list_instances()["Instances"][0]["Name"] == "corp"


def test_an_update_of_the_instance_does_one_thing(empty: Aws, refused: Refused) -> None:
    update = partial(empty.sso.update_instance, InstanceArn=empty.instance, PermissionSetsEnabled=True)
    code, _ = refused(lambda: update(EncryptionConfiguration={"KeyType": "AWS_OWNED_KMS_KEY"}))
    assert code == "ValidationException"
    assert refused(update)[0] == "NotImplementedException"


def test_attributes_that_were_never_switched_on_are_not_there(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance}
    describe, update, delete = (
        partial(empty.sso.describe_instance_access_control_attribute_configuration, **asked),
        partial(empty.sso.update_instance_access_control_attribute_configuration, **asked),
        partial(empty.sso.delete_instance_access_control_attribute_configuration, **asked),
    )
    for call in (describe, partial(update, **{CONFIGURATION: _attributes(a="b")}), delete):
        assert refused(call)[0] == "ResourceNotFoundException"


def test_attributes_are_switched_on_once_replaced_and_switched_off(empty: Aws, refused: Refused) -> None:
    asked = {"InstanceArn": empty.instance}
    create, describe = (
        partial(empty.sso.create_instance_access_control_attribute_configuration, **asked),
        partial(empty.sso.describe_instance_access_control_attribute_configuration, **asked),
    )
    first = _attributes(costCenter="${path:enterprise.costCenter}")
    create(**{CONFIGURATION: first})
    assert describe()["Status"] == "CREATION_IN_PROGRESS"
    empty.clock.pass_by(1)
    assert (describe()["Status"], describe()[CONFIGURATION]) == ("ENABLED", first)
    assert refused(lambda: create(**{CONFIGURATION: first}))[0] == "ConflictException"
    second = _attributes(department="${path:enterprise.department}", title="${path:title}")
    empty.sso.update_instance_access_control_attribute_configuration(**asked, **{CONFIGURATION: second})
    assert describe()[CONFIGURATION] == second
    empty.sso.delete_instance_access_control_attribute_configuration(**asked)
    assert refused(describe)[0] == "ResourceNotFoundException"


def test_attributes_keep_the_limits(empty: Aws, refused: Refused) -> None:
    create = partial(
        empty.sso.create_instance_access_control_attribute_configuration, InstanceArn=empty.instance
    )
    twice = {"AccessControlAttributes": 2 * [{"Key": "a", "Value": {"Source": ["b"]}}]}
    many = _attributes(**{f"k{number}": "v" for number in range(51)})
    sources = {"AccessControlAttributes": [{"Key": "a", "Value": {"Source": ["b", "c"]}}]}
    for wrong in (twice, many, sources):
        assert refused(partial(create, **{CONFIGURATION: wrong}))[0] == "ValidationException"


def test_the_instance_and_an_application_are_tagged_like_permission_sets(
    empty: Aws, refused: Refused
) -> None:
    for arn in (empty.instance, empty.application("App"), empty.issuer("idp")):
        empty.sso.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
        empty.sso.untag_resource(ResourceArn=arn, TagKeys=["b"])
        assert empty.sso.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
        many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
        code, _ = refused(partial(empty.sso.tag_resource, ResourceArn=arn, Tags=many))
        assert code == "ServiceQuotaExceededException"
