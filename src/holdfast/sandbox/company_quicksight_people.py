"""The sample company's QuickSight people: three kinds of users in two namespaces, groups, custom permissions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.sandbox.company_names import DEPARTMENTS, FAMILY, GIVEN
from holdfast.sandbox.company_people import ascii_name
from holdfast.sandbox.quicksight.portraits import QuickSightGroupPortrait, QuickSightUserPortrait

DEFAULT, PARTNERS = "default", "partners"
EVERYONE, RETIRED = "everyone", "retired"
_NO_EXPORT, _VIEW_ONLY = "no-export", "partners-view-only"
CUSTOM_PERMISSIONS: dict[str, dict[str, object]] = {
    _NO_EXPORT: {"ExportToCsv": "DENY", "ExportToExcel": "DENY", "PrintReports": "DENY"},
    _VIEW_ONLY: {"ShareDashboards": "DENY", "SubscribeDashboardEmailReports": "DENY"},
}
_ROLES = ("READER", "READER_PRO", "READER", "AUTHOR", "READER", "AUTHOR_PRO", "ADMIN", "READER")
_SESSION_ROLES = {"READER": "QuickSightReader", "AUTHOR": "QuickSightAuthor", "ADMIN": "QuickSightAdmin"}
_PROVIDER = "https://idp.example.com/oauth2/default"


@dataclass(frozen=True, slots=True)
class People:
    """Who uses QuickSight. `owners` and `viewers` are the ARNs that assets are shared with."""

    users: tuple[QuickSightUserPortrait, ...]
    groups: tuple[QuickSightGroupPortrait, ...]
    owners: tuple[str, ...]
    viewers: tuple[str, ...]


def quicksight_people(count: int, groups: int, account: str, region: str, chance: random.Random) -> People:
    """`count` users (at least eight), a fifth of them in the partners' namespace; `groups` groups (at least three).

    One group has nobody in it, one in each namespace everybody; the last user is in none.
    """
    users = [_user(number, chance) for number in range(count)]
    own = [each.name for each in users if each.namespace == DEFAULT][:-1]
    guests = tuple(each.name for each in users if each.namespace == PARTNERS)
    held = [_group(EVERYONE, own, chance), _group(RETIRED, (), chance)]
    for name in _group_names(groups - 3):
        held.append(_group(name, chance.sample(own, min(len(own), 2 + chance.randrange(6))), chance))
    viewers = [f"group/{DEFAULT}/{each.name}" for each in held] + [f"group/{PARTNERS}/{EVERYONE}"]
    held.append(QuickSightGroupPortrait(EVERYONE, PARTNERS, "Everyone of our partners", guests))
    owners = [
        f"user/{DEFAULT}/{each.name}"
        for each in users
        if each.namespace == DEFAULT and not str(each.attributes["Role"]).startswith("READER")
    ]
    where = f"arn:aws:quicksight:{region}:{account}:"
    return People(
        tuple(users),
        tuple(held),
        tuple(where + each for each in owners),
        tuple(where + each for each in viewers),
    )


def _user(number: int, chance: random.Random) -> QuickSightUserPortrait:
    stem = ascii_name(f"{chance.choice(GIVEN)}.{chance.choice(FAMILY)}").lower() + str(number or "")
    email, role = f"{stem}@example.com", _ROLES[number % len(_ROLES)]
    kind = number % 5
    if kind == 4:
        told = {"Email": email, "Role": "READER", "IdentityType": "QUICKSIGHT"}
        return QuickSightUserPortrait(stem, PARTNERS, {**told, "CustomPermissionsName": _VIEW_ONLY})
    attributes: dict[str, object] = {"Email": email, "Role": role, "IdentityType": "IAM"}
    if kind == 3:
        return QuickSightUserPortrait(stem, attributes={**attributes, "IdentityType": "IAM_IDENTITY_CENTER"})
    if kind == 2:
        attributes |= {"IdentityType": "QUICKSIGHT", "CustomPermissionsName": _NO_EXPORT}
        return QuickSightUserPortrait(email, attributes=attributes)
    if number % 10 == 1:
        attributes |= {
            "ExternalLoginFederationProviderType": "CUSTOM_OIDC",
            "ExternalLoginFederationProviderUrl": _PROVIDER,
            "ExternalLoginId": f"user-{number:05d}",
        }
    # Whoever comes by a role is named by role and session.
    return QuickSightUserPortrait(
        f"{_SESSION_ROLES[role.removesuffix('_PRO')]}/{stem}", attributes=attributes
    )


def _group(name: str, members: Sequence[str], chance: random.Random) -> QuickSightGroupPortrait:
    described = f"{name}: reads its department's dashboards" if chance.random() < 0.7 else ""
    return QuickSightGroupPortrait(name, DEFAULT, described, tuple(sorted(members)))


def _group_names(count: int) -> list[str]:
    kinds = ("authors", "readers", "leads")
    return [f"{department.lower()}-{kind}" for kind in kinds for department in DEPARTMENTS][: max(0, count)]
