"""Whether a record that somebody hands in is one of ours: its fields, their types, its natural key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec

from holdfast.domain.records import Record, join_key, show_key, split_key
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    CUSTOM_PERMISSIONS,
    DATA_SET,
    FOLDER,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    REFRESH_SCHEDULE,
    USER,
)

Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Fields(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="pascal"):
    """Fields of a record, spelled as the service spells them."""


class _Namespace(_Fields):
    capacity_region: str = ""
    identity_store: str = ""
    arn: str = ""
    creation_status: str = ""


class _CustomPermissions(_Fields):
    capabilities: dict[str, str] = {}
    arn: str = ""


class _User(_Fields):
    role: Name
    identity_type: Name
    custom_permissions_name: str = ""
    external_login_federation_provider_type: str = ""
    external_login_federation_provider_url: str = ""
    external_login_id: str = ""
    arn: str = ""
    principal_id: str = ""
    active: bool = False


class _Personal(_Fields):
    user_name: str = ""
    email: str = ""


class _Group(_Fields):
    description: str = ""
    arn: str = ""
    principal_id: str = ""


class _Nothing(_Fields):
    """A membership is its key; types other than users have no personal part."""


class _Asset(_Fields):
    definition: dict[str, object]
    permissions: dict[Name, list[str]]
    tags: dict[Name, str]
    members: list[str] = []
    described: bool = False


_PEOPLE: dict[str, type[_Fields]] = {
    NAMESPACE: _Namespace,
    CUSTOM_PERMISSIONS: _CustomPermissions,
    USER: _User,
    GROUP: _Group,
    MEMBERSHIP: _Nothing,
}
_LENGTHS = {USER: 2, GROUP: 2, MEMBERSHIP: 3, REFRESH_SCHEDULE: 2}
"""Parts of a key; one for the types that are not named."""
_people = {name: msgspec.json.Decoder(body) for name, body in _PEOPLE.items()}
_assets = msgspec.json.Decoder(_Asset)
_personal = msgspec.json.Decoder(_Personal)
_nothing = msgspec.json.Decoder(_Nothing)


def faults(record: Record) -> Iterator[str]:
    """What keeps a record from being one of QuickSight's; nothing for a sound one."""
    if record.type not in _people and record.type not in ASSET_KINDS:
        return  # the type as a whole is told of once
    shown = f"{record.type} {show_key(record.key)}"
    if len(split_key(record.key)) != _LENGTHS.get(record.type, 1) or not all(split_key(record.key)):
        yield f"{shown}: its key has not the parts that it must have"
        return
    try:
        if record.personal:
            (_personal if record.type == USER else _nothing).decode(record.personal)
        if record.type in _people:
            _people[record.type].decode(record.body)
            return
        yield from _asset_faults(record, _assets.decode(record.body), shown)
    except msgspec.ValidationError as error:
        yield f"{shown}: {error}"


def _asset_faults(record: Record, asset: _Asset, shown: str) -> Iterator[str]:
    kind, member = ASSET_KINDS[record.type], asset.definition
    if member.get("resourceType") != kind.folder:
        yield f"{shown}: its resourceType is {member.get('resourceType')}, not {kind.folder}"
    key = str(member.get(kind.id_field, ""))
    if record.type == REFRESH_SCHEDULE:
        named = member.get(ASSET_KINDS[DATA_SET].id_field, split_key(record.key)[0])
        key = join_key(str(named), key)
    if key != record.key:
        yield f"the key {show_key(record.key)} is not that of its fields, {show_key(key)}"
    if asset.members and record.type != FOLDER:
        yield f"{shown}: only a folder has members"
