"""A world as JSON, by natural names: what `/_sandbox/load` takes and `/_sandbox/dump` gives."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from holdfast.sandbox.quicksight.portraits import QuickSightPortrait

MANAGEMENT_ACCOUNT = "123456789012"
HOME_REGION = "us-east-1"
# What Organizations makes in each account that it creates.
ACCOUNT_ROLE = "OrganizationAccountAccessRole"


class AccountPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An account. `unit` is a path such as `Workloads/Production`; `policies` such as `/team/Boundary`.

    `roles` that the management account may assume, with the policy of each; empty for an administrator. The
    management account's own roles are those of its IAM.
    """

    id: str
    name: str
    email: str
    unit: str = ""
    status: str = "ACTIVE"
    policies: tuple[str, ...] = ()
    tags: dict[str, str] = {}
    roles: dict[str, str] = msgspec.field(default_factory=lambda: {ACCOUNT_ROLE: ""})


class GroupPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A group. `external_ids` are issuer and id, as a provisioning identity provider leaves them."""

    name: str
    description: str = ""
    external_ids: tuple[tuple[str, str], ...] = ()


class MembershipPortrait(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One user in one group, by names."""

    group: str
    user: str


class PolicyPortrait(msgspec.Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """A customer-managed policy by name and path."""

    name: str
    path: str = "/"


class PermissionSetPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A permission set. The boundary is `boundary_arn` (AWS managed) or `boundary` (customer managed)."""

    name: str
    description: str = ""
    session: str = "PT1H"
    relay_state: str = ""
    inline_policy: str = ""
    managed_policies: tuple[str, ...] = ()
    customer_policies: tuple[PolicyPortrait, ...] = ()
    boundary_arn: str = ""
    boundary: PolicyPortrait | None = None
    tags: dict[str, str] = {}


class AssignmentPortrait(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One assignment; `kind` is USER or GROUP, `principal` the user name or group display name."""

    account: str
    permission_set: str
    kind: str
    principal: str


class ScopePortrait(msgspec.Struct, frozen=True, order=True, omit_defaults=True, forbid_unknown_fields=True):
    """An access scope. `targets` are names of applications (ARNs of those that are gone), '' the instance."""

    name: str
    targets: tuple[str, ...] = ()


class AuthorizedIssuerPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A trusted token issuer that an application accepts: its name, or its ARN when it is gone."""

    issuer: str
    audiences: tuple[str, ...] = ()


class ApplicationPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An application. `account` is empty for the management account, `origin` when there are no sign-in options.

    Grants: `redirect_uris` are those of authorization_code, `token_issuers` those of jwt-bearer; `plain_grants`
    are the types that have no settings. `assigned` are kind (USER or GROUP) and name.
    """

    name: str
    provider: str = "arn:aws:sso::aws:applicationProvider/custom"
    account: str = ""
    description: str = ""
    status: str = "ENABLED"
    visibility: str = "ENABLED"
    origin: str = ""
    url: str = ""
    assignment_required: bool = True
    background_sessions: str = "DISABLED"
    scopes: tuple[ScopePortrait, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    token_issuers: tuple[AuthorizedIssuerPortrait, ...] = ()
    plain_grants: tuple[str, ...] = ()
    actor_policy: dict[str, object] | None = None
    assigned: tuple[tuple[str, str], ...] = ()
    tags: dict[str, str] = {}


class TrustedTokenIssuerPortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A trusted token issuer: a token's `claim` is compared with the `attribute` of users."""

    name: str
    issuer_url: str
    claim: str = "email"
    attribute: str = "emails.value"
    tags: dict[str, str] = {}


class InstancePortrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The instance. `attributes` are sources by key for access control; None where that is switched off."""

    name: str = ""
    kms_key: str = ""
    attributes: dict[str, tuple[str, ...]] | None = None
    tags: dict[str, str] = {}


class Portrait(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole world. Users are attributes as the API names them; `stale` are provisions behind their set.

    `delegated_administrator` is the member account that administers Identity Center; empty for none.
    """

    management_account: str = MANAGEMENT_ACCOUNT
    region: str = HOME_REGION
    accounts: tuple[AccountPortrait, ...] = ()
    users: tuple[Mapping[str, object], ...] = ()
    groups: tuple[GroupPortrait, ...] = ()
    memberships: tuple[MembershipPortrait, ...] = ()
    permission_sets: tuple[PermissionSetPortrait, ...] = ()
    assignments: tuple[AssignmentPortrait, ...] = ()
    stale: tuple[tuple[str, str], ...] = ()
    instance: InstancePortrait = InstancePortrait()
    trusted_token_issuers: tuple[TrustedTokenIssuerPortrait, ...] = ()
    applications: tuple[ApplicationPortrait, ...] = ()
    delegated_administrator: str = ""
    quicksight: tuple[QuickSightPortrait, ...] = ()
