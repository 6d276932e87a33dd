"""From a portrait to a world, and back: directly in memory, so that thousands of users take a second."""

from __future__ import annotations

from typing import cast

from holdfast.sandbox.access import PermissionSet, PolicyReference
from holdfast.sandbox.application_loading import (
    application_portraits,
    instance_portrait,
    issuer_portraits,
    load_applications,
)
from holdfast.sandbox.delegation import IDENTITY_CENTER
from holdfast.sandbox.organization import Account
from holdfast.sandbox.portrait import (
    AccountPortrait,
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
)
from holdfast.sandbox.quicksight.loading import load_quicksight, quicksight_portraits
from holdfast.sandbox.wire import Document, Json, invalid
from holdfast.sandbox.world import FOUNDED, World


def build(portrait: Portrait, seed: int) -> World:
    """The world that the portrait describes, with identifiers from the seed.

    Raises: ApiRefusal when the portrait names something that it does not hold, or holds something twice.
    """
    world = World(seed, portrait.region, portrait.management_account)
    _load_organization(world, portrait)
    _load_directory(world, portrait)
    for granted in portrait.permission_sets:
        _load_set(world, granted)
    _load_assignments(world, portrait)
    load_applications(world, portrait)
    load_quicksight(world.quicksight, portrait.quicksight, world.management_account, world.region, FOUNDED)
    return world


def draw(world: World) -> Portrait:
    """The world by natural names, sorted: no ids and no times, so that two worlds compare."""
    accounts = sorted(world.organization.accounts.values(), key=lambda each: each.id)
    users = sorted(world.directory.users.entries.values(), key=lambda each: str(each.document["UserName"]))
    groups = sorted(
        world.directory.groups.entries.values(), key=lambda each: str(each.document["DisplayName"])
    )
    sets = sorted(world.access.sets.values(), key=lambda each: each.name)
    return Portrait(
        management_account=world.management_account,
        region=world.region,
        accounts=tuple(_account_portrait(each, world.organization.path_of(each.parent)) for each in accounts),
        users=tuple(each.document for each in users),
        groups=tuple(_group_portrait(each.document, each.external_ids) for each in groups),
        memberships=tuple(sorted(_memberships(world))),
        permission_sets=tuple(_set_portrait(each) for each in sets),
        assignments=tuple(sorted(_assignments(world))),
        stale=tuple(sorted(_stale(world))),
        instance=instance_portrait(world),
        trusted_token_issuers=issuer_portraits(world),
        applications=application_portraits(world),
        delegated_administrator=next(
            (account for account, held in world.organization.delegations.items() if IDENTITY_CENTER in held),
            "",
        ),
        quicksight=quicksight_portraits(world.quicksight),
    )


def _load_organization(world: World, portrait: Portrait) -> None:
    accounts = portrait.accounts
    if portrait.management_account not in {each.id for each in accounts}:
        management = AccountPortrait(portrait.management_account, "Management", "aws-management@example.com")
        accounts = (management, *accounts)
    for number, each in enumerate(accounts, 1):
        parent = world.organization.unit_at(each.unit)
        policies, tags = set(each.policies), dict(each.tags)
        world.organization.accounts[each.id] = Account(
            number,
            each.id,
            each.name,
            each.email,
            parent,
            FOUNDED,
            each.status,
            policies,
            tags,
            dict(each.roles),
        )
    if portrait.delegated_administrator:
        world.organization.delegations[portrait.delegated_administrator] = {IDENTITY_CENTER: FOUNDED}


def _load_directory(world: World, portrait: Portrait) -> None:
    directory = world.directory
    for user in portrait.users:
        if not user.get("UserName"):
            raise invalid("A user of the portrait has no UserName.")
        document = {"UserStatus": "ENABLED", **cast(Document, user)}
        directory.add(directory.users, document, FOUNDED)
    for group in portrait.groups:
        directory.add(directory.groups, _group_document(group), FOUNDED)
    for each in portrait.memberships:
        group_id, user_id = world.principal("GROUP", each.group).id, world.principal("USER", each.user).id
        directory.join(directory.groups.entries[group_id], directory.users.entries[user_id], FOUNDED)


