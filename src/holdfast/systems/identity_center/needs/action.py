"""An IAM action that Holdfast needs: what for, on which resources, and how it can be tried without effect."""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.domain.changes import Verb

Kind = tuple[str, str]
"""A kind of planned change: its type and its verb."""

# Resource types of the Service Authorization Reference (prefixes sso, identitystore, iam), as patterns.
ANY = "*"
INSTANCE = "arn:{partition}:sso:::instance/{instance}"
PERMISSION_SETS = "arn:{partition}:sso:::permissionSet/{instance}/*"
ACCOUNTS = "arn:{partition}:sso:::account/*"
STORE = "arn:{partition}:identitystore::{owner}:identitystore/{store}"
USERS = "arn:{partition}:identitystore:::user/*"
GROUPS = "arn:{partition}:identitystore:::group/*"
MEMBERSHIPS = "arn:{partition}:identitystore:::membership/*"
# Which account's ARN an application has is not told: it may be that of the account that made it.
APPLICATIONS = "arn:{partition}:sso::*:application/{instance}/*"
ISSUERS = "arn:{partition}:sso::*:trustedTokenIssuer/{instance}/*"
PROVIDERS = "arn:{partition}:sso::aws:applicationProvider/*"
PRINCIPALS = ("arn:{partition}:iam::{caller}:role/*", "arn:{partition}:iam::{caller}:user/*")
RESERVED_ROLES = "arn:{partition}:iam::{owner}:role/aws-reserved/sso.amazonaws.com/*"
POLICIES = "arn:{partition}:iam::*:policy/*"
MEMBER_ROLES = "arn:{partition}:iam::*:role/{member_role}"
SAML_PROVIDER = "arn:{partition}:iam::{owner}:saml-provider/AWSSSO_*_DO_NOT_DELETE"

_READS = re.compile(r":(List|Get|Describe|Simulate)")


@dataclass(frozen=True, slots=True)
class Place:
    """What the patterns of resources are filled with; what is not known yet matches everything."""

    partition: str = "aws"
    instance: str = "*"
    store: str = "*"
    owner: str = "*"
    caller: str = "*"
    member_role: str = "*"

    @classmethod
    def of(cls, instance_arn: str, region: str, member_role: str = "*") -> Place:
        """What settings alone tell: the partition, and the instance where one is named."""
        if instance_arn:
            partition, instance = instance_arn.split(":")[1], instance_arn.rpartition("/")[2]
            return cls(partition, instance, member_role=member_role)
        partitions = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        found = (name for start, name in partitions.items() if region.startswith(start + "-"))
        return cls(next(found, "aws"), member_role=member_role)


@dataclass(frozen=True, slots=True)
class Action:
    """One IAM action.

    `resources` are the patterns that a policy must allow, all of them. `backup` says that a backup calls it.
    `changes` are the kinds of change for which a restore calls it: a change type for all verbs, or
    `create group`. Where it is not `required`, `without` says what is lost. `tried_with` names the parameters
    of a harmless call: `Parameter` or `Parameter:sample`, empty where there is none.
    """

    name: str
    purpose: str
    resources: tuple[str, ...]
    backup: bool = False
    changes: tuple[str, ...] = ()
    without: str = ""
    tried_with: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the work fails without it."""
        return not self.without

    @property
    def service(self) -> str:
        """IAM's prefix of the service."""
        return self.name.partition(":")[0]

    @property
    def operation(self) -> str:
        """The API's operation."""
        return self.name.partition(":")[2]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return bool(_READS.search(self.name))

    def needed_for(self, kinds: frozenset[Kind]) -> bool:
        """Whether applying changes of these kinds calls it."""
        return any(name in (kind, f"{Verb(verb)} {kind}") for kind, verb in kinds for name in self.changes)

    def resources_in(self, place: Place) -> tuple[str, ...]:
        """The patterns, filled."""
        return tuple(
            pattern.format(
                partition=place.partition,
                instance=place.instance,
                store=place.store,
                owner=place.owner,
                caller=place.caller,
                member_role=place.member_role,
            )
            for pattern in self.resources
        )
