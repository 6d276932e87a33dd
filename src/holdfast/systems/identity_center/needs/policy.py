"""The least-privilege policy for a piece of work, ready to paste."""

from __future__ import annotations

import json
from collections.abc import Iterable

from holdfast.systems.identity_center.needs.action import ANY, Action, Place
from holdfast.systems.identity_center.needs.changes import ASKING, LOOKING, PROVISIONING

_SERVICES = {"sso": "IdentityCenter", "identitystore": "IdentityStore"}


def policy(actions: Iterable[Action], place: Place) -> str:
    """An IAM policy document that allows these actions on their resources and nothing else.

    Actions of a service share a statement with all resource types among them, because an action is never
    asked about a type that it does not know; that keeps the document within IAM's 6,144 characters.
    """
    statements: dict[str, list[Action]] = {}
    for action in actions:
        statements.setdefault(_statement(action), []).append(action)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [_shown(name, found, place) for name, found in statements.items()],
        },
        indent=2,
    )


def _statement(action: Action) -> str:
    if action in ASKING:
        return "AskBeforehand"
    if action in LOOKING:
        return "LookIntoMemberAccounts"
    if action in PROVISIONING:
        return "AssignInTheManagementAccount"
    if action.resources == (ANY,):
        return "ListWithoutResource"
    return ("Read" if action.reads else "Change") + _SERVICES[action.service]


def _shown(name: str, actions: list[Action], place: Place) -> dict[str, str | list[str]]:
    resources = {resource for action in actions for resource in action.resources_in(place)}
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": sorted(action.name for action in actions),
        "Resource": sorted(resources),
    }
