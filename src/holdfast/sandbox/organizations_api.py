"""AWS Organizations: the organization, its tree and accounts to read, and who administers a service for it."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.delegation import IDENTITY_CENTER
from holdfast.sandbox.organization import Account, Unit
from holdfast.sandbox.wire import Answer, ApiRefusal, Call
from holdfast.sandbox.world import World

# "MaxResults ... maximum of 20" in every list operation of the service.
PAGE = 20


def _describe_organization(world: World, call: Call) -> Answer:
    organization = world.organization
    master = organization.accounts[organization.management_account]
    described = {
        "Id": organization.id,
        "Arn": f"arn:aws:organizations::{master.id}:organization/{organization.id}",
        "FeatureSet": "ALL",
        "MasterAccountArn": organization.arn("account", master.id),
        "MasterAccountId": master.id,
        "MasterAccountEmail": master.email,
        "AvailablePolicyTypes": [],
    }
    return {"Organization": described}


def _list_accounts(world: World, call: Call) -> Answer:
    page = world.pager.page(call, world.organization.accounts.values(), lambda each: each.seq, PAGE)
    return page.answer("Accounts", lambda each: _account(world, each))


def _describe_account(world: World, call: Call) -> Answer:
    return {"Account": _account(world, world.organization.account(call.parameters.text("AccountId")))}


def _list_accounts_for_parent(world: World, call: Call) -> Answer:
    page = world.pager.page(call, _accounts_under(world, call), lambda each: each.seq, PAGE)
    return page.answer("Accounts", lambda each: _account(world, each))


def _list_roots(world: World, call: Call) -> Answer:
    organization = world.organization
    root = {
        "Id": organization.root,
        "Arn": organization.arn("root", organization.root),
        "Name": "Root",
        "PolicyTypes": [],
    }
    return world.pager.page(call, [root], lambda each: 1, PAGE).answer("Roots", lambda each: each)


def _list_units_for_parent(world: World, call: Call) -> Answer:
    page = world.pager.page(call, _units_under(world, call), lambda each: each.seq, PAGE)
    return page.answer("OrganizationalUnits", lambda each: _unit(world, each))


def _describe_unit(world: World, call: Call) -> Answer:
    unit = world.organization.units.get(call.parameters.text("OrganizationalUnitId"))
    if unit is None:
        raise ApiRefusal("OrganizationalUnitNotFoundException", "You specified an OU that doesn't exist.")
    return {"OrganizationalUnit": _unit(world, unit)}


def _list_children(world: World, call: Call) -> Answer:
    kind = call.parameters.text("ChildType")
    held = _accounts_under(world, call) if kind == "ACCOUNT" else _units_under(world, call)
    places = [(each.seq, each.id) for each in held]
    page = world.pager.page(call, places, lambda each: each[0], PAGE)
    return page.answer("Children", lambda each: {"Id": each[1], "Type": kind})


def _list_parents(world: World, call: Call) -> Answer:
    child = call.parameters.text("ChildId")
    found = world.organization.accounts.get(child) or world.organization.units.get(child)
    if found is None:
        raise ApiRefusal(
            "ChildNotFoundException", "We can't find an organizational unit or account with that id."
        )
    kind = "ROOT" if found.parent == world.organization.root else "ORGANIZATIONAL_UNIT"
    return {"Parents": [{"Id": found.parent, "Type": kind}]}


def _list_tags(world: World, call: Call) -> Answer:
    resource, organization = call.parameters.text("ResourceId"), world.organization
    if resource != organization.root and resource not in {**organization.accounts, **organization.units}:
        raise ApiRefusal(
            "TargetNotFoundException", "We can't find a root, OU, account, or policy with that id."
        )
    account = organization.accounts.get(resource)
    tags = sorted(account.tags.items()) if account else []
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags]}


def _register_delegated_administrator(world: World, call: Call) -> Answer:
    account, service = _delegation(world, call)
    delegations = world.organization.delegations
    if account == world.management_account:
        raise ApiRefusal(
            "ConstraintViolationException",
            "You cannot register the management account as a delegated administrator for the organization.",
            Reason="CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
        )
    if service in delegations.get(account, {}):
        raise ApiRefusal(
            "AccountAlreadyRegisteredException",
            "The specified account is already a delegated administrator for this service.",
        )
    # "Only one member account can be the delegated administrator" of IAM Identity Center.
    if service == IDENTITY_CENTER and any(service in held for held in delegations.values()):
        raise ApiRefusal(
            "ConstraintViolationException",
            "You have exceeded the allowed number of delegated administrators for the service.",
            Reason="MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED",
        )
    delegations.setdefault(account, {})[service] = call.now
    return {}


def _deregister_delegated_administrator(world: World, call: Call) -> Answer:
    account, service = _delegation(world, call)
    held = world.organization.delegations.get(account, {})
    if service not in held:
        raise ApiRefusal(
            "AccountNotRegisteredException",
            "The specified account is not a delegated administrator for this service.",
        )
    del held[service]
    return {}


def _delegation(world: World, call: Call) -> tuple[str, str]:
    account = world.organization.account(call.parameters.text("AccountId"))
    return account.id, call.parameters.text("ServicePrincipal")


def _list_delegated_administrators(world: World, call: Call) -> Answer:
    organization, service = world.organization, call.parameters.find("ServicePrincipal")
    since = {
        organization.accounts[account].seq: (organization.accounts[account], min(held.values()))
        for account, held in organization.delegations.items()
        if held and service in (None, *held)
    }
    page = world.pager.page(call, sorted(since), lambda each: each, PAGE)
    return page.answer(
        "DelegatedAdministrators",
        lambda each: {**_account(world, since[each][0]), "DelegationEnabledDate": since[each][1]},
    )


def _parent(world: World, call: Call) -> str:
    parent = call.parameters.text("ParentId")
    if parent != world.organization.root and parent not in world.organization.units:
        raise ApiRefusal("ParentNotFoundException", "We can't find a root or OU with that id.")
    return parent


def _accounts_under(world: World, call: Call) -> list[Account]:
    parent = _parent(world, call)
    return [each for each in world.organization.accounts.values() if each.parent == parent]


def _units_under(world: World, call: Call) -> list[Unit]:
    parent = _parent(world, call)
    return [each for each in world.organization.units.values() if each.parent == parent]


def _account(world: World, shown: Account) -> dict[str, object]:
    return {
        "Id": shown.id,
        "Arn": world.organization.arn("account", shown.id),
        "Email": shown.email,
        "Name": shown.name,
        "Status": shown.status,
        "State": shown.status,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": shown.joined,
    }


def _unit(world: World, shown: Unit) -> dict[str, str]:
    return {"Id": shown.id, "Arn": world.organization.arn("ou", shown.id), "Name": shown.name}


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "DescribeOrganization": _describe_organization,
    "ListAccounts": _list_accounts,
    "DescribeAccount": _describe_account,
    "ListAccountsForParent": _list_accounts_for_parent,
    "ListRoots": _list_roots,
    "ListOrganizationalUnitsForParent": _list_units_for_parent,
    "DescribeOrganizationalUnit": _describe_unit,
    "ListChildren": _list_children,
    "ListParents": _list_parents,
    "ListTagsForResource": _list_tags,
    "RegisterDelegatedAdministrator": _register_delegated_administrator,
    "DeregisterDelegatedAdministrator": _deregister_delegated_administrator,
    "ListDelegatedAdministrators": _list_delegated_administrators,
}
