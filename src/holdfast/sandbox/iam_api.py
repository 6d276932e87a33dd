"""The part of IAM and STS that is the sandbox's own: roles across accounts, each account's policies, simulation.

moto has IAM for the management account alone; it loads too much for each of thousands of member accounts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from typing import TypeVar

import msgspec

from holdfast.sandbox.callers import policies_of
from holdfast.sandbox.query_wire import xml_answer
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Caller, denial
from holdfast.sandbox.world import FOUNDED, World

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[^/]+/)*([\w+=,.@-]+)")
_PRINCIPAL = re.compile(r"arn:aws:iam::(\d{12}):(user|role)/(?:[^/]+/)*([\w+=,.@-]+)")
_POLICY = re.compile(r"arn:aws:iam::(\d{12}):policy(/(?:[^/]+/)*[\w+=,.@-]+)")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
# "The value can range from 900 seconds ... up to the maximum session duration" of at most 12 hours.
_SHORTEST, _LONGEST, _USUAL = 900, 43_200, 3_600
_OF_AWS = "arn:aws:iam::aws:"
TOLD_TO_MOTO = frozenset({"iam:CreatePolicy", "iam:DeletePolicy"})
_PAGE, _MOST = 100, 1_000
Item = TypeVar("Item")


def answer_iam(world: World, call: Call) -> bytes | None:
    """The encoded answer; None for what moto answers.

    Raises: ApiRefusal, also for operations that only the management account's IAM has.
    """
    if call.service not in ("iam", "sts"):
        return None
    operation = OPERATIONS.get((call.service, call.operation))
    if call.operation == "GetRole" and call.caller.account == world.management_account:
        return None
    arn = call.parameters.find("PolicyArn") or ""
    if arn.startswith(_OF_AWS) and call.operation == "GetPolicy":
        return xml_answer(call.service, call.operation, _get_managed_policy(arn))
    if call.parameters.find("Scope") == "AWS" or arn.startswith(_OF_AWS):
        return None  # The policies of AWS are the same in each account.
    if operation is not None:
        return xml_answer(call.service, call.operation, operation(world, call))
    if call.service == "iam" and call.caller.account != world.management_account:
        told = f"The sandbox does not implement iam {call.operation} in member accounts."
        raise ApiRefusal("NotImplementedException", told, status=501)
    return None


# ---------------------------------------------------------------- STS


def _get_caller_identity(world: World, call: Call) -> Answer:
    return {"Arn": call.caller.arn, "UserId": call.caller.id, "Account": call.caller.account}


def _assume_role(world: World, call: Call) -> Answer:
    arn, name = call.parameters.find("RoleArn") or "", call.parameters.find("RoleSessionName") or ""
    seconds = int(call.parameters.find("DurationSeconds") or _USUAL)
    found = _ROLE.fullmatch(arn)
    if not found or not _SESSION_NAME.fullmatch(name) or not _SHORTEST <= seconds <= _LONGEST:
        raise ApiRefusal("ValidationError", "RoleArn, RoleSessionName or DurationSeconds is not valid.")
    account, role = found.groups()
    if not _may_assume(world, call.caller, account, arn):
        raise ApiRefusal("AccessDeniedException", denial(call.caller.arn, "sts:AssumeRole", arn), 403)
    made = world.sessions.begin(account, role, name, call.now + seconds)
    credentials = {
        "AccessKeyId": made.key,
        "SecretAccessKey": made.secret,
        "SessionToken": made.token,
        "Expiration": _time(made.expires),
    }
    user = {"AssumedRoleId": made.caller.id, "Arn": made.caller.arn}
    return {"Credentials": credentials, "AssumedRoleUser": user}


def _may_assume(world: World, caller: Caller, account: str, arn: str) -> bool:
    """Roles of member accounts trust the management account; its own say themselves whom they trust."""
    organization = world.organization
    if account != organization.management_account:
        member = organization.accounts.get(account)
        at_home = caller.account == organization.management_account
        return at_home and member is not None and arn.partition(":role/")[2] in member.roles
    from holdfast.sandbox import principals

    role = principals.role_name(account, arn)
    if role is None or caller.kind == "root":
        # A real root cannot assume roles; the sandbox's own key can, for whoever tries things out.
        return role is not None and caller.account == account
    known_as = {caller.arn, caller.account, f"arn:aws:iam::{caller.account}:root"}
    if caller.kind == "role":
        known_as.add(f"arn:aws:iam::{caller.account}:role/{caller.name}")
    return principals.trusts(account, role, known_as)


# ---------------------------------------------------------------- an account's own roles and policies


def _get_role(world: World, call: Call) -> Answer:
    name = call.parameters.find("RoleName") or ""
    if name not in world.organization.account(call.caller.account).roles:
        raise ApiRefusal("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
    arn = f"arn:aws:iam::{call.caller.account}:role/{name}"
    digest = blake2b(arn.encode(), digest_size=9).hexdigest().upper()
    return {
        "Role": {
            "Path": "/",
            "RoleName": name,
            "RoleId": f"AROA{digest[:17]}",
            "Arn": arn,
            "CreateDate": _time(FOUNDED),
        }
    }


def _list_policies(world: World, call: Call) -> Answer:
    prefix = call.parameters.find("PathPrefix") or "/"
    held = sorted(each for each in _held(world, call) if each.startswith(prefix))
    shown, more = _page(call, held)
    return {"Policies": [_policy(call.caller.account, each) for each in shown], **more}


def _get_policy(world: World, call: Call) -> Answer:
    return {"Policy": _policy(call.caller.account, _named(world, call))}


def _get_managed_policy(arn: str) -> Answer:
    if arn not in _managed_policies():
        raise _no_such_policy(arn)
    return {"Policy": _policy("aws", arn.partition(":policy")[2])}


@cache
def _managed_policies() -> frozenset[str]:
    """The ARNs of AWS's own policies; moto has them all, and loads them only when told to."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    listed = _listed_policies.decode(aws_managed_policies_data)
    return frozenset(f"{_OF_AWS}policy{each.path}{name}" for name, each in listed.items())


