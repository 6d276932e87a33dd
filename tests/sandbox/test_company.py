"""The sample company."""

from __future__ import annotations

from collections import Counter

import pytest

from holdfast.sandbox.company import EVERYBODY, NOBODY, company
from holdfast.sandbox.company_people import DISABLED_USER, FULL_USER
from holdfast.sandbox.company_permission_sets import LIMITS_NAME, UNUSED_NAME
from holdfast.sandbox.loading import build, draw


@pytest.mark.parametrize(
    ("scale", "users", "groups", "sets", "accounts", "applications"),
    [
        ("empty", 0, 0, 0, 1, 0),
        ("tiny", 40, 12, 6, 8, 5),
        ("small", 200, 40, 15, 20, 9),
        ("medium", 5000, 400, 60, 300, 40),
    ],
)
def test_a_scale_has_its_numbers(
    scale: str, users: int, groups: int, sets: int, accounts: int, applications: int
) -> None:
    held = company(scale, 1)
    found = len(held.users), len(held.groups), len(held.permission_sets), len(held.accounts)
    assert (*found, len(held.applications)) == (users, groups, sets, accounts, applications)


@pytest.mark.soak
def test_a_large_company_has_thousands_of_accounts_in_nested_units_and_no_name_twice() -> None:
    held = company("large", 1)
    assert len(held.users) == len({str(each["UserName"]).casefold() for each in held.users}) == 50_000
    assert len(held.groups) == len({each.name for each in held.groups}) == 2_000
    assert len(held.permission_sets) == len({each.name for each in held.permission_sets}) == 200
    assert len(held.accounts) == len({each.name for each in held.accounts}) == 2_000
    assert "Workloads/Test/Data" in {each.unit for each in held.accounts}
    assert 280_000 < len(held.memberships) < 320_000
    assert 25_000 < len(held.assignments) < 35_000


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_the_same_seed_gives_the_same_company_and_another_seed_another(scale: str) -> None:
    assert company(scale, 3) == company(scale, 3)
    assert company(scale, 3) != company(scale, 4)


def test_a_medium_company_has_a_group_of_more_than_a_thousand_and_one_of_none() -> None:
    members = Counter(each.group for each in company("medium", 1).memberships)
    assert members[EVERYBODY] > 1000
    assert members[NOBODY] == 0


@pytest.mark.parametrize("scale", ["tiny", "small", "medium"])
def test_every_kind_of_thing_is_there_at_every_scale(scale: str) -> None:
    held = company(scale, 1)
    users = {str(each["UserName"]): each for each in held.users}
    sets = {each.name: each for each in held.permission_sets}
    assert len(users) == len({name.casefold() for name in users}) == len(held.users)
    assert users[DISABLED_USER]["UserStatus"] == "DISABLED"
    assert len(users[FULL_USER]) == 20
    assert {"jose.garcia", "josé.garcía", "наталья.иванова"} <= set(users)
    assert any(each.inline_policy for each in sets.values())
    assert any(each.customer_policies for each in sets.values())
    assert any(each.boundary for each in sets.values())
    assert any(each.boundary_arn for each in sets.values())
    assert any(not each.tags for each in sets.values())
    assert UNUSED_NAME not in {each.permission_set for each in held.assignments}
    assert {each.kind for each in held.assignments} == {"USER", "GROUP"}
    assert len(held.stale) == 1
    kinds = {each.provider.rpartition("/")[2] for each in held.applications}
    assert {"custom", "custom-saml", "quicksight"} == kinds
    assert {kind for each in held.applications for kind, _ in each.assigned} == {"USER", "GROUP"}
    assert {each.status for each in held.applications} == {"ENABLED", "DISABLED"}
    issuers = {each.name for each in held.trusted_token_issuers}
    assert {each.issuer for held in held.applications for each in held.token_issuers} == issuers
    assert held.instance.name
    assert set(held.instance.attributes or {}) == {"costCenter", "department"}


def test_one_permission_set_is_at_every_limit_at_once() -> None:
    held = next(each for each in company("tiny", 1).permission_sets if each.name == LIMITS_NAME)
    inline = held.inline_policy
    assert (len(held.name), len(held.description), len(held.relay_state)) == (32, 700, 240)
    assert (len(inline.encode()), len("".join(inline.split()))) == (32_768, 10_240)
    assert len(held.managed_policies) + len(held.customer_policies) == 20
    assert len(held.tags) == 50
    assert held.session == "PT12H"


def test_every_policy_that_an_assignment_needs_is_in_its_account() -> None:
    held = company("small", 1)
    have = {each.id: set(each.policies) for each in held.accounts}
    sets = {each.name: each for each in held.permission_sets}
    for each in held.assignments:
        granted = sets[each.permission_set]
        needed = (*granted.customer_policies, *((granted.boundary,) if granted.boundary else ()))
        assert {f"{policy.path}{policy.name}" for policy in needed} <= have[each.account]


def test_a_company_drawn_from_its_world_builds_the_same_world() -> None:
    drawn = draw(build(company("small", 1), 1))
    assert draw(build(drawn, 2)) == drawn
