"""The actions that change, which only a restore and a rollback call, and what AWS asks for beside them."""

from __future__ import annotations

from holdfast.kernel.needs import Action
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GROUP,
    INLINE_POLICY,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    PROVISION,
    TAGS,
    USER,
)
from holdfast.systems.identity_center.needs.action import (
    ACCOUNTS,
    APPLICATIONS,
    GROUPS,
    INSTANCE,
    ISSUERS,
    MEMBER_ROLES,
    MEMBERSHIPS,
    PERMISSION_SETS,
    POLICIES,
    PRINCIPALS,
    RESERVED_ROLES,
    SAML_PROVIDER,
    STORE,
    USERS,
)

_SET = (INSTANCE, PERMISSION_SETS)
_ASSIGNED = (ACCOUNTS, *_SET)
_TAGGED = (*_SET, APPLICATIONS, ISSUERS)


def _store(operation: str, change: str, *resources: str) -> Action:
    return Action(f"identitystore:{operation}", f"{change}s", (STORE, *resources), changes=(change,))


def _set(operation: str, purpose: str, *changes: str) -> Action:
    return Action(f"sso:{operation}", purpose, _SET, changes=changes)


def _put(facet: str) -> tuple[str, str]:
    return f"create {facet}", f"update {facet}"


CHANGES = (
    _store("CreateUser", f"create {USER}"),
    _store("UpdateUser", f"update {USER}", USERS),
    _store("DeleteUser", f"delete {USER}", USERS),
    _store("CreateGroup", f"create {GROUP}"),
    _store("UpdateGroup", f"update {GROUP}", GROUPS),
    _store("DeleteGroup", f"delete {GROUP}", GROUPS),
    _store("CreateGroupMembership", f"create {MEMBERSHIP}", USERS, GROUPS),
    _store("DeleteGroupMembership", f"delete {MEMBERSHIP}", USERS, GROUPS, MEMBERSHIPS),
    _set("CreatePermissionSet", "create permission sets", f"create {PERMISSION_SET}"),
    _set("UpdatePermissionSet", "change permission sets", f"update {PERMISSION_SET}"),
    _set("DeletePermissionSet", "delete permission sets", f"delete {PERMISSION_SET}"),
    _set("PutInlinePolicyToPermissionSet", "set inline policies", *_put(INLINE_POLICY)),
    _set("DeleteInlinePolicyFromPermissionSet", "remove inline policies", f"delete {INLINE_POLICY}"),
    _set("AttachManagedPolicyToPermissionSet", "attach AWS managed policies", *_put(MANAGED_POLICY)),
    _set("DetachManagedPolicyFromPermissionSet", "detach AWS managed policies", f"delete {MANAGED_POLICY}"),
    _set(
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        "attach customer managed policies",
        *_put(CUSTOMER_POLICY),
    ),
    _set(
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        "detach customer managed policies",
        f"delete {CUSTOMER_POLICY}",
    ),
    _set("PutPermissionsBoundaryToPermissionSet", "set permissions boundaries", *_put(BOUNDARY)),
    _set("DeletePermissionsBoundaryFromPermissionSet", "remove permissions boundaries", f"delete {BOUNDARY}"),
    Action("sso:TagResource", "set tags", _TAGGED, changes=tuple(name for tag in TAGS for name in _put(tag))),
    Action("sso:UntagResource", "remove tags", _TAGGED, changes=tuple(f"delete {tag}" for tag in TAGS)),
    Action(
        "sso:ProvisionPermissionSet",
        "bring changed permission sets to their accounts",
        _ASSIGNED,
        changes=(PROVISION,),
    ),
    Action("sso:CreateAccountAssignment", "create assignments", _ASSIGNED, changes=(f"create {ASSIGNMENT}",)),
    Action("sso:DeleteAccountAssignment", "delete assignments", _ASSIGNED, changes=(f"delete {ASSIGNMENT}",)),
)

_UNASKED = "what is missing shows only when the service refuses a change"
ASKING = (
    Action(
        "iam:SimulatePrincipalPolicy",
        "ask beforehand which actions are allowed",
        PRINCIPALS,
        without=_UNASKED,
    ),
    Action(
        "iam:GetRole",
        "find the role behind a session whose role has a path, to ask about it",
        PRINCIPALS[:1],
        without=_UNASKED,
    ),
)

_UNCHECKED = "a policy that an account lacks shows only when an assignment fails"
LOOKING = (
    Action(
        "sts:AssumeRole",
        "enter member accounts, under the role of `member_role`, to see which policies they have",
        (MEMBER_ROLES,),
        without=_UNCHECKED,
    ),
    Action("iam:GetPolicy", "see whether policies are there", (POLICIES,), without=_UNCHECKED),
)

_MANAGEMENT = "change assignments of the management account, whose roles the service makes as the caller"
_IN_MEMBERS_ALONE = "assignments of the management account fail; those of member accounts need none of it"


def _provisioning(operation: str, resource: str = RESERVED_ROLES) -> Action:
    return Action(
        f"iam:{operation}",
        _MANAGEMENT,
        (resource,),
        changes=(ASSIGNMENT, PROVISION),
        without=_IN_MEMBERS_ALONE,
    )


# "Identity-based policy examples for IAM Identity Center", example 2 and its note (IAM Identity Center guide).
PROVISIONING = (
    _provisioning("AttachRolePolicy"),
    _provisioning("CreateRole"),
    _provisioning("DeleteRole"),
    _provisioning("DeleteRolePolicy"),
    _provisioning("DetachRolePolicy"),
    _provisioning("GetRole"),
    _provisioning("ListAttachedRolePolicies"),
    _provisioning("ListRolePolicies"),
    _provisioning("PutRolePolicy"),
    _provisioning("UpdateRole"),
    _provisioning("UpdateRoleDescription"),
    _provisioning("GetSAMLProvider", SAML_PROVIDER),
    _provisioning("UpdateSAMLProvider", SAML_PROVIDER),
)
