"""A company before and after a bad day: between the two lies a change of every kind that a restore can make."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.sandbox.portrait import (
    AccountPortrait,
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
)

SHOP, BANK = "111111111111", "222222222222"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
BILLING = "arn:aws:iam::aws:policy/job-function/Billing"
DEPLOY, LIMIT = PolicyPortrait("Deploy", "/team/"), PolicyPortrait("Limit", "/team/")

KINDS = frozenset(
    {
        "CreateUser", "UpdateUser", "DeleteUser", "CreateGroup", "UpdateGroup", "DeleteGroup",
        "CreateGroupMembership", "DeleteGroupMembership",
        "CreatePermissionSet", "UpdatePermissionSet", "DeletePermissionSet",
        "PutInlinePolicyToPermissionSet", "DeleteInlinePolicyFromPermissionSet",
        "AttachManagedPolicyToPermissionSet", "DetachManagedPolicyFromPermissionSet",
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        "PutPermissionsBoundaryToPermissionSet", "DeletePermissionsBoundaryFromPermissionSet",
        "TagResource", "UntagResource", "ProvisionPermissionSet",
        "CreateAccountAssignment", "DeleteAccountAssignment",
    }
)  # fmt: skip
"""Every operation that changes Identity Center."""


def _user(name: str, title: str = "Engineer") -> Mapping[str, object]:
    names = {"GivenName": name.title(), "FamilyName": "Example"}
    return {"UserName": name, "DisplayName": name.title(), "Name": names, "Title": title}


def _policy(action: str) -> str:
    statement = f'{{"Effect":"Allow","Action":"{action}","Resource":"*"}}'
    return f'{{"Version":"2012-10-17","Statement":[{statement}]}}'


def _to_group(account: str, permission_set: str, group: str) -> AssignmentPortrait:
    return AssignmentPortrait(account, permission_set, "GROUP", group)


_HAVE = ("/team/Deploy", "/team/Limit")
_ACCOUNTS = (
    AccountPortrait("123456789012", "Management", "root@example.com", policies=_HAVE),
    AccountPortrait(SHOP, "Shop", "shop@example.com", policies=_HAVE),
    AccountPortrait(BANK, "Bank", "bank@example.com", policies=_HAVE),
)

BEFORE = Portrait(
    accounts=_ACCOUNTS,
    users=(_user("anna"), _user("bert"), _user("cleo")),
    groups=(GroupPortrait("Admins", "Those who may"), GroupPortrait("Builders"), GroupPortrait("Cooks")),
    memberships=(
        MembershipPortrait("Admins", "anna"),
        MembershipPortrait("Builders", "bert"),
        MembershipPortrait("Builders", "cleo"),
        MembershipPortrait("Cooks", "anna"),
    ),
    permission_sets=(
        PermissionSetPortrait("Bounded", boundary=LIMIT),
        PermissionSetPortrait("Inline", inline_policy=_policy("s3:Get*")),
        PermissionSetPortrait("Lost", "Gone on the bad day", tags={"team": "lost"}),
        PermissionSetPortrait("Managed", managed_policies=(READ_ONLY,)),
        PermissionSetPortrait("Own", customer_policies=(DEPLOY,)),
        PermissionSetPortrait("Plain"),
        PermissionSetPortrait("Session", "Long", session="PT8H"),
        PermissionSetPortrait("Tagged", tags={"keep": "1", "old": "1"}),
        PermissionSetPortrait("Unbounded"),
        PermissionSetPortrait("Unowned"),
    ),
    assignments=(
        _to_group(SHOP, "Inline", "Admins"),
        _to_group(SHOP, "Lost", "Builders"),
        _to_group(BANK, "Managed", "Cooks"),
        AssignmentPortrait(BANK, "Plain", "USER", "cleo"),
    ),
)

AFTER = Portrait(
    accounts=_ACCOUNTS,
    users=(_user("anna", "Director"), _user("bert"), _user("mallory")),
    groups=(GroupPortrait("Admins", "Opened to all"), GroupPortrait("Builders"), GroupPortrait("Intruders")),
    memberships=(
        MembershipPortrait("Admins", "anna"),
        MembershipPortrait("Admins", "bert"),
        MembershipPortrait("Builders", "bert"),
        MembershipPortrait("Intruders", "mallory"),
    ),
    permission_sets=(
        PermissionSetPortrait("Backdoor", tags={"team": "bad"}),
        PermissionSetPortrait("Bounded"),
        PermissionSetPortrait("Inline", inline_policy=_policy("*")),
        PermissionSetPortrait("Managed", managed_policies=(BILLING,)),
        PermissionSetPortrait("Own"),
        PermissionSetPortrait("Plain", inline_policy=_policy("iam:*")),
        PermissionSetPortrait("Session", "Short", session="PT1H"),
        PermissionSetPortrait("Tagged", tags={"keep": "2", "new": "1"}),
        PermissionSetPortrait("Unbounded", boundary_arn=READ_ONLY),
        PermissionSetPortrait("Unowned", customer_policies=(DEPLOY,)),
    ),
    assignments=(
        _to_group(SHOP, "Inline", "Admins"),
        _to_group(SHOP, "Backdoor", "Intruders"),
        _to_group(BANK, "Managed", "Builders"),
    ),
)