class _ManagedPolicy(msgspec.Struct, rename="pascal"):
    path: str


_listed_policies = msgspec.json.Decoder(dict[str, _ManagedPolicy])


def _no_such_policy(arn: str) -> ApiRefusal:
    return ApiRefusal("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)


def _create_policy(world: World, call: Call) -> Answer:
    from holdfast.sandbox.principals import require_policy_document

    name = f"{call.parameters.find('Path') or '/'}{call.parameters.find('PolicyName') or ''}"
    arn = f"arn:aws:iam::{call.caller.account}:policy{name}"
    if not _POLICY.fullmatch(arn):
        raise ApiRefusal("ValidationError", f"The name or path of policy {name} is not valid.")
    # "The name must be unique within the account", whatever the path, and "case-insensitive".
    if _plain(name) in {_plain(each) for each in _held(world, call)}:
        raise ApiRefusal("EntityAlreadyExists", f"A policy called {name} already exists.", 409)
    require_policy_document(call.parameters.find("PolicyDocument") or "")
    _held(world, call).add(name)
    return {"Policy": _policy(call.caller.account, name)}


def _delete_policy(world: World, call: Call) -> Answer:
    _held(world, call).discard(_named(world, call))
    return {}


def _held(world: World, call: Call) -> set[str]:
    return world.organization.account(call.caller.account).policies


def _named(world: World, call: Call) -> str:
    """Path and name of the call's policy. Raises: ApiRefusal (NoSuchEntity)."""
    arn = call.parameters.find("PolicyArn") or ""
    found = _POLICY.fullmatch(arn)
    if not found or found.group(1) != call.caller.account or found.group(2) not in _held(world, call):
        raise _no_such_policy(arn)
    return found.group(2)


def _plain(name: str) -> str:
    return name.rpartition("/")[2].casefold()


def _policy(account: str, name: str) -> dict[str, object]:
    arn = f"arn:aws:iam::{account}:policy{name}"
    return {
        "PolicyName": name.rpartition("/")[2],
        "PolicyId": f"ANPA{blake2b(arn.encode(), digest_size=9).hexdigest().upper()[:17]}",
        "Arn": arn,
        "Path": name.rpartition("/")[0] + "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": _time(FOUNDED),
        "UpdateDate": _time(FOUNDED),
    }


# ---------------------------------------------------------------- simulation


def _simulate_principal_policy(world: World, call: Call) -> Answer:
    from holdfast.sandbox.principals import ALLOWED, decide

    arn = call.parameters.find("PolicySourceArn") or ""
    found = _PRINCIPAL.fullmatch(arn)
    actions = call.parameters.texts("ActionNames")
    if not found or not actions:
        raise ApiRefusal("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type.")
    account, kind, name = found.groups()
    if account != call.caller.account:
        raise ApiRefusal("NoSuchEntity", f"The {kind} with name {name} cannot be found.", 404)
    documents = policies_of(Caller(account, arn, "", kind, name), world.organization)
    resources = call.parameters.texts("ResourceArns") or ("*",)
    pairs, more = _page(call, [(action, resource) for action in actions for resource in resources])
    further = call.parameters.texts("PolicyInputList")
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": ALLOWED
            if documents is None
            else decide([*documents, *further], action, resource),
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action, resource in pairs
    ]
    return {"EvaluationResults": results, **more}


def _page(call: Call, items: Sequence[Item]) -> tuple[Sequence[Item], dict[str, object]]:
    """The page that the call asks for, and what the answer says about the next. A marker is a position."""
    marker = call.parameters.find("Marker") or "0"
    size = int(call.parameters.find("MaxItems") or _PAGE)
    if not marker.isdigit() or not 1 <= size <= _MOST:
        raise ApiRefusal("ValidationError", "Marker or MaxItems is not valid.")
    start, end = int(marker), int(marker) + size
    more = end < len(items)
    return items[start:end], {"IsTruncated": more, **({"Marker": str(end)} if more else {})}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPERATIONS: dict[tuple[str, str], Callable[[World, Call], Answer]] = {
    ("sts", "GetCallerIdentity"): _get_caller_identity,
    ("sts", "AssumeRole"): _assume_role,
    ("iam", "GetRole"): _get_role,
    ("iam", "ListPolicies"): _list_policies,
    ("iam", "GetPolicy"): _get_policy,
    ("iam", "CreatePolicy"): _create_policy,
    ("iam", "DeletePolicy"): _delete_policy,
    ("iam", "SimulatePrincipalPolicy"): _simulate_principal_policy,
}
