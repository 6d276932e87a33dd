"""A company before and after a bad day: between the two lies a change of every kind that a restore can make."""

from __future__ import annotations

from collections.abc import Mapping

from holdfast.sandbox.portrait import (
    AccountPortrait,
    ApplicationPortrait,
    AssignmentPortrait,
    AuthorizedIssuerPortrait,
    GroupPortrait,
    InstancePortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
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
        "UpdateInstance", "CreateTrustedTokenIssuer", "UpdateTrustedTokenIssuer", "DeleteTrustedTokenIssuer",
        "CreateApplication", "UpdateApplication", "DeleteApplication",
        "PutApplicationAssignmentConfiguration", "PutApplicationSessionConfiguration",
        "PutApplicationGrant", "DeleteApplicationGrant",
        "PutApplicationAccessScope", "DeleteApplicationAccessScope",
        "PutApplicationAuthenticationMethod", "DeleteApplicationAuthenticationMethod",
        "CreateApplicationAssignment", "DeleteApplicationAssignment",
    }
)  # fmt: skip
"""Every operation that changes Identity Center, but for those of which an instance has room for one at a time."""
ENABLE = "CreateInstanceAccessControlAttributeConfiguration"
DISABLE = "DeleteInstanceAccessControlAttributeConfiguration"


def _user(name: str, title: str = "Engineer") -> Mapping[str, object]:
    names = {"GivenName": name.title(), "FamilyName": "Example"}
    return {"UserName": name, "DisplayName": name.title(), "Name": names, "Title": title}


def _policy(action: str) -> str:
    statement = f'{{"Effect":"Allow","Action":"{action}","Resource":"*"}}'
    return f'{{"Version":"2012-10-17","Statement":[{statement}]}}'


def _to_group(account: str, permission_set: str, group: str) -> AssignmentPortrait:
    return AssignmentPortrait(account, permission_set, "GROUP", group)


def _issuer(name: str, claim: str = "email") -> TrustedTokenIssuerPortrait:
    return TrustedTokenIssuerPortrait(name, f"https://{name}.example.com", claim)


_SCOPE, _REFRESH = (ScopePortrait("desk:read", ("",)),), ("refresh_token",)
_ACTOR: dict[str, object] = {"Version": "2012-10-17", "Statement": []}
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
        PermissionSetPortrait("Keeper", inline_policy=_policy("logs:*")),
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
    instance=InstancePortrait("before", attributes={"team": ("${path:title}",)}),
    trusted_token_issuers=(_issuer("lost"), _issuer("partner")),
    applications=(
        ApplicationPortrait("Desk", assigned=(("GROUP", "Builders"),)),
        ApplicationPortrait("Found again", token_issuers=(AuthorizedIssuerPortrait("lost", ("desk",)),)),
        ApplicationPortrait("One", plain_grants=_REFRESH),
        ApplicationPortrait("Open", assignment_required=False),
        ApplicationPortrait("Sessions", background_sessions="ENABLED"),
        ApplicationPortrait("Three", actor_policy=_ACTOR),
        ApplicationPortrait("Two", scopes=_SCOPE),
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
        PermissionSetPortrait("Keeper"),
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
    instance=InstancePortrait("after"),
    trusted_token_issuers=(_issuer("partner", "sub"), _issuer("rogue")),
    applications=(
        ApplicationPortrait("Desk", status="DISABLED", assigned=(("GROUP", "Admins"),)),
        ApplicationPortrait("One", scopes=_SCOPE),
        ApplicationPortrait("Open"),
        ApplicationPortrait("Rogue", token_issuers=(AuthorizedIssuerPortrait("rogue", ("desk",)),)),
        ApplicationPortrait("Sessions"),
        ApplicationPortrait("Three", plain_grants=_REFRESH),
        ApplicationPortrait("Two", actor_policy=_ACTOR),
    ),
)

