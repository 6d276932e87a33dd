"""A company from day to day, and the plainest answer to who could reach what in it."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from holdfast.sandbox.portrait import (
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    Portrait,
)

Path = tuple[str, str, str, str, str, bool]
"""Account id and name, permission set, user, group (empty: direct), whether the user is disabled."""


def days(first: Portrait, count: int, seed: int) -> Iterator[Portrait]:
    """The company on so many days, each with the changes of the day before."""
    chance, now = random.Random(seed), first
    for number in range(count):
        yield now
        now = _next_day(now, number, chance)


def _next_day(now: Portrait, number: int, chance: random.Random) -> Portrait:
    users, groups = list(now.users), list(now.groups)
    users.append({"UserName": f"Newcomer.{number}@Example.com", "UserStatus": "ENABLED"})
    users.remove(chance.choice(users))
    for place in chance.sample(range(len(users)), 2):
        other = "ENABLED" if users[place].get("UserStatus") == "DISABLED" else "DISABLED"
        users[place] = {**users[place], "UserStatus": other}
    groups.append(GroupPortrait(f"Project {number}"))
    groups.remove(chance.choice(groups))
    sets = list(now.permission_sets)
    sets.append(PermissionSetPortrait(f"Set-{number}", session="PT2H"))
    sets.remove(chance.choice(sets))
    names, of = [str(user["UserName"]) for user in users], [group.name for group in groups]
    members = set(chance.sample(now.memberships, int(len(now.memberships) * 0.95)))
    members |= {MembershipPortrait(chance.choice(of), chance.choice(names)) for _ in range(8)}
    given = set(chance.sample(now.assignments, len(now.assignments) - 4))
    for _ in range(6):
        kind, pool = chance.choice([("USER", names), ("GROUP", of)])
        account, permission_set = chance.choice(now.accounts).id, chance.choice(sets).name
        given.add(AssignmentPortrait(account, permission_set, kind, chance.choice(pool)))
    there = {"USER": set(names), "GROUP": set(of)}
    return msgspec.structs.replace(
        now,
        users=tuple(users),
        groups=tuple(groups),
        permission_sets=tuple(sets),
        memberships=tuple(sorted(m for m in members if m.group in of and m.user in there["USER"])),
        assignments=tuple(
            sorted(
                each
                for each in given
                if each.principal in there[each.kind] and each.permission_set in {s.name for s in sets}
            )
        ),
    )


def reachable(
    portrait: Portrait, user: str = "", group: str = "", account: str = "", permission_set: str = ""
) -> set[Path]:
    """Every path, found by going through all assignments and all memberships."""
    names = {each.id: each.name for each in portrait.accounts}
    disabled = {str(each["UserName"]) for each in portrait.users if each.get("UserStatus") == "DISABLED"}
    found: set[Path] = set()
    for given in portrait.assignments:
        who = [given.principal]
        if given.kind == "GROUP":
            who = [each.user for each in portrait.memberships if each.group == given.principal] or [""]
        via = given.principal if given.kind == "GROUP" else ""
        for person in who:
            fits = (
                (not user or person.casefold() == user.casefold())
                and (not group or via == group)
                and account in ("", given.account, names[given.account])
                and permission_set in ("", given.permission_set)
            )
            if fits:
                place = (given.account, names[given.account], given.permission_set)
                found.add((*place, person, via, person in disabled))
    return found
