"""Every request of the clients, held against botocore's model of the services; every answer, read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from holdfast.domain.errors import NotFound, RemoteError, UsageError
from holdfast.kernel.canonical import Plain
from holdfast.kernel.paging import Page
from holdfast.kernel.ports import CallCount
from holdfast.systems.identity_center.clients.connection import ChosenInstance, choose
from holdfast.systems.identity_center.clients.iam_client import IamClient
from holdfast.systems.identity_center.clients.identity_store_client import IdentityStoreClient
from holdfast.systems.identity_center.clients.organizations_client import OrganizationsClient
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.clients.sso_admin_client import SsoAdminClient, list_instances
from holdfast.systems.identity_center.model import (
    Assignment,
    Instance,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    RequestState,
    User,
)

INSTANCE = Instance("arn:aws:sso:::instance/ssoins-1234567890abcdef", "d-1234567890", "123456789012")
ARN = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef"
POLICY = PolicyReference("Boundary", "/team/")
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ACCESS = Assignment(
    "123456789012", ARN, PrincipalType.GROUP, "37cfe50ce3-7d8954aa-ea4d-f451-bc8f-7f0b2d836aa8"
)
SUMMARY = PermissionSetSummary(ARN, "Night", "", "PT2H", "https://console.aws.amazon.com/")
STATUS = {"RequestId": "r-1", "Status": "IN_PROGRESS"}
ID = "37cfe50ce3-7d8954aa-ea4d-f451-bc8f-7f0b2d836aa8"


@cache
def model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


class ModelSession:
    """A session that checks every request against the service's model and gives prepared answers."""

    region = "eu-north-1"

    def __init__(self, answers: Mapping[str, Mapping[str, object] | Exception] | None = None) -> None:
        self.answers = dict(answers or {})
        self.sent: list[tuple[str, dict[str, object], bool]] = []
        self.assumed: list[str] = []

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        shape = model(service).operation_model(operation).input_shape
        assert shape is not None
        report = ParamValidator().validate(dict(parameters), shape)
        assert not report.has_errors(), report.generate_report()
        self.sent.append((operation, dict(parameters), repeatable))
        answer = self.answers.get(operation, {})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def assuming(self, role: str) -> ModelSession:
        self.assumed.append(role)
        return self

    def calls(self) -> CallCount:
        return CallCount(len(self.sent), 0, 0.0, ())


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Anything")


def store(session: ModelSession) -> IdentityStoreClient:
    return IdentityStoreClient(session, lambda: INSTANCE)


def sso(session: ModelSession) -> SsoAdminClient:
    return SsoAdminClient(session, lambda: INSTANCE)


