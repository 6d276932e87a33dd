"""A world as JSON, by natural names: what `/_sandbox/load` takes and `/_sandbox/dump` gives."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

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
    delegated_administrator: str = ""
