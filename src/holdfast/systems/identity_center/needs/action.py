"""The resources that actions on Identity Center need, and what their patterns are filled with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

# Resource types of the Service Authorization Reference (prefixes sso, identitystore, iam), as patterns.
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

    @property
    def names(self) -> Mapping[str, str]:
        """What stands for each name in a pattern."""
        return asdict(self)
