"""Backups in memory to records of the vault and back, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from holdfast.api_application_records import add_settings, settings_records
from holdfast.api_models import (
    AssignmentData,
    BackupData,
    BackupMetadata,
    CustomerManagedPolicy,
    GroupData,
    PermissionSetData,
    RelationshipMap,
    ResourceType,
    UserData,
)
from holdfast.domain.errors import Refused, UsageError
from holdfast.domain.records import Record, RecordView, show_key, split_key
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    INSTANCE,
    MEMBERSHIP,
    PERMISSION_SET,
    RECORD_TYPES,
    TRUSTED_TOKEN_ISSUER,
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
    assignment_from,
    assignment_record,
    group_from,
    group_record,
    membership_from,
    membership_record,
    permission_set_from,
    permission_set_record,
    user_from,
    user_record,
)

# A group is nothing without its members, so they are selected with it.
SELECTED = {
    ResourceType.USERS: (USER,),
    ResourceType.GROUPS: (GROUP, MEMBERSHIP),
    ResourceType.PERMISSION_SETS: (PERMISSION_SET,),
    ResourceType.ASSIGNMENTS: (ASSIGNMENT,),
    ResourceType.APPLICATIONS: (TRUSTED_TOKEN_ISSUER, APPLICATION, APPLICATION_ASSIGNMENT),
    ResourceType.INSTANCE_SETTINGS: (INSTANCE, ACCESS_CONTROL_ATTRIBUTES),
}
DRAWN = (USER, GROUP, MEMBERSHIP, PERMISSION_SET, ASSIGNMENT)
"""The record types that every data has a place for; of the others, none means that they are left out."""
COUNTED = {
    USER: "users",
    GROUP: "groups",
    MEMBERSHIP: "memberships",
    PERMISSION_SET: "permission_sets",
    ASSIGNMENT: "assignments",
    INSTANCE: "instance_settings",
    ACCESS_CONTROL_ATTRIBUTES: "access_control_attributes",
    TRUSTED_TOKEN_ISSUER: "trusted_token_issuers",
    APPLICATION: "applications",
    APPLICATION_ASSIGNMENT: "application_assignments",
}
"""The word under which a record type is counted: that of its resource, or a finer one."""


def record_types(resources: Iterable[ResourceType]) -> tuple[str, ...]:
    """The record types of the resources, in dependency order. Raises: UsageError when there are none."""
    wanted = {name for resource in resources for name in SELECTED[ResourceType(resource)]}
    if not wanted:
        raise UsageError("No resource type is selected.", f"Name some of {', '.join(ResourceType)}.")
    return tuple(kind.name for kind in RECORD_TYPES if kind.name in wanted)


def counted_as(type_name: str) -> str:
    """The word under which a record or a change of a part of it (`permission_set.tag`) is counted."""
    name = type_name.partition(".")[0]
    return COUNTED.get(name, name)


def checksum_name(type_name: str, key: str) -> str:
    """The name of a record's checksum: `record:TYPE/NAME`, with a slash for each further name of its key.

    A slash within a name is written `%2F` and a per cent sign `%25`, so that no two records share a name.
    """
    parts = (part.replace("%", "%25").replace("/", "%2F") for part in split_key(key))
    return f"record:{type_name}/" + "/".join(parts)


# -- records to data


def users_of(view: RecordView) -> list[UserData]:
    """The users of a view, in name order."""
    return [user_data(record) for record in view.records(USER)]


def user_data(record: Record) -> UserData:
    """The user that a record holds."""
    user = user_from(record)
    return UserData(user.user_name, user.user_id, user.attributes)


def groups_of(view: RecordView) -> list[GroupData]:
    """The groups of a view with their members, in name order."""
    members = relationships_of(view).group_members
    return [group_data(record, members) for record in view.records(GROUP)]


def group_data(record: Record, members: Mapping[str, list[str]]) -> GroupData:
    """The group that a record holds, with its members out of `members`."""
    group = group_from(record)
    named = list(members.get(group.display_name, ()))
    return GroupData(group.display_name, group.group_id, group.description, list(group.external_ids), named)


def permission_sets_of(view: RecordView) -> list[PermissionSetData]:
    """The permission sets of a view, in name order."""
    return [permission_set_data(record) for record in view.records(PERMISSION_SET)]


def permission_set_data(record: Record) -> PermissionSetData:
    """The permission set that a record holds."""
    found = permission_set_from(record)
    boundary = found.boundary
    return PermissionSetData(
        name=found.summary.name,
        permission_set_arn=found.summary.arn,
        description=found.summary.description,
        session_duration=found.summary.session_duration,
        relay_state=found.summary.relay_state,
        inline_policy=found.inline_policy,
        managed_policies=list(found.managed_policies),
        customer_managed_policies=[_policy_data(policy) for policy in found.customer_policies],
        permissions_boundary=_policy_data(boundary) if isinstance(boundary, PolicyReference) else boundary,
        tags=dict(found.tags),
    )


def _policy_data(policy: PolicyReference) -> CustomerManagedPolicy:
    return CustomerManagedPolicy(policy.name, policy.path)


def assignments_of(view: RecordView) -> list[AssignmentData]:
    """The assignments of a view, in key order."""
    return [assignment_data(record) for record in view.records(ASSIGNMENT)]


def assignment_data(record: Record) -> AssignmentData:
    """The assignment that a record holds."""
    found = assignment_from(record)
    return AssignmentData(
        found.account_id, found.permission_set, str(found.principal_type), found.principal, found.account_name
    )


def relationships_of(view: RecordView) -> RelationshipMap:
    """Who belongs to what in a view, by names."""
    found = RelationshipMap()
    for record in view.records(MEMBERSHIP):
        membership = membership_from(record)
        found.user_groups.setdefault(membership.user, []).append(membership.group)
        found.group_members.setdefault(membership.group, []).append(membership.user)
    for assignment in assignments_of(view):
        found.permission_set_assignments.setdefault(assignment.permission_set, []).append(_target(assignment))
    return found


def data_of(view: RecordView, metadata: BackupMetadata, checksums: dict[str, str]) -> BackupData:
    """A view as data, each list in key order."""
    data = BackupData(
        metadata=metadata,
        users=users_of(view),
        groups=groups_of(view),
        permission_sets=permission_sets_of(view),
        assignments=assignments_of(view),
        relationships=relationships_of(view),
        checksums=checksums,
    )
    return add_settings(data, view)


# -- data to records


def records_of(data: BackupData) -> dict[str, list[Record]]:
    """The records of each type that the data holds, in key order; a type that was left out is absent.

    With checksums in the data, a type is left out when it has neither a `type:` entry nor entries.
    Raises: Refused when two entries share a name, when the relationships say other than the rest, or
    when a record is not what its checksum says; UsageError for an unknown principal type.
    """
    _refuse_disagreement(data)
    found = {
        USER: [user_record(User(user.user_id, user.user_name, user.attributes)) for user in data.users],
        GROUP: [_group_record(group) for group in data.groups],
        MEMBERSHIP: [membership_record(NamedMembership(*pair)) for pair in _memberships(data)],
        PERMISSION_SET: [_permission_set_record(permission_set) for permission_set in data.permission_sets],
        ASSIGNMENT: [_assignment_record(assignment) for assignment in data.assignments],
        **settings_records(data),
    }
    held = {
        name: _in_order(name, records) for name, records in found.items() if _is_held(data, name, records)
    }
    _refuse_wrong_checksums(data, [record for records in held.values() for record in records])
    return held


def _is_held(data: BackupData, type_name: str, records: Sequence[Record]) -> bool:
    drawn = type_name in DRAWN and not data.checksums
    return bool(records) or drawn or f"type:{type_name}" in data.checksums


def _memberships(data: BackupData) -> list[tuple[str, str]]:
    """Pairs of group and user name, from the groups and, for groups that are not there, the relationships."""
    listed = {(group.display_name, user) for group in data.groups for user in group.members}
    related = {(group, user) for group, users in data.relationships.group_members.items() for user in users}
    return sorted(listed | related)


def _refuse_disagreement(data: BackupData) -> None:
    """Relationships may be empty; where they say something, they must say what the rest says."""
    if data.relationships == RelationshipMap():
        return
    listed = {(group.display_name, user) for group in data.groups for user in group.members}
    groups = {group.display_name for group in data.groups}
    related = {(group, user) for group, users in data.relationships.group_members.items() for user in users}
    mirrored = {(group, user) for user, names in data.relationships.user_groups.items() for group in names}
    access = {(item.permission_set, _target(item)) for item in data.assignments}
    mapped = {
        (name, to) for name, all_ in data.relationships.permission_set_assignments.items() for to in all_
    }
    wrong = (
        (related ^ mirrored) | (listed ^ {pair for pair in related if pair[0] in groups}) | (access ^ mapped)
    )
    if wrong:
        raise Refused(
            f"the relationships and the rest of the data disagree on {' and '.join(min(wrong))}",
            "Make them agree, or leave `relationships` empty: `RelationshipMap()`.",
        )


def _target(assignment: AssignmentData) -> str:
    return f"{assignment.account_id}/{assignment.principal_type}/{assignment.principal_name}"


def _group_record(group: GroupData) -> Record:
    return group_record(
        Group(group.group_id, group.display_name, group.description, tuple(group.external_ids))
    )


def _permission_set_record(data: PermissionSetData) -> Record:
    summary = PermissionSetSummary(
        data.permission_set_arn, data.name, data.description, data.session_duration, data.relay_state
    )
    boundary = data.permissions_boundary
    return permission_set_record(
        PermissionSet(
            summary=summary,
            inline_policy=data.inline_policy,
            managed_policies=tuple(data.managed_policies),
            customer_policies=tuple(_reference(policy) for policy in data.customer_managed_policies),
            boundary=_reference(boundary) if isinstance(boundary, CustomerManagedPolicy) else boundary,
            tags=tuple(data.tags.items()),
        )
    )


def _reference(policy: CustomerManagedPolicy) -> PolicyReference:
    return PolicyReference(policy.name, policy.path)


def _assignment_record(data: AssignmentData) -> Record:
    if data.principal_type not in PrincipalType.__members__:
        raise UsageError(
            f"The principal type {data.principal_type!r} of {data.principal_name} is unknown.",
            "Use USER or GROUP.",
        )
    kind = PrincipalType(data.principal_type)
    return assignment_record(
        NamedAssignment(data.account_id, data.permission_set, kind, data.principal_name, data.account_name)
    )


def _in_order(type_name: str, records: Sequence[Record]) -> list[Record]:
    ordered = sorted(records, key=lambda record: record.key)
    for before, after in pairwise(ordered):
        if before.key == after.key:
            raise Refused(
                f"the {type_name} {show_key(after.key)} is there twice",
                "Keep one of them; user names that differ only by case are the same to the service.",
            )
    return ordered


def _refuse_wrong_checksums(data: BackupData, records: Sequence[Record]) -> None:
    """Checksums may be empty; a record that one names must be there and be what it says."""
    actual = {checksum_name(record.type, record.key): record.digest for record in records}
    for name, stated in data.checksums.items():
        if name.startswith("record:") and actual.get(name) != stated:
            raise Refused(
                f"{name} is not what its checksum says",
                "Retrieve the backup again; where you changed the data on purpose, set `checksums` to {}.",
            )
