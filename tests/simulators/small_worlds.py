"""A tiny world as it was kept and as it is after much damage: putting it back needs every kind of change."""

from __future__ import annotations

from holdfast.sandbox.portrait import (
    AccountPortrait,
    ApplicationPortrait,
    AssignmentPortrait,
    GroupPortrait,
    InstancePortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
)

MANAGEMENT, MEMBER = "123456789012", "222222222222"
POLICIES = ("/team/Kept", "/team/Strange")
ACCOUNTS = (
    AccountPortrait(MANAGEMENT, "management", "management@example.com", policies=POLICIES),
    AccountPortrait(MEMBER, "workload", "workload@example.com", policies=POLICIES),
)
AWS = "arn:aws:iam::aws:policy/"
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def _actor(service: str) -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sso-oauth:CreateTokenWithIAM",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _user(name: str, title: str) -> dict[str, object]:
    return {
        "UserName": name,
        "DisplayName": name.title(),
        "Name": {"GivenName": name.title(), "FamilyName": "Example"},
        "Title": title,
    }


KEPT = Portrait(
    accounts=ACCOUNTS,
    users=(_user("ann", "Engineer"), _user("bob", "Auditor"), _user("cyd", "Auditor")),
    groups=(GroupPortrait("Admins", "those who may"), GroupPortrait("Crew")),
    memberships=(MembershipPortrait("Admins", "ann"), MembershipPortrait("Crew", "bob")),
    permission_sets=(
        PermissionSetPortrait("New"),
        PermissionSetPortrait("Ops", inline_policy=DENY, boundary_arn=AWS + "PowerUserAccess"),
        PermissionSetPortrait(
            "ReadOnly",
            "reads",
            managed_policies=(AWS + "ReadOnlyAccess",),
            customer_policies=(PolicyPortrait("Kept", "/team/"),),
            tags={"team": "blue"},
        ),
    ),
    assignments=(
        AssignmentPortrait(MEMBER, "ReadOnly", "GROUP", "Admins"),
        AssignmentPortrait(MEMBER, "Ops", "USER", "ann"),
    ),
    instance=InstancePortrait(
        "kept", attributes={"team": ("${path:enterprise.division}",)}, tags={"team": "blue"}
    ),
    trusted_token_issuers=(
        TrustedTokenIssuerPortrait(
            "Changed", "https://changed.example.com", claim="email", tags={"team": "blue"}
        ),
        TrustedTokenIssuerPortrait("Lost", "https://lost.example.com"),
    ),
    applications=(
        ApplicationPortrait(
            "Desk",
            description="as it was",
            assignment_required=False,
            background_sessions="DISABLED",
            scopes=(ScopePortrait("desk:read"),),
            plain_grants=("refresh_token",),
            actor_policy=_actor("redshift.amazonaws.com"),
            assigned=(("GROUP", "Admins"),),
            tags={"team": "blue"},
        ),
        ApplicationPortrait("Missing"),
        ApplicationPortrait("Other"),
    ),
)
DAMAGED = Portrait(
    accounts=ACCOUNTS,
    users=(_user("ann", "Intern"), _user("cyd", "Auditor"), _user("eve", "Stranger")),
    groups=(GroupPortrait("Admins", "whoever"), GroupPortrait("Old")),
    memberships=(MembershipPortrait("Admins", "eve"), MembershipPortrait("Old", "cyd")),
    permission_sets=(
        PermissionSetPortrait("Ops"),
        PermissionSetPortrait(
            "ReadOnly",
            "writes",
            inline_policy=DENY,
            managed_policies=(AWS + "AdministratorAccess",),
            customer_policies=(PolicyPortrait("Strange", "/team/"),),
            boundary_arn=AWS + "PowerUserAccess",
            tags={"team": "red", "temporary": "yes"},
        ),
        PermissionSetPortrait("Stale"),
    ),
    assignments=(
        AssignmentPortrait(MEMBER, "ReadOnly", "GROUP", "Admins"),
        AssignmentPortrait(MEMBER, "Stale", "GROUP", "Old"),
    ),
    instance=InstancePortrait(
        "renamed", attributes={"team": ("${path:userType}",)}, tags={"temporary": "yes"}
    ),
    trusted_token_issuers=(
        TrustedTokenIssuerPortrait(
            "Changed", "https://changed.example.com", claim="sub", tags={"temporary": "yes"}
        ),
        TrustedTokenIssuerPortrait("Strange", "https://strange.example.com"),
    ),
    applications=(
        ApplicationPortrait(
            "Desk",
            description="altered",
            background_sessions="ENABLED",
            scopes=(ScopePortrait("desk:write"),),
            plain_grants=(EXCHANGE,),
            assigned=(("USER", "cyd"),),
            tags={"temporary": "yes"},
        ),
        ApplicationPortrait("Other", actor_policy=_actor("lambda.amazonaws.com")),
        ApplicationPortrait("Unknown"),
    ),
)
