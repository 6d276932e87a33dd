"""Assets as records and back. A fraction becomes `{"#": "0.5"}`, since canonical JSON has none and loses no digit so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.quicksight.model import REFRESH_SCHEDULE, VPC_CONNECTION, Asset

NUMBER = "#"
STARTS = "startAfterDateTime"
PASSING = {
    REFRESH_SCHEDULE: frozenset({STARTS}),
    VPC_CONNECTION: frozenset({"subnetIds", "vpcId"}),
}
"""Fields of members that no call brings back or none reads: a start lies in the past, a bundle tells no subnets."""

_DIGITS = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_members = msgspec.json.Decoder(dict, float_hook=lambda digits: {NUMBER: digits})


def read_member(data: bytes) -> dict[str, Plain]:
    """A member of a bundle. Raises: msgspec.DecodeError for what is no JSON object."""
    return cast("dict[str, Plain]", _members.decode(data))


def write_member(member: Mapping[str, Plain]) -> bytes:
    """The JSON of a member, keys sorted; a fraction has the digits that it was read with."""
    return msgspec.json.encode(_numbers(member), order="deterministic")


def _numbers(value: Plain) -> object:
    if isinstance(value, Mapping):
        digits = value.get(NUMBER) if len(value) == 1 else None
        if isinstance(digits, str) and _DIGITS.fullmatch(digits):
            return msgspec.Raw(digits.encode())
        return {name: _numbers(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_numbers(each) for each in value]
    return value


def asset_record(asset: Asset) -> Record:
    """The record of an asset."""
    body: dict[str, Plain] = {
        "Definition": asset.member,
        "Permissions": {who: sorted(actions) for who, actions in asset.permissions.items()},
        "Tags": dict(asset.tags),
    }
    if asset.members:
        body["Members"] = sorted(asset.members)
    if asset.described:
        body["Described"] = True
    return Record(asset.type, asset.key, canonical(body))


def asset_of(record: Record) -> Asset:
    """The asset that `asset_record` wrote."""
    body = plain(record.body)
    permissions = cast("Mapping[str, Sequence[str]]", body["Permissions"])
    return Asset(
        record.type,
        record.key,
        cast("Mapping[str, Plain]", body["Definition"]),
        {who: tuple(actions) for who, actions in permissions.items()},
        cast("Mapping[str, str]", body["Tags"]),
        tuple(cast("Sequence[str]", body.get("Members", ()))),
        bool(body.get("Described", False)),
    )


def lasting(type_name: str, value: Plain) -> Plain:
    """A member, or a part of one, without what passes."""
    passing = PASSING.get(type_name)
    if passing is None or not isinstance(value, Mapping):
        return value
    return {name: lasting(type_name, item) for name, item in value.items() if name not in passing}
