"""AWS SSO Admin: which users and groups are assigned to an application. Unlike accounts, at once."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.access import Principal
from holdfast.sandbox.application_api import application_of
from holdfast.sandbox.applications import ApplicationAssignment
from holdfast.sandbox.wire import Answer, Call, missing
from holdfast.sandbox.world import World

PAGE = 100


def _create(world: World, call: Call) -> Answer:
    application, principal = application_of(world, call), _principal(call)
    name = _require_principal(world, principal)
    world.applications.assign(application, principal)
    world.journal.record("CreateApplicationAssignment", application.name, principal.kind, name)
    return {}


def _delete(world: World, call: Call) -> Answer:
    application, principal = application_of(world, call), _found(world, call).principal
    del application.assigned[principal]
    name = world.name_of(principal) or principal.id
    world.journal.record("DeleteApplicationAssignment", application.name, principal.kind, name)
    return {}


def _describe(world: World, call: Call) -> Answer:
    return _shown(_found(world, call))


def _found(world: World, call: Call) -> ApplicationAssignment:
    application, principal = application_of(world, call), _principal(call)
    if principal not in application.assigned:
        raise missing(f"{principal.kind} {principal.id} is not assigned to {application.name}.")
    return application.assigned[principal]


def _list(world: World, call: Call) -> Answer:
    return _page(world, call, list(application_of(world, call).assigned.values()))


def _list_for_principal(world: World, call: Call) -> Answer:
    """Direct assignments; a user also has those of the groups it is in, with the group as principal."""
    asked = _principal(call)
    _require_principal(world, asked)
    groups = world.directory.groups_of(asked.id) if asked.kind == "USER" else {}
    principals = (asked, *(Principal("GROUP", each) for each in groups))
    held = [each for principal in principals for each in world.applications.of_principal(principal)]
    wanted = call.parameters.part("Filter").find("ApplicationArn")
    chosen = [each for each in held if wanted in (None, each.application)]
    return _page(world, call, sorted(chosen, key=lambda each: each.seq))


def _page(world: World, call: Call, held: list[ApplicationAssignment]) -> Answer:
    return world.pager.page(call, held, lambda each: each.seq, PAGE).answer("ApplicationAssignments", _shown)


def _principal(call: Call) -> Principal:
    return Principal(call.parameters.text("PrincipalType"), call.parameters.text("PrincipalId"))


def _require_principal(world: World, principal: Principal) -> str:
    name = world.name_of(principal)
    if name is None:
        raise missing(f"{principal.kind} {principal.id} not found.")
    return name


def _shown(shown: ApplicationAssignment) -> dict[str, str]:
    return {
        "ApplicationArn": shown.application,
        "PrincipalType": shown.principal.kind,
        "PrincipalId": shown.principal.id,
    }


OPERATIONS: dict[str, Callable[[World, Call], Answer]] = {
    "CreateApplicationAssignment": _create,
    "DeleteApplicationAssignment": _delete,
    "DescribeApplicationAssignment": _describe,
    "ListApplicationAssignments": _list,
    "ListApplicationAssignmentsForPrincipal": _list_for_principal,
}
