"""What a doctor looks at in Identity Center; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.domain.errors import AccessDenied, HoldfastError, NotFound, RemoteError, UsageError
from holdfast.kernel.checks import Check, Verdict, failed
from holdfast.kernel.needs import Action
from holdfast.kernel.ports import PacedSession
from holdfast.kernel.simulation import simulated
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import Instance
from holdfast.systems.identity_center.needs.beforehand import place_of
from holdfast.systems.identity_center.needs.changes import ASKING
from holdfast.systems.identity_center.needs.table import actions_for
from holdfast.systems.identity_center.needs.trying import tried

LISTING_SETS = "sso:ListPermissionSets"
"""Only the management account and a delegated administrator may."""


def examine(session: PacedSession, connection: Connection, work: str) -> Iterator[Check]:
    """Credentials, instance, whose account it is, identity source, and each action that the work needs.

    What a later check rests on ends the list where it is missing. Raises: UsageError for unknown work;
    RemoteUnavailable, Throttled.
    """
    actions = [action for action in actions_for(work) if action not in ASKING]
    try:
        caller = connection.organizations.caller()
        yield Check("credentials", "principal", Verdict.OK, f"{caller.arn}, region {caller.region}")
        instance = connection.instance()
        yield Check("identity center", "instance", Verdict.OK, instance.arn)
    except (AccessDenied, NotFound, RemoteError, UsageError) as error:
        yield failed("identity center", "instance", error)
        return
    except HoldfastError as error:
        yield failed("credentials", "principal", error)
        return
    checks = _actions(session, connection, instance, caller, actions)
    yield _account(instance, caller, next(check for check in checks if check.name == LISTING_SETS))
    yield _identity_source(connection)
    yield from checks


def _actions(
    session: PacedSession,
    connection: Connection,
    instance: Instance,
    caller: Caller,
    actions: Sequence[Action],
) -> list[Check]:
    """Each action tried, else simulated; in the table's order."""
    trials = dict(tried(session, instance, caller.account, actions))
    untried = [action for action in actions if trials[action] is None]
    place = place_of(connection, instance, caller)
    answers = simulated(connection.iam.simulator, caller.arn, untried, place.names) if untried else []
    found = {**trials, **dict(zip(untried, answers, strict=True))}
    return [check for action in actions if (check := found[action])]


def _account(instance: Instance, caller: Caller, listing: Check) -> Check:
    owner = instance.owner_account
    if listing.verdict is not Verdict.OK:
        reason = f"{caller.account} cannot be told from one that is neither: {listing.reason}"
        advice = (
            f"Run with credentials of the management account {owner} or of the delegated administrator "
            f"of sso.amazonaws.com, and allow {LISTING_SETS}."
        )
        return Check("identity center", "account", Verdict.UNKNOWN, reason, advice, needed=False)
    if owner in ("", caller.account):
        return Check("identity center", "account", Verdict.OK, f"{caller.account}, the management account")
    reason = (
        f"{caller.account}, a delegated administrator of {owner}: it cannot change permission sets that "
        "are provisioned in the management account, nor assignments there"
    )
    advice = f"To restore those, run with credentials of account {owner}."
    return Check("identity center", "account", Verdict.OK, reason, advice)


def _identity_source(connection: Connection) -> Check:
    """Whether the first page of users or groups looks as if another system had put it there."""
    try:
        users = connection.identity_store.list_users().items
        groups = connection.identity_store.list_groups().items
    except (AccessDenied, RemoteError) as error:
        return Check(
            "identity center", "identity source", Verdict.UNKNOWN, str(error), error.advice, needed=False
        )
    outside = sum("ExternalIds" in user.attributes for user in users)
    outside += sum(bool(group.external_ids) for group in groups)
    if not outside:
        return Check(
            "identity center", "identity source", Verdict.OK, "users and groups have no external ids"
        )
    reason = f"{outside} of the first {len(users) + len(groups)} users and groups have external ids"
    advice = (
        "SCIM or Active Directory seems to provision them: a restore awaits those and writes the others. "
        'Where the source leaves no external ids, set `[identity_center] identity_source = "external"`.'
    )
    return Check("identity center", "identity source", Verdict.OK, reason, advice)