# Written down from the two portraits: what a restore that deletes extras must do, each once, and its undoing.
# Undoing gives Plain its policy back while cleo still has it, because access is taken away last: one call more.
_RESTORED = """
CreateUser cleo
UpdateUser anna
DeleteUser mallory
CreateGroup Cooks
UpdateGroup Admins
DeleteGroup Intruders
CreateGroupMembership Builders/cleo
CreateGroupMembership Cooks/anna
DeleteGroupMembership Admins/bert
DeleteGroupMembership Intruders/mallory
CreatePermissionSet Lost
UpdatePermissionSet Session
DeletePermissionSet Backdoor
PutInlinePolicyToPermissionSet Inline
PutInlinePolicyToPermissionSet Keeper
DeleteInlinePolicyFromPermissionSet Plain
AttachManagedPolicyToPermissionSet Managed/arn:aws:iam::aws:policy/ReadOnlyAccess
DetachManagedPolicyFromPermissionSet Managed/arn:aws:iam::aws:policy/job-function/Billing
AttachCustomerManagedPolicyReferenceToPermissionSet Own//team/Deploy
DetachCustomerManagedPolicyReferenceFromPermissionSet Unowned//team/Deploy
PutPermissionsBoundaryToPermissionSet Bounded
DeletePermissionsBoundaryFromPermissionSet Unbounded
TagResource Lost/team
TagResource Tagged/keep
TagResource Tagged/old
UntagResource Tagged/new
UntagResource Backdoor/team
ProvisionPermissionSet Inline/ALL_PROVISIONED_ACCOUNTS
ProvisionPermissionSet Managed/ALL_PROVISIONED_ACCOUNTS
CreateAccountAssignment 111111111111/Lost/GROUP/Builders
CreateAccountAssignment 222222222222/Managed/GROUP/Cooks
CreateAccountAssignment 222222222222/Plain/USER/cleo
DeleteAccountAssignment 111111111111/Backdoor/GROUP/Intruders
DeleteAccountAssignment 222222222222/Managed/GROUP/Builders
UpdateInstance before
CreateInstanceAccessControlAttributeConfiguration team
CreateTrustedTokenIssuer lost
UpdateTrustedTokenIssuer partner
DeleteTrustedTokenIssuer rogue
CreateApplication Found again
UpdateApplication Desk
DeleteApplication Rogue
PutApplicationAssignmentConfiguration Open
PutApplicationSessionConfiguration Sessions
PutApplicationGrant One/refresh_token
PutApplicationGrant Found again/urn:ietf:params:oauth:grant-type:jwt-bearer
DeleteApplicationGrant Three/refresh_token
DeleteApplicationGrant Rogue/urn:ietf:params:oauth:grant-type:jwt-bearer
PutApplicationAccessScope Two/desk:read
DeleteApplicationAccessScope One/desk:read
PutApplicationAuthenticationMethod Three/IAM
DeleteApplicationAuthenticationMethod Two/IAM
CreateApplicationAssignment Desk/GROUP/Builders
DeleteApplicationAssignment Desk/GROUP/Admins
"""
_UNDONE = """
CreateUser mallory
UpdateUser anna
DeleteUser cleo
CreateGroup Intruders
UpdateGroup Admins
DeleteGroup Cooks
CreateGroupMembership Admins/bert
CreateGroupMembership Intruders/mallory
DeleteGroupMembership Builders/cleo
DeleteGroupMembership Cooks/anna
CreatePermissionSet Backdoor
UpdatePermissionSet Session
DeletePermissionSet Lost
PutInlinePolicyToPermissionSet Inline
PutInlinePolicyToPermissionSet Plain
DeleteInlinePolicyFromPermissionSet Keeper
AttachManagedPolicyToPermissionSet Managed/arn:aws:iam::aws:policy/job-function/Billing
DetachManagedPolicyFromPermissionSet Managed/arn:aws:iam::aws:policy/ReadOnlyAccess
AttachCustomerManagedPolicyReferenceToPermissionSet Unowned//team/Deploy
DetachCustomerManagedPolicyReferenceFromPermissionSet Own//team/Deploy
PutPermissionsBoundaryToPermissionSet Unbounded
DeletePermissionsBoundaryFromPermissionSet Bounded
TagResource Backdoor/team
TagResource Tagged/keep
TagResource Tagged/new
UntagResource Lost/team
UntagResource Tagged/old
ProvisionPermissionSet Inline/ALL_PROVISIONED_ACCOUNTS
ProvisionPermissionSet Managed/ALL_PROVISIONED_ACCOUNTS
ProvisionPermissionSet Plain/ALL_PROVISIONED_ACCOUNTS
CreateAccountAssignment 111111111111/Backdoor/GROUP/Intruders
CreateAccountAssignment 222222222222/Managed/GROUP/Builders
DeleteAccountAssignment 111111111111/Lost/GROUP/Builders
DeleteAccountAssignment 222222222222/Managed/GROUP/Cooks
DeleteAccountAssignment 222222222222/Plain/USER/cleo
UpdateInstance after
DeleteInstanceAccessControlAttributeConfiguration
CreateTrustedTokenIssuer rogue
UpdateTrustedTokenIssuer partner
DeleteTrustedTokenIssuer lost
CreateApplication Rogue
UpdateApplication Desk
DeleteApplication Found again
PutApplicationAssignmentConfiguration Open
PutApplicationSessionConfiguration Sessions
PutApplicationGrant Three/refresh_token
PutApplicationGrant Rogue/urn:ietf:params:oauth:grant-type:jwt-bearer
DeleteApplicationGrant One/refresh_token
DeleteApplicationGrant Found again/urn:ietf:params:oauth:grant-type:jwt-bearer
PutApplicationAccessScope One/desk:read
DeleteApplicationAccessScope Two/desk:read
PutApplicationAuthenticationMethod Two/IAM
DeleteApplicationAuthenticationMethod Three/IAM
CreateApplicationAssignment Desk/GROUP/Admins
DeleteApplicationAssignment Desk/GROUP/Builders
"""


def _listed(lines: str) -> list[tuple[str, str]]:
    words = (line.partition(" ") for line in lines.strip().splitlines())
    return sorted((operation, key) for operation, _, key in words)


RESTORED, UNDONE = _listed(_RESTORED), _listed(_UNDONE)
