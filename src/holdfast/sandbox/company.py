"""The sample company: a whole organization drawn from a seed, the same for the same scale and seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.sandbox.company_applications import INSTANCE, ISSUER, applications
from holdfast.sandbox.company_names import DEPARTMENTS, PLACES, ROLES, STAGES
from holdfast.sandbox.company_people import people
from holdfast.sandbox.company_permission_sets import LIMITS_NAME, UNUSED_NAME, permission_sets, policy_names
from holdfast.sandbox.company_quicksight import quicksight
from holdfast.sandbox.portrait import (
    HOME_REGION,
    MANAGEMENT_ACCOUNT,
    AccountPortrait,
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    Portrait,
)

EVERYBODY, NOBODY, OPERATORS = "All Employees", "Retired Contractors", "Cloud Operators"
# Two names that differ in one character that the service tells apart; case alone it would not.
_TWINS = ("Platform Engineers", "Platform-Engineers")
_PROVIDER = "https://idp.example.com/scim/v2"
# The one account where the developers' boundary policy was never rolled out.
LEGACY_ACCOUNT_NAME = "legacy-datacenter"
MISSING_IN_LEGACY = "/boundaries/DeveloperBoundary"


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a company is: counts, two means, and two shares.

    `direct` is the share of assignments made to users, `everybody` that of users in the group of all.
    """

    accounts: int
    sets: int
    users: int
    groups: int
    sets_per_account: float
    groups_per_user: float
    direct: float
    everybody: float
    applications: int = 5


SCALES = {
    "empty": Scale(1, 0, 0, 0, 0, 0, 0.0, 0.0),
    "tiny": Scale(8, 6, 40, 12, 3, 2, 0.15, 1.0),
    "small": Scale(20, 15, 200, 40, 4, 4, 0.10, 0.8, 9),
    "medium": Scale(300, 60, 5_000, 400, 7, 6, 0.05, 0.25, 40),
    "large": Scale(2_000, 200, 50_000, 2_000, 7, 4.8, 0.05, 0.25, 250),
}


def company(
    scale: str,
    seed: int,
    management_account: str = MANAGEMENT_ACCOUNT,
    region: str = HOME_REGION,
    quicksight_scale: str = "",
) -> Portrait:
    """The company of a scale (`empty`, `tiny`, `small`, `medium`, `large`), equal for equal scale and seed.

    Its QuickSight is of the same scale where no other is given.

    Another management account has the same company, but in member accounts with other ids: an account is a
    member of one organization only.

    Raises: KeyError for another scale.
    """
    size, chance = SCALES[scale], random.Random(f"company {scale} {seed}")
    sets = permission_sets(size.sets, chance)
    accounts = _accounts(size, policy_names(sets), chance, management_account)
    analytics = quicksight(quicksight_scale or scale, seed, management_account, region)
    if not size.users:
        return Portrait(management_account, region, accounts, quicksight=analytics)
    users = people(size.users, chance)
    names = [str(each["UserName"]) for each in users]
    groups = _groups(size.groups, chance)
    memberships = _memberships(size, names, groups, chance)
    assignments = _assignments(size, accounts, sets, groups, names, chance)
    behind = next(each for each in assignments if each.permission_set == sets[1].name)
    return Portrait(
        management_account=management_account,
        region=region,
        accounts=accounts,
        users=users,
        groups=groups,
        memberships=memberships,
        permission_sets=sets,
        assignments=assignments,
        stale=((behind.account, behind.permission_set),),
        instance=INSTANCE,
        trusted_token_issuers=(ISSUER,),
        # A draw of its own: what was drawn before stays as it is.
        applications=applications(
            size.applications,
            [EVERYBODY, OPERATORS, *(each.name for each in groups[3:])],
            names,
            random.Random(f"applications {scale} {seed}"),
        ),
        quicksight=analytics,
    )


def _accounts(
    size: Scale, policies: tuple[str, ...], chance: random.Random, management: str
) -> tuple[AccountPortrait, ...]:
    made = [AccountPortrait(management, "Management", "aws-management@example.com", policies=policies)]
    numbers = chance.sample(range(200_000_000_000, 999_999_999_999), size.accounts - 1)
    if management != MANAGEMENT_ACCOUNT:
        numbers = random.Random(f"accounts {management} {numbers}").sample(
            range(200_000_000_000, 999_999_999_999), size.accounts - 1
        )
    for index, number in enumerate(numbers):
        name, unit = _account_place(index, size.accounts - 1)
        held = tuple(each for each in policies if name != LEGACY_ACCOUNT_NAME or each != MISSING_IN_LEGACY)
        tags = {"stage": name.rpartition("-")[2], "cost-center": str(1000 + index % 40)} if index % 3 else {}
        made.append(
            AccountPortrait(str(number), name, f"aws-{name}@example.com", unit, policies=held, tags=tags)
        )
    return tuple(made)


