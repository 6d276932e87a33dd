"""The sample company's permission sets: every kind of attachment, one unused, one at all of its limits."""

from __future__ import annotations

import random
from collections.abc import Iterable

import msgspec

from holdfast.sandbox.company_names import DEPARTMENTS, MANAGED, ROLES
from holdfast.sandbox.portrait import PermissionSetPortrait, PolicyPortrait

UNUSED_NAME = "Break-Glass"
LIMITS_NAME = "Everything.At_Its+Limit=1,2@corp"
_BOUNDARY = PolicyPortrait("DeveloperBoundary", "/boundaries/")
_MOST_BYTES, _MOST_TEXT = 32_768, 10_240


def permission_sets(count: int, chance: random.Random) -> tuple[PermissionSetPortrait, ...]:
    """`count` sets, the first six always the same kinds; none for a count of 0."""
    made = [*_fixed()][:count]
    for number in range(max(0, count - len(made))):
        made.append(_ordinary(number, chance))
    return tuple(made)


def policy_names(sets: Iterable[PermissionSetPortrait]) -> tuple[str, ...]:
    """The customer-managed policies that the sets refer to, as paths with names, sorted."""
    found = {
        each
        for held in sets
        for each in (*held.customer_policies, *((held.boundary,) if held.boundary else ()))
    }
    return tuple(sorted(f"{each.path}{each.name}" for each in found))


def _fixed() -> tuple[PermissionSetPortrait, ...]:
    return (
        PermissionSetPortrait(
            "AdministratorAccess",
            "Full access, for the cloud operators only",
            managed_policies=("arn:aws:iam::aws:policy/AdministratorAccess",),
            tags={"owner": "cloud-operators", "critical": ""},
        ),
        PermissionSetPortrait(
            "ReadOnly",
            "Read everything, change nothing",
            session="PT8H",
            relay_state="https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards:",
            managed_policies=(MANAGED[0],),
        ),
        PermissionSetPortrait(
            "DeveloperAccess",
            "Build and run within the developers' boundary",
            session="PT4H30M",
            inline_policy=_inline("DenyBilling", "Deny", ["aws-portal:*", "budgets:*"]),
            managed_policies=(MANAGED[1],),
            boundary=_BOUNDARY,
            tags={"owner": "Plattform-Team", "größe": "mittel"},
        ),
        PermissionSetPortrait(
            "NetworkOperator",
            customer_policies=(PolicyPortrait("NetworkChange", "/network/"), PolicyPortrait("NetworkRead")),
            boundary_arn=MANAGED[12],
            tags={"team": "network"},
        ),
        _at_its_limits(),
        PermissionSetPortrait(UNUSED_NAME, "Assigned only in an emergency", session="PT1H"),
    )


def _at_its_limits() -> PermissionSetPortrait:
    """Each attribute at the most that the API model and the service's quotas allow."""
    return PermissionSetPortrait(
        LIMITS_NAME,
        "Each attribute at its limit. ".ljust(700, "."),
        session="PT12H",
        relay_state="https://console.aws.amazon.com/".ljust(240, "a"),
        inline_policy=_largest_inline(),
        managed_policies=MANAGED[:10],
        customer_policies=tuple(PolicyPortrait(f"Limit{number:02d}", "/limits/") for number in range(10)),
        boundary=_BOUNDARY,
        tags={f"limit-{number:02d}-".ljust(128, "k"): "v" * 256 for number in range(50)},
    )


def _largest_inline() -> str:
    empty = _inline("Largest", "Allow", [""])
    # One long resource list fills the characters that count; spaces fill the bytes.
    fill = _MOST_TEXT - len("".join(empty.split()))
    full = _inline("Largest", "Allow", ["s3:Get" + "?" * (fill - 6)])
    return full + " " * (_MOST_BYTES - len(full))


def _inline(sid: str, effect: str, actions: list[str]) -> str:
    statement = {"Sid": sid, "Effect": effect, "Action": actions, "Resource": "*"}
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()


def _ordinary(number: int, chance: random.Random) -> PermissionSetPortrait:
    department, role = DEPARTMENTS[number % len(DEPARTMENTS)], ROLES[number // len(DEPARTMENTS) % len(ROLES)]
    wave = number // (len(DEPARTMENTS) * len(ROLES))
    name = f"{department}{role}{wave + 1 if wave else ''}"
    service = department.lower()
    return PermissionSetPortrait(
        name,
        f"Daily work of the {department} {role.lower()}" if chance.random() < 0.8 else "",
        session=chance.choice(("PT1H", "PT2H", "PT4H", "PT8H", "PT12H")),
        relay_state=f"https://console.aws.amazon.com/{service}" if chance.random() < 0.2 else "",
        inline_policy=_inline(name.replace("-", ""), "Allow", [f"{service}:Get*"])
        if chance.random() < 0.6
        else "",
        managed_policies=tuple(sorted(chance.sample(MANAGED, chance.randint(0, 4)))),
        customer_policies=(PolicyPortrait(f"{department}Extra", "/teams/"),) if chance.random() < 0.2 else (),
        boundary=_BOUNDARY if chance.random() < 0.2 else None,
        tags={"team": service, "tier": str(number % 3)} if chance.random() < 0.5 else {},
    )
