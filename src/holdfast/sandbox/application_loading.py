"""Applications, trusted token issuers and the instance: from a portrait to a world, and back."""

from __future__ import annotations

from typing import cast

from holdfast.sandbox.applications import AUTHORIZATION_CODE, GRANT_MEMBERS, JWT_BEARER, Application
from holdfast.sandbox.instance import AttributeConfiguration, Instance
from holdfast.sandbox.portrait import (
    ApplicationPortrait,
    AuthorizedIssuerPortrait,
    InstancePortrait,
    Portrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
)
from holdfast.sandbox.wire import Document, Json, Parameters, invalid
from holdfast.sandbox.world import FOUNDED, World

_IAM = "IAM"


def load_applications(world: World, portrait: Portrait) -> None:
    """Puts the portrait's instance settings, issuers and applications into a world that has its people.

    Raises: ApiRefusal when the portrait names something that it does not hold, or holds something twice.
    """
    given = portrait.instance
    attributes = None if given.attributes is None else AttributeConfiguration(dict(given.attributes), FOUNDED)
    world.instance = Instance(given.name, given.kms_key, dict(given.tags), attributes)
    for issuer in portrait.trusted_token_issuers:
        made = world.token_issuers.add(
            world.management_account, issuer.name, issuer.issuer_url, issuer.claim, issuer.attribute
        )
        made.tags = dict(issuer.tags)
    loaded = [(each, _load(world, each)) for each in portrait.applications]
    # Scopes may name applications that come later in the portrait.
    for each, application in loaded:
        for scope in each.scopes:
            targets = tuple(_target_arn(world, name) for name in scope.targets)
            world.applications.put_scope(application, scope.name, targets)


def _load(world: World, given: ApplicationPortrait) -> Application:
    account = given.account or world.management_account
    made = world.applications.add(given.name, given.provider, account, FOUNDED)
    made.description, made.status, made.visibility = given.description or None, given.status, given.visibility
    if given.origin:
        made.sign_in = {"Origin": given.origin, **({"ApplicationUrl": given.url} if given.url else {})}
    made.assignment_required, made.background_sessions = given.assignment_required, given.background_sessions
    made.grants, made.tags = _grants(world, given), dict(given.tags)
    if given.actor_policy is not None:
        made.methods[_IAM] = {"Iam": {"ActorPolicy": cast(Document, given.actor_policy)}}
    for kind, name in given.assigned:
        world.applications.assign(made, world.principal(kind, name))
    return made


def _grants(world: World, given: ApplicationPortrait) -> dict[str, Document]:
    grants: dict[str, Document] = {kind: {GRANT_MEMBERS[kind]: {}} for kind in given.plain_grants}
    if given.redirect_uris:
        grants[AUTHORIZATION_CODE] = {"AuthorizationCode": {"RedirectUris": list(given.redirect_uris)}}
    if given.token_issuers:
        listed: list[Json] = [_authorized(world, each) for each in given.token_issuers]
        grants[JWT_BEARER] = {"JwtBearer": {"AuthorizedTokenIssuers": listed}}
    return grants


def _authorized(world: World, given: AuthorizedIssuerPortrait) -> Document:
    arn = given.issuer
    if not arn.startswith("arn:"):
        found = world.token_issuers.named(given.issuer)
        if found is None:
            raise invalid(f"The portrait names trusted token issuer {given.issuer} and does not hold it.")
        arn = found.arn
    authorized: Document = {"TrustedTokenIssuerArn": arn}
    if given.audiences:
        authorized["AuthorizedAudiences"] = list(given.audiences)
    return authorized


def _target_arn(world: World, name: str) -> str:
    if not name or name.startswith("arn:"):
        return name or world.ids.instance_arn
    found = next((each.arn for each in world.applications.all.values() if each.name == name), None)
    if found is None:
        raise invalid(f"The portrait names application {name} and does not hold it.")
    return found


# ---------------------------------------------------------------- back


def instance_portrait(world: World) -> InstancePortrait:
    """The instance's own settings."""
    held, attributes = world.instance, world.instance.attributes
    sources = None if attributes is None else dict(sorted(attributes.sources.items()))
    return InstancePortrait(held.name, held.kms_key, sources, dict(sorted(held.tags.items())))


def issuer_portraits(world: World) -> tuple[TrustedTokenIssuerPortrait, ...]:
    """The trusted token issuers, by name."""
    held = sorted(world.token_issuers.all.values(), key=lambda each: each.name)
    return tuple(
        TrustedTokenIssuerPortrait(
            each.name, each.issuer_url, each.claim_path, each.attribute_path, dict(sorted(each.tags.items()))
        )
        for each in held
    )


def application_portraits(world: World) -> tuple[ApplicationPortrait, ...]:
    """The applications, by name, provider and account."""
    held = sorted(world.applications.all.values(), key=lambda each: (each.name, each.provider, each.account))
    return tuple(_application_portrait(world, each) for each in held)


def _application_portrait(world: World, held: Application) -> ApplicationPortrait:
    sign_in, method = Parameters(held.sign_in or {}), Parameters(held.methods.get(_IAM, {}))
    assigned = [(each.kind, world.name_of(each) or "") for each in held.assigned]
    return ApplicationPortrait(
        name=held.name,
        provider=held.provider,
        account="" if held.account == world.management_account else held.account,
        description=held.description or "",
        status=held.status,
        visibility=held.visibility,
        origin=sign_in.find("Origin") or "",
        url=sign_in.find("ApplicationUrl") or "",
        assignment_required=held.assignment_required,
        background_sessions=held.background_sessions,
        scopes=tuple(sorted(_scope_portraits(world, held))),
        redirect_uris=_grant(held, AUTHORIZATION_CODE).texts("RedirectUris"),
        token_issuers=_issuers(world, _grant(held, JWT_BEARER)),
        plain_grants=tuple(sorted(held.grants.keys() - {AUTHORIZATION_CODE, JWT_BEARER})),
        actor_policy=cast("dict[str, object] | None", method.part("Iam").raw("ActorPolicy")),
        assigned=tuple(sorted(assigned)),
        tags=dict(sorted(held.tags.items())),
    )


def _grant(held: Application, kind: str) -> Parameters:
    return Parameters(held.grants.get(kind, {})).part(GRANT_MEMBERS[kind])


def _issuers(world: World, grant: Parameters) -> tuple[AuthorizedIssuerPortrait, ...]:
    listed = []
    for each in grant.parts("AuthorizedTokenIssuers"):
        arn = each.text("TrustedTokenIssuerArn")
        known = world.token_issuers.all.get(arn)
        name = known.name if known else arn
        listed.append(AuthorizedIssuerPortrait(name, each.texts("AuthorizedAudiences")))
    return tuple(listed)


def _scope_portraits(world: World, held: Application) -> list[ScopePortrait]:
    return [
        ScopePortrait(each.name, tuple(_target_name(world, arn) for arn in each.targets))
        for each in held.scopes.values()
    ]


def _target_name(world: World, arn: str) -> str:
    """Empty for the instance; an application that is gone keeps its ARN."""
    if arn == world.ids.instance_arn:
        return ""
    known = world.applications.all.get(arn)
    return known.name if known else arn
