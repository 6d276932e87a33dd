"""What is known about a company beforehand: the numbers from which the fewest listing calls follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.sandbox.portrait import Portrait


@dataclass(frozen=True, slots=True)
class KnownCompany:
    """Counts by natural name. A pair is (account id, permission set name) with at least one assignment.

    `for_user` is what ListAccountAssignmentsForPrincipal lists: direct assignments and those through groups.
    Groups, users and permission sets with nothing are present with 0.
    """

    accounts: int
    users: int
    groups: int
    permission_sets: int
    pairs: dict[tuple[str, str], int]
    sets_in_account: dict[str, int]
    accounts_of_set: dict[str, int]
    members_of_group: dict[str, int]
    groups_of_user: dict[str, int]
    for_group: dict[str, int]
    for_user: dict[str, int]


def known_company(portrait: Portrait) -> KnownCompany:
    """The counts of a portrait."""
    pairs = Counter((each.account, each.permission_set) for each in portrait.assignments)
    held = Counter((each.kind, each.principal) for each in portrait.assignments)
    users, groups = (
        [str(each["UserName"]) for each in portrait.users],
        [each.name for each in portrait.groups],
    )
    through: Counter[str] = Counter()
    for each in portrait.memberships:
        through[each.user] += held["GROUP", each.group]
    return KnownCompany(
        accounts=len(portrait.accounts),
        users=len(users),
        groups=len(groups),
        permission_sets=len(portrait.permission_sets),
        pairs=dict(pairs),
        sets_in_account=_all(
            (each.id for each in portrait.accounts), Counter(account for account, _ in pairs)
        ),
        accounts_of_set=_all(
            (each.name for each in portrait.permission_sets), Counter(name for _, name in pairs)
        ),
        members_of_group=_all(groups, Counter(each.group for each in portrait.memberships)),
        groups_of_user=_all(users, Counter(each.user for each in portrait.memberships)),
        for_group={name: held["GROUP", name] for name in groups},
        for_user={name: held["USER", name] + through[name] for name in users},
    )


def _all(names: Iterable[str], counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in names}
