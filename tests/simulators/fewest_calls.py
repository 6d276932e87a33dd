"""The fewest calls that any known way of reading needs for a company that is known; worked out here, not by the collector."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

from holdfast.sandbox.portrait import Portrait

PAGE, ACCOUNTS_PAGE, APPLICATIONS_PAGE, SCOPES_PAGE = 100, 20, 50, 10
DETAILS = 6
"""Calls for a permission set: describe, inline, managed, customer-managed, boundary, tags."""


def pages(entries: int, page: int = PAGE) -> int:
    return max(1, math.ceil(entries / page))


def listings(owners: Iterable[Hashable], held: Counter[Any]) -> int:
    """Calls to ask every owner for what it holds; an empty answer takes a call, too."""
    return sum(pages(held[owner]) for owner in owners)


def assignment_calls(known: Portrait) -> int:
    """The cheapest of: pairs found per account (S2) or per permission set (S3), or every principal asked (S4)."""
    pairs = Counter((each.account, each.permission_set) for each in known.assignments)
    each_pair = sum(pages(count) for count in pairs.values())
    by_account = listings((a.id for a in known.accounts), Counter(account for account, _ in pairs))
    by_set = listings((s.name for s in known.permission_sets), Counter(name for _, name in pairs))
    held = Counter((each.kind, each.principal) for each in known.assignments)
    seen_by_users = Counter({key: count for key, count in held.items() if key[0] == "USER"})
    for member in known.memberships:
        seen_by_users["USER", member.user] += held["GROUP", member.group]
    principals = listings((("GROUP", group.name) for group in known.groups), held)
    principals += listings((("USER", str(user["UserName"])) for user in known.users), seen_by_users)
    return min(by_account + each_pair, by_set + each_pair, principals)


def settings_calls(known: Portrait) -> int:
    """The instance, its tags and attributes; each token issuer; each application with what is attached."""
    issuers = len(known.trusted_token_issuers)
    each = sum(5 + pages(len(a.scopes), SCOPES_PAGE) + pages(len(a.assigned)) for a in known.applications)
    return 3 + pages(issuers) + 2 * issuers + pages(len(known.applications), APPLICATIONS_PAGE) + each


def fewest_calls(known: Portrait) -> int:
    base = settings_calls(known)
    base += pages(len(known.permission_sets)) + DETAILS * len(known.permission_sets)
    base += pages(len(known.users)) + pages(len(known.groups)) + pages(len(known.accounts), ACCOUNTS_PAGE)
    by_group = listings((g.name for g in known.groups), Counter(m.group for m in known.memberships))
    by_user = listings((str(u["UserName"]) for u in known.users), Counter(m.user for m in known.memberships))
    return base + assignment_calls(known) + min(by_group, by_user)


def counts(known: Portrait) -> dict[str, int]:
    """How many records of each type the company comes to."""
    return {
        "user": len(known.users),
        "group": len(known.groups),
        "membership": len(known.memberships),
        "permission_set": len(known.permission_sets),
        "assignment": len(known.assignments),
        "instance": 1,
        "access_control_attributes": 1,
        "trusted_token_issuer": 1,
        "application": len(known.applications),
        "application_assignment": sum(len(each.assigned) for each in known.applications),
    }
