"""A record taken apart into facets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GROUP,
    INLINE_POLICY,
    INSTANCE,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    TAG,
    TRUSTED_TOKEN_ISSUER,
    USER,
    PermissionSetSummary,
    PolicyReference,
)
from holdfast.systems.identity_center.records.mapping import (
    group_from,
    permission_set_from,
    policy_meaning,
    user_from,
    user_key,
)
from holdfast.systems.identity_center.restore.application_facets import (
    application_assignment_facets,
    application_facets,
    attributes_facets,
    instance_facets,
    issuer_facets,
    tag_value,
)
from holdfast.systems.identity_center.restore.facet import Facet, filled, text

# What CreateUser and UpdateUser accept (identitystore 2020-06-15).
WRITABLE_ATTRIBUTES = (
    *(
        "Name",
        "DisplayName",
        "NickName",
        "ProfileUrl",
        "Emails",
        "Addresses",
        "PhoneNumbers",
        "UserType",
        "Title",
    ),
    *("PreferredLanguage", "Locale", "Timezone", "Photos", "Website", "Birthdate", "Roles", "Extensions"),
)
STALE = canonical({"state": "stale"})
LATEST = canonical({"state": "latest"})


def user_value(user_name: str, attributes: Mapping[str, Plain]) -> bytes:
    """A user's name and the attributes that the API can write; empty ones count as absent."""
    kept = {name: _without_empties(attributes[name]) for name in WRITABLE_ATTRIBUTES if name in attributes}
    return canonical(
        {"UserName": user_name, **{name: value for name, value in kept.items() if not _empty(value)}}
    )


def group_value(display_name: str, description: str) -> bytes:
    """A group's name and description."""
    return filled({"DisplayName": display_name, "Description": description})


def membership_value(key: str) -> bytes:
    """A membership's names; it has no other content."""
    group, user = split_key(key)
    return canonical({"Group": group, "User": user})


def assignment_value(key: str) -> bytes:
    """An assignment's names; it has no other content."""
    account, permission_set, principal_type, principal = split_key(key)
    names = {"AccountId": account, "PermissionSet": permission_set}
    return canonical({**names, "PrincipalType": principal_type, "Principal": principal})


def permission_set_value(summary: PermissionSetSummary) -> bytes:
    """The fields that CreatePermissionSet and UpdatePermissionSet set."""
    fields = {"Name": summary.name, "Description": summary.description, "RelayState": summary.relay_state}
    return filled({**fields, "SessionDuration": summary.session_duration})


def inline_policy_value(document: str) -> bytes | None:
    """An inline policy as it was written; None for none."""
    return canonical({"Document": document}) if document.strip() else None


def boundary_value(boundary: str | PolicyReference | None) -> bytes | None:
    """A permissions boundary in the API's shape; None for none."""
    if boundary is None:
        return None
    if isinstance(boundary, PolicyReference):
        return canonical({"CustomerManagedPolicyReference": {"Name": boundary.name, "Path": boundary.path}})
    return canonical({"ManagedPolicyArn": boundary})


def customer_policy_key(permission_set: str, policy: PolicyReference) -> str:
    """The facet key of a customer-managed policy: its path and name as IAM writes them."""
    return join_key(permission_set, policy.path_and_name)


def facets_of(record: Record) -> list[Facet]:
    """The facets of one record; several for what has things attached.

    Raises: VaultError for a record that a newer version wrote.
    """
    return list(_FACETS[record.type](record))


def _user(record: Record) -> Iterator[Facet]:
    user = user_from(record)
    yield Facet(USER, record.key, user_value(user.user_name, user.attributes))


def _group(record: Record) -> Iterator[Facet]:
    group = group_from(record)
    yield Facet(GROUP, record.key, group_value(group.display_name, group.description))


def _membership(record: Record) -> Iterator[Facet]:
    yield Facet(MEMBERSHIP, record.key, membership_value(record.key))


def _assignment(record: Record) -> Iterator[Facet]:
    yield Facet(ASSIGNMENT, record.key, assignment_value(record.key))


def _permission_set(record: Record) -> Iterator[Facet]:
    whole, name = permission_set_from(record), record.key
    yield Facet(PERMISSION_SET, name, permission_set_value(whole.summary))
    inline, boundary = inline_policy_value(whole.inline_policy), boundary_value(whole.boundary)
    if inline is not None:
        yield Facet(INLINE_POLICY, name, inline)
    for arn in whole.managed_policies:
        yield managed_policy(name, arn)
    for policy in whole.customer_policies:
        yield customer_policy(name, policy)
    if boundary is not None:
        yield Facet(BOUNDARY, name, boundary)
    for tag_key, value in whole.tags:
        yield tag(name, tag_key, value)


_FACETS: dict[str, Callable[[Record], Iterator[Facet]]] = {
    USER: _user,
    GROUP: _group,
    MEMBERSHIP: _membership,
    ASSIGNMENT: _assignment,
    PERMISSION_SET: _permission_set,
    INSTANCE: instance_facets,
    ACCESS_CONTROL_ATTRIBUTES: attributes_facets,
    TRUSTED_TOKEN_ISSUER: issuer_facets,
    APPLICATION: application_facets,
    APPLICATION_ASSIGNMENT: application_assignment_facets,
}


def managed_policy(permission_set: str, arn: str) -> Facet:
    """The attachment of an AWS managed policy."""
    return Facet(MANAGED_POLICY, join_key(permission_set, arn), canonical({"Arn": arn}))


def customer_policy(permission_set: str, policy: PolicyReference) -> Facet:
    """The attachment of a customer-managed policy."""
    value = canonical({"Name": policy.name, "Path": policy.path})
    return Facet(CUSTOMER_POLICY, customer_policy_key(permission_set, policy), value)


def tag(permission_set: str, tag_key: str, value: str) -> Facet:
    """A tag of a permission set."""
    return Facet(TAG, join_key(permission_set, tag_key), tag_value(value))


def read_boundary(value: bytes | None) -> str | PolicyReference | None:
    """What `boundary_value` wrote."""
    fields = plain(value or b"")
    reference = fields.get("CustomerManagedPolicyReference")
    if isinstance(reference, Mapping):
        return PolicyReference(text(reference, "Name"), text(reference, "Path"))
    return text(fields, "ManagedPolicyArn") or None


def meaning(change_type: str, value: bytes | None) -> bytes | None:
    """A facet's value in the one spelling that equal meanings share.

    User names differ not by case, policies not by layout or the order of keys, a contact not by
    spelling out that it is not the primary one.
    """
    if value is None:
        return None
    if change_type == USER:
        fields = plain(value)
        return canonical({**_without_false(fields), "UserName": user_key(text(fields, "UserName"))})
    if change_type == INLINE_POLICY:
        return policy_meaning(text(plain(value), "Document")).encode()
    return value


def _empty(value: Plain) -> bool:
    return value is None or value == "" or (isinstance(value, list | dict) and not value)


def _without_empties(value: Plain) -> Plain:
    if isinstance(value, Mapping):
        items = {name: _without_empties(item) for name, item in value.items()}
        return {name: item for name, item in items.items() if not _empty(item)}
    if isinstance(value, list | tuple):
        return [item for item in map(_without_empties, value) if not _empty(item)]
    return value


def _without_false(fields: Mapping[str, Plain]) -> dict[str, Plain]:
    kept: dict[str, Plain] = {}
    for name, value in fields.items():
        if isinstance(value, list):
            kept[name] = [_without_false(item) if isinstance(item, Mapping) else item for item in value]
        elif value is not False:
            kept[name] = value
    return kept
