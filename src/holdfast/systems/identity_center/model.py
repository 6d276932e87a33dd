"""Identity Center in its own words: the values that its APIs give and take.

Names and limits follow the Identity Store and SSO Admin API references (identitystore 2020-06-15,
sso-admin 2020-07-20).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.domain.records import RecordType
from holdfast.kernel.canonical import Plain

SYSTEM = "identity_center"

USER = "user"
GROUP = "group"
MEMBERSHIP = "membership"
PERMISSION_SET = "permission_set"
ASSIGNMENT = "assignment"
INSTANCE = "instance"
ACCESS_CONTROL_ATTRIBUTES = "access_control_attributes"
TRUSTED_TOKEN_ISSUER = "trusted_token_issuer"  # noqa: S105  # no secret
APPLICATION = "application"
APPLICATION_ASSIGNMENT = "application_assignment"

RECORD_TYPES = (
    RecordType(USER, "users"),
    RecordType(GROUP, "groups"),
    RecordType(MEMBERSHIP, "memberships", (USER, GROUP)),
    RecordType(PERMISSION_SET, "permission sets"),
    RecordType(ASSIGNMENT, "assignments", (USER, GROUP, PERMISSION_SET)),
    RecordType(INSTANCE, "instance settings"),
    RecordType(ACCESS_CONTROL_ATTRIBUTES, "attributes for access control"),
    RecordType(TRUSTED_TOKEN_ISSUER, "trusted token issuers"),
    RecordType(APPLICATION, "applications", (TRUSTED_TOKEN_ISSUER,)),
    RecordType(APPLICATION_ASSIGNMENT, "application assignments", (USER, GROUP, APPLICATION)),
)

# Facets of a permission set, each set by calls of its own; keys are (permission set, detail).
INLINE_POLICY = "permission_set.inline_policy"
MANAGED_POLICY = "permission_set.managed_policy"
CUSTOMER_POLICY = "permission_set.customer_policy"
BOUNDARY = "permission_set.boundary"
TAG = "permission_set.tag"
PROVISION = "permission_set.provision"

# Facets of an application; keys are the application's key, then the detail where there can be several.
ASSIGNMENT_CONFIGURATION = "application.assignment_configuration"
SESSION_CONFIGURATION = "application.session_configuration"
GRANT = "application.grant"
ACCESS_SCOPE = "application.access_scope"
AUTHENTICATION_METHOD = "application.authentication_method"
APPLICATION_TAG = "application.tag"
ISSUER_TAG = "trusted_token_issuer.tag"
INSTANCE_TAG = "instance.tag"
TAGS = (TAG, APPLICATION_TAG, ISSUER_TAG, INSTANCE_TAG)


class PrincipalType(StrEnum):
    """Who an assignment is for, as the API spells it."""

    USER = "USER"
    GROUP = "GROUP"


@dataclass(frozen=True, slots=True)
class Instance:
    """The Identity Center instance: its ARN, its identity store, and the account that owns it."""

    arn: str
    identity_store_id: str
    owner_account: str


@dataclass(frozen=True, slots=True)
class User:
    """A user. `attributes` holds the API's fields but UserName, ids and times, as the API spells them.

    Keys used: DisplayName, Name, NickName, ProfileUrl, Emails, Addresses, PhoneNumbers, UserType, Title,
    PreferredLanguage, Locale, Timezone, UserStatus, ExternalIds, Photos, Website, Birthdate, Roles, Extensions.
    `revision` is the service's count of its changes; it says nothing about the user and is never compared or kept.
    """

    user_id: str
    user_name: str
    attributes: dict[str, Plain] = field(default_factory=dict)
    revision: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    """A group; `external_ids` are set by the identity source and cannot be written through the API.

    `revision` is as a user's.
    """

    group_id: str
    display_name: str
    description: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()
    revision: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """A user in a group, by the service's ids."""

    membership_id: str
    group_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """A customer-managed policy by name and path; it must exist under them in every member account."""

    name: str
    path: str = "/"

    @classmethod
    def of(cls, path_and_name: str) -> PolicyReference:
        """The policy that `path_and_name` was of."""
        path, _, name = path_and_name.rpartition("/")
        return cls(name, f"{path}/")

    @property
    def path_and_name(self) -> str:
        """Both in one, as IAM's ARNs end."""
        return self.path + self.name


@dataclass(frozen=True, slots=True)
class PermissionSetSummary:
    """What DescribePermissionSet gives. `session_duration` is ISO 8601, PT1H to PT12H."""

    arn: str
    name: str
    description: str = ""
    session_duration: str = "PT1H"
    relay_state: str = ""


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """A permission set with everything attached.

    `inline_policy` is the policy document as stored, empty for none. `boundary` is the ARN of an AWS
    managed policy, a `PolicyReference`, or None.
    """

    summary: PermissionSetSummary
    inline_policy: str = ""
    managed_policies: tuple[str, ...] = ()
    customer_policies: tuple[PolicyReference, ...] = ()
    boundary: str | PolicyReference | None = None
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """A principal's access to an account with a permission set, by the service's ids."""

    account_id: str
    permission_set_arn: str
    principal_type: PrincipalType
    principal_id: str


@dataclass(frozen=True, slots=True)
class InstanceSettings:
    """What DescribeInstance gives; `evidence` is all of it that a restore leaves alone."""

    arn: str
    name: str = ""
    evidence: dict[str, Plain] = field(default_factory=dict)
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AttributeConfiguration:
    """Attributes for access control: pairs of key and source. `state` is ENABLED once they are in force."""

    attributes: tuple[tuple[str, str], ...]
    state: str = "ENABLED"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrustedTokenIssuer:
    """A trusted token issuer; `configuration` holds the members of the API's OidcJwtConfiguration."""

    arn: str
    name: str
    issuer_type: str = "OIDC_JWT"
    configuration: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationSummary:
    """What DescribeApplication gives. `provider` is an ARN; `origin`, `application_url`, `visibility`: PortalOptions."""

    arn: str
    name: str
    provider: str
    status: str = "ENABLED"
    description: str = ""
    origin: str = ""
    application_url: str = ""
    visibility: str = ""
    account: str = ""
    created_date: str = ""
    created_from: str = ""


Grant = Mapping[str, Plain]
"""A grant in the API's shape, for example `{"RefreshToken": {}}`."""


@dataclass(frozen=True, slots=True)
class Application:
    """An application with everything attached.

    Grants are by type, access scopes by name with the ARNs of their targets, authentication methods by type
    with their actor policy. `background_sessions` is ENABLED, DISABLED or empty where nothing is set.
    """

    summary: ApplicationSummary
    assignment_required: bool = True
    background_sessions: str = ""
    grants: tuple[tuple[str, Grant], ...] = ()
    access_scopes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    authentication_methods: tuple[tuple[str, Plain], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationAssignment:
    """A principal's use of an application, by the service's ids."""

    application_arn: str
    principal_type: PrincipalType
    principal_id: str


@dataclass(frozen=True, slots=True)
class Account:
    """A member account of the organization."""

    account_id: str
    name: str
    status: str = "ACTIVE"


class RequestState(StrEnum):
    """Where an asynchronous operation stands, as the API spells it."""

    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """An asynchronous operation: the service's request id, its state and why it failed."""

    request_id: str
    state: RequestState
    failure_reason: str = ""
