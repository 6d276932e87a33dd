"""How the identity store shows users, groups and memberships in its answers."""

from __future__ import annotations

import msgspec

from holdfast.sandbox.directory import Entry, Membership
from holdfast.sandbox.world import World


def named(world: World, noun: str, identifier: str) -> dict[str, object]:
    return {
        "IdentityStoreId": world.ids.identity_store,
        f"{noun}Id": identifier,
        f"{noun}Arn": f"arn:aws:identitystore:::{noun.lower()}/{identifier}",
    }


def identity(world: World, entry: Entry, noun: str) -> dict[str, object]:
    return {**named(world, noun, entry.id), "Revision": str(entry.revision)}


def shown_entry(world: World, entry: Entry, noun: str, extensions: tuple[str, ...]) -> dict[str, object]:
    shown = {
        **entry.document,
        **identity(world, entry, noun),
        "CreatedAt": entry.created,
        "UpdatedAt": entry.updated,
    }
    if noun == "User" and not extensions:
        shown.pop("Extensions", None)
    return shown


def encoded_entry(world: World, entry: Entry, noun: str, extensions: tuple[str, ...]) -> object:
    if extensions:
        return shown_entry(world, entry, noun, extensions)
    if entry.encoded is None:
        # Encoded once and kept until the next change: a listing of thousands is then a join of bytes.
        entry.encoded = msgspec.Raw(msgspec.json.encode(shown_entry(world, entry, noun, ())))
    return entry.encoded


def shown_membership(world: World, membership: Membership) -> dict[str, object]:
    return {
        **named(world, "Membership", membership.id),
        "GroupId": membership.group,
        "MemberId": {"UserId": membership.user},
        "CreatedAt": membership.created,
        "UpdatedAt": membership.created,
    }
