"""QuickSight's namespaces, users, groups and custom permissions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.quicksight.portraits import (
    QuickSightGroupPortrait,
    QuickSightPortrait,
    QuickSightUserPortrait,
)
from tests.sandbox.conftest import Aws, Client

Refused = Callable[[Callable[[], object]], tuple[str, str]]
ACCOUNT = "123456789012"
A = {"AwsAccountId": ACCOUNT}
DEFAULT = {**A, "Namespace": "default"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/Analyst"


def register(client: Client, name: str, namespace: str = "default", **more: object) -> dict[str, object]:
    made: dict[str, object] = client.register_user(
        **A, Namespace=namespace, UserName=name, IdentityType="QUICKSIGHT", UserRole="AUTHOR",
        Email=f"{name}@example.com", **more,
    )  # fmt: skip
    return made


def load(aws: Aws, **members: object) -> None:
    aws.sandbox.load(Portrait(quicksight=(QuickSightPortrait(**members),)))  # type: ignore[arg-type]


def test_users_and_groups_are_asked_for_in_the_identity_region_namespaces_anywhere(
    empty: Aws, refused: Refused
) -> None:
    load(empty, identity_region="eu-west-1")
    code, message = refused(lambda: empty.quicksight.list_users(**DEFAULT))
    assert code == "AccessDeniedException"
    assert message == (
        "Operation is being called from endpoint us-east-1, but your identity region is eu-west-1. "
        "Please use the eu-west-1 endpoint."
    )
    assert refused(lambda: empty.quicksight.list_groups(**DEFAULT))[0] == "AccessDeniedException"
    (namespace,) = empty.quicksight.list_namespaces(**A)["Namespaces"]
    assert (namespace["Name"], namespace["CapacityRegion"]) == ("default", "eu-west-1")
    create = partial(empty.quicksight.create_namespace, **A, Namespace="b", IdentityStore="QUICKSIGHT")
    assert refused(create)[0] == "PreconditionNotMetException"
    empty.region = "eu-west-1"
    assert empty.client("quicksight").list_users(**DEFAULT)["UserList"] == []


def test_a_namespace_is_created_and_deleted_in_its_own_time_with_everybody_in_it(
    empty: Aws, refused: Refused
) -> None:
    quicksight, team = empty.quicksight, {**A, "Namespace": "team"}
    assert quicksight.create_namespace(**team, IdentityStore="QUICKSIGHT")["CreationStatus"] == "CREATING"
    assert refused(lambda: register(quicksight, "ann", "team"))[0] == "PreconditionNotMetException"
    empty.clock.pass_by(1)
    assert quicksight.describe_namespace(**team)["Namespace"]["CreationStatus"] == "CREATED"
    register(quicksight, "ann", "team")
    quicksight.delete_namespace(**team)
    assert quicksight.describe_namespace(**team)["Namespace"]["CreationStatus"] == "DELETING"
    empty.clock.pass_by(1)
    assert refused(lambda: quicksight.list_users(**team))[0] == "ResourceNotFoundException"
    assert empty.sandbox.dump().quicksight == ()
    assert refused(lambda: quicksight.delete_namespace(**DEFAULT))[0] == "InvalidParameterValueException"


def test_a_namespace_that_fails_says_why(empty: Aws) -> None:
    empty.sandbox.faults([FaultRule(operation="CreateNamespace", async_failure="No capacity.")])
    empty.quicksight.create_namespace(**A, Namespace="team", IdentityStore="QUICKSIGHT")
    empty.clock.pass_by(1)
    shown = empty.quicksight.describe_namespace(**A, Namespace="team")["Namespace"]
    assert (shown["CreationStatus"], shown["NamespaceError"]["Message"]) == (
        "RETRYABLE_FAILURE",
        "No capacity.",
    )


def test_a_user_of_iam_is_named_for_role_and_session(empty: Aws, refused: Refused) -> None:
    asked = {**DEFAULT, "IdentityType": "IAM", "Email": "a@example.com", "UserRole": "READER", "IamArn": ROLE}
    made = empty.quicksight.register_user(**asked, SessionName="a@example.com")
    assert (made["User"]["UserName"], made["User"]["Active"]) == ("Analyst/a@example.com", True)
    assert "UserInvitationUrl" not in made
    # Both `/` and `@` stand escaped in the path.
    shown = empty.quicksight.describe_user(**DEFAULT, UserName="Analyst/a@example.com")["User"]
    assert shown["Arn"] == f"arn:aws:quicksight:us-east-1:{ACCOUNT}:user/default/Analyst/a@example.com"
    assert refused(lambda: empty.quicksight.register_user(**asked))[0] == "InvalidParameterValueException"


def test_a_user_of_quicksight_is_invited_and_not_yet_active(empty: Aws) -> None:
    made = register(empty.quicksight, "ann")
    assert str(made["UserInvitationUrl"]).startswith("https://")
    assert empty.quicksight.list_users(**DEFAULT)["UserList"][0]["Active"] is False


def test_what_is_there_already_exists_and_what_is_not_is_not_found(empty: Aws, refused: Refused) -> None:
    quicksight, group = empty.quicksight, {**DEFAULT, "GroupName": "all"}
    register(quicksight, "ann")
    quicksight.create_group(**group)
    assert refused(lambda: register(quicksight, "ann"))[0] == "ResourceExistsException"
    assert refused(lambda: quicksight.create_group(**group))[0] == "ResourceExistsException"
    for ghost in (
        partial(quicksight.create_group_membership, **group, MemberName="bob"),
        partial(quicksight.describe_group_membership, **group, MemberName="ann"),
        partial(quicksight.delete_group_membership, **group, MemberName="ann"),
        partial(quicksight.delete_user, **DEFAULT, UserName="bob"),
        partial(quicksight.list_user_groups, **DEFAULT, UserName="bob"),
        partial(quicksight.describe_group, **DEFAULT, GroupName="some"),
        partial(quicksight.describe_custom_permissions, **A, CustomPermissionsName="none"),
        partial(register, quicksight, "eve", CustomPermissionsName="none"),
        partial(register, quicksight, "eve", "nowhere"),
    ):
        assert refused(ghost)[0] == "ResourceNotFoundException"


def test_whoever_is_deleted_leaves_the_groups(empty: Aws) -> None:
    group = {**DEFAULT, "GroupName": "all"}
    register(empty.quicksight, "ann")
    empty.quicksight.create_group(**group)
    empty.quicksight.create_group_membership(**group, MemberName="ann")
    assert [
        each["GroupName"]
        for each in empty.quicksight.list_user_groups(**DEFAULT, UserName="ann")["GroupList"]
    ] == ["all"]
    empty.quicksight.delete_user(**DEFAULT, UserName="ann")
    assert empty.quicksight.list_group_memberships(**group)["GroupMemberList"] == []


def test_custom_permissions_are_applied_taken_off_and_held_by_whom_they_are_given_to(
    empty: Aws, refused: Refused
) -> None:
    quicksight, profile, ann = (
        empty.quicksight,
        {"CustomPermissionsName": "p"},
        {**DEFAULT, "UserName": "ann"},
    )
    quicksight.create_custom_permissions(**A, **profile, Capabilities={"ExportToCsv": "DENY"})
    register(quicksight, "ann", **profile)
    delete = partial(quicksight.delete_custom_permissions, **A, **profile)
    assert refused(delete)[0] == "ConflictException"
    update = partial(quicksight.update_user, **ann, Email="a@example.org", Role="READER")
    assert update()["User"]["CustomPermissionsName"] == "p"
    assert "CustomPermissionsName" not in update(UnapplyCustomPermissions=True)["User"]
    quicksight.update_user_custom_permission(**ann, **profile)
    quicksight.delete_user_custom_permission(**ann)
    delete()
    assert quicksight.list_custom_permissions(**A)["CustomPermissionsList"] == []


def test_federated_users_name_their_provider(empty: Aws, refused: Refused) -> None:
    oidc = {"ExternalLoginFederationProviderType": "CUSTOM_OIDC", "ExternalLoginId": "42"}
    assert refused(lambda: register(empty.quicksight, "ann", **oidc))[0] == "InvalidParameterValueException"
    register(empty.quicksight, "ann", **oidc, CustomFederationProviderUrl="https://idp.example.com")
    shown = empty.quicksight.describe_user(**DEFAULT, UserName="ann")["User"]
    assert (shown["ExternalLoginFederationProviderUrl"], shown["ExternalLoginId"]) == (
        "https://idp.example.com",
        "42",
    )


def test_lists_come_in_pages_however_short_and_foreign_tokens_are_refused(
    empty: Aws, refused: Refused
) -> None:
    names = [f"user{number}" for number in range(5)]
    load(
        empty,
        users=tuple(QuickSightUserPortrait(name) for name in names),
        groups=(QuickSightGroupPortrait("all", members=tuple(names)),),
    )
    empty.sandbox.faults([FaultRule(service="quicksight", operation="ListUsers", page_size=2)])
    pages = list(empty.quicksight.get_paginator("list_users").paginate(**DEFAULT))
    assert [len(each["UserList"]) for each in pages] == [2, 2, 1]
    assert [user["UserName"] for each in pages for user in each["UserList"]] == names
    other = partial(empty.quicksight.list_groups, **DEFAULT, NextToken=pages[0]["NextToken"])
    assert refused(other)[0] == "InvalidNextTokenException"
    assert refused(lambda: empty.quicksight.list_users(**DEFAULT, MaxResults=101))[0] == "ValidationException"


@pytest.mark.parametrize(
    ("edition", "operation", "code"),
    [
        ("STANDARD", "list_dashboards", "UnsupportedUserEditionException"),
        ("", "list_dashboards", "ResourceNotFoundException"),
        ("", "describe_account_subscription", "ResourceNotFoundException"),
    ],
)
def test_an_account_does_what_its_edition_has(
    empty: Aws, refused: Refused, edition: str, operation: str, code: str
) -> None:
    load(empty, edition=edition)
    assert refused(lambda: getattr(empty.quicksight, operation)(**A))[0] == code


def test_the_dump_of_an_account_can_be_loaded(aws: Aws) -> None:
    drawn = aws.sandbox.dump()
    assert drawn.quicksight[0].users and drawn.quicksight[0].groups
    aws.sandbox.load(drawn)
    assert aws.sandbox.dump() == drawn
