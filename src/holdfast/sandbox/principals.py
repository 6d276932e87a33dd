"""The management account's IAM users and roles as moto keeps them, and moto's evaluation of their policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, IAMUserAccessKey, PermissionResult
from moto.iam.exceptions import MalformedPolicyDocument, NoSuchEntity, NotFoundException
from moto.iam.models import IAMBackend, Policy, iam_backends
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from holdfast.sandbox.wire import ApiRefusal, Json

ALLOWED, IMPLICIT_DENY, EXPLICIT_DENY = "allowed", "implicitDeny", "explicitDeny"


@dataclass(frozen=True, slots=True)
class IamUser:
    """A user as IAM names it."""

    name: str
    id: str
    arn: str


class _User(IAMUserAccessKey):
    """moto finds policies by access key only; here the name of the user is known."""

    def __init__(self, account: str, name: str) -> None:
        self.account_id, self.partition, self._owner_user_name = account, "aws", name


class _Role(AssumedRoleAccessKey):
    """As `_User`, for a role."""

    def __init__(self, account: str, name: str) -> None:
        self.account_id, self.partition, self._owner_role_name = account, "aws", name


def _iam(account: str) -> IAMBackend:
    return iam_backends[account]["aws"]


def user_with_key(account: str, key: str) -> IamUser | None:
    """The account's user that has the access key; None when none has."""
    found = _iam(account).get_user_from_access_key_id(key)
    return IamUser(found.name, found.id, found.arn) if found else None


def policies(account: str, kind: str, name: str) -> list[str]:
    """The documents of all policies of a user (its groups' too) or role: inline and attached.

    Raises: ApiRefusal (NoSuchEntity).
    """
    holder = _User(account, name) if kind == "user" else _Role(account, name)
    try:
        return [_document(each) for each in holder.collect_policies()]
    except (NoSuchEntity, NotFoundException) as gone:
        raise ApiRefusal("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404) from gone


def _document(policy: Policy | Mapping[str, str] | str) -> str:
    if isinstance(policy, str):
        return policy
    if isinstance(policy, Policy):
        return str(next(each.document for each in policy.versions if each.is_default))
    return policy["policy_document"]


def decide(documents: Iterable[str], action: str, resource: str) -> str:
    """IAM's word for what the policies together say: allowed, implicitDeny or explicitDeny."""
    found = {IAMPolicy(each).is_action_permitted(action, resource) for each in documents}
    if PermissionResult.DENIED in found:
        return EXPLICIT_DENY
    return ALLOWED if PermissionResult.PERMITTED in found else IMPLICIT_DENY


def role_name(account: str, arn: str) -> str | None:
    """The name of the account's role with this ARN; None when there is none."""
    try:
        return str(_iam(account).get_role_by_arn(arn).name)
    except NotFoundException:
        return None


def trusts(account: str, role: str, arns: set[str]) -> bool:
    """Whether the role's trust policy allows sts:AssumeRole to a caller that is known by one of the ARNs.

    moto knows no account as a principal, which is what most trust policies name.
    """
    document = json.loads(str(_iam(account).get_role(role).assume_role_policy_document))
    listed = document["Statement"]
    effects = {
        each["Effect"]
        for each in (listed if isinstance(listed, list) else [listed])
        if {"sts:AssumeRole", "sts:*", "*"} & _texts(each.get("Action")) and _names(each, arns)
    }
    return effects == {"Allow"}


def _names(statement: Mapping[str, Json], arns: set[str]) -> bool:
    principal = statement.get("Principal")
    return bool({"*", *arns} & _texts(principal.get("AWS") if isinstance(principal, dict) else principal))


def _texts(value: Json) -> set[str]:
    return {value} if isinstance(value, str) else set(cast("list[str]", value or []))


def require_policy_document(document: str) -> None:
    """Nothing when IAM would take the document. Raises: ApiRefusal (MalformedPolicyDocument)."""
    try:
        IAMPolicyDocumentValidator(document).validate()
    except MalformedPolicyDocument as problem:
        raise ApiRefusal("MalformedPolicyDocument", str(problem.message)) from problem
