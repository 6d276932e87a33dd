"""Backups of awsideman, read as records: names instead of ids, and a word on what that format cannot hold.

Its file is one JSON object with metadata, users, groups, permission_sets and assignments, often wrapped once more
in `data`. What the service has and the format has no place for is not in such a backup: every type comes as
incomplete, and applications, issuers and the instance's settings do not come at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.documents import Document
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.exchange.layout import End, Entry, Metadata, Summary
from holdfast.kernel.ids import timestamp
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    RECORD_TYPES,
    SYSTEM,
    USER,
    Group,
    PermissionSet,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    User,
)
from holdfast.systems.identity_center.records.mapping import (
    NamedAssignment,
    NamedMembership,
    assignment_record,
    group_record,
    membership_record,
    permission_set_record,
    user_record,
)

LACKS = {
    USER: "awsideman keeps only names, e-mail and external ids, and leaves inactive users out unless told otherwise",
    GROUP: "awsideman keeps no external ids of groups",
    MEMBERSHIP: "awsideman leaves inactive users out unless told otherwise, and their memberships with them",
    PERMISSION_SET: "awsideman keeps no tags of permission sets",
    ASSIGNMENT: "awsideman reads only the first page of each permission set's accounts",
}
NOT_HELD = "awsideman's format has no place for it"


class _Head(msgspec.Struct, frozen=True):
    backup_id: str
    timestamp: datetime
    instance_arn: str
    backup_type: str = "full"
    source_account: str = ""
    source_region: str = ""


class _User(msgspec.Struct, frozen=True):
    user_id: str
    user_name: str
    display_name: str | None = None
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    active: bool = True
    external_ids: dict[str, str] = {}


class _Group(msgspec.Struct, frozen=True):
    group_id: str
    display_name: str
    description: str | None = None
    members: tuple[str, ...] = ()


class _PermissionSet(msgspec.Struct, frozen=True):
    permission_set_arn: str
    name: str
    description: str | None = None
    session_duration: str | None = None
    relay_state: str | None = None
    inline_policy: str | None = None
    managed_policies: tuple[str, ...] = ()
    customer_managed_policies: tuple[dict[str, str], ...] = ()
    permissions_boundary: dict[str, object] | None = None


class _Assignment(msgspec.Struct, frozen=True):
    account_id: str
    permission_set_arn: str
    principal_type: PrincipalType
    principal_id: str


class _Backup(msgspec.Struct, frozen=True):
    metadata: _Head
    users: tuple[_User, ...] = ()
    groups: tuple[_Group, ...] = ()
    permission_sets: tuple[_PermissionSet, ...] = ()
    assignments: tuple[_Assignment, ...] = ()


@dataclass(slots=True)
class AwsidemanSection:
    """One type out of such a backup."""

    type: str
    records: list[Record]
    summary: Summary

    def entries(self) -> Iterator[Entry]:
        return (Entry(self.type, record) for record in self.records)


@dataclass(frozen=True, slots=True)
class AwsidemanBackup:
    """A whole backup, read into memory; a package and its own reading, since nothing is read twice."""

    metadata: Metadata
    parts: tuple[AwsidemanSection, ...]
    end: End = End()

    def read(self) -> AwsidemanBackup:
        """Itself."""
        return self

    def sections(self) -> Iterator[AwsidemanSection]:
        return iter(self.parts)


def read_awsideman(document: Document) -> AwsidemanBackup:
    """The backup of a document. Raises: Malformed."""
    value = document.value()
    document.finish()
    wrapped = isinstance(value, Mapping) and "users" not in value and isinstance(value.get("data"), Mapping)
    inner: Plain = value["data"] if wrapped and isinstance(value, Mapping) else value
    try:
        backup = msgspec.convert(inner, _Backup)
    except msgspec.ValidationError as error:
        raise Malformed("awsideman backup", str(error)) from error
    return AwsidemanBackup(_metadata(backup.metadata), tuple(_sections(backup)))


def _metadata(head: _Head) -> Metadata:
    moment = head.timestamp if head.timestamp.tzinfo else head.timestamp.replace(tzinfo=UTC)
    return Metadata(
        system=SYSTEM,
        snapshot=head.backup_id,
        kind=head.backup_type,
        taken_at=timestamp(moment),
        account=head.source_account,
        region=head.source_region,
        instance=head.instance_arn,
    )


def _sections(backup: _Backup) -> Iterator[AwsidemanSection]:
    users = {user.user_id: user.user_name for user in backup.users}
    groups = {group.group_id: group.display_name for group in backup.groups}
    sets = {found.permission_set_arn: found.name for found in backup.permission_sets}
    held = {
        USER: _held(USER, map(_user, backup.users)),
        GROUP: _held(GROUP, map(_group, backup.groups)),
        MEMBERSHIP: _held(MEMBERSHIP, _memberships(backup, users)),
        PERMISSION_SET: _held(PERMISSION_SET, map(_permission_set, backup.permission_sets)),
        ASSIGNMENT: _held(ASSIGNMENT, _assignments(backup, {"USER": users, "GROUP": groups}, sets)),
    }
    for kind in RECORD_TYPES:
        left_out = Summary(0, captured=False, complete=False, reason=NOT_HELD)
        yield held.get(kind.name) or AwsidemanSection(kind.name, [], left_out)


def _held(type_name: str, found: Iterable[Record | str]) -> AwsidemanSection:
    """A section of these records in key order. A text stands for what has lost its other end: it is told of."""
    everything = list(found)
    records = sorted((each for each in everything if isinstance(each, Record)), key=lambda record: record.key)
    lost = [each for each in everything if isinstance(each, str)]
    reason = LACKS[type_name]
    if lost:
        reason += f"; {len(lost):,} refer to what is not in it: {', '.join(lost[:3])}"
    return AwsidemanSection(type_name, records, Summary(len(records), complete=False, reason=reason))


def _user(user: _User) -> Record:
    name = {"GivenName": user.given_name, "FamilyName": user.family_name}
    names: dict[str, Plain] = {part: text for part, text in name.items() if text}
    emails: list[Plain] = [{"Value": user.email, "Primary": True}] if user.email else []
    attributes: dict[str, Plain] = {
        "DisplayName": user.display_name,
        "Name": names,
        "Emails": emails,
        "ExternalIds": [
            {"Issuer": issuer, "Id": found} for issuer, found in sorted(user.external_ids.items())
        ],
        "UserStatus": None if user.active else "DISABLED",
    }
    return user_record(
        User(user.user_id, user.user_name, {part: found for part, found in attributes.items() if found})
    )


def _group(group: _Group) -> Record:
    return group_record(Group(group.group_id, group.display_name, group.description or ""))


def _memberships(backup: _Backup, users: Mapping[str, str]) -> Iterator[Record | str]:
    for group in backup.groups:
        for member in dict.fromkeys(group.members):
            if member in users:
                yield membership_record(NamedMembership(group.display_name, users[member]))
            else:
                yield f"user {member} in {group.display_name}"


def _permission_set(found: _PermissionSet) -> Record:
    return permission_set_record(
        PermissionSet(
            summary=PermissionSetSummary(
                found.permission_set_arn,
                found.name,
                found.description or "",
                found.session_duration or "PT1H",
                found.relay_state or "",
            ),
            inline_policy=found.inline_policy or "",
            managed_policies=found.managed_policies,
            customer_policies=tuple(_reference(each) for each in found.customer_managed_policies),
            boundary=_boundary(found),
        )
    )


def _reference(policy: Mapping[str, object]) -> PolicyReference:
    return PolicyReference(str(policy.get("Name", "")), str(policy.get("Path") or "/"))


def _boundary(found: _PermissionSet) -> str | PolicyReference | None:
    given = found.permissions_boundary or {}
    reference = given.get("CustomerManagedPolicyReference")
    if isinstance(reference, Mapping):
        return _reference(reference)
    arn = given.get("ManagedPolicyArn")
    return arn if isinstance(arn, str) and arn else None


def _assignments(
    backup: _Backup, principals: Mapping[str, Mapping[str, str]], sets: Mapping[str, str]
) -> Iterator[Record | str]:
    for item in backup.assignments:
        principal = principals[item.principal_type].get(item.principal_id)
        named = sets.get(item.permission_set_arn)
        if principal and named:
            yield assignment_record(NamedAssignment(item.account_id, named, item.principal_type, principal))
        else:
            yield f"{item.principal_type} {item.principal_id} in account {item.account_id}"