def _load_set(world: World, given: PermissionSetPortrait) -> None:
    access = world.access
    made = access.add_set(given.name, FOUNDED)
    made.description, made.session = given.description or None, given.session
    made.relay_state, made.inline = given.relay_state or None, given.inline_policy or None
    made.managed = {arn: access.next_place() for arn in given.managed_policies}
    made.customer = {_reference(each): access.next_place() for each in given.customer_policies}
    made.boundary = _reference(given.boundary) if given.boundary else given.boundary_arn or None
    made.tags = dict(given.tags)


def _load_assignments(world: World, portrait: Portrait) -> None:
    for each in portrait.assignments:
        if each.account not in world.organization.accounts:
            raise invalid(f"The portrait assigns to account {each.account} and does not hold it.")
        principal = world.principal(each.kind, each.principal)
        if not world.access.assign(each.account, _set_named(world, each.permission_set), principal):
            raise invalid(f"The portrait lists the assignment {each} twice.")
    for account, name in portrait.stale:
        for provision in world.access.provisions_of(_set_named(world, name).arn):
            if provision.account == account:
                provision.version = 0


def _set_named(world: World, name: str) -> PermissionSet:
    found = world.access.set_named(name)
    if found is None:
        raise invalid(f"The portrait names permission set {name} and does not hold it.")
    return found


def _reference(policy: PolicyPortrait) -> PolicyReference:
    return PolicyReference(policy.name, policy.path)


def _group_document(group: GroupPortrait) -> Document:
    document: Document = {"DisplayName": group.name}
    if group.description:
        document["Description"] = group.description
    if group.external_ids:
        listed: list[Json] = [
            {"Issuer": issuer, "Id": identifier} for issuer, identifier in group.external_ids
        ]
        document["ExternalIds"] = listed
    return document


def _group_portrait(document: Document, external_ids: list[tuple[str, str]]) -> GroupPortrait:
    return GroupPortrait(
        str(document["DisplayName"]), str(document.get("Description") or ""), tuple(external_ids)
    )


def _account_portrait(account: Account, unit: str) -> AccountPortrait:
    policies = tuple(sorted(account.policies))
    tags = dict(sorted(account.tags.items()))
    return AccountPortrait(
        account.id, account.name, account.email, unit, account.status, policies, tags, dict(account.roles)
    )


def _memberships(world: World) -> list[MembershipPortrait]:
    users, groups = world.directory.users, world.directory.groups
    held = world.directory.memberships.values()
    return [MembershipPortrait(groups.name_of(each.group), users.name_of(each.user)) for each in held]


def _set_portrait(granted: PermissionSet) -> PermissionSetPortrait:
    boundary = granted.boundary
    return PermissionSetPortrait(
        name=granted.name,
        description=granted.description or "",
        session=granted.session,
        relay_state=granted.relay_state or "",
        inline_policy=granted.inline or "",
        managed_policies=tuple(sorted(granted.managed)),
        customer_policies=tuple(sorted(PolicyPortrait(each.name, each.path) for each in granted.customer)),
        boundary_arn=boundary if isinstance(boundary, str) else "",
        boundary=PolicyPortrait(boundary.name, boundary.path)
        if isinstance(boundary, PolicyReference)
        else None,
        tags=dict(sorted(granted.tags.items())),
    )


def _assignments(world: World) -> list[AssignmentPortrait]:
    held = world.access.assignments()
    sets = world.access.sets
    return [
        AssignmentPortrait(
            each.account,
            sets[each.permission_set].name,
            each.principal.kind,
            world.name_of(each.principal) or "",
        )
        for each in held
    ]


def _stale(world: World) -> list[tuple[str, str]]:
    access = world.access
    return [
        (each.account, granted.name)
        for granted in access.sets.values()
        for each in access.provisions_of(granted.arn)
        if not access.is_latest(each)
    ]
