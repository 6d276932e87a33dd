"""Assignments and provisioning: asynchronous, limited, and failing where a policy is missing."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.sandbox.company import LEGACY_ACCOUNT_NAME
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import AccountPortrait, Portrait
from tests.sandbox.conftest import Aws

Refused = Callable[[Callable[[], object]], tuple[str, str]]
POLICY = '{"Version":"2012-10-17","Statement":[]}'


def _assignments(aws: Aws, account: str, arn: str) -> list[str]:
    asked = {"InstanceArn": aws.instance, "AccountId": account, "PermissionSetArn": arn}
    return [each["PrincipalId"] for each in aws.sso.list_account_assignments(**asked)["AccountAssignments"]]


def test_an_assignment_is_in_progress_first_and_there_only_after_it_succeeded(aws: Aws) -> None:
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    request = aws.assign(account, arn, group)
    assert aws.creation(request)["Status"] == "IN_PROGRESS"
    assert _assignments(aws, account, arn) == []
    aws.clock.pass_by(0.05)
    assert aws.creation(request)["Status"] == "SUCCEEDED"
    assert _assignments(aws, account, arn) == [group]


def test_the_request_of_an_assignment_is_listed_by_its_status(aws: Aws) -> None:
    request = aws.assign(aws.accounts()[0], aws.permission_set("P"), aws.group("G"))

    def listed(status: str) -> list[str]:
        answer = aws.sso.list_account_assignment_creation_status(
            InstanceArn=aws.instance,
            Filter={"Status": status},
        )
        return [each["RequestId"] for each in answer["AccountAssignmentsCreationStatus"]]

    assert (listed("IN_PROGRESS"), listed("SUCCEEDED")) == ([request], [])
    aws.clock.pass_by(1)
    assert (listed("IN_PROGRESS"), listed("SUCCEEDED")) == ([], [request])


def test_an_eleventh_outstanding_request_is_throttled(aws: Aws, refused: Refused) -> None:
    aws.sandbox.load(_with_accounts(11))
    arn, group = aws.permission_set("P"), aws.group("G")
    accounts = aws.accounts()
    for account in accounts[:10]:
        aws.assign(account, arn, group)
    code, message = refused(lambda: aws.assign(accounts[10], arn, group))
    assert code == "ThrottlingException"
    assert "too many requests processing" in message
    assert aws.sandbox.status().outstanding_peak == 10
    aws.clock.pass_by(1)
    aws.assign(accounts[10], arn, group)


def test_an_account_is_changed_by_one_request_at_a_time(aws: Aws, refused: Refused) -> None:
    account, group = aws.accounts()[0], aws.group("G")
    first, second = aws.permission_set("P"), aws.permission_set("Q")
    aws.assign(account, first, group)
    assert refused(lambda: aws.assign(account, second, group))[0] == "ConflictException"
    aws.clock.pass_by(1)
    aws.assign(account, second, group)


def test_an_assignment_that_is_there_already_succeeds_and_changes_nothing(aws: Aws) -> None:
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    aws.assigned(account, arn, group)
    before = len(aws.sandbox.changes())
    request = aws.assign(account, arn, group)
    aws.clock.pass_by(1)
    assert aws.creation(request)["Status"] == "SUCCEEDED"
    assert len(aws.sandbox.changes()) == before


def test_an_assignment_of_something_unknown_is_not_found(aws: Aws, refused: Refused) -> None:
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    unknown = "9067012345-00000000-0000-4000-8000-000000000000"
    for call in (
        lambda: aws.assign("999999999999", arn, group),
        lambda: aws.assign(account, arn[:-16] + "0" * 16, group),
        lambda: aws.assign(account, arn, unknown),
        lambda: aws.assign(account, arn, group, "USER"),
    ):
        assert refused(call)[0] == "ResourceNotFoundException"


def test_deleting_the_last_assignment_takes_the_permission_set_out_of_the_account(aws: Aws) -> None:
    account, arn = aws.accounts()[0], aws.permission_set("P")
    groups = [aws.group("G"), aws.group("H")]
    for group in groups:
        aws.assigned(account, arn, group)
    for group, left in zip(groups, ([account], []), strict=True):
        request = aws.sso.delete_account_assignment(
            InstanceArn=aws.instance, PermissionSetArn=arn, TargetId=account, TargetType="AWS_ACCOUNT",
            PrincipalType="GROUP", PrincipalId=group,
        )["AccountAssignmentDeletionStatus"]  # fmt: skip
        aws.clock.pass_by(1)
        status = aws.sso.describe_account_assignment_deletion_status(
            InstanceArn=aws.instance, AccountAssignmentDeletionRequestId=request["RequestId"]
        )
        assert status["AccountAssignmentDeletionStatus"]["Status"] == "SUCCEEDED"
        listed = aws.sso.list_accounts_for_provisioned_permission_set(
            InstanceArn=aws.instance, PermissionSetArn=arn
        )
        assert listed["AccountIds"] == left


def test_a_users_listing_has_what_comes_through_groups_with_the_group_as_principal(aws: Aws) -> None:
    account, arn = aws.accounts()[0], aws.permission_set("P")
    user, group = aws.user("ann"), aws.group("G")
    aws.member(group, user)
    aws.assigned(account, arn, group)
    aws.assigned(account, arn, user, "USER")
    asked = {"InstanceArn": aws.instance, "PrincipalId": user, "PrincipalType": "USER"}
    listed = aws.sso.list_account_assignments_for_principal(**asked)["AccountAssignments"]
    assert [(each["PrincipalType"], each["PrincipalId"]) for each in listed] == [
        ("GROUP", group),
        ("USER", user),
    ]
    other = aws.accounts()[1]
    filtered = aws.sso.list_account_assignments_for_principal(**asked, Filter={"AccountId": other})
    assert filtered["AccountAssignments"] == []


def test_accounts_are_behind_after_a_change_of_the_set_until_it_is_provisioned(aws: Aws) -> None:
    arn, group = aws.permission_set("P"), aws.group("G")
    first, second = aws.accounts()[:2]
    for account in (first, second):
        aws.assigned(account, arn, group)
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}

    def behind() -> list[str]:
        answer = aws.sso.list_accounts_for_provisioned_permission_set(
            **asked,
            ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
        )
        return list(answer["AccountIds"])

    assert behind() == []
    aws.sso.put_inline_policy_to_permission_set(**asked, InlinePolicy=POLICY)
    assert behind() == [first, second]
    aws.sso.provision_permission_set(**asked, TargetType="AWS_ACCOUNT", TargetId=first)
    aws.clock.pass_by(1)
    assert behind() == [second]
    request = aws.sso.provision_permission_set(**asked, TargetType="ALL_PROVISIONED_ACCOUNTS")
    aws.clock.pass_by(1)
    status = aws.sso.describe_permission_set_provisioning_status(
        InstanceArn=aws.instance,
        ProvisionPermissionSetRequestId=request["PermissionSetProvisioningStatus"]["RequestId"],
    )
    assert status["PermissionSetProvisioningStatus"]["Status"] == "SUCCEEDED"
    assert behind() == []


def test_deletions_and_provisionings_are_listed_by_their_status_too(aws: Aws) -> None:
    arn, group, account = aws.permission_set("P"), aws.group("G"), aws.accounts()[0]
    aws.assigned(account, arn, group)
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}
    provisioning = aws.sso.provision_permission_set(**asked, TargetType="ALL_PROVISIONED_ACCOUNTS")
    aws.clock.pass_by(1)
    deletion = aws.sso.delete_account_assignment(
        **asked, TargetId=account, TargetType="AWS_ACCOUNT", PrincipalType="GROUP", PrincipalId=group
    )
    provisioned = aws.sso.list_permission_set_provisioning_status(
        InstanceArn=aws.instance, Filter={"Status": "SUCCEEDED"}
    )
    deleting = aws.sso.list_account_assignment_deletion_status(
        InstanceArn=aws.instance, Filter={"Status": "IN_PROGRESS"}
    )
    assert [each["RequestId"] for each in provisioned["PermissionSetsProvisioningStatus"]] == [
        provisioning["PermissionSetProvisioningStatus"]["RequestId"]
    ]
    assert [each["RequestId"] for each in deleting["AccountAssignmentsDeletionStatus"]] == [
        deletion["AccountAssignmentDeletionStatus"]["RequestId"]
    ]


def test_provisioning_needs_an_account_exactly_when_it_is_for_one(aws: Aws, refused: Refused) -> None:
    arn, account = aws.permission_set("P"), aws.accounts()[0]
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}
    provision = aws.sso.provision_permission_set
    assert refused(lambda: provision(**asked, TargetType="AWS_ACCOUNT"))[0] == "ValidationException"
    code, _ = refused(lambda: provision(**asked, TargetType="ALL_PROVISIONED_ACCOUNTS", TargetId=account))
    assert code == "ValidationException"
    code, _ = refused(lambda: provision(**asked, TargetType="AWS_ACCOUNT", TargetId=account))
    assert code == "ResourceNotFoundException"


def test_an_assignment_that_is_not_there_cannot_be_deleted(aws: Aws, refused: Refused) -> None:
    code, _ = refused(
        lambda: aws.sso.delete_account_assignment(
            InstanceArn=aws.instance,
            PermissionSetArn=aws.permission_set("P"),
            TargetId=aws.accounts()[0],
            TargetType="AWS_ACCOUNT",
            PrincipalType="GROUP",
            PrincipalId=aws.group("G"),
        )
    )
    assert code == "ResourceNotFoundException"


def test_the_management_account_may_assign_in_itself(aws: Aws) -> None:
    request = aws.assign("123456789012", aws.permission_set("P"), aws.group("G"))
    aws.clock.pass_by(1)
    assert aws.creation(request)["Status"] == "SUCCEEDED"


def test_a_change_of_tags_leaves_no_account_behind(aws: Aws) -> None:
    arn, group, account = aws.permission_set("P"), aws.group("G"), aws.accounts()[0]
    aws.assigned(account, arn, group)
    aws.sso.tag_resource(InstanceArn=aws.instance, ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    behind = aws.sso.list_permission_sets_provisioned_to_account(
        InstanceArn=aws.instance, AccountId=account, ProvisioningStatus="LATEST_PERMISSION_SET_PROVISIONED"
    )
    assert arn in behind["PermissionSets"]


def test_a_policy_that_the_account_lacks_ends_the_request_failed_and_named(aws: Aws) -> None:
    legacy = next(each.id for each in aws.sandbox.dump().accounts if each.name == LEGACY_ACCOUNT_NAME)
    developer = _arn(aws, "DeveloperAccess")
    request = aws.assign(legacy, developer, aws.group("G"))
    aws.clock.pass_by(1)
    ended = aws.creation(request)
    assert ended["Status"] == "FAILED"
    assert f"arn:aws:iam::{legacy}:policy/boundaries/DeveloperBoundary" in str(ended["FailureReason"])
    assert _assignments(aws, legacy, developer) == []


def test_provisioning_fails_for_the_account_that_lacks_a_new_policy(aws: Aws) -> None:
    arn, group, account = aws.permission_set("P"), aws.group("G"), aws.accounts()[0]
    aws.assigned(account, arn, group)
    asked = {"InstanceArn": aws.instance, "PermissionSetArn": arn}
    aws.sso.attach_customer_managed_policy_reference_to_permission_set(
        **asked, CustomerManagedPolicyReference={"Name": "Nowhere"}
    )
    request = aws.sso.provision_permission_set(**asked, TargetType="ALL_PROVISIONED_ACCOUNTS")
    aws.clock.pass_by(1)
    ended = aws.sso.describe_permission_set_provisioning_status(
        InstanceArn=aws.instance,
        ProvisionPermissionSetRequestId=request["PermissionSetProvisioningStatus"]["RequestId"],
    )["PermissionSetProvisioningStatus"]
    assert ended["Status"] == "FAILED"
    assert f"arn:aws:iam::{account}:policy/Nowhere" in ended["FailureReason"]


def test_a_group_that_goes_while_its_assignment_is_made_ends_the_request_failed(aws: Aws) -> None:
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    request = aws.assign(account, arn, group)
    aws.ids.delete_group(IdentityStoreId=aws.store, GroupId=group)
    aws.clock.pass_by(1)
    assert aws.creation(request)["Status"] == "FAILED"


def test_a_request_can_be_made_to_take_longer_and_to_fail(aws: Aws) -> None:
    rule = FaultRule(operation="CreateAccountAssignment", times=1, async_failure="Because.", async_delay=60.0)
    aws.sandbox.faults([rule])
    account, arn, group = aws.accounts()[0], aws.permission_set("P"), aws.group("G")
    request = aws.assign(account, arn, group)
    aws.clock.pass_by(59)
    assert aws.creation(request)["Status"] == "IN_PROGRESS"
    aws.clock.pass_by(1)
    ended = aws.creation(request)
    assert (ended["Status"], ended["FailureReason"]) == ("FAILED", "Because.")
    assert _assignments(aws, account, arn) == []


def _with_accounts(count: int) -> Portrait:
    numbers = range(100_000_000_000, 100_000_000_000 + count)
    return Portrait(
        accounts=tuple(AccountPortrait(str(each), f"a{each}", "a@example.com") for each in numbers)
    )


def _arn(aws: Aws, name: str) -> str:
    for arn in aws.sso.list_permission_sets(InstanceArn=aws.instance)["PermissionSets"]:
        seen = aws.sso.describe_permission_set(InstanceArn=aws.instance, PermissionSetArn=arn)
        if seen["PermissionSet"]["Name"] == name:
            return str(arn)
    raise LookupError(name)