IDENTITY_STORE_CALLS: list[tuple[str, bool, Callable[[IdentityStoreClient], object]]] = [
    ("ListUsers", True, lambda c: c.list_users("t")),
    ("ListGroups", True, lambda c: c.list_groups("t")),
    ("ListGroupMemberships", True, lambda c: c.list_memberships(ID)),
    ("ListGroupMembershipsForMember", True, lambda c: c.list_memberships_for_member(ID)),
    ("DescribeUser", True, lambda c: c.describe_user(ID)),
    ("DescribeGroup", True, lambda c: c.describe_group(ID)),
    ("GetUserId", True, lambda c: c.find_user_id("ann")),
    ("GetGroupId", True, lambda c: c.find_group_id("Admins")),
    ("GetGroupMembershipId", True, lambda c: c.find_membership_id(ID, ID)),
    (
        "CreateUser",
        False,
        lambda c: c.create_user("ann", {"DisplayName": "Ann", "Emails": [{"Value": "a@b.c"}]}),
    ),
    ("UpdateUser", True, lambda c: c.update_user(ID, {"displayName": "Ann", "nickName": None})),
    ("UpdateUser", True, lambda c: c.update_user(ID, {"displayName": "Ann"}, "7")),
    ("DeleteUser", False, lambda c: c.delete_user(ID)),
    ("DeleteUser", False, lambda c: c.delete_user(ID, "7")),
    ("CreateGroup", False, lambda c: c.create_group("Admins", "")),
    ("UpdateGroup", True, lambda c: c.update_group(ID, {"description": None})),
    ("UpdateGroup", True, lambda c: c.update_group(ID, {"description": None}, "7")),
    ("DeleteGroup", False, lambda c: c.delete_group(ID)),
    ("DeleteGroup", False, lambda c: c.delete_group(ID, "7")),
    ("CreateGroupMembership", False, lambda c: c.create_membership(ID, ID)),
    ("DeleteGroupMembership", False, lambda c: c.delete_membership(ID)),
]
SSO_ADMIN_CALLS: list[tuple[str, bool, Callable[[SsoAdminClient], object]]] = [
    ("ListInstances", True, lambda c: list_instances(c._service)),
    ("ListPermissionSets", True, lambda c: c.list_permission_sets("t")),
    ("DescribePermissionSet", True, lambda c: c.describe_permission_set(ARN)),
    ("GetInlinePolicyForPermissionSet", True, lambda c: c.inline_policy(ARN)),
    ("ListManagedPoliciesInPermissionSet", True, lambda c: c.list_managed_policies(ARN)),
    ("ListCustomerManagedPolicyReferencesInPermissionSet", True, lambda c: c.list_customer_policies(ARN)),
    ("GetPermissionsBoundaryForPermissionSet", True, lambda c: c.permissions_boundary(ARN)),
    ("ListTagsForResource", True, lambda c: c.list_tags(ARN, "t")),
    (
        "ListAccountsForProvisionedPermissionSet",
        True,
        lambda c: c.list_accounts_for_permission_set(ARN, only_stale=True),
    ),
    (
        "ListPermissionSetsProvisionedToAccount",
        True,
        lambda c: c.list_permission_sets_for_account("123456789012"),
    ),
    ("ListAccountAssignments", True, lambda c: c.list_assignments("123456789012", ARN)),
    (
        "ListAccountAssignmentsForPrincipal",
        True,
        lambda c: c.list_assignments_for_principal(PrincipalType.USER, ID),
    ),
    ("CreatePermissionSet", False, lambda c: c.create_permission_set(SUMMARY, (("owner", "night"),))),
    ("UpdatePermissionSet", True, lambda c: c.update_permission_set(SUMMARY)),
    ("DeletePermissionSet", False, lambda c: c.delete_permission_set(ARN)),
    ("PutInlinePolicyToPermissionSet", True, lambda c: c.put_inline_policy(ARN, '{"Version":"2012-10-17"}')),
    ("DeleteInlinePolicyFromPermissionSet", False, lambda c: c.delete_inline_policy(ARN)),
    ("AttachManagedPolicyToPermissionSet", False, lambda c: c.attach_managed_policy(ARN, MANAGED)),
    ("DetachManagedPolicyFromPermissionSet", False, lambda c: c.detach_managed_policy(ARN, MANAGED)),
    (
        "AttachCustomerManagedPolicyReferenceToPermissionSet",
        False,
        lambda c: c.attach_customer_policy(ARN, POLICY),
    ),
    (
        "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        False,
        lambda c: c.detach_customer_policy(ARN, POLICY),
    ),
    ("PutPermissionsBoundaryToPermissionSet", True, lambda c: c.put_boundary(ARN, POLICY)),
    ("PutPermissionsBoundaryToPermissionSet", True, lambda c: c.put_boundary(ARN, MANAGED)),
    ("DeletePermissionsBoundaryFromPermissionSet", False, lambda c: c.delete_boundary(ARN)),
    ("TagResource", True, lambda c: c.tag(ARN, (("owner", "night"),))),
    ("UntagResource", True, lambda c: c.untag(ARN, ("owner",))),
]
ASYNCHRONOUS_CALLS: list[tuple[str, str, Callable[[SsoAdminClient], object]]] = [
    ("ProvisionPermissionSet", "PermissionSetProvisioningStatus", lambda c: c.provision(ARN)),
    (
        "DescribePermissionSetProvisioningStatus",
        "PermissionSetProvisioningStatus",
        lambda c: c.provisioning_status(ID[:36]),
    ),
    ("CreateAccountAssignment", "AccountAssignmentCreationStatus", lambda c: c.create_assignment(ACCESS)),
    (
        "DescribeAccountAssignmentCreationStatus",
        "AccountAssignmentCreationStatus",
        lambda c: c.creation_status(ID[:36]),
    ),
    ("DeleteAccountAssignment", "AccountAssignmentDeletionStatus", lambda c: c.delete_assignment(ACCESS)),
    (
        "DescribeAccountAssignmentDeletionStatus",
        "AccountAssignmentDeletionStatus",
        lambda c: c.deletion_status(ID[:36]),
    ),
]


