"""The few calls we need of SSO Admin beyond permission sets: applications, token issuers, the instance itself."""

from __future__ import annotations

from typing import Protocol

from holdfast.kernel.canonical import Plain
from holdfast.kernel.paging import Page
from holdfast.systems.identity_center.model import (
    ApplicationAssignment,
    ApplicationSummary,
    AttributeConfiguration,
    Grant,
    InstanceSettings,
    TrustedTokenIssuer,
)


class ApplicationsGateway(Protocol):
    """Applications, trusted token issuers and settings of one instance. Errors as in `IdentityStoreGateway`.

    Tags of all of them go through `SsoAdminGateway`, by ARN.
    """

    def instance_arn(self) -> str:
        """The ARN of the instance."""

    def describe_instance(self) -> InstanceSettings:
        """The instance without its tags."""

    def rename_instance(self, name: str) -> None:
        """Give the instance another name."""

    def access_control_attributes(self) -> AttributeConfiguration | None:
        """The attributes for access control, None where they are not enabled."""

    def create_access_control_attributes(self, attributes: tuple[tuple[str, str], ...]) -> None:
        """Enable access control by these attributes."""

    def update_access_control_attributes(self, attributes: tuple[tuple[str, str], ...]) -> None:
        """Replace the attributes."""

    def delete_access_control_attributes(self) -> None:
        """Disable access control by attributes."""

    def list_trusted_token_issuers(self, token: str = "") -> Page[tuple[str, str]]:
        """Up to 100 issuers: ARN and name."""

    def describe_trusted_token_issuer(self, arn: str) -> TrustedTokenIssuer:
        """An issuer without its tags."""

    def create_trusted_token_issuer(self, issuer: TrustedTokenIssuer) -> str:
        """The ARN of the new issuer; `issuer.arn` and its tags are ignored."""

    def update_trusted_token_issuer(self, issuer: TrustedTokenIssuer) -> None:
        """Set what can be set: attribute paths and retrieval, not the issuer's URL."""

    def delete_trusted_token_issuer(self, arn: str) -> None:
        """Remove an issuer."""

    def list_applications(self, token: str = "") -> Page[ApplicationSummary]:
        """A page of applications, of every provider and account."""

    def describe_application(self, arn: str) -> ApplicationSummary:
        """One application."""

    def create_application(self, summary: ApplicationSummary) -> str:
        """The ARN of the new application; only OAuth applications of customers can be created."""

    def update_application(self, summary: ApplicationSummary) -> None:
        """Set description, status and sign-in of `summary.arn`; the API refuses empty text: left out."""

    def delete_application(self, arn: str) -> None:
        """Remove an application with everything attached and its assignments."""

    def assignment_required(self, arn: str) -> bool:
        """Whether only assigned principals may use the application."""

    def put_assignment_required(self, arn: str, required: bool) -> None:  # the API's value
        """Say whether only assigned principals may use the application."""

    def background_sessions(self, arn: str) -> str:
        """Whether users' background sessions are ENABLED or DISABLED; empty where nothing is set."""

    def put_background_sessions(self, arn: str, status: str) -> None:
        """Set users' background sessions to ENABLED or DISABLED."""

    def list_grants(self, arn: str, token: str = "") -> Page[tuple[str, Grant]]:
        """Grants by type."""

    def put_grant(self, arn: str, grant_type: str, grant: Grant) -> None:
        """Add or replace a grant."""

    def delete_grant(self, arn: str, grant_type: str) -> None:
        """Remove a grant."""

    def list_access_scopes(self, arn: str, token: str = "") -> Page[tuple[str, tuple[str, ...]]]:
        """Up to 10 access scopes with the ARNs of their targets."""

    def put_access_scope(self, arn: str, scope: str, targets: tuple[str, ...]) -> None:
        """Add or replace an access scope."""

    def delete_access_scope(self, arn: str, scope: str) -> None:
        """Remove an access scope."""

    def list_authentication_methods(self, arn: str, token: str = "") -> Page[tuple[str, Plain]]:
        """Authentication methods by type with their actor policy."""

    def put_authentication_method(self, arn: str, method: str, actor_policy: Plain) -> None:
        """Add or replace an authentication method."""

    def delete_authentication_method(self, arn: str, method: str) -> None:
        """Remove an authentication method."""

    def list_application_assignments(self, arn: str, token: str = "") -> Page[ApplicationAssignment]:
        """Up to 100 assignments of an application."""

    def create_application_assignment(self, assignment: ApplicationAssignment) -> None:
        """Let a principal use an application; refused where it may already."""

    def delete_application_assignment(self, assignment: ApplicationAssignment) -> None:
        """Take an application from a principal."""
