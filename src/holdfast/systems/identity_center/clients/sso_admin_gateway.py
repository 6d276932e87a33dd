"""The few calls we need of SSO Admin, in our words."""

from __future__ import annotations

from typing import Protocol

from holdfast.kernel.paging import Page
from holdfast.systems.identity_center.model import (
    Assignment,
    PermissionSetSummary,
    PolicyReference,
    PrincipalType,
    RequestStatus,
)


class SsoAdminGateway(Protocol):
    """Permission sets and account assignments of one instance. Errors as in `IdentityStoreGateway`."""

    def list_permission_sets(self, token: str = "") -> Page[str]:
        """Up to 100 permission-set ARNs."""

    def describe_permission_set(self, arn: str) -> PermissionSetSummary:
        """Name, description, session duration and relay state."""

    def inline_policy(self, arn: str) -> str:
        """The inline policy document, empty for none."""

    def list_managed_policies(self, arn: str, token: str = "") -> Page[str]:
        """Up to 100 ARNs of attached AWS managed policies."""

    def list_customer_policies(self, arn: str, token: str = "") -> Page[PolicyReference]:
        """Up to 100 attached customer-managed policies."""

    def permissions_boundary(self, arn: str) -> str | PolicyReference | None:
        """The boundary, None for none."""

    def list_tags(self, arn: str, token: str = "") -> Page[tuple[str, str]]:
        """Tags of a permission set, a page of them."""

    def list_accounts_for_permission_set(
        self, arn: str, token: str = "", *, only_stale: bool = False
    ) -> Page[str]:
        """Up to 100 account ids where the set is provisioned; with `only_stale` those lacking its latest version."""

    def list_permission_sets_for_account(self, account_id: str, token: str = "") -> Page[str]:
        """Up to 100 ARNs of sets provisioned to an account."""

    def list_assignments(self, account_id: str, arn: str, token: str = "") -> Page[Assignment]:
        """Up to 100 assignments of a permission set in an account."""

    def list_assignments_for_principal(
        self, principal_type: PrincipalType, principal_id: str, token: str = ""
    ) -> Page[Assignment]:
        """Up to 100 assignments of a principal; for a user also those that come through groups, as the group's."""

    def create_permission_set(self, summary: PermissionSetSummary, tags: tuple[tuple[str, str], ...]) -> str:
        """The ARN of the new set; `summary.arn` is ignored."""

    def update_permission_set(self, summary: PermissionSetSummary) -> None:
        """Set description, session duration and relay state of `summary.arn`; the API refuses empty text: left out."""

    def delete_permission_set(self, arn: str) -> None:
        """Remove a set that has no assignments."""

    def put_inline_policy(self, arn: str, document: str) -> None:
        """Replace the inline policy."""

    def delete_inline_policy(self, arn: str) -> None:
        """Remove the inline policy."""

    def attach_managed_policy(self, arn: str, policy_arn: str) -> None:
        """Attach an AWS managed policy."""

    def detach_managed_policy(self, arn: str, policy_arn: str) -> None:
        """Detach an AWS managed policy."""

    def attach_customer_policy(self, arn: str, policy: PolicyReference) -> None:
        """Attach a customer-managed policy."""

    def detach_customer_policy(self, arn: str, policy: PolicyReference) -> None:
        """Detach a customer-managed policy."""

    def put_boundary(self, arn: str, boundary: str | PolicyReference) -> None:
        """Set the permissions boundary."""

    def delete_boundary(self, arn: str) -> None:
        """Remove the permissions boundary."""

    def tag(self, arn: str, tags: tuple[tuple[str, str], ...]) -> None:
        """Add or replace tags."""

    def untag(self, arn: str, keys: tuple[str, ...]) -> None:
        """Remove tags."""

    def provision(self, arn: str) -> RequestStatus:
        """Start provisioning to all accounts where the set is provisioned."""

    def provisioning_status(self, request_id: str) -> RequestStatus:
        """Where a provisioning stands."""

    def create_assignment(self, assignment: Assignment) -> RequestStatus:
        """Start creating an assignment."""

    def creation_status(self, request_id: str) -> RequestStatus:
        """Where a creation stands."""

    def delete_assignment(self, assignment: Assignment) -> RequestStatus:
        """Start deleting an assignment."""

    def deletion_status(self, request_id: str) -> RequestStatus:
        """Where a deletion stands."""

    def requests_in_progress(self) -> list[RequestStatus]:
        """Every creation, deletion and provisioning of the instance that is still in progress."""