@pytest.mark.parametrize(("operation", "repeatable", "call"), IDENTITY_STORE_CALLS)
def test_identity_store_requests_fit_the_services_model(
    operation: str, repeatable: bool, call: Callable[[IdentityStoreClient], object]
) -> None:
    session = ModelSession()
    call(store(session))
    ((sent, parameters, may_repeat),) = session.sent
    assert (sent, may_repeat) == (operation, repeatable)
    assert parameters["IdentityStoreId"] == INSTANCE.identity_store_id


@pytest.mark.parametrize(("operation", "repeatable", "call"), SSO_ADMIN_CALLS)
def test_sso_admin_requests_fit_the_services_model(
    operation: str, repeatable: bool, call: Callable[[SsoAdminClient], object]
) -> None:
    session = ModelSession()
    call(sso(session))
    ((sent, _, may_repeat),) = session.sent
    assert (sent, may_repeat) == (operation, repeatable)


@pytest.mark.parametrize(("operation", "field", "call"), ASYNCHRONOUS_CALLS)
def test_asynchronous_requests_give_their_request_id(
    operation: str, field: str, call: Callable[[SsoAdminClient], object]
) -> None:
    session = ModelSession({operation: {field: STATUS}})
    status = call(sso(session))
    assert getattr(status, "request_id", "") == "r-1"
    assert getattr(status, "state", "") is RequestState.IN_PROGRESS
    assert session.sent[0][2] is operation.startswith("Describe")


def test_requests_in_progress_are_those_of_all_three_kinds() -> None:
    session = ModelSession(
        {
            "ListAccountAssignmentCreationStatus": {"AccountAssignmentsCreationStatus": [STATUS]},
            "ListAccountAssignmentDeletionStatus": {"AccountAssignmentsDeletionStatus": [STATUS, STATUS]},
            "ListPermissionSetProvisioningStatus": {"PermissionSetsProvisioningStatus": [STATUS]},
        }
    )
    assert len(sso(session).requests_in_progress()) == 4


def test_organizations_and_sts_requests_fit_the_services_models() -> None:
    caller = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/ann"}
    session = ModelSession({"GetCallerIdentity": caller})
    client = OrganizationsClient(session)
    assert client.caller() == Caller("123456789012", "arn:aws:iam::123456789012:user/ann", "eu-north-1")
    assert client.list_accounts("t") == Page(())


def test_a_member_accounts_policy_is_looked_for_under_its_role_and_our_own_accounts_without() -> None:
    session = ModelSession()
    client = IamClient(
        session, lambda: Caller("123456789012", "arn:aws-cn:iam::123456789012:user/a", ""), "R"
    )
    deploy = PolicyReference("Deploy", "/team/")
    assert client.has_policy("111111111111", deploy)
    assert client.has_policy("111111111111", PolicyReference("Plain"))
    assert client.has_policy("123456789012", deploy)
    assert [str(parameters["PolicyArn"]) for _, parameters, _ in session.sent] == [
        "arn:aws-cn:iam::111111111111:policy/team/Deploy",
        "arn:aws-cn:iam::111111111111:policy/Plain",
        "arn:aws-cn:iam::123456789012:policy/team/Deploy",
    ]
    assert session.assumed == ["arn:aws-cn:iam::111111111111:role/R"]


