"""What a mapping gives assets that no record holds: secrets, subnets, when schedules begin."""

from __future__ import annotations

from holdfast.systems.quicksight.elsewhere.resource_mappings import read_json
from holdfast.systems.quicksight.restore.overrides import Overrides, VpcConnectionOverride


def overrides_of(mapping: str) -> Overrides:
    """The overrides of a mapping (canonical JSON, empty for none), by the ids that assets have in the target."""
    mappings = read_json(mapping)
    prefix = mappings.assets.id_prefix
    return Overrides(
        # Parameters are in the translated records already, where a comparison sees them too.
        secrets={
            f"{prefix}{name}": given.secret_arn
            for name, given in mappings.data_sources.items()
            if given.secret_arn
        },
        vpc_connections={
            f"{prefix}{name}": VpcConnectionOverride(
                given.subnet_ids, given.security_group_ids, given.dns_resolvers, given.role_arn
            )
            for name, given in mappings.vpc_connections.items()
        },
        start_after=mappings.assets.start_after,
    )
