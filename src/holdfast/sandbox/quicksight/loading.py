"""QuickSight from a portrait, and back."""

from __future__ import annotations

import math
from typing import cast

from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight
from holdfast.sandbox.quicksight.identities import DEFAULT, CustomPermissions, Identities, Namespace
from holdfast.sandbox.quicksight.kinds import KINDS
from holdfast.sandbox.quicksight.portraits import (
    AssetPortrait,
    EstatePortrait,
    NamespacePortrait,
    QuickSightGroupPortrait,
    QuickSightPortrait,
    QuickSightUserPortrait,
)
from holdfast.sandbox.wire import Document, invalid

_USER_DEFAULTS: Document = {"Role": "READER", "IdentityType": "QUICKSIGHT", "Active": True}


def load_quicksight(
    quicksight: QuickSight, portraits: tuple[QuickSightPortrait, ...], account: str, region: str, then: float
) -> None:
    """Fills it; everything dates from `then`. `account` and `region` stand in where a portrait names none.

    Raises: ApiRefusal when a portrait names something that it does not hold, or holds something twice.
    """
    for each in portraits:
        identities = quicksight.identities(each.account or account)
        identities.settle_in(each.identity_region or region, each.edition)
        _load_identities(identities, each)
        for estate in each.estates:
            _load_estate(quicksight.estate(identities.account, estate.region), estate, then)


def _load_identities(identities: Identities, portrait: QuickSightPortrait) -> None:
    for given in portrait.namespaces:
        made = Namespace(identities.place(), given.name, given.region or identities.region)
        made.tags = dict(given.tags)
        identities.namespaces[given.name] = made
    for name, capabilities in portrait.custom_permissions.items():
        identities.custom_permissions[name] = CustomPermissions(
            identities.place(), name, cast(Document, dict(capabilities))
        )
    for user in portrait.users:
        _require(user.namespace in identities.namespaces, f"namespace {user.namespace}")
        document: Document = {
            "Email": f"{user.name}@example.com",
            **_USER_DEFAULTS,
            **cast(Document, user.attributes),
        }
        identities.add_user(user.namespace, user.name, document).tags = dict(user.tags)
    for group in portrait.groups:
        _require(group.namespace in identities.namespaces, f"namespace {group.namespace}")
        held = identities.add_group(group.namespace, group.name, group.description)
        for member in group.members:
            _require((group.namespace, member) in identities.users, f"user {group.namespace}/{member}")
            held.members[member] = identities.place()


def _load_estate(estate: Estate, portrait: EstatePortrait, then: float) -> None:
    for given in portrait.assets:
        _require(given.type in KINDS, f"type of asset {given.type}")
        made = estate.add(KINDS[given.type], cast(Document, dict(given.member)), then)
        made.permissions = {who: tuple(actions) for who, actions in given.permissions.items()}
        made.tags, made.latest.errors = dict(given.tags), given.errors
        made.unexportable, made.undescribable = given.unexportable, given.undescribable
        made.members = {arn: estate.place() for arn in given.members}
        made.secret = given.secret
        made.deleted = math.inf if given.deleted else None


def _require(there: bool, what: str) -> None:
    if not there:
        raise invalid(f"The portrait names {what} and does not hold it.")


def quicksight_portraits(quicksight: QuickSight) -> tuple[QuickSightPortrait, ...]:
    """What it holds by natural names, sorted; an account in which there is nothing is left out."""
    accounts = sorted({*quicksight.identities_of, *(account for account, _ in quicksight.estates)})
    drawn = (_portrait(quicksight, account) for account in accounts)
    return tuple(each for each in drawn if each is not None)


def _portrait(quicksight: QuickSight, account: str) -> QuickSightPortrait | None:
    held = quicksight.identities(account)
    estates = sorted(
        (
            estate
            for (owner, _), estate in quicksight.estates.items()
            if owner == account and estate.holds_own
        ),
        key=lambda each: each.region,
    )
    if not (estates or held.users or held.groups or held.custom_permissions or len(held.namespaces) > 1):
        return None
    users = sorted(held.users.values(), key=lambda each: (each.namespace, each.name))
    groups = sorted(held.groups.values(), key=lambda each: (each.namespace, each.name))
    return QuickSightPortrait(
        account=account,
        identity_region=held.region,
        edition=held.edition,
        namespaces=tuple(
            NamespacePortrait(name, each.region, dict(sorted(each.tags.items())))
            for name, each in sorted(held.namespaces.items())
            if name != DEFAULT
        ),
        custom_permissions={
            name: cast("dict[str, object]", each.document)
            for name, each in sorted(held.custom_permissions.items())
        },
        users=tuple(
            QuickSightUserPortrait(
                each.name, each.namespace, cast("dict[str, object]", each.document), dict(each.tags)
            )
            for each in users
        ),
        groups=tuple(
            QuickSightGroupPortrait(each.name, each.namespace, each.description, tuple(sorted(each.members)))
            for each in groups
        ),
        estates=tuple(_estate_portrait(each) for each in estates),
    )


def _estate_portrait(estate: Estate) -> EstatePortrait:
    ordered = (sorted(estate.of(name), key=lambda each: each.key) for name in KINDS)
    drawn = (_asset_portrait(each) for some in ordered for each in some if each.own)
    return EstatePortrait(estate.region, tuple(drawn))


def _asset_portrait(asset: HeldAsset) -> AssetPortrait:
    return AssetPortrait(
        asset.kind.type,
        cast("dict[str, object]", asset.member),
        dict(sorted(asset.permissions.items())),
        dict(sorted(asset.tags.items())),
        tuple(sorted(asset.members)),
        asset.errors,
        asset.unexportable,
        asset.undescribable,
        asset.secret,
        asset.deleted is not None,
    )
