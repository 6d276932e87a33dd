"""The records of a backup as another account, region and namespace has them, as a mapping says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, RecordView, join_key, show_key, split_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.kernel.translation import TranslatedView
from holdfast.systems.quicksight.elsewhere.arn_mapping import ArnMapping, Dropped
from holdfast.systems.quicksight.elsewhere.resource_mappings import (
    ACCOUNTS,
    DATA_SOURCES,
    GROUPS,
    NAMESPACES,
    REGIONS,
    USERS,
    VPC_CONNECTIONS,
    ResourceMappings,
    read_json,
)
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    CUSTOM_PERMISSIONS,
    DATA_SOURCE,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    REFRESH_SCHEDULE,
    USER,
    VPC_CONNECTION,
)

_NAMED_BY = {
    NAMESPACE: (NAMESPACES,),
    USER: (NAMESPACES, USERS),
    GROUP: (NAMESPACES, GROUPS),
    MEMBERSHIP: (NAMESPACES, USERS, GROUPS),
}
"""The sections by which the natural keys of a type change."""
_APART = frozenset({"Definition", "Permissions", "Tags"})
"""Fields of an asset that are translated in their own way; its own tags are words of their owner and stay."""
_OTHER_SERVICE = re.compile(r"arn:[\w-]+:(?!quicksight:)[\w-]+:[\w-]*:([0-9]{12}):.+", re.DOTALL)

Fields = Mapping[str, Plain]


def translate(view: RecordView, document: str) -> TranslatedView:
    """The view under the mapping that `ResourceMappings.to_json` wrote."""
    return TranslatedView(view, Translator(read_json(document)))


class Translator:
    """Translates records one by one, and remembers what of the mapping was of use and what it takes away."""

    with_content = frozenset({USER, GROUP, CUSTOM_PERMISSIONS, *ASSET_KINDS})

    def __init__(self, mappings: ResourceMappings) -> None:
        self._mappings = mappings
        self._arns = ArnMapping(mappings)
        self._prefix = mappings.assets.id_prefix
        self._moves = bool(mappings.renamed[ACCOUNTS] or mappings.renamed[REGIONS])
        self._lost: dict[str, set[tuple[str, str]]] = {}
        self._orphans: dict[tuple[str, str], None] = {}
        self._left: dict[str, tuple[str, str]] = {}
        self._told: dict[tuple[str, str], Finding] = {}

    def __call__(self, record: Record) -> Record | None:
        """The record as the target has it; None when the person, group or namespace that it is of does not come."""
        try:
            return _BY_TYPE.get(record.type, Translator._asset)(self, record)
        except Dropped:
            return None

    def reorders(self, type_name: str) -> bool:
        """Whether the mapping names namespaces, users or groups that are part of the type's keys."""
        return any(self._mappings.renamed[section] for section in _NAMED_BY.get(type_name, ()))

    def key_before(self, type_name: str, key: str) -> str | None:
        """The key without the prefix that assets get; None for an asset without it."""
        if type_name not in ASSET_KINDS:
            return key
        return key.removeprefix(self._prefix) if key.startswith(self._prefix) else None

    def findings(self) -> Iterator[Finding]:
        """Entries that nothing had, what is left without one, and the permissions that do not come."""
        yield from self._arns.findings()
        yield from self._told.values()
        for arn, (kind, key) in sorted(self._left.items()):
            message = f"{kind} {show_key(key)} still names {arn}, which is of an account that is mapped."
            advice = "Give another one under [data_sources] or [vpc_connections], or see that it may be used."
            yield Finding(Severity.WARNING, "mapping-left", kind, key, message, advice)
        for principal, assets in sorted(self._lost.items()):
            message = (
                f"{principal} is dropped, and so are the permissions that it has on {len(assets)} assets."
            )
            yield Finding(Severity.NOTE, "mapping-dropped", "", "", message)
        for kind, key in self._orphans:
            message = f"Nobody is left who may see {kind} {show_key(key)}: all who may are dropped."
            advice = "Let somebody else have it under [principals]."
            yield Finding(Severity.WARNING, "mapping-orphan", kind, key, message, advice)

    def _namespace(self, record: Record) -> Record:
        fields = self._fields(record, plain(record.body))
        capacity = fields.get("CapacityRegion")
        if isinstance(capacity, str):
            fields["CapacityRegion"] = self._arns.identity_region(capacity)
        return record._replace(key=self._arns.namespace(record.key), body=canonical(fields))

    def _custom_permissions(self, record: Record) -> Record:
        return record._replace(body=canonical(self._fields(record, plain(record.body))))

    def _user(self, record: Record) -> Record:
        namespace, name = self._arns.person(USERS, *split_key(record.key))
        body, personal = self._fields(record, plain(record.body)), plain(record.personal)
        for fields in (body, personal):
            if "UserName" in fields:
                fields["UserName"] = name
        kept = canonical(personal) if record.personal else b""
        return record._replace(key=join_key(namespace, name), body=canonical(body), personal=kept)

    def _group(self, record: Record) -> Record:
        key = join_key(*self._arns.person(GROUPS, *split_key(record.key)))
        return record._replace(key=key, body=canonical(self._fields(record, plain(record.body))))

    def _membership(self, record: Record) -> Record:
        namespace, group, user = split_key(record.key)
        there, group = self._arns.person(GROUPS, namespace, group)
        other, user = self._arns.person(USERS, namespace, user)
        key = join_key(there, group, user)
        if there != other:
            message = f"Group {group} would be in namespace {there} and its member {user} in {other}."
            advice = "Map both into one namespace, or drop one of them."
            self._told[record.type, key] = Finding(
                Severity.ERROR, "mapping-apart", record.type, key, message, advice
            )
        return record._replace(key=key, body=canonical(self._fields(record, plain(record.body))))

    def _asset(self, record: Record) -> Record:
        body = plain(record.body)
        fields = {
            name: value if name in _APART else self._plain(record, value) for name, value in body.items()
        }
        fields["Permissions"] = self._permissions(
            record, cast("Mapping[str, Sequence[str]]", body["Permissions"])
        )
        fields["Definition"] = self._member(record, cast("Fields", body["Definition"]))
        if record.type != REFRESH_SCHEDULE:  # the only one that has none
            fields["Tags"] = {**cast("Fields", body["Tags"]), **self._arns.tags()}
        return record._replace(key=f"{self._prefix}{record.key}", body=canonical(fields))

    def _member(self, record: Record, told: Fields) -> dict[str, Plain]:
        """What a bundle's member becomes: its id, its ARNs, and what the mapping has for this very asset."""
        own = self._own_fields(record, told)
        member = self._fields(record, {name: value for name, value in told.items() if name not in own}) | own
        id_field = "dataSetId" if record.type == REFRESH_SCHEDULE else ASSET_KINDS[record.type].id_field
        if isinstance(member.get(id_field), str):
            member[id_field] = f"{self._prefix}{member[id_field]}"
        name = self._arns.asset_name(record.key)
        return member if name is None else {**member, "name": name}

    def _own_fields(self, record: Record, member: Fields) -> dict[str, Plain]:
        if record.type == DATA_SOURCE and record.key in self._mappings.data_sources:
            return self._data_source(record, member)
        if record.type == VPC_CONNECTION:
            return self._vpc_connection(record)
        return {}

    def _data_source(self, record: Record, member: Fields) -> dict[str, Plain]:
        self._arns.note(DATA_SOURCES, record.key)
        new = cast("Fields", self._mappings.data_sources[record.key].parameters)
        held = cast("Mapping[str, Fields]", member.get("dataSourceParameters", {}))
        if not new or not held:
            return {}
        (kind, parameters), *_ = held.items()
        if unknown := sorted(new.keys() - parameters.keys()):
            message = f"Data source {record.key} has no {', '.join(unknown)}; it has {', '.join(parameters)}."
            advice = "Look at the spelling in the mapping; what it gives is set nevertheless."
            self._told[record.type, record.key] = Finding(
                Severity.WARNING, "mapping-parameter", record.type, record.key, message, advice
            )
        return {"dataSourceParameters": {kind: self._fields(record, parameters) | dict(new)}}

    def _vpc_connection(self, record: Record) -> dict[str, Plain]:
        entry = self._mappings.vpc_connections.get(record.key)
        if entry is None or not entry.subnet_ids:
            self._lacks_subnets(record)
        if entry is None:
            return {}
        self._arns.note(VPC_CONNECTIONS, record.key)
        given: dict[str, Plain] = {
            "securityGroupIds": entry.security_group_ids,
            "dnsResolvers": entry.dns_resolvers,
            "roleArn": entry.role_arn,
        }
        return {name: value for name, value in given.items() if value}

    def _lacks_subnets(self, record: Record) -> None:
        if self._moves:
            message = f"VPC connection {record.key} needs subnets and security groups of the target."
            advice = f"Add [{VPC_CONNECTIONS}.{record.key}] with subnet_ids and security_group_ids."
            self._told[record.type, record.key] = Finding(
                Severity.WARNING, "mapping-subnets", record.type, record.key, message, advice
            )

    def _permissions(self, record: Record, held: Mapping[str, Sequence[str]]) -> dict[str, Plain]:
        """Actions by the target's principal; who becomes one has the actions of both."""
        found: dict[str, set[str]] = {}
        for principal, actions in held.items():
            try:
                found.setdefault(self._arns.principal(principal), set()).update(actions)
            except Dropped:
                self._lost.setdefault(principal, set()).add((record.type, record.key))
        if held and not found:
            self._orphans[record.type, record.key] = None
        return {principal: sorted(actions) for principal, actions in found.items()}

    def _fields(self, record: Record, fields: Fields) -> dict[str, Plain]:
        return {name: self._plain(record, value) for name, value in fields.items()}

    def _plain(self, record: Record, value: Plain) -> Plain:
        if isinstance(value, str):
            return self._text(record, value) if value.startswith("arn:") else value
        if isinstance(value, dict):  # what was JSON is one; asking for any mapping takes ten times as long
            return self._fields(record, value)
        return [self._plain(record, each) for each in value] if isinstance(value, list) else value

    def _text(self, record: Record, text: str) -> str:
        other = _OTHER_SERVICE.fullmatch(text)
        if other and self._mappings.renamed[ACCOUNTS].get(other[1], other[1]) != other[1]:
            self._left.setdefault(text, (record.type, record.key))
        try:
            return self._arns.arn(text)
        except Dropped:
            return text


_BY_TYPE: Mapping[str, Callable[[Translator, Record], Record]] = {
    NAMESPACE: Translator._namespace,
    CUSTOM_PERMISSIONS: Translator._custom_permissions,
    USER: Translator._user,
    GROUP: Translator._group,
    MEMBERSHIP: Translator._membership,
}
