"""AWS SSO Admin: permission sets and everything attached to them."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from holdfast.sandbox.access import PermissionSet, PolicyReference
from holdfast.sandbox.tag_api import tags_of
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Parameters, conflict, invalid, missing
from holdfast.sandbox.world import World

PAGE = 100
# IAM Identity Center quotas.
MOST_SETS = 3500
MOST_POLICIES = 20
MOST_INLINE_TEXT = 10_240
MOST_INLINE_BYTES = 32_768
_SESSION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


# ---------------------------------------------------------------- permission sets


def _create_permission_set(world: World, call: Call) -> Answer:
    asked = call.parameters
    _check_session(asked.find("SessionDuration"))
    tags = tags_of(asked)
    if len(world.access.sets) >= MOST_SETS:
        raise ApiRefusal(
            "ServiceQuotaExceededException", f"An instance holds at most {MOST_SETS} permission sets."
        )
    made = world.access.add_set(asked.text("Name"), call.now)
    made.tags = tags
    _take_settings(made, asked)
    world.journal.record("CreatePermissionSet", made.name)
    return {"PermissionSet": _shown(made)}


def _update_permission_set(world: World, call: Call) -> Answer:
    _check_session(call.parameters.find("SessionDuration"))
    changed = _named(world, call)
    _take_settings(changed, call.parameters)
    return _changed(world, changed, "UpdatePermissionSet")


def _take_settings(target: PermissionSet, asked: Parameters) -> None:
    """Takes what the request passes and leaves the rest as it is."""
    target.description = asked.find("Description") or target.description
    target.session = asked.find("SessionDuration") or target.session
    target.relay_state = asked.find("RelayState") or target.relay_state


def _check_session(session: str | None) -> None:
    if session is None:
        return
    found = _SESSION.fullmatch(session)
    hours, minutes, seconds = (int(each or 0) for each in found.groups()) if found else (0, 0, 0)
    if not 3600 <= hours * 3600 + minutes * 60 + seconds <= 12 * 3600:
        raise invalid(f"SessionDuration {session} is not between PT1H and PT12H.")


def _describe_permission_set(world: World, call: Call) -> Answer:
    return {"PermissionSet": _shown(_named(world, call))}


def _list_permission_sets(world: World, call: Call) -> Answer:
    page = world.pager.page(call, world.access.sets.values(), lambda each: each.seq, PAGE)
    return page.answer("PermissionSets", lambda each: each.arn)


def _delete_permission_set(world: World, call: Call) -> Answer:
    gone = _named(world, call)
    world.access.remove_set(gone)
    world.journal.record("DeletePermissionSet", gone.name)
    return {}


def _named(world: World, call: Call) -> PermissionSet:
    return world.access.get_set(call.parameters.text("PermissionSetArn"))


def _shown(shown: PermissionSet) -> dict[str, object]:
    optional = {"Description": shown.description, "RelayState": shown.relay_state}
    return {
        "Name": shown.name,
        "PermissionSetArn": shown.arn,
        "CreatedDate": shown.created,
        "SessionDuration": shown.session,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _changed(world: World, changed: PermissionSet, operation: str, *names: str) -> Answer:
    # From now on the accounts that have it are behind, until it is provisioned again.
    changed.version += 1
    world.journal.record(operation, changed.name, *names)
    return {}


# ---------------------------------------------------------------- inline policy and boundary


def _put_inline_policy(world: World, call: Call) -> Answer:
    changed, policy = _named(world, call), call.parameters.text("InlinePolicy")
    try:
        parsed = msgspec.json.decode(policy)
    except msgspec.DecodeError:
        parsed = None
    if not isinstance(parsed, dict) or "Statement" not in parsed:
        raise invalid("The InlinePolicy is not a JSON policy document.")
    if len("".join(policy.split())) > MOST_INLINE_TEXT or len(policy.encode()) > MOST_INLINE_BYTES:
        raise ApiRefusal(
            "ServiceQuotaExceededException",
            f"An inline policy holds at most {MOST_INLINE_BYTES} bytes, and {MOST_INLINE_TEXT} characters "
            "that are not white space.",
        )
    changed.inline = policy
    return _changed(world, changed, "PutInlinePolicyToPermissionSet")


def _get_inline_policy(world: World, call: Call) -> Answer:
    # The service answers an empty text, not an error, for a set that has none.
    return {"InlinePolicy": _named(world, call).inline or ""}


def _delete_inline_policy(world: World, call: Call) -> Answer:
    changed = _named(world, call)
    if changed.inline is None:
        raise missing(f"PermissionSet {changed.name} has no inline policy.")
    changed.inline = None
    return _changed(world, changed, "DeleteInlinePolicyFromPermissionSet")


def _put_boundary(world: World, call: Call) -> Answer:
    changed, asked = _named(world, call), call.parameters.part("PermissionsBoundary")
    if ("CustomerManagedPolicyReference" in asked) == ("ManagedPolicyArn" in asked):
        raise invalid("Exactly one of CustomerManagedPolicyReference and ManagedPolicyArn must be given.")
    changed.boundary = asked.find("ManagedPolicyArn") or _reference(asked)
    return _changed(world, changed, "PutPermissionsBoundaryToPermissionSet")


def _get_boundary(world: World, call: Call) -> Answer:
    holder = _named(world, call)
    if holder.boundary is None:
        raise missing(f"PermissionSet {holder.name} has no permissions boundary.")
    if isinstance(holder.boundary, str):
        return {"PermissionsBoundary": {"ManagedPolicyArn": holder.boundary}}
    return {"PermissionsBoundary": {"CustomerManagedPolicyReference": _shown_reference(holder.boundary)}}


def _delete_boundary(world: World, call: Call) -> Answer:
    changed = _named(world, call)
    if changed.boundary is None:
        raise missing(f"PermissionSet {changed.name} has no permissions boundary.")
    changed.boundary = None
    return _changed(world, changed, "DeletePermissionsBoundaryFromPermissionSet")


# ---------------------------------------------------------------- attached policies


def _attach_managed_policy(world: World, call: Call) -> Answer:
    changed, arn = _named(world, call), call.parameters.text("ManagedPolicyArn")
    if arn in changed.managed:
        raise conflict(f"Policy {arn} is already attached to PermissionSet {changed.name}.")
    _require_room(changed)
    changed.managed[arn] = world.access.next_place()
    return _changed(world, changed, "AttachManagedPolicyToPermissionSet", arn)


def _detach_managed_policy(world: World, call: Call) -> Answer:
    changed, arn = _named(world, call), call.parameters.text("ManagedPolicyArn")
    if arn not in changed.managed:
        raise missing(f"Policy {arn} is not attached to PermissionSet {changed.name}.")
    del changed.managed[arn]
    return _changed(world, changed, "DetachManagedPolicyFromPermissionSet", arn)


def _list_managed_policies(world: World, call: Call) -> Answer:
    page = world.pager.page(call, _named(world, call).managed.items(), lambda each: each[1], PAGE)
    return page.answer(
        "AttachedManagedPolicies", lambda each: {"Name": each[0].rsplit("/", 1)[-1], "Arn": each[0]}
    )


def _attach_customer_policy(world: World, call: Call) -> Answer:
    changed, policy = _named(world, call), _reference(call.parameters)
    # One role can not have two policies of one name, whatever their paths: IAM matches path and name exactly.
    if policy in changed.customer:
        raise conflict(f"Policy {policy.full_name} is already attached to PermissionSet {changed.name}.")
    _require_room(changed)
    changed.customer[policy] = world.access.next_place()
    return _changed(world, changed, "AttachCustomerManagedPolicyReferenceToPermissionSet", policy.full_name)


def _detach_customer_policy(world: World, call: Call) -> Answer:
    changed, policy = _named(world, call), _reference(call.parameters)
    if policy not in changed.customer:
        raise missing(f"Policy {policy.full_name} is not attached to PermissionSet {changed.name}.")
    del changed.customer[policy]
    return _changed(world, changed, "DetachCustomerManagedPolicyReferenceFromPermissionSet", policy.full_name)


def _list_customer_policies(world: World, call: Call) -> Answer:
    page = world.pager.page(call, _named(world, call).customer.items(), lambda each: each[1], PAGE)
    return page.answer("CustomerManagedPolicyReferences", lambda each: _shown_reference(each[0]))


def _require_room(changed: PermissionSet) -> None:
    if len(changed.managed) + len(changed.customer) >= MOST_POLICIES:
        raise ApiRefusal(
            "ServiceQuotaExceededException",
            f"A permission set holds at most {MOST_POLICIES} attached policies.",
        )


def _reference(asked: Parameters) -> PolicyReference:
    given = asked.part("CustomerManagedPolicyReference")
    return PolicyReference(given.text("Name"), given.find("Path") or "/")


def _shown_reference(policy: PolicyReference) -> dict[str, str]:
    return {"Name": policy.name, "Path": policy.path}


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreatePermissionSet": _create_permission_set,
    "UpdatePermissionSet": _update_permission_set,
    "DescribePermissionSet": _describe_permission_set,
    "ListPermissionSets": _list_permission_sets,
    "DeletePermissionSet": _delete_permission_set,
    "PutInlinePolicyToPermissionSet": _put_inline_policy,
    "GetInlinePolicyForPermissionSet": _get_inline_policy,
    "DeleteInlinePolicyFromPermissionSet": _delete_inline_policy,
    "PutPermissionsBoundaryToPermissionSet": _put_boundary,
    "GetPermissionsBoundaryForPermissionSet": _get_boundary,
    "DeletePermissionsBoundaryFromPermissionSet": _delete_boundary,
    "AttachManagedPolicyToPermissionSet": _attach_managed_policy,
    "DetachManagedPolicyFromPermissionSet": _detach_managed_policy,
    "ListManagedPoliciesInPermissionSet": _list_managed_policies,
    "AttachCustomerManagedPolicyReferenceToPermissionSet": _attach_customer_policy,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet": _detach_customer_policy,
    "ListCustomerManagedPolicyReferencesInPermissionSet": _list_customer_policies,
}
