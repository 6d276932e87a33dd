"""What a restore presupposes and no call makes, as a portrait for the sandbox where it is practised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from holdfast.domain.records import Record, RecordView
    from holdfast.kernel.canonical import Plain
    from holdfast.sandbox.portrait import (
        AccountPortrait,
        ApplicationPortrait,
        AuthorizedIssuerPortrait,
        Portrait,
        TrustedTokenIssuerPortrait,
    )
    from holdfast.systems.identity_center.model import Application

    Fields = Mapping[str, Plain]

_CODE, _BEARER = "authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"


def presupposed(wanted: RecordView) -> Portrait:
    """The accounts with their policies, and the applications of others with the token issuers that these name."""
    from holdfast.sandbox.portrait import Portrait
    from holdfast.systems.identity_center.model import TRUSTED_TOKEN_ISSUER

    applications = tuple(_applications(wanted))
    named = {issuer.issuer for application in applications for issuer in application.token_issuers}
    issuers = (_issuer(record) for record in wanted.records(TRUSTED_TOKEN_ISSUER) if record.key in named)
    return Portrait(
        accounts=_accounts(wanted), applications=applications, trusted_token_issuers=tuple(issuers)
    )


def _accounts(wanted: RecordView) -> tuple[AccountPortrait, ...]:
    """The accounts of the assignments, each with every customer-managed policy that a permission set names."""
    from holdfast.sandbox.portrait import AccountPortrait
    from holdfast.systems.identity_center.model import ASSIGNMENT, PERMISSION_SET, PolicyReference
    from holdfast.systems.identity_center.records.mapping import assignment_from, permission_set_from

    policies = set[str]()
    for record in wanted.records(PERMISSION_SET):
        granted = permission_set_from(record)
        named = [*granted.customer_policies, granted.boundary]
        policies.update(each.path_and_name for each in named if isinstance(each, PolicyReference))
    accounts: dict[str, AccountPortrait] = {}
    for record in wanted.records(ASSIGNMENT):
        given = assignment_from(record)
        email = f"account-{given.account_id}@example.com"
        name = given.account_name or given.account_id
        accounts[given.account_id] = AccountPortrait(
            given.account_id, name, email, policies=tuple(sorted(policies))
        )
    return tuple(accounts.values())


def _applications(wanted: RecordView) -> Iterator[ApplicationPortrait]:
    """AWS managed and SAML applications with what no call puts on them; the rest of them is restored."""
    from holdfast.sandbox.portrait import ApplicationPortrait, ScopePortrait
    from holdfast.systems.identity_center.model import APPLICATION
    from holdfast.systems.identity_center.records.application_mapping import application_from
    from holdfast.systems.identity_center.records.application_names import can_be_created

    held = [application_from(record) for record in wanted.records(APPLICATION)]
    others = [each for each in held if not can_be_created(each.summary.provider)]
    targets = {f"application:{each.summary.name}": each.summary.name for each in others} | {"instance": ""}
    for each in others:
        scopes = (
            ScopePortrait(scope, tuple(targets[to] for to in named if to in targets))
            for scope, named in each.access_scopes
        )
        policy = dict(each.authentication_methods).get("IAM")
        yield ApplicationPortrait(
            name=each.summary.name,
            provider=each.summary.provider,
            visibility=each.summary.visibility or "ENABLED",
            scopes=tuple(scopes),
            redirect_uris=tuple(cast("Sequence[str]", _granted(each, _CODE).get("RedirectUris", ()))),
            token_issuers=tuple(_authorized(_granted(each, _BEARER))),
            plain_grants=tuple(kind for kind, _ in each.grants if kind not in (_CODE, _BEARER)),
            actor_policy=None if policy is None else dict(cast("Fields", policy)),
        )


def _granted(application: Application, kind: str) -> Fields:
    grant = dict(application.grants).get(kind, {})
    return cast("Fields", next(iter(grant.values()), {}))


def _authorized(grant: Fields) -> Iterator[AuthorizedIssuerPortrait]:
    from holdfast.sandbox.portrait import AuthorizedIssuerPortrait

    for row in cast("Sequence[Mapping[str, Sequence[str]]]", grant.get("AuthorizedTokenIssuers", ())):
        issuer = row.get("TrustedTokenIssuer", row.get("TrustedTokenIssuerArn", ""))
        yield AuthorizedIssuerPortrait(str(issuer), tuple(row.get("AuthorizedAudiences", ())))


def _issuer(record: Record) -> TrustedTokenIssuerPortrait:
    from holdfast.sandbox.portrait import TrustedTokenIssuerPortrait
    from holdfast.systems.identity_center.records.application_mapping import issuer_from

    told = dict(issuer_from(record).configuration)
    claim, attribute = told["ClaimAttributePath"], told["IdentityStoreAttributePath"]
    return TrustedTokenIssuerPortrait(record.key, told["IssuerUrl"], claim, attribute)
