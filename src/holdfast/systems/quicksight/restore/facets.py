"""A record taken apart into facets: the smallest things that one call, or one member of a bundle, sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    CUSTOM_PERMISSIONS,
    FOLDER_MEMBER,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    PERMISSION,
    TAG,
    USER,
)
from holdfast.systems.quicksight.records.assets import PASSING, asset_of, lasting

USER_FIELDS = (
    *("UserName", "Email", "Role", "IdentityType", "CustomPermissionsName"),
    *("ExternalLoginFederationProviderType", "ExternalLoginFederationProviderUrl", "ExternalLoginId"),
)
"""What RegisterUser and UpdateUser set (quicksight 2018-04-01), as a user is described."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One settable thing with its natural key and its value as canonical JSON."""

    type: str
    key: str
    value: bytes


def user_value(fields: Mapping[str, Plain]) -> bytes:
    """What can be set of a user; empty fields count as absent."""
    return _filled(fields, USER_FIELDS)


def group_value(name: str, description: Plain) -> bytes:
    """A group's name and description."""
    return _filled({"GroupName": name, "Description": description}, ("GroupName", "Description"))


def membership_value(key: str) -> bytes:
    """A membership's names; it has no other content."""
    namespace, group, user = split_key(key)
    return canonical({"Namespace": namespace, "Group": group, "User": user})


def namespace_value(fields: Mapping[str, Plain]) -> bytes:
    """What CreateNamespace sets; where its capacity lies is the region of the call."""
    return _filled(fields, ("IdentityStore",))


def custom_permissions_value(fields: Mapping[str, Plain]) -> bytes:
    """The capabilities of a profile."""
    return canonical({"Capabilities": fields.get("Capabilities") or {}})


def permission_facet(type_name: str, asset: str, principal: str, actions: Sequence[str]) -> Facet:
    """What one principal may do with an asset."""
    value = canonical({"Actions": sorted(actions)})
    return Facet(f"{type_name}.{PERMISSION}", join_key(asset, principal), value)


def tag_facet(type_name: str, asset: str, tag: str, value: str) -> Facet:
    """A tag of an asset."""
    return Facet(f"{type_name}.{TAG}", join_key(asset, tag), canonical({"Value": value}))


def member_facet(folder: str, arn: str) -> Facet:
    """That an asset lies in a folder."""
    return Facet(FOLDER_MEMBER, join_key(folder, arn), canonical({"Member": arn}))


def facets_of(record: Record) -> list[Facet]:
    """The facets of one record; the first is the thing itself."""
    return list(_FACETS.get(record.type, _asset)(record))


def _fields(record: Record) -> dict[str, Plain]:
    return {**plain(record.body), **plain(record.personal)}


def _namespace(record: Record) -> Iterator[Facet]:
    yield Facet(NAMESPACE, record.key, namespace_value(_fields(record)))


def _custom_permissions(record: Record) -> Iterator[Facet]:
    yield Facet(CUSTOM_PERMISSIONS, record.key, custom_permissions_value(_fields(record)))


def _user(record: Record) -> Iterator[Facet]:
    named = {"UserName": split_key(record.key)[1]}
    yield Facet(USER, record.key, user_value({**named, **_fields(record)}))


def _group(record: Record) -> Iterator[Facet]:
    yield Facet(GROUP, record.key, group_value(split_key(record.key)[1], _fields(record).get("Description")))


def _membership(record: Record) -> Iterator[Facet]:
    yield Facet(MEMBERSHIP, record.key, membership_value(record.key))


def _asset(record: Record) -> Iterator[Facet]:
    asset, key = asset_of(record), record.key
    yield Facet(asset.type, key, canonical(asset.member))
    for principal, actions in asset.permissions.items():
        yield permission_facet(asset.type, key, principal, actions)
    for name, value in asset.tags.items():
        yield tag_facet(asset.type, key, name, value)
    for arn in asset.members:
        yield member_facet(key, arn)


_FACETS: dict[str, Callable[[Record], Iterator[Facet]]] = {
    NAMESPACE: _namespace,
    CUSTOM_PERMISSIONS: _custom_permissions,
    USER: _user,
    GROUP: _group,
    MEMBERSHIP: _membership,
}


def owner_type(change_type: str) -> str:
    """The record type that a facet belongs to, for example `dashboard` of `dashboard.tag`."""
    return change_type.partition(".")[0]


def owner_of(change_type: str, key: str) -> str:
    """The key of the asset that a facet belongs to; else the key itself."""
    return key.rpartition("\x1f")[0] if is_detail(change_type) else key


def detail_of(key: str) -> str:
    """The principal, tag or member that a detail's key names."""
    return split_key(key)[-1]


def is_detail(change_type: str) -> bool:
    """Whether a facet is one of several of an asset: a permission, a tag, a folder's member."""
    return "." in change_type


def is_asset(change_type: str) -> bool:
    """Whether a facet is an asset itself, which bundles carry."""
    return change_type in ASSET_KINDS


def meaning(change_type: str, value: bytes | None) -> bytes | None:
    """A facet's value in the one spelling that equal meanings share: without what passes."""
    if value is None or change_type not in PASSING:
        return value
    return canonical(lasting(change_type, plain(value)))


def _filled(fields: Mapping[str, Plain], names: Sequence[str]) -> bytes:
    return canonical({name: fields[name] for name in names if fields.get(name) not in (None, "")})
