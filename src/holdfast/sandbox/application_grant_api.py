"""AWS SSO Admin: how an application gets tokens: access scopes, grants, authentication methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from holdfast.sandbox.application_api import application_of
from holdfast.sandbox.applications import (
    AUTHORIZATION_CODE,
    GRANT_MEMBERS,
    JWT_BEARER,
    OWN_PROVIDER,
    Application,
    Scope,
)
from holdfast.sandbox.wire import Answer, Call, Document, Parameters, invalid, missing
from holdfast.sandbox.world import World

# The list that ListApplicationAccessScopes answers holds at most 10.
SCOPES_PAGE = 10
# Neither operation takes MaxResults: there are four kinds of grant and one of authentication method.
PAGE = 100
# "Access scopes per application", IAM Identity Center quotas.
MOST_SCOPES = 25


def _changeable(world: World, call: Call) -> Application:
    """The application of the call, which must be one that customers make by the API."""
    found = application_of(world, call)
    if found.provider != OWN_PROVIDER:
        raise invalid(f"{call.operation} is not supported for applications of {found.provider}.")
    return found


def _changed(world: World, call: Call, application: Application, name: str) -> Answer:
    world.journal.record(call.operation, application.name, name)
    return {}


# ---------------------------------------------------------------- access scopes


def _put_scope(world: World, call: Call) -> Answer:
    changed, name = _changeable(world, call), call.parameters.text("Scope")
    targets = call.parameters.texts("AuthorizedTargets")
    for each in targets:
        if each != world.ids.instance_arn:
            world.applications.get(each)
    if len({*changed.scopes, name}) > MOST_SCOPES:
        raise invalid(f"An application holds at most {MOST_SCOPES} access scopes.")
    world.applications.put_scope(changed, name, targets)
    return _changed(world, call, changed, name)


def _get_scope(world: World, call: Call) -> Answer:
    return _shown_scope(_scope(application_of(world, call), call))


def _delete_scope(world: World, call: Call) -> Answer:
    changed = _changeable(world, call)
    gone = _scope(changed, call)
    del changed.scopes[gone.name]
    return _changed(world, call, changed, gone.name)


def _list_scopes(world: World, call: Call) -> Answer:
    held = application_of(world, call).scopes.values()
    return world.pager.page(call, held, lambda each: each.seq, SCOPES_PAGE).answer("Scopes", _shown_scope)


def _scope(holder: Application, call: Call) -> Scope:
    name = call.parameters.text("Scope")
    if name not in holder.scopes:
        raise missing(f"Application {holder.name} has no access scope {name}.")
    return holder.scopes[name]


def _shown_scope(shown: Scope) -> dict[str, object]:
    return {"Scope": shown.name, **({"AuthorizedTargets": shown.targets} if shown.targets else {})}


# ---------------------------------------------------------------- grants


def _put_grant(world: World, call: Call) -> Answer:
    changed, kind = _changeable(world, call), call.parameters.text("GrantType")
    grant = call.parameters.part("Grant")
    member = GRANT_MEMBERS[kind]
    if [name for name in grant.values if name in grant] != [member]:
        raise invalid(f"Grant must hold {member}, and nothing else, for the grant type {kind}.")
    if kind == AUTHORIZATION_CODE:
        _check_redirects(grant.part(member).texts("RedirectUris"))
    if kind == JWT_BEARER:
        _check_issuers(world, grant.part(member).parts("AuthorizedTokenIssuers"))
    changed.grants[kind] = dict(grant.values)
    return _changed(world, call, changed, kind)


def _check_redirects(uris: tuple[str, ...]) -> None:
    if not uris:
        raise invalid("RedirectUris is required for the grant type authorization_code.")
    for each in uris:
        if not urlsplit(each).scheme:
            raise invalid(f"The redirect URI {each} is not a URI.")


def _check_issuers(world: World, issuers: tuple[Parameters, ...]) -> None:
    if not issuers:
        raise invalid(f"AuthorizedTokenIssuers is required for the grant type {JWT_BEARER}.")
    for each in issuers:
        if "TrustedTokenIssuerArn" not in each:
            raise invalid("Each of AuthorizedTokenIssuers must hold a TrustedTokenIssuerArn.")
        world.token_issuers.get(each.text("TrustedTokenIssuerArn"))


def _get_grant(world: World, call: Call) -> Answer:
    kind = call.parameters.text("GrantType")
    return {"Grant": _held(application_of(world, call).grants, kind, "grant")}


def _delete_grant(world: World, call: Call) -> Answer:
    changed, kind = _changeable(world, call), call.parameters.text("GrantType")
    _held(changed.grants, kind, "grant")
    del changed.grants[kind]
    return _changed(world, call, changed, kind)


def _list_grants(world: World, call: Call) -> Answer:
    held = [
        {"GrantType": kind, "Grant": grant}
        for kind, grant in sorted(application_of(world, call).grants.items())
    ]
    page = world.pager.page(call, enumerate(held, 1), lambda each: each[0], PAGE)
    return page.answer("Grants", lambda each: each[1])


def _held(held: Mapping[str, Document], kind: str, noun: str) -> Document:
    if kind not in held:
        raise missing(f"The application has no {noun} of type {kind}.")
    return held[kind]


# ---------------------------------------------------------------- authentication methods


def _put_method(world: World, call: Call) -> Answer:
    changed, kind = _changeable(world, call), call.parameters.text("AuthenticationMethodType")
    method = call.parameters.part("AuthenticationMethod")
    policy = method.part("Iam").raw("ActorPolicy")
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise invalid(
            "AuthenticationMethod must hold Iam with an ActorPolicy that is a JSON policy document."
        )
    changed.methods[kind] = dict(method.values)
    return _changed(world, call, changed, kind)


def _get_method(world: World, call: Call) -> Answer:
    kind = call.parameters.text("AuthenticationMethodType")
    return {"AuthenticationMethod": _held(application_of(world, call).methods, kind, "authentication method")}


def _delete_method(world: World, call: Call) -> Answer:
    changed, kind = _changeable(world, call), call.parameters.text("AuthenticationMethodType")
    _held(changed.methods, kind, "authentication method")
    del changed.methods[kind]
    return _changed(world, call, changed, kind)


def _list_methods(world: World, call: Call) -> Answer:
    held = application_of(world, call).methods.items()
    listed = [{"AuthenticationMethodType": kind, "AuthenticationMethod": method} for kind, method in held]
    page = world.pager.page(call, enumerate(listed, 1), lambda each: each[0], PAGE)
    return page.answer("AuthenticationMethods", lambda each: each[1])


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "PutApplicationAccessScope": _put_scope,
    "GetApplicationAccessScope": _get_scope,
    "DeleteApplicationAccessScope": _delete_scope,
    "ListApplicationAccessScopes": _list_scopes,
    "PutApplicationGrant": _put_grant,
    "GetApplicationGrant": _get_grant,
    "DeleteApplicationGrant": _delete_grant,
    "ListApplicationGrants": _list_grants,
    "PutApplicationAuthenticationMethod": _put_method,
    "GetApplicationAuthenticationMethod": _get_method,
    "DeleteApplicationAuthenticationMethod": _delete_method,
    "ListApplicationAuthenticationMethods": _list_methods,
}
