"""The least-privilege policy for a piece of work, ready to paste."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.kernel.needs import ANY, Action, document
from holdfast.systems.identity_center.needs.action import Place
from holdfast.systems.identity_center.needs.changes import ASKING, LOOKING, PROVISIONING

_SERVICES = {"sso": "IdentityCenter", "identitystore": "IdentityStore"}


def policy(actions: Iterable[Action], place: Place) -> str:
    """An IAM policy document that allows these actions on their resources and nothing else."""
    return document(((_statement(action), action) for action in actions), place.names)


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
