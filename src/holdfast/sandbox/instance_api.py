"""AWS SSO Admin: the instance itself, and the attributes that it passes on for access control."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.instance import AttributeConfiguration
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, conflict, invalid, missing
from holdfast.sandbox.world import FOUNDED, World

PAGE = 100
# Whatever a call names by one of these lives in the instance's region.
_OF_THE_INSTANCE = ("InstanceArn", "ApplicationArn", "TrustedTokenIssuerArn", "ResourceArn")
_ONE_AT_A_TIME = ("EncryptionConfiguration", "PermissionSetsEnabled", "NetworkConfiguration")
_CONFIGURATION = "InstanceAccessControlAttributeConfiguration"


def require_instance(world: World, call: Call) -> None:
    """Nothing when the call's instance is the one there is and lives in the call's region."""
    given = call.parameters.find("InstanceArn")
    if given is not None and given != world.ids.instance_arn:
        raise missing(f"Instance with ARN {given} not found.")
    named = next((each for each in _OF_THE_INSTANCE if each in call.parameters), None)
    if named is not None and call.region != world.region:
        raise missing(f"{named} {call.parameters.text(named)} not found.")


def _list_instances(world: World, call: Call) -> Answer:
    here = call.region == world.region or call.parameters.find("RegionScope") == "ALL_REGIONS"
    page = world.pager.page(call, [_instance(world)] if here else [], lambda each: 1, PAGE)
    return page.answer("Instances", lambda each: each)


def _describe_instance(world: World, call: Call) -> Answer:
    key = world.instance.kms_key
    encryption = (
        {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key} if key else {"KeyType": "AWS_OWNED_KMS_KEY"}
    )
    return {
        **_instance(world),
        "EncryptionConfigurationDetails": {**encryption, "EncryptionStatus": "ENABLED"},
    }


def _instance(world: World) -> dict[str, object]:
    return {
        "InstanceArn": world.ids.instance_arn,
        "IdentityStoreId": world.ids.identity_store,
        "IdentityStoreArn": identity_store_arn(world),
        "OwnerAccountId": world.management_account,
        "CreatedDate": FOUNDED,
        "Status": "ACTIVE",
        "PrimaryRegion": world.region,
        **({"Name": world.instance.name} if world.instance.name else {}),
    }


def identity_store_arn(world: World) -> str:
    """The ARN of the identity store that the instance uses."""
    return f"arn:aws:identitystore::{world.management_account}:identitystore/{world.ids.identity_store}"


def _update_instance(world: World, call: Call) -> Answer:
    asked = call.parameters
    given = [each for each in _ONE_AT_A_TIME if each in asked]
    if len(given) > 1:
        raise invalid(f"Only one of {', '.join(_ONE_AT_A_TIME)} may be given.")
    if given and given[0] != "EncryptionConfiguration":
        raise ApiRefusal("NotImplementedException", f"The sandbox does not implement {given[0]}.", status=501)
    if given:
        encryption = asked.part("EncryptionConfiguration")
        key = encryption.find("KmsKeyArn")
        if (encryption.text("KeyType") == "CUSTOMER_MANAGED_KEY") != (key is not None):
            raise invalid("KmsKeyArn must be given for CUSTOMER_MANAGED_KEY, and only then.")
        world.instance.kms_key = key or ""
    if "Name" in asked:
        world.instance.name = asked.text("Name")
    world.journal.record("UpdateInstance", world.instance.name)
    return {}


# ---------------------------------------------------------------- attributes for access control


def _create_attributes(world: World, call: Call) -> Answer:
    if world.instance.attributes is not None:
        raise conflict("The instance has an access control attribute configuration already.")
    world.instance.attributes = AttributeConfiguration(_sources(call), call.now + world.async_delay)
    return _attributes_changed(world, call)


def _update_attributes(world: World, call: Call) -> Answer:
    sources = _sources(call)
    _attributes(world).sources = sources
    return _attributes_changed(world, call)


def _delete_attributes(world: World, call: Call) -> Answer:
    _attributes(world)
    world.instance.attributes = None
    world.journal.record(call.operation)
    return {}


def _describe_attributes(world: World, call: Call) -> Answer:
    held = _attributes(world)
    listed = [{"Key": key, "Value": {"Source": source}} for key, source in held.sources.items()]
    return {
        "Status": "ENABLED" if call.now >= held.ready else "CREATION_IN_PROGRESS",
        _CONFIGURATION: {"AccessControlAttributes": listed},
    }


def _attributes(world: World) -> AttributeConfiguration:
    if world.instance.attributes is None:
        raise missing("The instance has no access control attribute configuration.")
    return world.instance.attributes


def _sources(call: Call) -> dict[str, tuple[str, ...]]:
    listed = call.parameters.part(_CONFIGURATION).parts("AccessControlAttributes")
    sources = {each.text("Key"): each.part("Value").texts("Source") for each in listed}
    if len(sources) != len(listed):
        raise invalid("The key of an access control attribute is given twice.")
    return sources


def _attributes_changed(world: World, call: Call) -> Answer:
    world.journal.record(call.operation, *sorted(_attributes(world).sources))
    return {}


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "ListInstances": _list_instances,
    "DescribeInstance": _describe_instance,
    "UpdateInstance": _update_instance,
    "CreateInstanceAccessControlAttributeConfiguration": _create_attributes,
    "UpdateInstanceAccessControlAttributeConfiguration": _update_attributes,
    "DeleteInstanceAccessControlAttributeConfiguration": _delete_attributes,
    "DescribeInstanceAccessControlAttributeConfiguration": _describe_attributes,
}
