"""Identity Center's values as records and back: natural keys, bodies, and what a comparison looks at.

Bodies use the API's field names. `UserId`, `GroupId` and `PermissionSetArn` are kept as evidence (who was
this, on that day), but a re-created thing has new ones, so `comparable` leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from holdfast.domain.errors import VaultError
from holdfast.domain.records import Record, join_key, show_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.showing import is_hidden
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
    Group,
    PermissionSet,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    User,
)

SCHEMA = 1
"""Version of the fields below; readers accept this one and all before it."""

UNCOMPARED = {
    USER: frozenset({"UserId", "ExternalIds"}),
    GROUP: frozenset({"GroupId", "ExternalIds"}),
    MEMBERSHIP: frozenset[str](),
    PERMISSION_SET: frozenset({"PermissionSetArn"}),
    ASSIGNMENT: frozenset({"AccountName"}),
    INSTANCE: frozenset({"InstanceArn", "Evidence"}),
    ACCESS_CONTROL_ATTRIBUTES: frozenset[str](),
    TRUSTED_TOKEN_ISSUER: frozenset({"TrustedTokenIssuerArn"}),
    APPLICATION: frozenset({"ApplicationArn", "ApplicationAccount", "CreatedDate", "CreatedFrom"}),
    APPLICATION_ASSIGNMENT: frozenset[str](),
}
"""Fields that no call of ours can set: ids, what only the identity source writes, other services' names."""


@dataclass(frozen=True, slots=True)
class NamedMembership:
    """A membership by names, as a backup holds it; `user` is the user name as it was written."""

    group: str
    user: str


@dataclass(frozen=True, slots=True)
class NamedAssignment:
    """An assignment by names; `account_name` is empty where the organization could not be listed."""

    account_id: str
    permission_set: str
    principal_type: PrincipalType
    principal: str
    account_name: str = ""


def user_key(user_name: str) -> str:
    """The natural key of a user: the service compares user names without regard to case."""
    return user_name.casefold()


def principal_key(principal_type: PrincipalType, name: str) -> str:
    """The natural key of a user or group by its name."""
    return user_key(name) if principal_type is PrincipalType.USER else name


def membership_key(group: str, user_name: str) -> str:
    """The natural key of a membership."""
    return join_key(group, user_key(user_name))


def assignment_key(assignment: NamedAssignment) -> str:
    """The natural key of an assignment: account id, permission set, principal type, principal key."""
    principal = principal_key(assignment.principal_type, assignment.principal)
    return join_key(assignment.account_id, assignment.permission_set, assignment.principal_type, principal)


def user_record(user: User) -> Record:
    """A user; personal attributes apart from the rest."""
    body: dict[str, Plain] = {"UserName": user.user_name, "UserId": user.user_id}
    personal: dict[str, Plain] = {}
    for name, value in user.attributes.items():
        (personal if is_hidden(name) else body)[name] = value
    return Record(
        USER, user_key(user.user_name), canonical(body), canonical(personal) if personal else b"", SCHEMA
    )


def user_from(record: Record) -> User:
    """The user that a record holds. Raises: VaultError for a record of a newer version."""
    fields = {**fields_of(record), **plain(record.personal)}
    name, user_id = _text(fields.pop("UserName")), _text(fields.pop("UserId", ""))
    return User(user_id, name, fields)


def group_record(group: Group) -> Record:
    """A group."""
    body: dict[str, Plain] = {"DisplayName": group.display_name, "GroupId": group.group_id}
    if group.description:
        body["Description"] = group.description
    if group.external_ids:
        body["ExternalIds"] = [
            {"Issuer": issuer, "Id": value} for issuer, value in sorted(group.external_ids)
        ]
    return Record(GROUP, group.display_name, canonical(body), schema=SCHEMA)


def group_from(record: Record) -> Group:
    """The group that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    return Group(
        group_id=_text(fields.get("GroupId", "")),
        display_name=_text(fields["DisplayName"]),
        description=_text(fields.get("Description", "")),
        external_ids=tuple(
            (_text(row["Issuer"]), _text(row["Id"])) for row in _rows(fields.get("ExternalIds"))
        ),
    )


def has_external_ids(record: Record) -> bool:
    """Whether a user or group came from an identity source: only that writes external ids."""
    # Most records have none; those need not be decoded.
    return b'"ExternalIds"' in record.body and bool(plain(record.body).get("ExternalIds"))


def membership_record(membership: NamedMembership) -> Record:
    """A user in a group, by names."""
    body: dict[str, Plain] = {"Group": membership.group, "User": membership.user}
    return Record(
        MEMBERSHIP, membership_key(membership.group, membership.user), canonical(body), schema=SCHEMA
    )


def membership_from(record: Record) -> NamedMembership:
    """The membership that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    return NamedMembership(_text(fields["Group"]), _text(fields["User"]))


