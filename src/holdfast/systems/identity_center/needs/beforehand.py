"""What stands against a plan for lack of permissions, before its first change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from holdfast.domain.outcomes import Finding
from holdfast.kernel.needs import Kind
from holdfast.kernel.simulation import objections, simulated
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import Instance
from holdfast.systems.identity_center.needs.action import Place
from holdfast.systems.identity_center.needs.table import actions_for_changes


def place_of(connection: Connection, instance: Instance, caller: Caller) -> Place:
    """What resources are called here."""
    known = Place.of(instance.arn, caller.region, connection.iam.role or "*")
    return replace(
        known, store=instance.identity_store_id, owner=instance.owner_account, caller=caller.account
    )


def beforehand(connection: Connection, kinds: Iterable[Kind]) -> list[Finding]:
    """An ERROR for each action that changes of these kinds need and that IAM's simulation refuses.

    A WARNING where it cannot be told, and one for what is missing but can be done without.
    Raises: CredentialsError; what looking up the caller and the instance raises.
    """
    actions = actions_for_changes(kinds)
    if not actions:
        return []
    caller = connection.organizations.caller()
    place = place_of(connection, connection.instance(), caller)
    return objections(actions, simulated(connection.iam.simulator, caller.arn, actions, place.names))
