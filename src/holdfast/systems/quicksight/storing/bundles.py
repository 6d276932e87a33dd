"""Bundles of assets, built of a snapshot's records: the same records always give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from holdfast.domain.records import Record, RecordView, split_key
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.records.assets import asset_of, write_member

LEVEL = 6
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Time of every member: a zip has none before, and a real one would make equal bundles differ."""
FOR_OWNER_ONLY = 0o100600 << 16
UNIX = 3


class Contents(msgspec.Struct, frozen=True):
    """Which assets a bundle holds: a type and the keys, in order; `described` as in `Asset`."""

    type: str
    assets: tuple[str, ...]
    described: bool = False


def divided(view: RecordView, size: int) -> Iterator[tuple[Contents, bytes]]:
    """Every asset of a view in bundles of at most `size`, each with its bytes.

    Described assets have bundles of their own, so that all others are as the service itself made them.
    """
    for type_name in ASSET_KINDS:
        waiting: dict[bool, list[Record]] = {False: [], True: []}
        for record in view.records(type_name):
            described = asset_of(record).described
            waiting[described].append(record)
            if len(waiting[described]) == size:
                yield _bundle(waiting[described], described)
                waiting[described] = []
        for described, rest in waiting.items():
            if rest:
                yield _bundle(rest, described)


def rebuilt(view: RecordView, contents: Contents) -> bytes:
    """The bytes of a bundle once more; assets that the view has not are left out."""
    found = (view.find(contents.type, key) for key in contents.assets)
    return archive([record for record in found if record is not None])


def archive(records: Sequence[Record]) -> bytes:
    """A zip with one member for each asset, in the order given."""
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=LEVEL) as bundle:
        for record in records:
            member = ZipInfo(member_name(record.type, record.key), EARLIEST)
            member.compress_type, member.create_system = ZIP_DEFLATED, UNIX
            member.external_attr = FOR_OWNER_ONLY
            bundle.writestr(member, write_member(asset_of(record).member))
    return target.getvalue()


def member_name(type_name: str, key: str) -> str:
    """Where an asset lies in a bundle: `dashboard/<id>.json`; a refresh schedule below its dataset's id."""
    parts = (quote(part, safe="") for part in split_key(key))
    return f"{ASSET_KINDS[type_name].folder}/{'/'.join(parts)}.json"


def member_names(data: bytes) -> list[str]:
    """What lies in a bundle, in order. Raises: zipfile.BadZipFile."""
    with ZipFile(BytesIO(data)) as bundle:
        return bundle.namelist()


def _bundle(records: Sequence[Record], described: bool) -> tuple[Contents, bytes]:
    keys = tuple(record.key for record in records)
    return Contents(records[0].type, keys, described), archive(records)
