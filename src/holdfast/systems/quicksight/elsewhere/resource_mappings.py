"""A mapping: which account, region, namespace, principal, secret and network of a backup is which one elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.mapping import (
    ACCOUNT,
    DROP,
    REGION,
    MappingError,
    Section,
    is_name,
    read_dropped,
    read_renamed,
    refuse_unknown,
)
from holdfast.kernel.settings import Raw, brief, read_section, setting
from holdfast.systems.quicksight.records.arns import PEOPLE, Arn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ACCOUNTS, REGIONS, IDENTITY_REGIONS, NAMESPACES = "accounts", "regions", "identity_regions", "namespaces"
USERS, GROUPS, PRINCIPALS = "users", "groups", "principals"
DATA_SOURCES, VPC_CONNECTIONS = "data_sources", "vpc_connections"
NAMES, TAGS = "names", "tags"
ASSETS, PARAMETERS = "assets", "parameters"

# Quicksight 2018-04-01: Namespace, SubnetId, SecurityGroupId, ShortRestrictiveResourceId, SecretArn, RoleArn.
_NAMESPACE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_SUBNET = re.compile(r"subnet-[0-9a-z]+")
_SECURITY_GROUP = re.compile(r"sg-[0-9a-z]+")
_PREFIX = re.compile(r"[\w-]{1,64}", re.ASCII)
_SECRET = re.compile(r"arn:[-a-z0-9]*:secretsmanager:[-a-z0-9]*:[0-9]{12}:secret:.+")
_ROLE = re.compile(r"arn:[-a-z0-9]*:iam::[0-9]{12}:role/.+")
_LEAST_SUBNETS = 2

E = TypeVar("E", bound="DataclassInstance")


def _is_person(value: str) -> bool:
    namespace, _, name = value.partition("/")
    return bool(_NAMESPACE.fullmatch(namespace)) and is_name(name)


def _is_principal(value: str) -> bool:
    arn = Arn.of(value)
    kind, _, name = arn.resource.partition("/") if arn else value.partition("/")
    return kind in PEOPLE and (bool(_NAMESPACE.fullmatch(name)) if kind == "namespace" else _is_person(name))


SECTIONS = {
    ACCOUNTS: ACCOUNT,
    REGIONS: REGION,
    IDENTITY_REGIONS: REGION,
    NAMESPACES: Section(_NAMESPACE.fullmatch, "no name of a namespace", droppable=True),
    USERS: Section(_is_person, "no NAMESPACE/USER", one_to_one=True, droppable=True),
    GROUPS: Section(_is_person, "no NAMESPACE/GROUP", one_to_one=True, droppable=True),
    PRINCIPALS: Section(
        _is_principal,
        "neither user/NAMESPACE/NAME, group/NAMESPACE/NAME, namespace/NAME nor the ARN of one",
        droppable=True,
    ),
    NAMES: Section(is_name, "no name of an asset"),
    TAGS: Section(is_name, "no key or value of a tag"),
}


def _form(form: re.Pattern[str], told: str, text: str) -> None:
    if text and not form.fullmatch(text):
        raise ValueError(f"{text!r} is {told}")


def _check_secret(text: str) -> None:
    _form(_SECRET, "no ARN of a secret of Secrets Manager", text)


def _check_role(text: str) -> None:
    _form(_ROLE, "no ARN of a role", text)


def _check_prefix(text: str) -> None:
    _form(_PREFIX, "no prefix of ids: letters, digits, _ and -", text)


def _check_moment(text: str) -> None:
    if text and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write for example 2030-01-01T04:00:00Z")


@dataclass(frozen=True, slots=True)
class DataSourceMapping:
    """How a data source reaches its data in the target; `parameters` replace those of the same names."""

    secret_arn: str = setting("", "Secret of Secrets Manager with its credentials.", check=_check_secret)
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VpcConnectionMapping:
    """Where a VPC connection leads in the target; what is empty is as the backup has it."""

    subnet_ids: tuple[str, ...] = setting((), "Two subnets or more, in two zones.")
    security_group_ids: tuple[str, ...] = setting((), "Its security groups.")
    dns_resolvers: tuple[str, ...] = setting((), "IP addresses that resolve names.")
    role_arn: str = setting("", "Role with which QuickSight makes network interfaces.", check=_check_role)


@dataclass(frozen=True, slots=True)
class AssetMapping:
    """What becomes of all assets: `id_prefix` comes before their ids, and schedules begin at `start_after`."""

    id_prefix: str = setting("", "What ids of assets get before them.", check=_check_prefix)
    start_after: str = setting("", "When refresh schedules begin, RFC 3339.", check=_check_moment)


@dataclass(frozen=True, slots=True)
class ResourceMappings:
    """Names of the backup and what they are in the target, by section; `dropped` are those that do not come.

    Users and groups are `NAMESPACE/NAME`, principals of permissions `user/NAMESPACE/NAME` and the like or whole
    ARNs; data sources, VPC connections and assets with another name go by the ids that they have in the backup.
    Under `tags` stand values by key, which every asset gets beside its own.
    """

    renamed: Mapping[str, Mapping[str, str]]
    dropped: Mapping[str, frozenset[str]]
    data_sources: Mapping[str, DataSourceMapping]
    vpc_connections: Mapping[str, VpcConnectionMapping]
    assets: AssetMapping

    def to_json(self) -> str:
        """Canonical JSON that `read_mappings` reads; empty where nothing is mapped or dropped."""
        document: dict[str, Plain] = {name: dict(table) for name, table in self.renamed.items()}
        document[DROP] = {name: sorted(names) for name, names in self.dropped.items() if names}
        document[DATA_SOURCES] = {name: _filled(each) for name, each in self.data_sources.items()}
        document[VPC_CONNECTIONS] = {name: _filled(each) for name, each in self.vpc_connections.items()}
        document[ASSETS] = _filled(self.assets)
        kept = {name: table for name, table in document.items() if table}
        return canonical(kept).decode() if kept else ""


def read_json(document: str) -> ResourceMappings:
    """What `ResourceMappings.to_json` wrote; an empty text maps nothing."""
    return read_mappings(plain(document.encode()), "the run's mapping")


def read_mappings(raw: Raw, source: str) -> ResourceMappings:
    """The mapping in raw tables. Raises: MappingError with every problem; `source` names the file in it."""
    problems: list[str] = []
    refuse_unknown(raw, (*SECTIONS, DATA_SOURCES, VPC_CONNECTIONS, ASSETS, DROP), problems)
    renamed = read_renamed(raw, SECTIONS, problems)
    mappings = ResourceMappings(
        renamed,
        read_dropped(raw, SECTIONS, renamed, problems),
        _data_sources(raw, problems),
        _vpc_connections(raw, problems),
        read_section(AssetMapping, _table(raw, ASSETS, problems), ASSETS, Path(), problems),
    )
    if problems:
        raise MappingError(source, tuple(problems))
    return mappings


def _filled(entry: DataSourceMapping | VpcConnectionMapping | AssetMapping) -> dict[str, Plain]:
    values = {name: cast("Plain", getattr(entry, name)) for name in entry.__dataclass_fields__}
    return {name: value for name, value in values.items() if value}


def _table(raw: Raw, name: str, problems: list[str]) -> Raw:
    table = raw.get(name.rpartition(".")[2], {})
    if isinstance(table, Mapping):
        return cast("Raw", table)
    problems.append(f"[{name}]: expected a table, got {brief(table)}")
    return {}


def _entries(raw: Raw, section: str, problems: list[str]) -> dict[str, Raw]:
    return {
        str(each): _table({str(each): entry}, f"{section}.{each}", problems)
        for each, entry in _table(raw, section, problems).items()
    }


def _data_sources(raw: Raw, problems: list[str]) -> dict[str, DataSourceMapping]:
    found = {}
    for name, entry in _entries(raw, DATA_SOURCES, problems).items():
        section = f"{DATA_SOURCES}.{name}"
        told = {key: value for key, value in entry.items() if key != PARAMETERS}
        read = read_section(DataSourceMapping, told, section, Path(), problems)
        parameters = _table(entry, f"{section}.{PARAMETERS}", problems)
        wrong = sorted(key for key, value in parameters.items() if not _is_plain(value))
        problems += [f"[{section}] {PARAMETERS}: {key} is no text, whole number or truth" for key in wrong]
        found[name] = DataSourceMapping(read.secret_arn, {} if wrong else parameters)
    return found


def _vpc_connections(raw: Raw, problems: list[str]) -> dict[str, VpcConnectionMapping]:
    found = {}
    for name, entry in _entries(raw, VPC_CONNECTIONS, problems).items():
        section = f"{VPC_CONNECTIONS}.{name}"
        found[name] = read = read_section(VpcConnectionMapping, entry, section, Path(), problems)
        problems += [
            f"[{section}] {brief(each)} is no {told}"
            for form, told, ids in (
                (_SUBNET, "id of a subnet", read.subnet_ids),
                (_SECURITY_GROUP, "id of a security group", read.security_group_ids),
            )
            for each in ids
            if not form.fullmatch(each)
        ]
        if 0 < len(set(read.subnet_ids)) < _LEAST_SUBNETS:
            problems.append(
                f"[{section}] subnet_ids: {_LEAST_SUBNETS} subnets are needed, in different zones"
            )
    return found


def _is_plain(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, str | int)
