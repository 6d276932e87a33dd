"""What memberships and assignments name, told from their keys."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.records import split_key
from holdfast.systems.identity_center.model import (
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    PrincipalType,
)
from holdfast.systems.identity_center.records.application_names import split_application_assignment

LINKS = (MEMBERSHIP, ASSIGNMENT, APPLICATION_ASSIGNMENT)
"""Records that refer to others; nothing refers to them."""
PRINCIPAL_TYPES = {PrincipalType.USER.value: USER, PrincipalType.GROUP.value: GROUP}


def references(type_name: str, key: str) -> Iterator[tuple[str, str]]:
    """Type and key of the records that a membership or an assignment of either kind names."""
    if type_name == MEMBERSHIP:
        group, user = split_key(key)
        yield GROUP, group
        yield USER, user
    elif type_name == ASSIGNMENT:
        _, permission_set, principal_type, principal = split_key(key)
        yield PERMISSION_SET, permission_set
        yield PRINCIPAL_TYPES[principal_type], principal
    elif type_name == APPLICATION_ASSIGNMENT:
        application, principal_type, principal = split_application_assignment(key)
        yield APPLICATION, application
        yield PRINCIPAL_TYPES[principal_type], principal
