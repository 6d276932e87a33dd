"""What a restore gives assets that no bundle holds, or that must be another one here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VpcConnectionOverride:
    """Where a VPC connection leads here: at least two subnets, and security groups; empty leaves the backup's."""

    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    dns_resolvers: tuple[str, ...] = ()
    role_arn: str = ""


@dataclass(frozen=True, slots=True)
class Overrides:
    """Overrides by asset id, as this installation has them.

    `secrets` are ARNs of Secrets Manager secrets with the credentials of data sources. `start_after` (RFC 3339)
    is when refresh schedules begin that would have begun in the past; empty: a day from the import on.
    """

    secrets: Mapping[str, str] = field(default_factory=dict)
    vpc_connections: Mapping[str, VpcConnectionOverride] = field(default_factory=dict)
    start_after: str = ""


NONE = Overrides()
