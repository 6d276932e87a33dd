"""Users and groups as the identity store keeps them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from holdfast.sandbox.portrait import GroupPortrait, Portrait
from tests.sandbox.conftest import NAME, Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
EVERYTHING: dict[str, object] = {
    "UserName": "ada@example.com",
    "DisplayName": "Ada Ünal 🎈",
    "Name": {
        "Formatted": "Dr. Ada B. Ünal Jr.",
        "GivenName": "Ada",
        "MiddleName": "B.",
        "FamilyName": "Ünal",
        "HonorificPrefix": "Dr.",
        "HonorificSuffix": "Jr.",
    },
    "NickName": "Adi",
    "ProfileUrl": "https://example.com/ada",
    "Emails": [{"Value": "ada@example.com", "Type": "work", "Primary": True}],
    "Addresses": [
        {"StreetAddress": "1 Way", "Locality": "Town", "Country": "DE", "Type": "work", "Primary": True}
    ],
    "PhoneNumbers": [{"Value": "+49 1", "Type": "work", "Primary": True}],
    "UserType": "Employee",
    "Title": "Engineer",
    "PreferredLanguage": "de",
    "Locale": "de-DE",
    "Timezone": "Europe/Berlin",
    "Photos": [{"Value": "https://example.com/a.png"}],
    "Website": "https://ada.example.com",
    "Birthdate": "1990-01-31",
    "Roles": [{"Value": "Approver"}],
}


def test_every_attribute_that_a_user_may_have_comes_back(empty: Aws) -> None:
    made = empty.ids.create_user(IdentityStoreId=empty.store, **EVERYTHING)
    seen = dict(empty.ids.describe_user(IdentityStoreId=empty.store, UserId=made["UserId"]))
    assert {name: seen[name] for name in EVERYTHING} == EVERYTHING
    assert seen["UserStatus"] == "ENABLED"
    assert seen["CreatedAt"] == seen["UpdatedAt"] == datetime.fromtimestamp(1_750_000_000, UTC)


def test_what_a_provisioning_identity_provider_sets_is_kept_though_the_api_cannot_set_it(empty: Aws) -> None:
    external = [{"Issuer": "https://idp", "Id": "42"}]
    user = {"UserName": "scim", "DisplayName": "S", "UserStatus": "DISABLED", "ExternalIds": external}
    empty.sandbox.load(
        Portrait(users=(user,), groups=(GroupPortrait("G", external_ids=(("https://idp", "7"),)),))
    )
    listed = empty.ids.list_users(IdentityStoreId=empty.store)["Users"][0]
    assert (listed["UserStatus"], listed["ExternalIds"]) == ("DISABLED", external)
    asked = {"ExternalId": {"Issuer": "https://idp", "Id": "42"}}
    found = empty.ids.get_user_id(IdentityStoreId=empty.store, AlternateIdentifier=asked)
    assert found["UserId"] == listed["UserId"]
    asked = {"ExternalId": {"Issuer": "https://idp", "Id": "7"}}
    empty.ids.get_group_id(IdentityStoreId=empty.store, AlternateIdentifier=asked)


@pytest.mark.parametrize("again", ["ann", "ANN", "aNN"])
def test_a_user_name_is_unique_in_any_case(empty: Aws, refused: Refused, again: str) -> None:
    empty.user("Ann")
    assert refused(lambda: empty.user(again))[0] == "ConflictException"


def test_a_group_name_is_unique_in_any_case_and_free_again_after_a_rename(
    empty: Aws, refused: Refused
) -> None:
    group = empty.group("Ops")
    assert refused(lambda: empty.group("OPS"))[0] == "ConflictException"
    rename = [{"AttributePath": "displayName", "AttributeValue": "Operations"}]
    empty.ids.update_group(IdentityStoreId=empty.store, GroupId=group, Operations=rename)
    empty.group("OPS")


def test_names_that_differ_by_an_accent_are_two_names(empty: Aws) -> None:
    assert empty.user("jose") != empty.user("josé")


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"UserName": "x", "DisplayName": "x"}, "name"),
        ({"UserName": "x", "Name": NAME}, "displayname"),
        ({"UserName": "x", "DisplayName": "x", "Name": {"GivenName": "x"}}, "familyname"),
        ({"DisplayName": "x", "Name": NAME}, "userName"),
        ({"UserName": "AWSAdministrators", "DisplayName": "x", "Name": NAME}, "reserved"),
    ],
)
def test_a_user_needs_name_and_display_name_and_no_reserved_name(
    empty: Aws, refused: Refused, attributes: dict[str, object], said: str
) -> None:
    code, message = refused(lambda: empty.ids.create_user(IdentityStoreId=empty.store, **attributes))
    assert code == "ValidationException"
    assert said in message


@pytest.mark.parametrize("member", ["Emails", "Addresses", "PhoneNumbers"])
def test_a_user_has_at_most_one_of_each_contact(empty: Aws, refused: Refused, member: str) -> None:
    two = [{"Type": "work"}, {"Type": "home"}]
    code, message = refused(
        lambda: empty.ids.create_user(
            IdentityStoreId=empty.store, UserName="x", DisplayName="x", Name=NAME, **{member: two}
        )
    )
    assert code == "ValidationException"
    assert "length less than or equal to 1" in message


def test_an_update_changes_what_it_names_removes_without_a_value_and_leaves_the_rest(empty: Aws) -> None:
    made = empty.ids.create_user(IdentityStoreId=empty.store, **EVERYTHING)
    empty.clock.pass_by(60)
    operations = [
        {"AttributePath": "name.givenName", "AttributeValue": "Adele"},
        {"AttributePath": "name.middleName"},
        {"AttributePath": "title"},
        {
            "AttributePath": "emails",
            "AttributeValue": [{"value": "new@example.com", "type": "work", "primary": True}],
        },
    ]
    empty.ids.update_user(IdentityStoreId=empty.store, UserId=made["UserId"], Operations=operations)
    seen = empty.ids.describe_user(IdentityStoreId=empty.store, UserId=made["UserId"])
    assert seen["Name"]["GivenName"] == "Adele"
    assert "MiddleName" not in seen["Name"]
    assert "Title" not in seen
    assert seen["Emails"] == [{"Value": "new@example.com", "Type": "work", "Primary": True}]
    assert seen["Website"] == "https://ada.example.com"
    assert (seen["UpdatedAt"] - seen["CreatedAt"]).total_seconds() == 60


@pytest.mark.parametrize(
    "operation",
    [
        {"AttributePath": "displayName"},
        {"AttributePath": "userId", "AttributeValue": "x"},
        {"AttributePath": "userStatus", "AttributeValue": "DISABLED"},
        {"AttributePath": "externalIds"},
        {"AttributePath": "noSuchThing", "AttributeValue": "x"},
        {"AttributePath": "userName", "AttributeValue": "x" * 129},
    ],
)
def test_an_update_that_cannot_be_is_refused_and_changes_nothing(
    empty: Aws, refused: Refused, operation: dict[str, str]
) -> None:
    user = empty.user("ann")
    operations = [{"AttributePath": "title", "AttributeValue": "Lead"}, operation]
    code, _ = refused(
        lambda: empty.ids.update_user(IdentityStoreId=empty.store, UserId=user, Operations=operations)
    )
    assert code == "ValidationException"
    assert "Title" not in empty.ids.describe_user(IdentityStoreId=empty.store, UserId=user)


def test_an_update_or_deletion_that_expects_an_older_revision_is_a_conflict(
    empty: Aws, refused: Refused
) -> None:
    user = empty.user("ann")
    first = empty.ids.describe_user(IdentityStoreId=empty.store, UserId=user)["Revision"]
    operations = [{"AttributePath": "title", "AttributeValue": "Lead"}]
    asked = {"IdentityStoreId": empty.store, "UserId": user, "Revision": first}
    empty.ids.update_user(**asked, Operations=operations)
    assert refused(lambda: empty.ids.update_user(**asked, Operations=operations))[0] == "ConflictException"
    assert refused(lambda: empty.ids.delete_user(**asked))[0] == "ConflictException"


def test_a_rename_to_another_users_name_is_a_conflict(empty: Aws, refused: Refused) -> None:
    empty.user("ann")
    user = empty.user("bob")
    rename = [{"AttributePath": "userName", "AttributeValue": "ANN"}]
    code, _ = refused(
        lambda: empty.ids.update_user(IdentityStoreId=empty.store, UserId=user, Operations=rename)
    )
    assert code == "ConflictException"


@pytest.mark.parametrize(("path", "value"), [("userName", "ANN"), ("emails.value", "ann@example.com")])
def test_a_user_is_found_by_a_unique_attribute(empty: Aws, path: str, value: str) -> None:
    made = empty.ids.create_user(
        IdentityStoreId=empty.store,
        UserName="ann",
        DisplayName="A",
        Name=NAME,
        Emails=[{"Value": "ann@example.com"}],
    )
    asked = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
    found = empty.ids.get_user_id(IdentityStoreId=empty.store, AlternateIdentifier=asked)
    assert found["UserId"] == made["UserId"]


def test_an_alternate_identifier_that_matches_nothing_is_not_found_and_a_path_not_unique_is_invalid(
    empty: Aws, refused: Refused
) -> None:
    empty.group("Ops")

    def ask(path: str, value: str) -> Callable[[], object]:
        asked = {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}
        return lambda: empty.ids.get_group_id(IdentityStoreId=empty.store, AlternateIdentifier=asked)

    assert refused(ask("displayName", "Nobody"))[0] == "ResourceNotFoundException"
    assert refused(ask("description", "Ops"))[0] == "ValidationException"


def test_the_one_filter_of_each_listing_is_honoured_and_any_other_refused(aws: Aws, refused: Refused) -> None:
    wanted = [{"AttributePath": "UserName", "AttributeValue": "ADA.LINDQVIST"}]
    users = aws.ids.list_users(IdentityStoreId=aws.store, Filters=wanted)["Users"]
    assert [each["UserName"] for each in users] == ["ada.lindqvist"]
    wanted = [{"AttributePath": "DisplayName", "AttributeValue": "Cloud Operators"}]
    groups = aws.ids.list_groups(IdentityStoreId=aws.store, Filters=wanted)["Groups"]
    assert [each["DisplayName"] for each in groups] == ["Cloud Operators"]
    wanted = [{"AttributePath": "Title", "AttributeValue": "Analyst"}]
    code, _ = refused(lambda: aws.ids.list_users(IdentityStoreId=aws.store, Filters=wanted))
    assert code == "ValidationException"


def test_the_enterprise_extension_is_shown_only_when_asked_for(aws: Aws) -> None:
    name = "aws:identitystore:enterprise"
    wanted = [{"AttributePath": "UserName", "AttributeValue": "ada.lindqvist"}]
    plain = aws.ids.list_users(IdentityStoreId=aws.store, Filters=wanted)["Users"][0]
    assert "Extensions" not in plain
    asked = aws.ids.describe_user(IdentityStoreId=aws.store, UserId=plain["UserId"], Extensions=[name])
    assert asked["Extensions"] == {name: {"department": "Platform", "employeeNumber": "7"}}


@pytest.mark.parametrize("operation", ["describe_user", "delete_user", "describe_group", "delete_group"])
def test_an_unknown_id_is_not_found(empty: Aws, refused: Refused, operation: str) -> None:
    member = "UserId" if operation.endswith("user") else "GroupId"
    unknown = "9067012345-00000000-0000-4000-8000-000000000000"
    call = getattr(empty.ids, operation)
    code, _ = refused(lambda: call(IdentityStoreId=empty.store, **{member: unknown}))
    assert code == "ResourceNotFoundException"


def test_a_second_deletion_is_not_found(empty: Aws, refused: Refused) -> None:
    user = empty.user("ann")
    empty.ids.delete_user(IdentityStoreId=empty.store, UserId=user)
    code, _ = refused(lambda: empty.ids.delete_user(IdentityStoreId=empty.store, UserId=user))
    assert code == "ResourceNotFoundException"


def test_another_identity_store_is_not_found(empty: Aws, refused: Refused) -> None:
    code, _ = refused(lambda: empty.ids.list_users(IdentityStoreId="d-0123456789"))
    assert code == "ResourceNotFoundException"
