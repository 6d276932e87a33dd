"""Namespaces, custom permissions, users, groups and memberships as records.

Bodies use the API's field names. ARNs, principal ids, a namespace's status and whether a user has signed in are
kept as evidence; a thing that is made again has others, so `comparable` leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.quicksight.model import (
    CUSTOM_PERMISSIONS,
    GROUP,
    IDENTITIES,
    MEMBERSHIP,
    NAMESPACE,
    USER,
    CustomPermissions,
    Group,
    Namespace,
    User,
)
from holdfast.systems.quicksight.records.assets import PASSING, lasting

EVIDENCE = frozenset({"Arn", "PrincipalId", "Active", "CreationStatus"})
"""Fields of people that no call can set."""
DESCRIBED = frozenset({"Described"})
"""The field of an asset that tells how it was read, which is no difference of the asset."""
_USER_FIELDS = {
    "Role": "role",
    "IdentityType": "identity_type",
    "CustomPermissionsName": "custom_permissions",
    "ExternalLoginFederationProviderType": "provider_type",
    "ExternalLoginFederationProviderUrl": "provider_url",
    "ExternalLoginId": "external_login_id",
    "Arn": "arn",
    "PrincipalId": "principal_id",
}


def namespace_record(namespace: Namespace) -> Record:
    """A namespace; its key is its name."""
    body = {
        "CapacityRegion": namespace.capacity_region,
        "IdentityStore": namespace.identity_store,
        "Arn": namespace.arn,
        "CreationStatus": namespace.status,
    }
    return Record(NAMESPACE, namespace.name, _body(body))


def custom_permissions_record(profile: CustomPermissions) -> Record:
    """A custom permissions profile; its key is its name."""
    body: dict[str, Plain] = {"Capabilities": dict(profile.capabilities), "Arn": profile.arn}
    return Record(CUSTOM_PERMISSIONS, profile.name, _body(body))


def user_record(user: User) -> Record:
    """A user; name and address are personal. The key is namespace and user name."""
    body: dict[str, Plain] = {field: getattr(user, name) for field, name in _USER_FIELDS.items()}
    personal = {"Email": user.email, "UserName": user.user_name}
    key = join_key(user.namespace, user.user_name)
    return Record(USER, key, _body({**body, "Active": user.active}), _body(personal))


def group_record(group: Group) -> Record:
    """A group; its key is namespace and name."""
    body = {"Description": group.description, "Arn": group.arn, "PrincipalId": group.principal_id}
    return Record(GROUP, join_key(group.namespace, group.name), _body(body))


def membership_record(namespace: str, group: str, user_name: str) -> Record:
    """A membership; its key, namespace, group and user name, is all there is of it."""
    return Record(MEMBERSHIP, join_key(namespace, group, user_name), canonical({}))


def comparable(record: Record) -> bytes:
    """What two records of a key must share to mean the same: all but evidence and when a schedule first ran; canonical.

    A user's personal fields are in it, so it is for comparing, not for showing.
    """
    left_out = EVIDENCE if record.type in IDENTITIES else DESCRIBED
    fields = {**plain(record.body), **plain(record.personal)}
    if record.type in PASSING:
        fields["Definition"] = lasting(record.type, fields["Definition"])
    return canonical({name: value for name, value in fields.items() if name not in left_out})


def _body(fields: Mapping[str, Plain]) -> bytes:
    """Canonical JSON without what is empty."""
    return canonical({name: value for name, value in fields.items() if value not in ("", None)})
