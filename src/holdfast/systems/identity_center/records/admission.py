"""Whether a record that somebody hands in is one of ours: its fields, their types, its natural key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec

from holdfast.domain.errors import VaultError
from holdfast.domain.records import Record, join_key, show_key, split_key
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    INSTANCE,
    MEMBERSHIP,
    PERMISSION_SET,
    TRUSTED_TOKEN_ISSUER,
    USER,
)
from holdfast.systems.identity_center.records.application_mapping import application_assignment_from
from holdfast.systems.identity_center.records.application_names import (
    application_assignment_key,
    provider_name,
)
from holdfast.systems.identity_center.records.mapping import (
    assignment_from,
    assignment_key,
    fields_of,
    membership_from,
    membership_key,
    user_key,
)

Name = Annotated[str, msgspec.Meta(min_length=1)]
Objects = list[dict[str, object]]
Texts = dict[str, str]


class _Fields(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="pascal"):
    """Fields of a record, spelled as the service spells them; all but names may be absent."""


class _Reference(_Fields):
    name: Name
    path: str = "/"


class _Boundary(_Fields):
    managed_policy_arn: str = ""
    customer_managed_policy_reference: _Reference | None = None


class _User(_Fields):
    user_name: Name
    user_id: str = ""
    user_type: str = ""
    preferred_language: str = ""
    locale: str = ""
    timezone: str = ""
    user_status: str = ""
    external_ids: list[Texts] = []
    roles: Objects = []
    extensions: dict[str, object] = {}
    """Where backups before personal extensions have them."""


class _Personal(_Fields):
    display_name: str = ""
    name: Texts = {}
    nick_name: str = ""
    profile_url: str = ""
    emails: Objects = []
    addresses: Objects = []
    phone_numbers: Objects = []
    title: str = ""
    photos: Objects = []
    website: str = ""
    birthdate: str = ""
    extensions: dict[str, object] = {}


class _Group(_Fields):
    display_name: Name
    group_id: str = ""
    description: str = ""
    external_ids: list[Texts] = []


class _Membership(_Fields):
    group: Name
    user: Name


class _PermissionSet(_Fields):
    name: Name
    permission_set_arn: str = ""
    description: str = ""
    session_duration: str = ""
    relay_state: str = ""
    inline_policy: str = ""
    managed_policies: list[str] = []
    customer_managed_policies: list[_Reference] = []
    permissions_boundary: _Boundary | None = None
    tags: Texts = {}


class _Assignment(_Fields):
    account_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12}$")]
    permission_set: Name
    principal_type: Literal["USER", "GROUP"]
    principal: Name
    account_name: str = ""


class _Instance(_Fields):
    name: str = ""
    instance_arn: str = ""
    evidence: dict[str, object] = {}
    tags: Texts = {}


class _Attributes(_Fields):
    attributes: Texts


class _Issuer(_Fields):
    name: Name
    trusted_token_issuer_arn: str = ""
    trusted_token_issuer_type: str = ""
    oidc_jwt_configuration: Texts = {}
    tags: Texts = {}


class _SignIn(_Fields):
    origin: str = ""
    application_url: str = ""


class _Portal(_Fields):
    sign_in_options: _SignIn | None = None
    visibility: str = ""


class _Application(_Fields):
    name: Name
    assignment_required: bool = True
    application_arn: str = ""
    application_provider_arn: str = ""
    application_account: str = ""
    created_date: str = ""
    created_from: str = ""
    status: str = ""
    description: str = ""
    portal_options: _Portal | None = None
    user_background_session_application_status: str = ""
    grants: dict[str, dict[str, object]] = {}
    access_scopes: dict[str, list[str]] = {}
    authentication_methods: dict[str, object] = {}
    tags: Texts = {}


class _ApplicationAssignment(_Fields):
    application: Name
    principal_type: Literal["USER", "GROUP"]
    principal: Name


class _Nothing(_Fields):
    """Types other than users have no personal part."""


_BODIES: dict[str, type[_Fields]] = {
    USER: _User,
    GROUP: _Group,
    MEMBERSHIP: _Membership,
    PERMISSION_SET: _PermissionSet,
    ASSIGNMENT: _Assignment,
    INSTANCE: _Instance,
    ACCESS_CONTROL_ATTRIBUTES: _Attributes,
    TRUSTED_TOKEN_ISSUER: _Issuer,
    APPLICATION: _Application,
    APPLICATION_ASSIGNMENT: _ApplicationAssignment,
}
_bodies = {name: msgspec.json.Decoder(body) for name, body in _BODIES.items()}
_personal = msgspec.json.Decoder(_Personal)
_nothing = msgspec.json.Decoder(_Nothing)


def faults(record: Record) -> Iterator[str]:
    """What keeps a record from being one of Identity Center's; nothing for a sound one."""
    body = _bodies.get(record.type)
    if body is None:
        return  # the type as a whole is told of once
    try:
        fields_of(record)
        body.decode(record.body)
        if record.personal:
            (_personal if record.type == USER else _nothing).decode(record.personal)
    except msgspec.ValidationError as error:
        yield f"{record.type} {show_key(record.key)}: {error}"
        return
    except VaultError as error:
        yield str(error)
        return
    wanted = _KEYS[record.type](record)
    if record.key != wanted:
        yield f"the key {show_key(record.key)} is not that of its fields, {show_key(wanted)}"


def _named(field: str) -> Callable[[Record], str]:
    return lambda record: str(fields_of(record)[field])


def _application_key(record: Record) -> str:
    """The name, and the provider behind it where the record says that several applications have the name."""
    name, provider = (str(fields_of(record).get(field, "")) for field in ("Name", "ApplicationProviderArn"))
    return join_key(name, provider_name(provider)) if len(split_key(record.key)) > 1 else name


_KEYS: dict[str, Callable[[Record], str]] = {
    USER: lambda record: user_key(_named("UserName")(record)),
    GROUP: _named("DisplayName"),
    MEMBERSHIP: lambda record: membership_key(membership_from(record).group, membership_from(record).user),
    PERMISSION_SET: _named("Name"),
    ASSIGNMENT: lambda record: assignment_key(assignment_from(record)),
    INSTANCE: lambda record: INSTANCE,
    ACCESS_CONTROL_ATTRIBUTES: lambda record: ACCESS_CONTROL_ATTRIBUTES,
    TRUSTED_TOKEN_ISSUER: _named("Name"),
    APPLICATION: _application_key,
    APPLICATION_ASSIGNMENT: lambda record: application_assignment_key(application_assignment_from(record)),
}
