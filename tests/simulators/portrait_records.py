"""The records that a backup of a portrait holds, made without a sandbox or a capture."""

from __future__ import annotations

from typing import cast

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.sandbox.portrait import Portrait
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    Group,
    PermissionSet,
    PermissionSetSummary,
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


def records_of(portrait: Portrait) -> dict[str, list[Record]]:
    """All records by type, in key order."""
    names = {account.id: account.name for account in portrait.accounts}
    users = [cast("dict[str, Plain]", dict(user)) for user in portrait.users]
    found = {
        USER: [user_record(User("", str(user.pop("UserName")), user)) for user in users],
        GROUP: [group_record(Group("", group.name)) for group in portrait.groups],
        MEMBERSHIP: [
            membership_record(NamedMembership(each.group, each.user)) for each in portrait.memberships
        ],
        PERMISSION_SET: [
            permission_set_record(
                PermissionSet(
                    PermissionSetSummary("", each.name, session_duration=each.session),
                    each.inline_policy,
                    each.managed_policies,
                )
            )
            for each in portrait.permission_sets
        ],
        ASSIGNMENT: [
            assignment_record(
                NamedAssignment(
                    each.account,
                    each.permission_set,
                    PrincipalType(each.kind),
                    each.principal,
                    names[each.account],
                )
            )
            for each in portrait.assignments
        ],
    }
    return {name: sorted(records, key=lambda record: record.key) for name, records in found.items()}