def permission_set_record(permission_set: PermissionSet) -> Record:
    """A permission set with everything attached; what is not set is absent."""
    summary = permission_set.summary
    body: dict[str, Plain] = {
        "Name": summary.name,
        "PermissionSetArn": summary.arn,
        "Description": summary.description,
        "SessionDuration": summary.session_duration,
        "RelayState": summary.relay_state,
        "InlinePolicy": permission_set.inline_policy,
        "ManagedPolicies": sorted(permission_set.managed_policies),
        "CustomerManagedPolicies": [
            _reference(item)
            for item in sorted(permission_set.customer_policies, key=lambda p: (p.name, p.path))
        ],
        "PermissionsBoundary": _boundary(permission_set.boundary),
        "Tags": dict(permission_set.tags),
    }
    return Record(
        PERMISSION_SET,
        summary.name,
        canonical({name: value for name, value in body.items() if value}),
        schema=SCHEMA,
    )


def permission_set_from(record: Record) -> PermissionSet:
    """The permission set that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    return PermissionSet(
        summary=PermissionSetSummary(
            arn=_text(fields.get("PermissionSetArn", "")),
            name=_text(fields["Name"]),
            description=_text(fields.get("Description", "")),
            session_duration=_text(fields.get("SessionDuration", "PT1H")),
            relay_state=_text(fields.get("RelayState", "")),
        ),
        inline_policy=_text(fields.get("InlinePolicy", "")),
        managed_policies=tuple(cast("Sequence[str]", fields.get("ManagedPolicies", ()))),
        customer_policies=tuple(_policy(row) for row in _rows(fields.get("CustomerManagedPolicies"))),
        boundary=_boundary_from(fields.get("PermissionsBoundary")),
        tags=tuple(sorted(cast("Mapping[str, str]", fields.get("Tags", {})).items())),
    )


def assignment_record(assignment: NamedAssignment) -> Record:
    """A principal's access to an account, by names."""
    body: dict[str, Plain] = {
        "AccountId": assignment.account_id,
        "PermissionSet": assignment.permission_set,
        "PrincipalType": str(assignment.principal_type),
        "Principal": assignment.principal,
    }
    if assignment.account_name:
        body["AccountName"] = assignment.account_name
    return Record(ASSIGNMENT, assignment_key(assignment), canonical(body), schema=SCHEMA)


def assignment_from(record: Record) -> NamedAssignment:
    """The assignment that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    return NamedAssignment(
        account_id=_text(fields["AccountId"]),
        permission_set=_text(fields["PermissionSet"]),
        principal_type=PrincipalType(_text(fields["PrincipalType"])),
        principal=_text(fields["Principal"]),
        account_name=_text(fields.get("AccountName", "")),
    )


def comparable(record: Record) -> bytes:
    """What two records of a key must share to mean the same: all fields but ids, policies by their meaning; canonical.

    A user's personal fields are in it, so it is for comparing, not for showing.
    """
    fields = {**fields_of(record), **plain(record.personal)}
    kept = {name: value for name, value in fields.items() if name not in UNCOMPARED[record.type]}
    if "InlinePolicy" in kept:
        kept["InlinePolicy"] = policy_meaning(_text(kept["InlinePolicy"]))
    if record.type == USER:
        kept["UserName"] = user_key(_text(kept["UserName"]))
    if record.type == MEMBERSHIP:
        kept["User"] = user_key(_text(kept["User"]))
    if record.type in (ASSIGNMENT, APPLICATION_ASSIGNMENT):
        kept["Principal"] = principal_key(
            PrincipalType(_text(kept["PrincipalType"])), _text(kept["Principal"])
        )
    return canonical(kept)


def policy_meaning(document: str) -> str:
    """A policy document with sorted keys and no spaces; text that is not JSON stands for itself."""
    try:
        return json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except ValueError:
        return document


def fields_of(record: Record) -> dict[str, Plain]:
    """The fields of a record's body. Raises: VaultError for a record of a newer version."""
    if record.schema > SCHEMA:
        name = f"{record.type} {show_key(record.key)}"
        raise VaultError(
            f"The {name} was stored by a newer Holdfast (fields version {record.schema}).",
            "Upgrade Holdfast, then run the command again.",
        )
    return plain(record.body)


def _text(value: Plain) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text in a record, found {type(value).__name__}")
    return value


def _rows(value: Plain) -> Sequence[Mapping[str, Plain]]:
    return cast("Sequence[Mapping[str, Plain]]", value or ())


def _reference(policy: PolicyReference) -> dict[str, Plain]:
    return {"Name": policy.name, "Path": policy.path}


def _policy(row: Mapping[str, Plain]) -> PolicyReference:
    return PolicyReference(_text(row["Name"]), _text(row.get("Path", "/")))


def _boundary(boundary: str | PolicyReference | None) -> Plain:
    if isinstance(boundary, PolicyReference):
        return {"CustomerManagedPolicyReference": _reference(boundary)}
    return {"ManagedPolicyArn": boundary} if boundary else None


def _boundary_from(value: Plain) -> str | PolicyReference | None:
    if not value:
        return None
    fields = cast("Mapping[str, Plain]", value)
    if "ManagedPolicyArn" in fields:
        return _text(fields["ManagedPolicyArn"])
    return _policy(cast("Mapping[str, Plain]", fields["CustomerManagedPolicyReference"]))