def _account_place(index: int, count: int) -> tuple[str, str]:
    """Name and unit: two for security, one left behind, the rest are workloads by stage."""
    if index < 2:
        return ("log-archive", "security-tooling")[index], "Security"
    if index == count - 1:
        return LEGACY_ACCOUNT_NAME, ""
    department = DEPARTMENTS[index // len(STAGES) % len(DEPARTMENTS)].lower()
    stage, wave = STAGES[index % len(STAGES)], index // (len(STAGES) * len(DEPARTMENTS))
    name = f"{department}-{wave}-{stage}" if wave else f"{department}-{stage}"
    if count > 1000:
        return name, f"Workloads/{stage.title()}/{department.title()}"
    if stage == "production":
        return name, "Workloads/Production"
    return name, "Workloads" if count < 10 else f"Workloads/{stage.title()}"


def _groups(count: int, chance: random.Random) -> tuple[GroupPortrait, ...]:
    names = [EVERYBODY, NOBODY, OPERATORS, *_TWINS]
    pool = [f"{department} {role}{place}" for place in PLACES for role in ROLES for department in DEPARTMENTS]
    pool = [each for each in pool if each not in names]
    pool += [f"{each} {wave}" for wave in range(2, 2 + count // len(pool)) for each in pool]
    names += pool[: max(0, count - len(names))]
    return tuple(_group(name, number, chance) for number, name in enumerate(names))


def _group(name: str, number: int, chance: random.Random) -> GroupPortrait:
    description = "" if chance.random() < 0.3 else f"{name}: kept by the identity team, reviewed each quarter"
    external = ((_PROVIDER, f"group-{number:05d}"),) if number % 4 == 3 else ()
    return GroupPortrait(name, description, external)


def _memberships(
    size: Scale, users: Sequence[str], groups: Sequence[GroupPortrait], chance: random.Random
) -> tuple[MembershipPortrait, ...]:
    ordinary = [each.name for each in groups if each.name not in (EVERYBODY, NOBODY)]
    held: list[MembershipPortrait] = []
    for number, user in enumerate(users):
        # The newest tenth of a percent (at least one) have just joined and are in no group yet.
        if number >= len(users) - max(1, len(users) // 1000):
            continue
        if chance.random() < size.everybody:
            held.append(MembershipPortrait(EVERYBODY, user))
        wanted = max(1, round(chance.lognormvariate(math.log(size.groups_per_user), 0.6)))
        held += [MembershipPortrait(ordinary[each], user) for each in _skewed(len(ordinary), wanted, chance)]
    return tuple(held)


def _assignments(
    size: Scale,
    accounts: Sequence[AccountPortrait],
    sets: Sequence[PermissionSetPortrait],
    groups: Sequence[GroupPortrait],
    users: Sequence[str],
    chance: random.Random,
) -> tuple[AssignmentPortrait, ...]:
    # A dict as an ordered set: the draw may choose a principal twice.
    made = dict.fromkeys(_certain(accounts, sets, users))
    usable = [each.name for each in sets if each.name != UNUSED_NAME]
    for account in accounts[1:]:
        wanted = max(1, round(chance.lognormvariate(math.log(size.sets_per_account), 0.4)))
        for chosen in _skewed(len(usable), wanted, chance):
            lacks = account.name == LEGACY_ACCOUNT_NAME and _needs_boundary(sets, usable[chosen])
            for _ in range(0 if lacks else max(1, round(chance.expovariate(1 / 1.6)))):
                kind, principal = _principal(size.direct, groups, users, chance)
                made[AssignmentPortrait(account.id, usable[chosen], kind, principal)] = None
    return tuple(made)


def _certain(
    accounts: Sequence[AccountPortrait], sets: Sequence[PermissionSetPortrait], users: Sequence[str]
) -> list[AssignmentPortrait]:
    """What every company has: operators in the management account, a user twice, the set at its limits."""
    management, first = accounts[0].id, accounts[1].id
    return [
        AssignmentPortrait(management, sets[0].name, "GROUP", OPERATORS),
        AssignmentPortrait(management, sets[0].name, "USER", users[0]),
        AssignmentPortrait(first, sets[1].name, "GROUP", EVERYBODY),
        AssignmentPortrait(first, sets[1].name, "USER", users[0]),
        AssignmentPortrait(first, LIMITS_NAME, "GROUP", OPERATORS),
    ]


def _needs_boundary(sets: Sequence[PermissionSetPortrait], name: str) -> bool:
    boundary = next(each.boundary for each in sets if each.name == name)
    return boundary is not None and boundary.path + boundary.name == MISSING_IN_LEGACY


def _principal(
    direct: float, groups: Sequence[GroupPortrait], users: Sequence[str], chance: random.Random
) -> tuple[str, str]:
    if chance.random() < direct:
        return "USER", chance.choice(users)
    return "GROUP", groups[min(len(groups) - 1, int(len(groups) * chance.random() ** 1.5))].name


def _skewed(count: int, wanted: int, chance: random.Random) -> list[int]:
    """`wanted` different numbers below `count`, low ones likelier: a few things are everywhere."""
    chosen: dict[int, None] = {}
    while len(chosen) < min(wanted, count):
        chosen[min(count - 1, int(count * chance.random() ** 2.2))] = None
    return list(chosen)
