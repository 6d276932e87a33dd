"""Where a restore goes and under which names, as the Python interface asks for it."""

from __future__ import annotations

from holdfast.api_models import Environment, RestoreOptions
from holdfast.kernel.destination import Destination
from holdfast.systems.identity_center.elsewhere.resource_mappings import read_flat


def environment_of(options: RestoreOptions) -> Environment:
    """The environment that restore options ask for; what they say themselves wins over their `target`."""
    there = options.target or Environment()
    return Environment(
        account=options.target_account or there.account,
        region=options.target_region or there.region,
        instance_arn=there.instance_arn,
        profile=there.profile,
        role_arn=there.role_arn,
        external_id=there.external_id,
        endpoint_url=there.endpoint_url,
        resource_mappings={**there.resource_mappings, **options.resource_mappings},
    )


def destination_of(environment: Environment) -> Destination:
    """How the environment is reached, and whose it must be."""
    return Destination(
        profile=environment.profile or "",
        role=environment.role_arn or "",
        external_id=environment.external_id or "",
        region=environment.region or "",
        instance=environment.instance_arn or "",
        endpoint=environment.endpoint_url or "",
        account=environment.account or "",
    )


def mapping_of(environment: Environment) -> str:
    """The environment's mapping as runs keep it. Raises: MappingError with every problem."""
    return read_flat(environment.resource_mappings).to_json()