def test_a_policy_that_is_not_there_is_no_error_and_a_refusal_is_one() -> None:
    caller = Caller("123456789012", "arn:aws:iam::123456789012:user/a", "")
    gone = IamClient(ModelSession({"GetPolicy": refusal("NoSuchEntity")}), lambda: caller, "R")
    assert not gone.has_managed_policy("arn:aws:iam::aws:policy/Nothing")
    broken = IamClient(ModelSession({"GetPolicy": refusal("InvalidInput")}), lambda: caller, "R")
    with pytest.raises(RemoteError, match="iam:GetPolicy"):
        broken.has_policy("123456789012", PolicyReference("Plain"))


def test_a_users_ids_and_times_are_not_attributes_and_floats_become_text() -> None:
    row = {
        "UserId": ID,
        "UserName": "ann",
        "IdentityStoreId": "d-1234567890",
        "UserArn": "arn:aws:identitystore:::user/x",
        "Revision": "7",
        "UserStatus": "ENABLED",
        "Extensions": {"aws:identitystore:enterprise": {"weight": 1.5, "floor": 3.0}},
    }
    user = store(ModelSession({"DescribeUser": {**row, "ResponseMetadata": {}}})).describe_user(ID)
    extensions: Plain = {"aws:identitystore:enterprise": {"weight": "1.5", "floor": 3}}
    assert user == User(ID, "ann", {"UserStatus": "ENABLED", "Extensions": extensions})
    assert user.revision == "7"


@pytest.mark.parametrize(
    "change",
    [
        lambda c, *revision: c.update_user(ID, {"displayName": "Ann"}, *revision),
        lambda c, *revision: c.delete_user(ID, *revision),
        lambda c, *revision: c.update_group(ID, {"description": "d"}, *revision),
        lambda c, *revision: c.delete_group(ID, *revision),
    ],
)
def test_a_revision_is_sent_with_a_change_where_one_is_known(change: Callable[..., None]) -> None:
    session = ModelSession()
    change(store(session), "7")
    change(store(session))
    (_, known, _), (_, unknown, _) = session.sent
    assert known["Revision"] == "7"
    assert "Revision" not in unknown


def test_a_group_has_the_revision_that_the_service_gives() -> None:
    row = {"GroupId": ID, "DisplayName": "Admins", "Revision": "12"}
    assert store(ModelSession({"DescribeGroup": row})).describe_group(ID).revision == "12"
    assert store(ModelSession({"ListGroups": {"Groups": [row]}})).list_groups().items[0].revision == "12"


def test_a_missing_name_gives_no_id_and_any_other_refusal_is_an_error() -> None:
    assert store(ModelSession({"GetUserId": refusal("ResourceNotFoundException")})).find_user_id("ann") == ""
    with pytest.raises(RemoteError) as caught:
        store(ModelSession({"GetUserId": refusal("ValidationException")})).find_user_id("ann")
    assert (caught.value.operation, caught.value.error) == ("identitystore:GetUserId", "ValidationException")


def test_a_set_without_boundary_has_none() -> None:
    answer = refusal("ResourceNotFoundException")
    assert (
        sso(ModelSession({"GetPermissionsBoundaryForPermissionSet": answer})).permissions_boundary(ARN)
        is None
    )


def test_the_only_instance_is_chosen_and_several_need_a_name() -> None:
    other = Instance("arn:aws:sso:::instance/ssoins-2", "d-2", "1")
    assert choose([INSTANCE], "") == INSTANCE
    assert choose([other, INSTANCE], INSTANCE.arn) == INSTANCE
    with pytest.raises(UsageError, match="several"):
        choose([other, INSTANCE], "")
    with pytest.raises(NotFound):
        choose([other], INSTANCE.arn)


def test_the_instance_is_looked_up_once() -> None:
    asked: list[int] = []
    chosen = ChosenInstance(lambda: asked.append(1) or [INSTANCE])  # type: ignore[func-returns-value, redundant-expr]
    assert chosen() == chosen() == INSTANCE
    assert asked == [1]
