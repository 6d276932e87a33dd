"""IAM's names for what a request wants: the action and the ARNs of the resources; and whether it may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.sandbox.callers import policies_of
from holdfast.sandbox.quicksight.authorization import quicksight_resource
from holdfast.sandbox.wire import ApiRefusal, Caller, Parameters, denial

if TYPE_CHECKING:
    from holdfast.sandbox.world import World

ANY = ("*",)


def require_permission(world: World, caller: Caller, action: str, resources: Sequence[str]) -> None:
    """Nothing when the caller's policies allow the action on every resource.

    Raises: ApiRefusal (AccessDeniedException).
    """
    if action == "sts:GetCallerIdentity":
        return  # "No permissions are required to perform this operation", even with an explicit deny.
    documents = policies_of(caller, world.organization)
    if documents is None:
        return
    from holdfast.sandbox.principals import ALLOWED, EXPLICIT_DENY, decide

    for resource in resources:
        decision = decide(documents, action, resource)
        if decision != ALLOWED:
            told = denial(caller.arn, action, resource, decision == EXPLICIT_DENY)
            raise ApiRefusal("AccessDeniedException", told)


def resources_of(
    world: World, service: str, operation: str, parameters: Parameters, caller: Caller, region: str
) -> Sequence[str]:
    """The resources of a call, by the Service Authorization Reference; `*` where the action has none."""
    if service == "sso-admin":
        return _of_sso(parameters) or ANY
    if service == "identitystore":
        return _of_identity_store(world, parameters)
    if service == "organizations":
        return _of_organizations(world, parameters)
    if service == "iam":
        return _of_iam(parameters, caller.account)
    if service == "quicksight":
        return (quicksight_resource(operation, parameters, caller.account, region),)
    if service == "kms":
        return _of_kms(parameters, caller.account, region)
    if service == "dynamodb":
        return _of_dynamodb(parameters, caller.account, region)
    return (_text(parameters, "RoleArn") or "*",)


def _of_dynamodb(parameters: Parameters, account: str, region: str) -> Sequence[str]:
    tables = [_text(parameters, "TableName") or "", *parameters.part("RequestItems").values]
    return [f"arn:aws:dynamodb:{region}:{account}:table/{name}" for name in tables if name] or ANY


def _of_sso(parameters: Parameters) -> list[str]:
    """The narrowest first, which is what a denial names: the instance, which all calls have, comes last."""
    arns = {name: _text(parameters, name) for name in parameters.values if name.endswith("Arn")}
    instance = arns.pop("InstanceArn", None)
    # What is attached is no resource of the action.
    arns.pop("ManagedPolicyArn", None)
    account = _text(parameters, "AccountId") or _text(parameters, "TargetId")
    narrow = [*arns.values(), f"arn:aws:sso:::account/{account}" if account else None, instance]
    return [each for each in narrow if each]


def _of_identity_store(world: World, parameters: Parameters) -> list[str]:
    store = f"arn:aws:identitystore::{world.management_account}:identitystore/{world.ids.identity_store}"
    member = parameters.part("MemberId") if isinstance(parameters.raw("MemberId"), dict) else parameters
    named = (
        ("user", _text(member, "UserId")),
        ("group", _text(parameters, "GroupId")),
        ("membership", _text(parameters, "MembershipId")),
    )
    return [store, *(f"arn:aws:identitystore:::{kind}/{each}" for kind, each in named if each)]


def _of_organizations(world: World, parameters: Parameters) -> Sequence[str]:
    organization = world.organization
    for name in ("AccountId", "ParentId", "ChildId", "ResourceId", "OrganizationalUnitId"):
        named = _text(parameters, name)
        if named:
            kind = {"o": "ou", "r": "root"}.get(named[0], "account")
            return (organization.arn(kind, named),)
    return ANY


def _of_iam(parameters: Parameters, account: str) -> tuple[str]:
    for kind in ("User", "Role", "Group"):
        name = _text(parameters, f"{kind}Name")
        if name:
            return (f"arn:aws:iam::{account}:{kind.lower()}/{name}",)
    policy = _text(parameters, "PolicyName")
    if policy:
        path = _text(parameters, "Path") or "/"
        return (f"arn:aws:iam::{account}:policy{path}{policy}",)
    return (_text(parameters, "PolicyArn") or _text(parameters, "PolicySourceArn") or "*",)


def _of_kms(parameters: Parameters, account: str, region: str) -> tuple[str]:
    key = _text(parameters, "KeyId") or _text(parameters, "TargetKeyId")
    if key and "alias/" in key:
        from moto.kms.models import kms_backends

        # Policies name keys by their own ARN, whichever alias a call uses.
        key = kms_backends[account][region].get_key_id_from_alias(f"alias/{key.partition('alias/')[2]}")
    if not key or key.startswith("arn:"):
        return (key or "*",)
    return (f"arn:aws:kms:{region}:{account}:key/{key}",)


def _text(parameters: Parameters, name: str) -> str | None:
    """The parameter where it is a text: what is looked at here has not been held against the contract yet."""
    value = parameters.raw(name)
    return value if isinstance(value, str) else None
