"""The data models of what is kept: users, groups, permission sets, assignments, applications, the instance."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.kernel.canonical import Plain


@dataclass
class UserData:
    """A user. `attributes` holds the service's other fields, spelled as its API spells them."""

    user_name: str
    user_id: str = ""
    attributes: dict[str, Plain] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """The display name; empty where the user has none."""
        name = self.attributes.get("DisplayName")
        return name if isinstance(name, str) else ""


@dataclass
class GroupData:
    """A group with the user names of its members; `external_ids` are pairs of issuer and id."""

    display_name: str
    group_id: str = ""
    description: str = ""
    external_ids: list[tuple[str, str]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


@dataclass
class CustomerManagedPolicy:
    """A customer-managed policy by name and path, as every member account must have it."""

    name: str
    path: str = "/"


@dataclass
class PermissionSetData:
    """A permission set with everything attached.

    `session_duration` is ISO 8601 (PT1H to PT12H); `inline_policy` is the policy document, empty for
    none; `permissions_boundary` is the ARN of an AWS managed policy or a customer-managed one.
    """

    name: str
    permission_set_arn: str = ""
    description: str = ""
    session_duration: str = "PT1H"
    relay_state: str = ""
    inline_policy: str = ""
    managed_policies: list[str] = field(default_factory=list)
    customer_managed_policies: list[CustomerManagedPolicy] = field(default_factory=list)
    permissions_boundary: str | CustomerManagedPolicy | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class AssignmentData:
    """A principal's access to an account with a permission set, by names; the type is USER or GROUP."""

    account_id: str
    permission_set: str
    principal_type: str
    principal_name: str
    account_name: str = ""


@dataclass
class ApplicationData:
    """An application with everything attached.

    `origin`, `application_url` and `visibility` are its portal options. `grants` are by grant type in the API's
    shape, with token issuers by name (`TrustedTokenIssuer`); `access_scopes` hold targets as `instance` or
    `application:NAME`; `authentication_methods` hold the actor policy by type. `shares_name` says that other
    applications have its name, so that its provider belongs to its key.
    """

    name: str
    application_provider_arn: str
    application_arn: str = ""
    application_account: str = ""
    status: str = "ENABLED"
    description: str = ""
    origin: str = ""
    application_url: str = ""
    visibility: str = ""
    assignment_required: bool = True
    background_sessions: str = ""
    grants: dict[str, Plain] = field(default_factory=dict)
    access_scopes: dict[str, list[str]] = field(default_factory=dict)
    authentication_methods: dict[str, Plain] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    created_date: str = ""
    created_from: str = ""
    shares_name: bool = False


@dataclass
class ApplicationAssignmentData:
    """A principal's use of an application, by names; the type is USER or GROUP."""

    application: str
    principal_type: str
    principal_name: str


@dataclass
class TrustedTokenIssuerData:
    """A trusted token issuer; `configuration` has the members of OidcJwtConfiguration."""

    name: str
    trusted_token_issuer_arn: str = ""
    issuer_type: str = "OIDC_JWT"
    configuration: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class InstanceData:
    """The instance: what can be set, and as `evidence` what else DescribeInstance gave."""

    name: str = ""
    instance_arn: str = ""
    evidence: dict[str, Plain] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
