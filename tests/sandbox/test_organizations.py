"""The organization's tree, read only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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


SSO = "sso.amazonaws.com"


def _delegate(aws: Aws, account: str) -> Mapping[str, str]:
    """Makes the account the administrator of Identity Center; credentials in it."""
    aws.organizations.register_delegated_administrator(AccountId=account, ServicePrincipal=SSO)
    return _member(aws, account)


def _member(aws: Aws, account: str) -> Mapping[str, str]:
    arn = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    taken = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="holdfast")
    credentials: Mapping[str, str] = taken["Credentials"]
    return credentials


def test_one_member_account_is_registered_for_identity_center_and_listed(aws: Aws, refused: Refused) -> None:
    client, (first, second) = aws.organizations, aws.accounts()[:2]
    assert client.list_delegated_administrators(ServicePrincipal=SSO)["DelegatedAdministrators"] == []
    register = client.register_delegated_administrator
    register(AccountId=first, ServicePrincipal=SSO)
    (listed,) = client.list_delegated_administrators(ServicePrincipal=SSO)["DelegatedAdministrators"]
    assert (listed["Id"], listed["Status"]) == (first, "ACTIVE")
    assert aws.sandbox.dump().delegated_administrator == first
    for account, code in (
        (first, "AccountAlreadyRegisteredException"),
        (second, "ConstraintViolationException"),
        ("123456789012", "ConstraintViolationException"),
        ("999999999999", "AccountNotFoundException"),
    ):
        assert refused(lambda: register(AccountId=account, ServicePrincipal=SSO))[0] == code  # noqa: B023
    other = client.list_delegated_administrators(ServicePrincipal="access-analyzer.amazonaws.com")
    assert other["DelegatedAdministrators"] == []
    client.deregister_delegated_administrator(AccountId=first, ServicePrincipal=SSO)
    assert client.list_delegated_administrators()["DelegatedAdministrators"] == []


def test_a_delegated_administrator_does_all_but_what_concerns_the_management_account(
    aws: Aws, refused: Refused
) -> None:
    home, (first, second) = "123456789012", aws.accounts()[:2]
    at_home = {"InstanceArn": aws.instance, "AccountId": home}
    inside = aws.sso.list_permission_sets_provisioned_to_account(**at_home)["PermissionSets"][0]
    own = Aws(aws.sandbox, aws.clock)
    credentials = _delegate(aws, first)
    own.sso, own.ids = own.client("sso-admin", credentials), own.client("identitystore", credentials)
    arn, group = own.permission_set("P"), own.group("G")
    request = own.assign(second, arn, group)
    own.clock.pass_by(1)
    assert own.creation(request)["Status"] == "SUCCEEDED"
    code, message = refused(lambda: own.assign(home, arn, group))
    assert code == "AccessDeniedException"
    assert f"sso:CreateAccountAssignment on resource: arn:aws:sso:::account/{home} " in message
    changed = {"InstanceArn": own.instance, "PermissionSetArn": inside}
    assert refused(lambda: own.sso.update_permission_set(**changed, Description="x"))[0] == code
    assert own.sso.describe_permission_set(**changed)["PermissionSet"]["PermissionSetArn"] == inside
    assert len(own.client("organizations", credentials).list_accounts()["Accounts"]) == 8


def test_another_member_account_sees_the_instance_and_its_organization_only(
    aws: Aws, refused: Refused
) -> None:
    credentials = _member(aws, aws.accounts()[0])
    sso, ids = aws.client("sso-admin", credentials), aws.client("identitystore", credentials)
    organizations = aws.client("organizations", credentials)
    (instance,) = sso.list_instances()["Instances"]
    assert instance["OwnerAccountId"] == "123456789012"
    assert organizations.describe_organization()["Organization"]["MasterAccountId"] == "123456789012"
    for call in (
        lambda: sso.list_permission_sets(InstanceArn=aws.instance),
        lambda: ids.list_users(IdentityStoreId=aws.store),
        organizations.list_accounts,
        lambda: organizations.register_delegated_administrator(
            AccountId=aws.accounts()[0], ServicePrincipal=SSO
        ),
    ):
        assert refused(call)[0] == "AccessDeniedException"
