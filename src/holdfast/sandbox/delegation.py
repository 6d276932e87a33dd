"""Which account may do what: the management account everything, a delegated administrator nearly so."""

from __future__ import annotations

import re

from holdfast.sandbox.wire import ApiRefusal, Call, denial
from holdfast.sandbox.world import World

IDENTITY_CENTER = "sso.amazonaws.com"
_CHANGES_SET = re.compile(
    r"(?!DeleteAccountAssignment)(Attach|Delete|Detach|Provision|Put|Tag|Untag|Update)\w+"
)


def require_standing(world: World, call: Call) -> None:
    """Nothing when the account that calls may call that service like that.

    Raises: ApiRefusal (AccessDeniedException).
    """
    if call.caller.account == world.management_account or call.service == "quicksight":
        return
    if call.service == "organizations":
        _require_reader(world, call)
    elif call.operation != "ListInstances":
        # Every account of the organization sees that there is an instance, and no more.
        _require_administrator(world, call)


def _require_reader(world: World, call: Call) -> None:
    """A delegated administrator of any service reads the organization; only its owner delegates."""
    delegates = call.operation.startswith(("Register", "Deregister"))
    reads = call.operation == "DescribeOrganization" or world.organization.delegations.get(
        call.caller.account
    )
    if delegates or not reads:
        raise ApiRefusal("AccessDeniedException", "You don't have permissions to access this resource.")


def _require_administrator(world: World, call: Call) -> None:
    """A delegated administrator of Identity Center has no say over the management account."""
    resource = world.ids.instance_arn
    if IDENTITY_CENTER in world.organization.delegations.get(call.caller.account, {}):
        if call.service != "sso-admin" or not _touches_home(world, call):
            return
        resource = f"arn:aws:sso:::account/{world.management_account}"
    action = f"{call.service.removesuffix('-admin')}:{call.operation}"
    raise ApiRefusal("AccessDeniedException", denial(call.caller.arn, action, resource))


def _touches_home(world: World, call: Call) -> bool:
    """Whether the call changes who is let into the management account, or a permission set provisioned there."""
    home, asked = world.management_account, call.parameters
    if asked.find("TargetId") == home:
        return True
    changed = asked.find("PermissionSetArn") or asked.find("ResourceArn")
    return bool(_CHANGES_SET.fullmatch(call.operation)) and changed in {
        each.permission_set for each in world.access.provisions_in(home)
    }
