"""The guard against a restore that takes away the QuickSight access its operator works with."""

from __future__ import annotations

import re
from collections.abc import Iterable

from holdfast.domain.changes import Change, Decision
from holdfast.domain.errors import Refused
from holdfast.domain.records import RecordView, show_key, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.systems.quicksight.model import USER
from holdfast.systems.quicksight.restore.facets import facets_of

_ROLE = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/(?P<name>[^/]+/.+)")
_USER = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:user/(?:.*/)?(?P<name>[^/]+)")
ADMINISTRATORS = frozenset({"ADMIN", "ADMIN_PRO"})
_KEPT = ("Role", "IdentityType", "CustomPermissionsName")


def user_name_of(operator: str) -> str:
    """The QuickSight user name of an IAM principal: `role/session`, or the IAM user's name; empty for others."""
    match = _ROLE.fullmatch(operator) or _USER.fullmatch(operator)
    return match["name"] if match else ""


def refuse_lockout(decisions: Iterable[Decision], present: RecordView, operator: str) -> None:
    """Nothing, when the operator's own user and an administrator outlast these changes.

    Administrators that the same plan would register do not count: that may fail, the removal not.
    Raises: Refused naming the change.
    """
    own, left = user_name_of(operator).casefold(), _administrators(present)
    last: Change | None = None
    for change in decisions:
        if not isinstance(change, Change) or change.type != USER or change.before is None:
            continue
        name = split_key(change.key)[1]
        if own and name.casefold() == own and _weakens(change):
            raise _refusal(change, f"you work as this user ({operator})")
        if change.key in left and (change.after is None or not _administers(plain(change.after))):
            left.discard(change.key)
            last = change
    if last is not None and not left:
        raise _refusal(last, "no administrator of this QuickSight account would be left")


def _administrators(present: RecordView) -> set[str]:
    return {record.key for record in present.records(USER) if _administers(plain(facets_of(record)[0].value))}


def _administers(fields: dict[str, Plain]) -> bool:
    return fields.get("Role") in ADMINISTRATORS


def _weakens(change: Change) -> bool:
    """Whether the user goes, or may do something else than now."""
    if change.after is None:
        return True
    before, after = plain(change.before or b""), plain(change.after)
    raised = not _administers(before) and _administers(after)
    return not raised and any(before.get(name) != after.get(name) for name in _KEPT)


def _refusal(change: Change, reason: str) -> Refused:
    return Refused(
        f"this would {change.verb} {change.type} {show_key(change.key)}, and {reason}",
        "Leave the user out of the scope, or give --allow-lockout if that is what you want.",
    )
