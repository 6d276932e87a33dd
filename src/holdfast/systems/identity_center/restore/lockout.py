"""The guard against a restore that takes away the access its operator works with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from holdfast.domain.changes import Change, Decision, Verb
from holdfast.domain.errors import Refused
from holdfast.domain.records import RecordView, join_key, split_key
from holdfast.kernel.canonical import plain
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    BOUNDARY,
    CUSTOMER_POLICY,
    GROUP,
    INLINE_POLICY,
    MANAGED_POLICY,
    MEMBERSHIP,
    PERMISSION_SET,
    USER,
    PrincipalType,
)
from holdfast.systems.identity_center.restore.facet import text
from holdfast.systems.identity_center.restore.facets import facets_of
from holdfast.systems.identity_center.restore.order import owner_of

# The role that Identity Center makes for a permission set, and the session it opens for a user.
_SESSION = re.compile(
    r"arn:aws[a-z-]*:sts::(?P<account>\d{12}):assumed-role/"
    r"AWSReservedSSO_(?P<set>[\w+=,.@-]+)_[0-9a-f]{16}/(?P<user>.+)"
)
_ADMINISTRATOR = "policy/AdministratorAccess"


@dataclass(frozen=True, slots=True)
class Operator:
    """The Identity Center session that runs the restore; `user` is the user's natural key."""

    account: str
    permission_set: str
    user: str


@dataclass(slots=True)
class _Losses:
    """The changes that touch what the operator's session rests on."""

    removed: dict[tuple[str, str], Change] = field(default_factory=dict)
    of_set: list[Change] = field(default_factory=list)


def read_operator(arn: str) -> Operator | None:
    """The operator's session, None for a principal that does not come from Identity Center."""
    match = _SESSION.fullmatch(arn)
    return Operator(match["account"], match["set"], match["user"].casefold()) if match else None


def refuse_lockout(decisions: Iterable[Decision], present: RecordView, operator: Operator) -> None:
    """Nothing, when the operator's session survives these changes.

    Access that the same plan would add does not count: its creation may fail, the removal not.
    Raises: Refused naming the first change that would end or weaken the session.
    """
    losses = _losses(decisions, operator)
    for change in losses.removed.values():
        if (change.type, change.key) in ((USER, operator.user), (PERMISSION_SET, operator.permission_set)):
            raise _refusal(change, operator)
    _refuse_last_path(losses.removed, present, operator)
    weakening = _weakening(losses.of_set, present, operator)
    if weakening is not None:
        raise _refusal(weakening, operator)


def _losses(decisions: Iterable[Decision], operator: Operator) -> _Losses:
    losses = _Losses()
    for change in decisions:
        if not isinstance(change, Change):
            continue
        if change.verb is Verb.DELETE and change.type in (
            USER,
            GROUP,
            MEMBERSHIP,
            PERMISSION_SET,
            ASSIGNMENT,
        ):
            losses.removed[change.type, change.key] = change
        elif change.type.startswith(PERMISSION_SET) and _owner(change) == operator.permission_set:
            losses.of_set.append(change)
    return losses


def _owner(change: Change) -> str:
    return owner_of(change.type, change.key)


def _refuse_last_path(
    removed: dict[tuple[str, str], Change], present: RecordView, operator: Operator
) -> None:
    """Each path is the chain of records that must all stay; one whole path is enough."""
    lost: list[Change] = []
    paths = list(_paths(present, operator))
    for path in paths:
        broken = [removed[step] for step in path if step in removed]
        if not broken:
            return
        lost += broken
    if not paths:
        # How the session came about could not be seen, so nothing that may carry it is given up.
        lost = [change for change in removed.values() if _may_carry(change, operator)]
    if lost:
        raise _refusal(lost[0], operator)


def _paths(present: RecordView, operator: Operator) -> Iterable[tuple[tuple[str, str], ...]]:
    for record in present.records(ASSIGNMENT):
        account, permission_set, principal_type, principal = split_key(record.key)
        if (account, permission_set) != (operator.account, operator.permission_set):
            continue
        step = (ASSIGNMENT, record.key)
        membership = join_key(principal, operator.user)
        if principal_type == PrincipalType.USER:
            if principal == operator.user:
                yield (step,)
        elif present.find(MEMBERSHIP, membership) is not None:
            yield (step, (MEMBERSHIP, membership), (GROUP, principal))


def _may_carry(change: Change, operator: Operator) -> bool:
    parts = split_key(change.key)
    if change.type == ASSIGNMENT:
        own = parts[2] == PrincipalType.GROUP or parts[3] == operator.user
        return parts[:2] == (operator.account, operator.permission_set) and own
    return change.type == MEMBERSHIP and parts[1] == operator.user


def _weakening(changes: list[Change], present: RecordView, operator: Operator) -> Change | None:
    """The change that leaves the permission set with less than it allows now, if there is one."""
    detached = [c for c in changes if c.type in (MANAGED_POLICY, CUSTOMER_POLICY) and c.verb is Verb.DELETE]
    inline = [c for c in changes if c.type == INLINE_POLICY and c.before is not None]
    narrowed = [c for c in changes if c.type == BOUNDARY and c.after is not None]
    denied = [c for c in changes if c.type == INLINE_POLICY and _adds_denial(c)]
    if narrowed or denied:
        return (narrowed + denied)[0]
    if _stays_administrator(detached, present, operator):
        return None
    fewer = detached + [change for change in inline if _drops_statement(change)]
    return fewer[0] if fewer else None


def _stays_administrator(detached: list[Change], present: RecordView, operator: Operator) -> bool:
    live = present.find(PERMISSION_SET, operator.permission_set)
    held = {facet.key for facet in facets_of(live) if facet.type == MANAGED_POLICY} if live else set()
    return any(key.endswith(_ADMINISTRATOR) for key in held - {change.key for change in detached})


def _drops_statement(change: Change) -> bool:
    return not _statements(change.before, "Allow") <= _statements(change.after, "Allow")


def _adds_denial(change: Change) -> bool:
    return not _statements(change.after, "Deny") <= _statements(change.before, "Deny")


def _statements(value: bytes | None, effect: str) -> set[str]:
    document = text(plain(value or b""), "Document")
    try:
        found = json.loads(document or "{}").get("Statement", [])
    except (ValueError, AttributeError):
        return {document}
    listed = found if isinstance(found, list) else [found]
    return {
        json.dumps(statement, sort_keys=True)
        for statement in listed
        if isinstance(statement, dict) and statement.get("Effect") == effect
    }


def _refusal(change: Change, operator: Operator) -> Refused:
    session = f"{operator.permission_set} in account {operator.account}"
    return Refused(
        f"`{change.name}` would end or weaken the access of this session ({session}, user {operator.user})",
        "Run as a principal that does not depend on it, narrow the scope, or use `--allow-lockout`.",
    )
