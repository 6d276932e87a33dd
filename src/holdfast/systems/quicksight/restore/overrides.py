"""What a restore gives assets that no bundle holds, or that must be another one here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdfast.kernel.canonical import Plain


@dataclass(frozen=True, slots=True)
class DataSourceOverride:
    """How a data source reaches its database here; empty values leave what the backup has.

    `parameters` is a member's `dataSourceParameters`. `secret_arn` names the Secrets Manager secret with the
    credentials, and `vpc_connection_arn` the connection to go through.
    """

    parameters: Mapping[str, Plain] = field(default_factory=dict)
    secret_arn: str = ""
    vpc_connection_arn: str = ""


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

    `start_after` (RFC 3339) is when refresh schedules begin that would have begun in the past; empty: a day
    from the import on. `strict` makes the import refuse analyses and dashboards that have errors.
    """

    data_sources: Mapping[str, DataSourceOverride] = field(default_factory=dict)
    vpc_connections: Mapping[str, VpcConnectionOverride] = field(default_factory=dict)
    start_after: str = ""
    strict: bool = False


NONE = Overrides()
