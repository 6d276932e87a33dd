"""AWS SSO Admin: applications, what they are instances of, and their settings."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.applications import OWN_PROVIDER, PROVIDERS, Application, Provider
from holdfast.sandbox.instance_api import identity_store_arn
from holdfast.sandbox.tag_api import tags_of
from holdfast.sandbox.wire import Answer, Call, Document, Parameters, invalid, missing
from holdfast.sandbox.world import World

PAGE = 100
# ListApplications takes MaxResults up to 100, and the list that it answers holds at most 50.
APPLICATIONS_PAGE = 50


def _create(world: World, call: Call) -> Answer:
    return world.client_tokens.once(call, lambda: _created(world, call))


def _created(world: World, call: Call) -> Answer:
    asked, provider = call.parameters, _provider(call.parameters.text("ApplicationProviderArn"))
    if provider.arn != OWN_PROVIDER:
        raise invalid(f"Applications of {provider.name} can not be created by this API, only {OWN_PROVIDER}.")
    sign_in, tags = _sign_in(asked), tags_of(asked)
    made = world.applications.add(asked.text("Name"), provider.arn, world.management_account, call.now)
    made.description, made.sign_in, made.tags = asked.find("Description"), sign_in, tags
    made.status = asked.find("Status") or made.status
    made.visibility = asked.part("PortalOptions").find("Visibility") or made.visibility
    world.journal.record("CreateApplication", made.name)
    return {
        "ApplicationArn": made.arn,
        "InstanceArn": world.ids.instance_arn,
        "IdentityStoreArn": identity_store_arn(world),
    }


def _update(world: World, call: Call) -> Answer:
    """Takes what the request passes and leaves the rest; the visibility is not among what can be changed."""
    asked, changed = call.parameters, application_of(world, call)
    changed.sign_in = _sign_in(asked) or changed.sign_in
    changed.name = asked.find("Name") or changed.name
    changed.description = asked.find("Description") or changed.description
    changed.status = asked.find("Status") or changed.status
    world.journal.record("UpdateApplication", changed.name)
    return {}


def _sign_in(asked: Parameters) -> Document | None:
    options = asked.part("PortalOptions")
    if "SignInOptions" not in options:
        return None
    given = options.part("SignInOptions")
    if given.text("Origin") == "APPLICATION" and "ApplicationUrl" not in given:
        raise invalid("ApplicationUrl is required when Origin is APPLICATION.")
    return dict(given.values)


def _delete(world: World, call: Call) -> Answer:
    gone = application_of(world, call)
    del world.applications.all[gone.arn]
    world.journal.record("DeleteApplication", gone.name)
    return {}


def _describe(world: World, call: Call) -> Answer:
    return _shown(world, application_of(world, call))


def _list(world: World, call: Call) -> Answer:
    wanted = call.parameters.part("Filter")
    account, provider = wanted.find("ApplicationAccount"), wanted.find("ApplicationProvider")
    chosen = [
        each
        for each in world.applications.all.values()
        if account in (None, each.account) and provider in (None, each.provider)
    ]
    page = world.pager.page(call, chosen, lambda each: each.seq, APPLICATIONS_PAGE)
    return page.answer("Applications", lambda each: _shown(world, each))


def application_of(world: World, call: Call) -> Application:
    """The application that the call names. Raises: ApiRefusal (ResourceNotFoundException)."""
    return world.applications.get(call.parameters.text("ApplicationArn"))


def _shown(world: World, shown: Application) -> dict[str, object]:
    portal = {"SignInOptions": shown.sign_in} if shown.sign_in else {}
    return {
        "ApplicationArn": shown.arn,
        "ApplicationProviderArn": shown.provider,
        "Name": shown.name,
        "ApplicationAccount": shown.account,
        "InstanceArn": world.ids.instance_arn,
        "IdentityStoreArn": identity_store_arn(world),
        "Status": shown.status,
        "PortalOptions": {**portal, "Visibility": shown.visibility},
        "CreatedDate": shown.created,
        "CreatedFrom": world.region,
        **({"Description": shown.description} if shown.description else {}),
    }


# ---------------------------------------------------------------- providers


def _describe_provider(world: World, call: Call) -> Answer:
    return _shown_provider(_provider(call.parameters.text("ApplicationProviderArn")))


def _list_providers(world: World, call: Call) -> Answer:
    page = world.pager.page(call, PROVIDERS.values(), lambda each: each.seq, PAGE)
    return page.answer("ApplicationProviders", _shown_provider)


def _provider(arn: str) -> Provider:
    if arn not in PROVIDERS:
        raise missing(f"Application provider with ARN {arn} not found.")
    return PROVIDERS[arn]


def _shown_provider(shown: Provider) -> dict[str, object]:
    return {
        "ApplicationProviderArn": shown.arn,
        "FederationProtocol": shown.protocol,
        "DisplayData": {"DisplayName": shown.name},
    }


# ---------------------------------------------------------------- who may use it, and for how long


def _put_assignment_configuration(world: World, call: Call) -> Answer:
    changed = application_of(world, call)
    changed.assignment_required = bool(call.parameters.raw("AssignmentRequired"))
    world.journal.record("PutApplicationAssignmentConfiguration", changed.name)
    return {}


def _get_assignment_configuration(world: World, call: Call) -> Answer:
    return {"AssignmentRequired": application_of(world, call).assignment_required}


def _put_session_configuration(world: World, call: Call) -> Answer:
    changed = application_of(world, call)
    given = call.parameters.find("UserBackgroundSessionApplicationStatus")
    changed.background_sessions = given or changed.background_sessions
    world.journal.record("PutApplicationSessionConfiguration", changed.name)
    return {}


def _get_session_configuration(world: World, call: Call) -> Answer:
    return {"UserBackgroundSessionApplicationStatus": application_of(world, call).background_sessions}


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreateApplication": _create,
    "UpdateApplication": _update,
    "DeleteApplication": _delete,
    "DescribeApplication": _describe,
    "ListApplications": _list,
    "DescribeApplicationProvider": _describe_provider,
    "ListApplicationProviders": _list_providers,
    "PutApplicationAssignmentConfiguration": _put_assignment_configuration,
    "GetApplicationAssignmentConfiguration": _get_assignment_configuration,
    "PutApplicationSessionConfiguration": _put_session_configuration,
    "GetApplicationSessionConfiguration": _get_session_configuration,
}
