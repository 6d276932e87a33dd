"""The sample company's applications, their token issuer, and the attributes it passes on for access control."""

from __future__ import annotations

import random
from collections.abc import Sequence

from holdfast.sandbox.company_names import DEPARTMENTS
from holdfast.sandbox.portrait import (
    ApplicationPortrait,
    AuthorizedIssuerPortrait,
    InstancePortrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
)

INSTANCE = InstancePortrait(
    "example-corp",
    attributes={
        "costCenter": ("${path:enterprise.costCenter}",),
        "department": ("${path:enterprise.department}",),
    },
    tags={"owner": "identity-team"},
)
ISSUER = TrustedTokenIssuerPortrait(
    "corporate-idp", "https://idp.example.com/oauth2/default", tags={"owner": "identity-team"}
)
ANALYTICS, GATEWAY, WIKI = "Analytics Portal", "Batch Gateway", "Internal Wiki"
MANAGED_NAME, SAML_NAME = "QuickSight", "Salesforce"
_PROVIDER = "arn:aws:sso::aws:applicationProvider/"
_TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105


def applications(
    count: int, groups: Sequence[str], users: Sequence[str], chance: random.Random
) -> tuple[ApplicationPortrait, ...]:
    """`count` applications, the first five always the same kinds. `groups`: everybody first, the operators next."""
    made = list(_fixed(groups, users))
    for number in range(count - len(made)):
        made.append(_ordinary(number, groups, users, chance))
    return tuple(made[:count])


def _fixed(groups: Sequence[str], users: Sequence[str]) -> tuple[ApplicationPortrait, ...]:
    everybody, operators = groups[:2]
    return (
        ApplicationPortrait(
            ANALYTICS,
            description="Dashboards that query on behalf of the user",
            origin="APPLICATION",
            url="https://analytics.example.com/login",
            scopes=(
                ScopePortrait("analytics:query", (ANALYTICS, GATEWAY)),
                ScopePortrait("sso:account:access"),
            ),
            redirect_uris=("https://analytics.example.com/callback", "http://127.0.0.1:8400/callback"),
            token_issuers=(AuthorizedIssuerPortrait(ISSUER.name, ("analytics", "analytics-batch")),),
            plain_grants=("refresh_token", _TOKEN_EXCHANGE),
            actor_policy=_actor_policy("redshift.amazonaws.com"),
            assigned=(("GROUP", everybody), ("GROUP", operators), ("USER", users[0])),
            tags={"team": "data", "größe": "mittel"},
        ),
        ApplicationPortrait(
            GATEWAY,
            description="Switched off until the next quarter",
            status="DISABLED",
            visibility="DISABLED",
            scopes=(ScopePortrait("batch:submit", ("",)),),
            token_issuers=(AuthorizedIssuerPortrait(ISSUER.name, ("batch",)),),
            assigned=(("GROUP", operators),),
        ),
        ApplicationPortrait(WIKI, assignment_required=False, origin="IDENTITY_CENTER", tags={"team": "it"}),
        ApplicationPortrait(
            MANAGED_NAME,
            f"{_PROVIDER}quicksight",
            description="Made by the service itself",
            background_sessions="ENABLED",
            assigned=(("GROUP", everybody),),
        ),
        ApplicationPortrait(
            SAML_NAME,
            f"{_PROVIDER}custom-saml",
            origin="IDENTITY_CENTER",
            assigned=(("GROUP", everybody), ("USER", users[1])),
        ),
    )


def _actor_policy(service: str) -> dict[str, object]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sso-oauth:CreateTokenWithIAM",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _ordinary(
    number: int, groups: Sequence[str], users: Sequence[str], chance: random.Random
) -> ApplicationPortrait:
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    service = f"{department.lower()}-{number // len(DEPARTMENTS)}"
    delegated = chance.random() < 0.4
    assigned = [("GROUP", each) for each in chance.sample(groups, min(len(groups), chance.randint(0, 4)))]
    assigned += [("USER", each) for each in chance.sample(users, chance.randint(0, 2))]
    return ApplicationPortrait(
        f"{department} Desk {number // len(DEPARTMENTS) + 1}",
        description=f"Daily work of {department}" if chance.random() < 0.7 else "",
        status="ENABLED" if chance.random() < 0.9 else "DISABLED",
        origin="APPLICATION",
        url=f"https://{service}.example.com/start",
        assignment_required=chance.random() < 0.8,
        scopes=(ScopePortrait(f"{department.lower().replace('-', '_')}:read"),) if delegated else (),
        redirect_uris=(f"https://{service}.example.com/callback",) if delegated else (),
        plain_grants=("refresh_token",) if delegated else (),
        actor_policy=_actor_policy("lambda.amazonaws.com") if chance.random() < 0.2 else None,
        assigned=tuple(assigned),
        tags={"team": department.lower()} if chance.random() < 0.5 else {},
    )
