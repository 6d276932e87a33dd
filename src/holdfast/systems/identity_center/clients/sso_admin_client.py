"""The SSO Admin gateway over AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from holdfast.domain.errors import RemoteError
from holdfast.kernel.answers import Answer, next_token, part, rows, text, texts
from holdfast.kernel.paging import Page, every
from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.model import (
    Assignment,
    Instance,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    RequestState,
    RequestStatus,
)

PAGE = 100
"""Most entries of one page (SSO Admin API reference)."""
NOT_PROVISIONED = "LATEST_PERMISSION_SET_NOT_PROVISIONED"
IN_PROGRESS = (
    ("ListAccountAssignmentCreationStatus", "AccountAssignmentsCreationStatus"),
    ("ListAccountAssignmentDeletionStatus", "AccountAssignmentsDeletionStatus"),
    ("ListPermissionSetProvisioningStatus", "PermissionSetsProvisioningStatus"),
)


class SsoAdminClient:
    """`SsoAdminGateway`, which says what each call gives, over a paced session; the instance is looked up first."""

    def __init__(self, session: PacedSession, instance: Callable[[], Instance]) -> None:
        self._service = Service(session, "sso-admin", "sso")
        self._instance = instance

    def list_permission_sets(self, token: str = "") -> Page[str]:
        answer = self._send("ListPermissionSets", MaxResults=PAGE, NextToken=token)
        return Page(texts(answer, "PermissionSets"), next_token(answer))

    def describe_permission_set(self, arn: str) -> PermissionSetSummary:
        row = part(self._send("DescribePermissionSet", PermissionSetArn=arn), "PermissionSet")
        return PermissionSetSummary(
            arn=text(row, "PermissionSetArn", arn),
            name=text(row, "Name"),
            description=text(row, "Description"),
            session_duration=text(row, "SessionDuration", "PT1H"),
            relay_state=text(row, "RelayState"),
        )

    def inline_policy(self, arn: str) -> str:
        return text(self._send("GetInlinePolicyForPermissionSet", PermissionSetArn=arn), "InlinePolicy")

    def list_managed_policies(self, arn: str, token: str = "") -> Page[str]:
        answer = self._listing("ListManagedPoliciesInPermissionSet", token, PermissionSetArn=arn)
        return Page(
            tuple(text(row, "Arn") for row in rows(answer, "AttachedManagedPolicies")), next_token(answer)
        )

    def list_customer_policies(self, arn: str, token: str = "") -> Page[PolicyReference]:
        answer = self._listing(
            "ListCustomerManagedPolicyReferencesInPermissionSet", token, PermissionSetArn=arn
        )
        found = tuple(_reference(row) for row in rows(answer, "CustomerManagedPolicyReferences"))
        return Page(found, next_token(answer))

    def permissions_boundary(self, arn: str) -> str | PolicyReference | None:
        try:
            answer = self._send("GetPermissionsBoundaryForPermissionSet", PermissionSetArn=arn)
        except RemoteError as error:
            # The service answers so for a set without boundary, and the same for a set that is gone.
            if error.error != "ResourceNotFoundException":
                raise
            return None
        boundary = part(answer, "PermissionsBoundary")
        if "CustomerManagedPolicyReference" in boundary:
            return _reference(part(boundary, "CustomerManagedPolicyReference"))
        return text(boundary, "ManagedPolicyArn") or None

    def list_tags(self, arn: str, token: str = "") -> Page[tuple[str, str]]:
        answer = self._send("ListTagsForResource", ResourceArn=arn, NextToken=token)
        return Page(
            tuple((text(row, "Key"), text(row, "Value")) for row in rows(answer, "Tags")), next_token(answer)
        )

    def list_accounts_for_permission_set(
        self, arn: str, token: str = "", *, only_stale: bool = False
    ) -> Page[str]:
        status = NOT_PROVISIONED if only_stale else ""
        answer = self._listing(
            "ListAccountsForProvisionedPermissionSet", token, PermissionSetArn=arn, ProvisioningStatus=status
        )
        return Page(texts(answer, "AccountIds"), next_token(answer))

    def list_permission_sets_for_account(self, account_id: str, token: str = "") -> Page[str]:
        answer = self._listing("ListPermissionSetsProvisionedToAccount", token, AccountId=account_id)
        return Page(texts(answer, "PermissionSets"), next_token(answer))

    def list_assignments(self, account_id: str, arn: str, token: str = "") -> Page[Assignment]:
        return _assignments(
            self._listing("ListAccountAssignments", token, AccountId=account_id, PermissionSetArn=arn)
        )

    def list_assignments_for_principal(
        self, principal_type: PrincipalType, principal_id: str, token: str = ""
    ) -> Page[Assignment]:
        principal = {"PrincipalType": str(principal_type), "PrincipalId": principal_id}
        return _assignments(self._listing("ListAccountAssignmentsForPrincipal", token, **principal))

    def create_permission_set(self, summary: PermissionSetSummary, tags: tuple[tuple[str, str], ...]) -> str:
        answer = self._send_once(
            "CreatePermissionSet", Name=summary.name, Tags=_tags(tags) or None, **_settable(summary)
        )
        return text(part(answer, "PermissionSet"), "PermissionSetArn")

    def update_permission_set(self, summary: PermissionSetSummary) -> None:
        self._send("UpdatePermissionSet", PermissionSetArn=summary.arn, **_settable(summary))

    def delete_permission_set(self, arn: str) -> None:
        self._send_once("DeletePermissionSet", PermissionSetArn=arn)

    def put_inline_policy(self, arn: str, document: str) -> None:
        self._send("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=document)

    def delete_inline_policy(self, arn: str) -> None:
        self._send_once("DeleteInlinePolicyFromPermissionSet", PermissionSetArn=arn)

    def attach_managed_policy(self, arn: str, policy_arn: str) -> None:
        self._send_once(
            "AttachManagedPolicyToPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=policy_arn
        )

    def detach_managed_policy(self, arn: str, policy_arn: str) -> None:
        self._send_once(
            "DetachManagedPolicyFromPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=policy_arn
        )

    def attach_customer_policy(self, arn: str, policy: PolicyReference) -> None:
        self._customer_policy("AttachCustomerManagedPolicyReferenceToPermissionSet", arn, policy)

    def detach_customer_policy(self, arn: str, policy: PolicyReference) -> None:
        self._customer_policy("DetachCustomerManagedPolicyReferenceFromPermissionSet", arn, policy)

    def put_boundary(self, arn: str, boundary: str | PolicyReference) -> None:
        if isinstance(boundary, PolicyReference):
            value: dict[str, object] = {"CustomerManagedPolicyReference": _policy(boundary)}
        else:
            value = {"ManagedPolicyArn": boundary}
        self._send("PutPermissionsBoundaryToPermissionSet", PermissionSetArn=arn, PermissionsBoundary=value)

    def delete_boundary(self, arn: str) -> None:
        self._send_once("DeletePermissionsBoundaryFromPermissionSet", PermissionSetArn=arn)

    def tag(self, arn: str, tags: tuple[tuple[str, str], ...]) -> None:
        self._send("TagResource", ResourceArn=arn, Tags=_tags(tags))

    def untag(self, arn: str, keys: tuple[str, ...]) -> None:
        self._send("UntagResource", ResourceArn=arn, TagKeys=list(keys))

    def provision(self, arn: str) -> RequestStatus:
        answer = self._send_once(
            "ProvisionPermissionSet", PermissionSetArn=arn, TargetType="ALL_PROVISIONED_ACCOUNTS"
        )
        return _status(part(answer, "PermissionSetProvisioningStatus"))

    def provisioning_status(self, request_id: str) -> RequestStatus:
        answer = self._send(
            "DescribePermissionSetProvisioningStatus", ProvisionPermissionSetRequestId=request_id
        )
        return _status(part(answer, "PermissionSetProvisioningStatus"))

    def create_assignment(self, assignment: Assignment) -> RequestStatus:
        answer = self._send_once("CreateAccountAssignment", **_target(assignment))
        return _status(part(answer, "AccountAssignmentCreationStatus"))

    def creation_status(self, request_id: str) -> RequestStatus:
        answer = self._send(
            "DescribeAccountAssignmentCreationStatus", AccountAssignmentCreationRequestId=request_id
        )
        return _status(part(answer, "AccountAssignmentCreationStatus"))

    def delete_assignment(self, assignment: Assignment) -> RequestStatus:
        answer = self._send_once("DeleteAccountAssignment", **_target(assignment))
        return _status(part(answer, "AccountAssignmentDeletionStatus"))

    def deletion_status(self, request_id: str) -> RequestStatus:
        answer = self._send(
            "DescribeAccountAssignmentDeletionStatus", AccountAssignmentDeletionRequestId=request_id
        )
        return _status(part(answer, "AccountAssignmentDeletionStatus"))

    def requests_in_progress(self) -> list[RequestStatus]:
        return [status for operation, field in IN_PROGRESS for status in self._in_progress(operation, field)]

    def _in_progress(self, operation: str, field: str) -> Iterator[RequestStatus]:
        def page(token: str) -> Page[RequestStatus]:
            answer = self._listing(operation, token, Filter={"Status": str(RequestState.IN_PROGRESS)})
            return Page(tuple(_status(row) for row in rows(answer, field)), next_token(answer))

        return every(page)

    def _customer_policy(self, operation: str, arn: str, policy: PolicyReference) -> None:
        self._send_once(operation, PermissionSetArn=arn, CustomerManagedPolicyReference=_policy(policy))

    def _listing(self, operation: str, token: str, **parameters: object) -> Answer:
        return self._send(operation, MaxResults=PAGE, NextToken=token, **parameters)

    def _send(self, operation: str, **parameters: object) -> Answer:
        return self._service.send(operation, {"InstanceArn": self._instance().arn, **parameters})

    def _send_once(self, operation: str, **parameters: object) -> Answer:
        """For what a second request would do twice or refuse."""
        given = {"InstanceArn": self._instance().arn, **parameters}
        return self._service.send(operation, given, repeatable=False)


def list_instances(service: Service) -> list[Instance]:
    """Every instance, past any page."""

    def page(token: str) -> Page[Instance]:
        answer = service.send("ListInstances", {"MaxResults": PAGE, "NextToken": token})
        found = tuple(
            Instance(text(row, "InstanceArn"), text(row, "IdentityStoreId"), text(row, "OwnerAccountId"))
            for row in rows(answer, "Instances")
        )
        return Page(found, next_token(answer))

    return list(every(page))


def _settable(summary: PermissionSetSummary) -> dict[str, object]:
    return {
        "Description": summary.description,
        "SessionDuration": summary.session_duration,
        "RelayState": summary.relay_state,
    }


def _policy(policy: PolicyReference) -> dict[str, object]:
    return {"Name": policy.name, "Path": policy.path}


def _reference(row: Answer) -> PolicyReference:
    return PolicyReference(text(row, "Name"), text(row, "Path", "/"))


def _tags(tags: tuple[tuple[str, str], ...]) -> list[dict[str, object]]:
    return [{"Key": key, "Value": value} for key, value in tags]


def _target(assignment: Assignment) -> dict[str, object]:
    return {
        "TargetId": assignment.account_id,
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": assignment.permission_set_arn,
        "PrincipalType": str(assignment.principal_type),
        "PrincipalId": assignment.principal_id,
    }


def _assignments(answer: Answer) -> Page[Assignment]:
    found = tuple(
        Assignment(
            account_id=text(row, "AccountId"),
            permission_set_arn=text(row, "PermissionSetArn"),
            principal_type=PrincipalType(text(row, "PrincipalType")),
            principal_id=text(row, "PrincipalId"),
        )
        for row in rows(answer, "AccountAssignments")
    )
    return Page(found, next_token(answer))


def _status(row: Answer) -> RequestStatus:
    return RequestStatus(
        text(row, "RequestId"), RequestState(text(row, "Status")), text(row, "FailureReason")
    )
