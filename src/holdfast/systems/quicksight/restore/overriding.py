"""What overrides make of a member, and of an import job's request."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.quicksight.model import DATA_SOURCE, VPC_CONNECTION
from holdfast.systems.quicksight.restore.overrides import Overrides


def overridden(type_name: str, key: str, value: bytes, overrides: Overrides) -> bytes:
    """An asset's member as it will be once the overrides have been applied; plans compare with that."""
    if type_name == VPC_CONNECTION and key in overrides.vpc_connections:
        return canonical({**plain(value), **_vpc_connection(overrides, key)})
    return value


def _vpc_connection(overrides: Overrides, key: str) -> dict[str, Plain]:
    given = overrides.vpc_connections[key]
    fields: dict[str, Plain] = {
        "subnetIds": list(given.subnet_ids),
        "securityGroupIds": list(given.security_group_ids),
        "dnsResolvers": list(given.dns_resolvers),
        "roleArn": given.role_arn,
    }
    return {name: value for name, value in fields.items() if value}


def parameters_for(type_name: str, keys: Sequence[str], overrides: Overrides) -> dict[str, Plain]:
    """`OverrideParameters` for assets of one type in an import; nothing where none has any."""
    if type_name == DATA_SOURCE:
        return _listed("DataSources", [_data_source_request(overrides, key) for key in keys])
    if type_name == VPC_CONNECTION:
        return _listed("VPCConnections", [_vpc_request(overrides, key) for key in keys])
    return {}


def _data_source_request(overrides: Overrides, key: str) -> dict[str, Plain]:
    secret = overrides.secrets.get(key)
    return {"DataSourceId": key, "Credentials": {"SecretArn": secret}} if secret else {}


def _vpc_request(overrides: Overrides, key: str) -> dict[str, Plain]:
    if key not in overrides.vpc_connections:
        return {}
    # Members write field names with a small first letter, requests with a capital one.
    fields = _vpc_connection(overrides, key).items()
    return {"VPCConnectionId": key, **{name[:1].upper() + name[1:]: value for name, value in fields}}


def _listed(name: str, requests: list[dict[str, Plain]]) -> dict[str, Plain]:
    given = [request for request in requests if len(request) > 1]
    return {name: given} if given else {}
