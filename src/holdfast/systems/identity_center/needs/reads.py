"""The actions that read: all that a backup calls, and those with which a restore looks before and after it changes."""

from __future__ import annotations

from holdfast.kernel.needs import ANY, Action
from holdfast.systems.identity_center.model import (
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GROUP,
    INLINE_POLICY,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TAG,
    TAGS,
    USER,
)
from holdfast.systems.identity_center.needs.action import (
    ACCOUNTS,
    APPLICATIONS,
    GROUPS,
    INSTANCE,
    ISSUERS,
    MEMBERSHIPS,
    PERMISSION_SETS,
    STORE,
    USERS,
)

ON_SETS = (PERMISSION_SET, INLINE_POLICY, MANAGED_POLICY, CUSTOMER_POLICY, BOUNDARY, TAG, PROVISION)
ASSIGNMENTS = (ASSIGNMENT, APPLICATION_ASSIGNMENT)
ASYNCHRONOUS = (ASSIGNMENT, PROVISION)
_SET = (INSTANCE, PERMISSION_SETS)
_OF_A_SET = ("InstanceArn", "PermissionSetArn")
_LISTED = ("InstanceArn", "MaxResults")
_STORED = ("IdentityStoreId", "MaxResults")
_FINDING = "find the ids behind names"
_WATCHING = "follow asynchronous operations to their end"


def _of_a_set(operation: str, what: str, *changes: str) -> Action:
    return Action(
        f"sso:{operation}", f"read {what}", _SET, backup=True, changes=changes, tried_with=_OF_A_SET
    )


def _status(operation: str, request: str, *changes: str) -> Action:
    tried = ("InstanceArn", request)
    return Action(f"sso:{operation}", _WATCHING, (INSTANCE,), changes=changes, tried_with=tried)


def _under_way(operation: str) -> Action:
    return Action(f"sso:{operation}", _WATCHING, (INSTANCE,), changes=ASYNCHRONOUS, tried_with=_LISTED)


BACKUP_READS = (
    Action("sso:ListInstances", "find the instance", (ANY,), backup=True, tried_with=("MaxResults",)),
    Action(
        "organizations:ListAccounts",
        "name the accounts, and check that those of assignments exist",
        (ANY,),
        backup=True,
        without="accounts are kept without names, and a restore cannot check that they exist",
        tried_with=("MaxResults",),
    ),
    Action(
        "sso:ListPermissionSets",
        "list permission sets",
        (INSTANCE,),
        backup=True,
        changes=(*ON_SETS, ASSIGNMENT),
        tried_with=_LISTED,
    ),
    _of_a_set("DescribePermissionSet", "permission sets", *ON_SETS, ASSIGNMENT),
    _of_a_set("GetInlinePolicyForPermissionSet", "inline policies", INLINE_POLICY),
    _of_a_set("GetPermissionsBoundaryForPermissionSet", "permissions boundaries", BOUNDARY),
    _of_a_set("ListManagedPoliciesInPermissionSet", "AWS managed policies attached", MANAGED_POLICY),
    _of_a_set(
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        "customer managed policies attached",
        CUSTOMER_POLICY,
    ),
    Action(
        "sso:ListTagsForResource",
        "read tags",
        (*_SET, APPLICATIONS, ISSUERS),
        backup=True,
        changes=TAGS,
        tried_with=("InstanceArn", "ResourceArn:PermissionSetArn"),
    ),
    _of_a_set("ListAccountsForProvisionedPermissionSet", "where permission sets are provisioned", PROVISION),
    Action(
        "sso:ListPermissionSetsProvisionedToAccount",
        "list assignments account by account",
        (ACCOUNTS, INSTANCE),
        backup=True,
        tried_with=("InstanceArn", "AccountId", "MaxResults"),
    ),
    Action(
        "sso:ListAccountAssignments",
        "read assignments",
        (ACCOUNTS, *_SET),
        backup=True,
        changes=(ASSIGNMENT,),
        tried_with=("InstanceArn", "AccountId", "PermissionSetArn", "MaxResults"),
    ),
    Action(
        "sso:ListAccountAssignmentsForPrincipal",
        "list assignments principal by principal, where that is cheaper",
        (INSTANCE,),
        backup=True,
        without="assignments are listed account by account, which may take more calls",
        tried_with=("InstanceArn", "PrincipalId", "PrincipalType", "MaxResults"),
    ),
    Action(
        "identitystore:ListUsers",
        "read users",
        (STORE, USERS),
        backup=True,
        changes=(USER, MEMBERSHIP, *ASSIGNMENTS),
        tried_with=_STORED,
    ),
    Action(
        "identitystore:ListGroups",
        "read groups",
        (STORE, GROUPS),
        backup=True,
        changes=(GROUP, MEMBERSHIP, *ASSIGNMENTS),
        tried_with=_STORED,
    ),
    Action(
        "identitystore:ListGroupMemberships",
        "read memberships",
        (STORE, GROUPS, MEMBERSHIPS),
        backup=True,
        changes=(MEMBERSHIP,),
        tried_with=("IdentityStoreId", "GroupId", "MaxResults"),
    ),
    Action(
        "identitystore:ListGroupMembershipsForMember",
        "read memberships user by user, where that is cheaper",
        (STORE, USERS, MEMBERSHIPS),
        backup=True,
        tried_with=("IdentityStoreId", "MemberId", "MaxResults"),
    ),
)

RESTORE_READS = (
    Action(
        "identitystore:DescribeUser",
        "read a user before and after changing it",
        (STORE, USERS),
        changes=(USER,),
        tried_with=("IdentityStoreId", "UserId"),
    ),
    Action(
        "identitystore:DescribeGroup",
        "read a group before and after changing it",
        (STORE, GROUPS),
        changes=(GROUP,),
        tried_with=("IdentityStoreId", "GroupId"),
    ),
    Action(
        "identitystore:GetUserId",
        _FINDING,
        (STORE, USERS),
        changes=(USER, MEMBERSHIP, *ASSIGNMENTS),
        tried_with=("IdentityStoreId", "AlternateIdentifier:UserName"),
    ),
    Action(
        "identitystore:GetGroupId",
        _FINDING,
        (STORE, GROUPS),
        changes=(GROUP, MEMBERSHIP, *ASSIGNMENTS),
        tried_with=("IdentityStoreId", "AlternateIdentifier:DisplayName"),
    ),
    Action(
        "identitystore:GetGroupMembershipId",
        _FINDING,
        (STORE, USERS, GROUPS, MEMBERSHIPS),
        changes=(MEMBERSHIP,),
        tried_with=("IdentityStoreId", "GroupId", "MemberId"),
    ),
    _under_way("ListAccountAssignmentCreationStatus"),
    _under_way("ListAccountAssignmentDeletionStatus"),
    _under_way("ListPermissionSetProvisioningStatus"),
    _status(
        "DescribeAccountAssignmentCreationStatus",
        "AccountAssignmentCreationRequestId",
        f"create {ASSIGNMENT}",
    ),
    _status(
        "DescribeAccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionRequestId",
        f"delete {ASSIGNMENT}",
    ),
    _status("DescribePermissionSetProvisioningStatus", "ProvisionPermissionSetRequestId", PROVISION),
)
