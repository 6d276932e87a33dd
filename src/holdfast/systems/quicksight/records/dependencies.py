"""What records refer to, read off ARNs in members and off keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from holdfast.domain.records import Record, join_key, split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.systems.quicksight.model import (
    ASSET_KINDS,
    CUSTOM_PERMISSIONS,
    DATA_SET,
    FOLDER,
    GROUP,
    MEMBERSHIP,
    NAMESPACE,
    REFRESH_SCHEDULE,
    USER,
)
from holdfast.systems.quicksight.records.arns import Arn
from holdfast.systems.quicksight.records.assets import asset_of

Name = tuple[str, str]
"""Type and key of a record."""

LOOSE = "linkEntities"
"""Field of a dashboard that names the analysis it was published from; it works without."""
_NESTING = (DATA_SET, FOLDER)
"""Types of which one can build on another of the same type."""
_KINDS = {kind.arn.partition("/")[0]: kind.type for kind in ASSET_KINDS.values() if "/{}/" not in kind.arn}


def resource_of(arn: str) -> str:
    """The resource part of an ARN of QuickSight in an account, such as `dataset/ID`; empty for any other text."""
    found = Arn.of(arn)
    return found.resource if found else ""


def asset_named(arn: str) -> Name | None:
    """Type and key of the asset that an ARN names; None for anything else."""
    kind, _, rest = resource_of(arn).partition("/")
    if not rest or kind not in _KINDS:
        return None
    data_set, schedule, key = rest.partition("/refresh-schedule/")
    return (REFRESH_SCHEDULE, join_key(data_set, key)) if schedule else (_KINDS[kind], rest)


def principal_named(arn: str) -> Name | None:
    """Type and key of the user, group or namespace that an ARN names; None for anything else."""
    kind, _, rest = resource_of(arn).partition("/")
    if kind == NAMESPACE and rest:
        return NAMESPACE, rest
    namespace, _, name = rest.partition("/")
    return (kind, join_key(namespace, name)) if kind in (USER, GROUP) and name else None


def named_in(member: Plain, *, loose: bool = True) -> Iterator[Name]:
    """The assets that a member names, in its order; without those that it works without unless `loose`."""
    if isinstance(member, str):
        found = asset_named(member)
        if found is not None:
            yield found
    elif isinstance(member, Mapping):
        for name, item in member.items():
            if loose or name != LOOSE:
                yield from named_in(item, loose=loose)
    elif isinstance(member, Sequence):
        for item in member:
            yield from named_in(item, loose=loose)


def dependencies(record: Record, *, loose: bool = True) -> Iterator[Name]:
    """Type and key of what must be there before a record, each once."""
    found = _of_asset(record, loose) if record.type in ASSET_KINDS else _of_identity(record)
    yield from dict.fromkeys(name for name in found if name != (record.type, record.key))


def _of_asset(record: Record, loose: bool) -> Iterator[Name]:
    if record.type == REFRESH_SCHEDULE:
        yield DATA_SET, split_key(record.key)[0]
    asset = asset_of(record)
    yield from named_in(asset.member, loose=loose)
    for arn in asset.members if loose else ():
        named = asset_named(arn)
        if named is not None:
            yield named


def _of_identity(record: Record) -> Iterator[Name]:
    parts = split_key(record.key)
    if record.type in (USER, GROUP):
        yield NAMESPACE, parts[0]
    if record.type == USER:
        profile = plain(record.body).get("CustomPermissionsName")
        if profile:
            yield CUSTOM_PERMISSIONS, str(profile)
    if record.type == MEMBERSHIP:
        yield GROUP, join_key(*parts[:2])
        yield USER, join_key(parts[0], parts[2])


def levels(kind: str, members: Iterable[tuple[str, Plain]]) -> dict[str, int]:
    """By key, how many assets of the same type lie below one that builds on others; nothing for the rest.

    A circle does not count, since nothing can be made of it in any order.
    """
    if kind not in _NESTING:
        return {}
    below = {key: [name for of, name in named_in(member) if of == kind] for key, member in members}
    found: dict[str, int] = {}
    for key in below:
        _depth(key, below, found, set())
    return {key: level for key, level in found.items() if level}


def _depth(key: str, below: Mapping[str, Sequence[str]], found: dict[str, int], path: set[str]) -> int:
    if key not in found and key not in path:
        path.add(key)
        deeper = [_depth(name, below, found, path) + 1 for name in below.get(key, ()) if name in below]
        path.discard(key)
        found[key] = max(deeper, default=0)
    return found.get(key, 0)
