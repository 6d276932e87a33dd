"""QuickSight of the sample company."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from holdfast.sandbox.company import company
from holdfast.sandbox.company_quicksight import quicksight
from holdfast.sandbox.loading import build
from holdfast.sandbox.quicksight.bundle_rules import SILENT, of_aws, references, spoils
from holdfast.sandbox.quicksight.estate import Estate
from holdfast.sandbox.quicksight.portraits import QuickSightPortrait

ACCOUNT, REGION = "123456789012", "us-east-1"


@cache
def _portrait(scale: str, seed: int = 1) -> QuickSightPortrait:
    (found,) = quicksight(scale, seed, ACCOUNT, REGION)
    return found


@cache
def _estate(scale: str) -> Estate:
    return build(company(scale, 1), 1).quicksight.estate(ACCOUNT, REGION)


@pytest.mark.parametrize(
    ("scale", "assets", "users", "groups"),
    [
        ("tiny", 26, 10, 4),
        ("small", 300, 60, 12),
        ("medium", 1_200, 300, 40),
        pytest.param("large", 5_000, 2_000, 60, marks=pytest.mark.soak),
    ],
)
def test_a_scale_has_its_numbers_and_no_id_twice(scale: str, assets: int, users: int, groups: int) -> None:
    held = _portrait(scale)
    made = held.estates[0].assets
    named = {(each.type, str(sorted(_ids(each.member).items()))) for each in made}
    assert (len(made), len(named), len(held.users), len(held.groups)) == (assets, assets, users, groups)
    assert len({(each.namespace, each.name) for each in held.users}) == users


def _ids(member: Mapping[str, object]) -> dict[str, object]:
    return {name: each for name, each in member.items() if name.endswith("Id")}


def test_an_empty_company_has_none_and_the_same_seed_gives_the_same() -> None:
    assert quicksight("empty", 1, ACCOUNT, REGION) == ()
    assert quicksight("tiny", 3, ACCOUNT, REGION) == quicksight("tiny", 3, ACCOUNT, REGION)
    assert _portrait("tiny", 3) != _portrait("tiny", 4)


def test_quicksight_may_be_of_another_scale_than_the_rest() -> None:
    held = company("empty", 1, quicksight_scale="small")
    assert (len(held.users), len(held.quicksight[0].estates[0].assets)) == (0, 300)


def test_of_300_assets_seven_cannot_be_exported_for_four_different_reasons() -> None:
    estate = _estate("small")
    own = [each for each in estate.assets.values() if each.own]
    spoilt = {each.arn: spoils(estate, each) for each in own}
    reasons = Counter(_reason(each.message) for each in spoilt.values() if each is not None)
    assert len(own) == 300
    assert reasons == {"FILE": 3, "JIRA": 2, "associated errors": 1, "": 1}
    silent = [each for each in own if each.unexportable == SILENT]
    assert [each.kind.type for each in silent] == ["analysis"]


def _reason(message: str) -> str:
    return next((each for each in ("FILE", "JIRA", "associated errors") if each in message), "")


def test_tiny_has_an_uploaded_file_a_broken_dashboard_and_one_that_warns() -> None:
    estate = _estate("tiny")
    spoilt = Counter(each.kind.type for each in estate.assets.values() if each.own and spoils(estate, each))
    assert spoilt == {"data_source": 1, "data_set": 1, "dashboard": 1}
    assert sum(bool(each.errors) and not each.unexportable for each in estate.assets.values()) == 1


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_every_asset_needs_only_what_is_there_but_for_one_broken_dashboard(scale: str) -> None:
    estate = _estate(scale)
    lost = {
        each.arn
        for each in estate.assets.values()
        for arn in references(each.member)
        if not of_aws(arn) and arn not in estate.assets
    }
    assert lost == {each.arn for each in estate.of("dashboard") if each.unexportable}


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_everything_is_there_joins_spice_direct_query_and_the_newer_form(scale: str) -> None:
    assets = _portrait(scale).estates[0].assets
    sets = [each.member for each in assets if each.type == "data_set"]
    assert {str(each["importMode"]) for each in sets} == {"SPICE", "DIRECT_QUERY"}
    text = str(sets)
    assert all(
        each in text for each in ("joinInstruction", "customSql", "dataPrepConfiguration", "relationalTable")
    )
    boards = [each.member for each in assets if each.type == "dashboard"]
    assert min(str(each).count("visualId") for each in boards) >= 3
    uploaded = {each.member["dataSetId"] for each in assets if each.undescribable}
    assert any(f"dataset/{key}" in str(each) for key in uploaded for each in boards)
    assert any(isinstance(each, float) for board in boards for each in _leaves(board))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    else:
        yield value


@pytest.mark.parametrize("scale", ["tiny", "small"])
def test_users_of_three_kinds_are_in_two_namespaces_and_permissions_name_only_them(scale: str) -> None:
    held, estate = _portrait(scale), _estate(scale)
    kinds = {(each.namespace, each.attributes["IdentityType"]) for each in held.users}
    assert kinds == {
        ("default", "IAM"),
        ("default", "QUICKSIGHT"),
        ("default", "IAM_IDENTITY_CENTER"),
        ("partners", "QUICKSIGHT"),
    }
    named = {
        str(each.attributes["CustomPermissionsName"])
        for each in held.users
        if "CustomPermissionsName" in each.attributes
    }
    assert named == held.custom_permissions.keys()
    assert min(len(each.members) for each in held.groups) == 0
    granted = {who for each in estate.assets.values() if each.own for who in each.permissions}
    assert [each for each in granted if not estate.identities.knows(each)] == []
