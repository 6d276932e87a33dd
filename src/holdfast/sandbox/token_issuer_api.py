"""AWS SSO Admin: trusted token issuers."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.tag_api import tags_of
from holdfast.sandbox.token_issuers import TrustedTokenIssuer
from holdfast.sandbox.wire import Answer, Call, Parameters, invalid
from holdfast.sandbox.world import World

PAGE = 100
_TYPE = "OIDC_JWT"


def _create(world: World, call: Call) -> Answer:
    return world.client_tokens.once(call, lambda: _created(world, call))


def _created(world: World, call: Call) -> Answer:
    asked, settings, tags = call.parameters, _settings(call), tags_of(call.parameters)
    made = world.token_issuers.add(
        world.management_account,
        asked.text("Name"),
        settings.text("IssuerUrl"),
        settings.text("ClaimAttributePath"),
        settings.text("IdentityStoreAttributePath"),
    )
    made.tags = tags
    world.journal.record("CreateTrustedTokenIssuer", made.name)
    return {"TrustedTokenIssuerArn": made.arn}


def _update(world: World, call: Call) -> Answer:
    """Takes what the request passes. The issuer's URL is not among what can be changed."""
    changed, name, settings = _named(world, call), call.parameters.find("Name"), Parameters({})
    if "TrustedTokenIssuerConfiguration" in call.parameters:
        settings = _settings(call)
    if name is not None and name != changed.name:
        world.token_issuers.require_free(name)
        changed.name = name
    changed.claim_path = settings.find("ClaimAttributePath") or changed.claim_path
    changed.attribute_path = settings.find("IdentityStoreAttributePath") or changed.attribute_path
    world.journal.record("UpdateTrustedTokenIssuer", changed.name)
    return {}


def _settings(call: Call) -> Parameters:
    given = call.parameters.part("TrustedTokenIssuerConfiguration")
    if "OidcJwtConfiguration" not in given:
        raise invalid("TrustedTokenIssuerConfiguration must hold an OidcJwtConfiguration.")
    return given.part("OidcJwtConfiguration")


def _delete(world: World, call: Call) -> Answer:
    # "Deleting this trusted token issuer configuration will cause users to lose access to any applications that
    # are configured to use the trusted token issuer": grants do not hold it back, and they keep its ARN.
    gone = _named(world, call)
    del world.token_issuers.all[gone.arn]
    world.journal.record("DeleteTrustedTokenIssuer", gone.name)
    return {}


def _describe(world: World, call: Call) -> Answer:
    shown = _named(world, call)
    settings = {
        "IssuerUrl": shown.issuer_url,
        "ClaimAttributePath": shown.claim_path,
        "IdentityStoreAttributePath": shown.attribute_path,
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    }
    return {**_brief(shown), "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": settings}}


def _list(world: World, call: Call) -> Answer:
    page = world.pager.page(call, world.token_issuers.all.values(), lambda each: each.seq, PAGE)
    return page.answer("TrustedTokenIssuers", _brief)


def _brief(shown: TrustedTokenIssuer) -> dict[str, object]:
    return {"TrustedTokenIssuerArn": shown.arn, "Name": shown.name, "TrustedTokenIssuerType": _TYPE}


def _named(world: World, call: Call) -> TrustedTokenIssuer:
    return world.token_issuers.get(call.parameters.text("TrustedTokenIssuerArn"))


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreateTrustedTokenIssuer": _create,
    "UpdateTrustedTokenIssuer": _update,
    "DeleteTrustedTokenIssuer": _delete,
    "DescribeTrustedTokenIssuer": _describe,
    "ListTrustedTokenIssuers": _list,
}
