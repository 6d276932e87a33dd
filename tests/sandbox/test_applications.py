"""Applications: made, listed, changed, deleted, and who is assigned to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from holdfast.sandbox.company_applications import ANALYTICS, GATEWAY, MANAGED_NAME, SAML_NAME, WIKI
from tests.sandbox.conftest import OWN_PROVIDER, Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
PROVIDER = "arn:aws:sso::aws:applicationProvider/"
URL = {"Origin": "APPLICATION", "ApplicationUrl": "https://app.example.com/login"}


def test_an_application_is_described_as_it_was_made(empty: Aws) -> None:
    arn = empty.application(
        "App",
        Description="Ours",
        Status="DISABLED",
        PortalOptions={"SignInOptions": URL, "Visibility": "DISABLED"},
        Tags=[{"Key": "team", "Value": "a"}],
    )
    shown = empty.sso.describe_application(ApplicationArn=arn)
    assert shown["CreatedDate"].timestamp() == 1_750_000_000
    expected = {
        "ApplicationArn": arn,
        "ApplicationProviderArn": OWN_PROVIDER,
        "Name": "App",
        "Description": "Ours",
        "ApplicationAccount": "123456789012",
        "InstanceArn": empty.instance,
        "IdentityStoreArn": f"arn:aws:identitystore::123456789012:identitystore/{empty.store}",
        "Status": "DISABLED",
        "PortalOptions": {"SignInOptions": URL, "Visibility": "DISABLED"},
        "CreatedFrom": "us-east-1",
    }
    assert {name: shown[name] for name in expected} == expected
    assert empty.sso.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_an_application_that_is_told_nothing_is_enabled_visible_and_for_the_assigned(empty: Aws) -> None:
    arn = empty.application("App")
    shown = empty.sso.describe_application(ApplicationArn=arn)
    assert (shown["Status"], shown["PortalOptions"]) == ("ENABLED", {"Visibility": "ENABLED"})
    assert "Description" not in shown
    assert (
        empty.sso.get_application_assignment_configuration(ApplicationArn=arn)["AssignmentRequired"] is True
    )
    session = empty.sso.get_application_session_configuration(ApplicationArn=arn)
    assert session["UserBackgroundSessionApplicationStatus"] == "DISABLED"


def test_names_are_not_unique(empty: Aws) -> None:
    assert empty.application("App") != empty.application("App")


def test_a_client_token_makes_a_repeated_creation_one(empty: Aws, refused: Refused) -> None:
    first = empty.application("App", ClientToken="token-1")
    assert empty.application("App", ClientToken="token-1") == first
    assert len(empty.sso.list_applications(InstanceArn=empty.instance)["Applications"]) == 1
    code, _ = refused(lambda: empty.application("Other", ClientToken="token-1"))
    assert code == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        ("custom-saml", "ValidationException"),
        ("quicksight", "ValidationException"),
        ("no-such", "ResourceNotFoundException"),
    ],
)
def test_only_own_applications_can_be_made(empty: Aws, refused: Refused, provider: str, code: str) -> None:
    create = partial(empty.sso.create_application, InstanceArn=empty.instance, Name="App")
    assert refused(lambda: create(ApplicationProviderArn=f"{PROVIDER}{provider}"))[0] == code


def test_a_sign_in_at_the_application_needs_its_url(empty: Aws, refused: Refused) -> None:
    options = {"SignInOptions": {"Origin": "APPLICATION"}}
    assert refused(lambda: empty.application("App", PortalOptions=options))[0] == "ValidationException"
    arn = empty.application("App")
    update = partial(empty.sso.update_application, ApplicationArn=arn, PortalOptions=options)
    assert refused(update)[0] == "ValidationException"


def test_an_update_changes_what_it_names_and_leaves_the_visibility(empty: Aws) -> None:
    arn = empty.application("App", Description="Ours", PortalOptions={"Visibility": "DISABLED"})
    empty.sso.update_application(ApplicationArn=arn, Status="DISABLED", PortalOptions={"SignInOptions": URL})
    shown = empty.sso.describe_application(ApplicationArn=arn)
    assert (shown["Name"], shown["Description"], shown["Status"]) == ("App", "Ours", "DISABLED")
    assert shown["PortalOptions"] == {"SignInOptions": URL, "Visibility": "DISABLED"}


def test_the_two_configurations_are_put_and_read(empty: Aws) -> None:
    arn = empty.application("App")
    empty.sso.put_application_assignment_configuration(ApplicationArn=arn, AssignmentRequired=False)
    empty.sso.put_application_session_configuration(
        ApplicationArn=arn, UserBackgroundSessionApplicationStatus="ENABLED"
    )
    assert (
        empty.sso.get_application_assignment_configuration(ApplicationArn=arn)["AssignmentRequired"] is False
    )
    session = empty.sso.get_application_session_configuration(ApplicationArn=arn)
    assert session["UserBackgroundSessionApplicationStatus"] == "ENABLED"


def test_applications_are_listed_fifty_at_a_time_and_by_filter(empty: Aws) -> None:
    made = [empty.application(f"App {number}") for number in range(53)]
    listing = partial(empty.sso.list_applications, InstanceArn=empty.instance)
    first = listing(MaxResults=100)
    rest = listing(MaxResults=100, NextToken=first["NextToken"])
    assert (len(first["Applications"]), len(rest["Applications"])) == (50, 3)
    assert [each["ApplicationArn"] for each in (*first["Applications"], *rest["Applications"])] == made
    assert listing(Filter={"ApplicationAccount": "999999999999"})["Applications"] == []
    assert listing(Filter={"ApplicationProvider": f"{PROVIDER}custom-saml"})["Applications"] == []


def test_the_sample_company_has_an_application_of_each_kind(aws: Aws) -> None:
    listed = aws.sso.list_applications(InstanceArn=aws.instance)["Applications"]
    assert {each["Name"]: (each["ApplicationProviderArn"], each["Status"]) for each in listed} == {
        ANALYTICS: (f"{PROVIDER}custom", "ENABLED"),
        GATEWAY: (f"{PROVIDER}custom", "DISABLED"),
        WIKI: (f"{PROVIDER}custom", "ENABLED"),
        MANAGED_NAME: (f"{PROVIDER}quicksight", "ENABLED"),
        SAML_NAME: (f"{PROVIDER}custom-saml", "ENABLED"),
    }


def test_providers_are_listed_and_described(empty: Aws, refused: Refused) -> None:
    listed = empty.sso.list_application_providers()["ApplicationProviders"]
    protocols = {each["ApplicationProviderArn"]: each["FederationProtocol"] for each in listed}
    assert (protocols[OWN_PROVIDER], protocols[f"{PROVIDER}custom-saml"]) == ("OAUTH", "SAML")
    shown = empty.sso.describe_application_provider(ApplicationProviderArn=OWN_PROVIDER)
    assert shown["DisplayData"] == {"DisplayName": "Custom application"}
    describe = partial(empty.sso.describe_application_provider, ApplicationProviderArn=f"{PROVIDER}none")
    assert refused(describe)[0] == "ResourceNotFoundException"


def test_an_assignment_is_there_at_once_and_only_once(empty: Aws, refused: Refused) -> None:
    asked = {
        "ApplicationArn": empty.application("App"),
        "PrincipalId": empty.group("G"),
        "PrincipalType": "GROUP",
    }
    assert (
        refused(lambda: empty.sso.describe_application_assignment(**asked))[0] == "ResourceNotFoundException"
    )
    empty.sso.create_application_assignment(**asked)
    assert refused(lambda: empty.sso.create_application_assignment(**asked))[0] == "ConflictException"
    shown = empty.sso.describe_application_assignment(**asked)
    assert {name: shown[name] for name in asked} == asked
    empty.sso.delete_application_assignment(**asked)
    assert refused(lambda: empty.sso.delete_application_assignment(**asked))[0] == "ResourceNotFoundException"


def test_only_somebody_who_exists_can_be_assigned(empty: Aws, refused: Refused) -> None:
    group = empty.group("G")
    create = partial(empty.sso.create_application_assignment, ApplicationArn=empty.application("App"))
    code, _ = refused(lambda: create(PrincipalId=group, PrincipalType="USER"))
    assert code == "ResourceNotFoundException"


def test_a_user_is_listed_with_what_comes_through_groups(empty: Aws) -> None:
    user, group = empty.user("ann"), empty.group("G")
    empty.member(group, user)
    own, shared = empty.application("Own"), empty.application("Shared")
    create, listing = (
        empty.sso.create_application_assignment,
        partial(empty.sso.list_application_assignments_for_principal, InstanceArn=empty.instance),
    )
    create(ApplicationArn=own, PrincipalId=user, PrincipalType="USER")
    create(ApplicationArn=shared, PrincipalId=group, PrincipalType="GROUP")
    of_user = [
        {"ApplicationArn": own, "PrincipalType": "USER", "PrincipalId": user},
        {"ApplicationArn": shared, "PrincipalType": "GROUP", "PrincipalId": group},
    ]
    asked = {"PrincipalId": user, "PrincipalType": "USER"}
    assert listing(**asked)["ApplicationAssignments"] == of_user
    assert listing(**asked, Filter={"ApplicationArn": own})["ApplicationAssignments"] == of_user[:1]
    page = listing(**asked, MaxResults=1)
    again = listing(**asked, MaxResults=1, NextToken=page["NextToken"])
    assert [*page["ApplicationAssignments"], *again["ApplicationAssignments"]] == of_user


def test_a_user_or_group_that_goes_takes_its_application_assignments_with_it(empty: Aws) -> None:
    arn, user, group = empty.application("App"), empty.user("ann"), empty.group("G")
    for kind, principal in (("USER", user), ("GROUP", group)):
        empty.sso.create_application_assignment(ApplicationArn=arn, PrincipalId=principal, PrincipalType=kind)
    empty.ids.delete_user(IdentityStoreId=empty.store, UserId=user)
    left = empty.sso.list_application_assignments(ApplicationArn=arn)["ApplicationAssignments"]
    assert [each["PrincipalId"] for each in left] == [group]
    empty.ids.delete_group(IdentityStoreId=empty.store, GroupId=group)
    assert empty.sso.list_application_assignments(ApplicationArn=arn)["ApplicationAssignments"] == []


def test_a_deleted_application_is_gone_with_its_assignments(aws: Aws, refused: Refused) -> None:
    arn, user = (
        aws.application_named(SAML_NAME),
        aws.sandbox.engine.world.principal("USER", "bruno.ferrari").id,
    )
    aws.sso.delete_application(ApplicationArn=arn)
    assert refused(lambda: aws.sso.describe_application(ApplicationArn=arn))[0] == "ResourceNotFoundException"
    asked = {"InstanceArn": aws.instance, "PrincipalId": user, "PrincipalType": "USER"}
    listed = aws.sso.list_application_assignments_for_principal(**asked)["ApplicationAssignments"]
    assert arn not in {each["ApplicationArn"] for each in listed}


def test_another_region_knows_nothing_of_an_application(aws: Aws, refused: Refused) -> None:
    arn = aws.application_named(WIKI)
    elsewhere = Aws(aws.sandbox, aws.clock, region="eu-west-1").sso
    code, _ = refused(lambda: elsewhere.describe_application(ApplicationArn=arn))
    assert code == "ResourceNotFoundException"


def test_effects_are_logged_by_natural_names(empty: Aws) -> None:
    arn, group = empty.application("App"), empty.group("G")
    empty.sso.create_application_assignment(ApplicationArn=arn, PrincipalId=group, PrincipalType="GROUP")
    empty.sso.delete_application(ApplicationArn=arn)
    assert [(each.operation, each.key) for each in empty.sandbox.changes()] == [
        ("CreateApplication", "App"),
        ("CreateGroup", "G"),
        ("CreateApplicationAssignment", "App/GROUP/G"),
        ("DeleteApplication", "App"),
    ]
