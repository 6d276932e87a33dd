"""The organization's tree, read only."""

from __future__ import annotations

from collections.abc import Callable

from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]


def test_the_tree_of_the_tiny_company_is_a_root_three_units_and_eight_accounts(aws: Aws) -> None:
    client = aws.organizations
    organization = client.describe_organization()["Organization"]
    assert organization["MasterAccountId"] == "123456789012"
    (root,) = client.list_roots()["Roots"]
    found: dict[str, list[str]] = {}

    def walk(parent: str, path: str) -> None:
        found[path] = [each["Name"] for each in client.list_accounts_for_parent(ParentId=parent)["Accounts"]]
        units = client.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
        children = client.list_children(ParentId=parent, ChildType="ORGANIZATIONAL_UNIT")["Children"]
        assert [each["Id"] for each in units] == [each["Id"] for each in children]
        for unit in units:
            walk(unit["Id"], f"{path}/{unit['Name']}")

    walk(root["Id"], "")
    assert sorted(found) == ["", "/Security", "/Workloads", "/Workloads/Production"]
    assert sum(len(names) for names in found.values()) == 8
    assert found[""] == ["Management", "legacy-datacenter"]
    assert found["/Security"] == ["log-archive", "security-tooling"]


def test_an_account_knows_its_parent_and_its_tags(aws: Aws) -> None:
    client = aws.organizations
    held = next(each for each in aws.sandbox.dump().accounts if each.tags)
    (parent,) = client.list_parents(ChildId=held.id)["Parents"]
    unit = client.describe_organizational_unit(OrganizationalUnitId=parent["Id"])["OrganizationalUnit"]
    assert held.unit.endswith(unit["Name"])
    tags = client.list_tags_for_resource(ResourceId=held.id)["Tags"]
    assert {each["Key"]: each["Value"] for each in tags} == held.tags


def test_unknown_accounts_parents_and_children_have_their_own_errors(aws: Aws, refused: Refused) -> None:
    client = aws.organizations
    assert refused(lambda: client.describe_account(AccountId="999999999999"))[0] == "AccountNotFoundException"
    assert refused(lambda: client.list_parents(ChildId="999999999999"))[0] == "ChildNotFoundException"
    code, _ = refused(lambda: client.list_accounts_for_parent(ParentId="ou-zzzz-zzzzzzzz"))
    assert code == "ParentNotFoundException"
    assert refused(lambda: client.list_accounts(NextToken="made-up"))[0] == "InvalidInputException"
