"""A bundle opened: what is in it, told by what its members say of themselves, against what was asked for."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from io import BytesIO
from lzma import LZMAError

import msgspec

from holdfast.domain.records import join_key
from holdfast.kernel.canonical import Plain
from holdfast.systems.quicksight.errors import BadBundle
from holdfast.systems.quicksight.model import ASSET_KINDS, DATA_SET, REFRESH_SCHEDULE
from holdfast.systems.quicksight.records.assets import read_member

MOST_BYTES = 1024**3
"""Of a bundle, packed or unpacked: an import takes no more either (StartAssetBundleImportJob)."""
UNSOUND = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError),
    *(struct.error, IndexError, LZMAError),
)
"""What `zipfile` raises for damaged bytes, beside its own error."""
_BY_FOLDER = {kind.folder: kind for kind in ASSET_KINDS.values()}

Name = tuple[str, str]
"""Type and key of an asset."""
Member = Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class Opened:
    """The members asked for, and what of them is missing or was not asked for, as sentences."""

    members: Mapping[Name, Member]
    missing: frozenset[Name]
    foreign: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether the bundle is exactly what was asked for."""
        return not self.missing and not self.foreign


def open_bundle(data: bytes, asked: Collection[Name]) -> Opened:
    """What a bundle holds of what was asked for. Raises: BadBundle for bytes that are no sound bundle."""
    found: dict[Name, Member] = {}
    foreign: list[str] = []
    for path, text in _texts(data).items():
        try:
            member = read_member(text)
        except (msgspec.DecodeError, RecursionError) as problem:
            raise _bad(f"{path} is not a JSON object ({problem})") from problem
        name = named(member, asked)
        if name is None or name not in asked:
            foreign.append(f"{path} was not asked for")
        elif name in found:
            raise _bad(f"{path} is there twice")
        else:
            found[name] = member
    return Opened(found, frozenset(asked) - found.keys(), tuple(foreign))


def named(member: Member, asked: Collection[Name] = ()) -> Name | None:
    """Type and key by what the member itself says; the folder that it lies in says nothing.

    A refresh schedule that does not name its dataset is the one of its id that was asked for.
    """
    kind = _BY_FOLDER.get(str(member.get("resourceType")))
    own = member.get(kind.id_field) if kind else None
    if kind is None or not isinstance(own, str):
        return None
    if kind.type != REFRESH_SCHEDULE:
        return kind.type, own
    data_set = member.get(ASSET_KINDS[DATA_SET].id_field)
    if isinstance(data_set, str):
        return kind.type, join_key(data_set, own)
    known = [each for each in asked if each[0] == kind.type and each[1].endswith(join_key("", own))]
    return known[0] if len(known) == 1 else None


def _texts(data: bytes) -> dict[str, bytes]:
    """Every file of the zip by its path, each with the checksum that the zip has of it."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as bundle:
            files = [info for info in bundle.infolist() if not info.is_dir()]
            if sum(info.file_size for info in files) > MOST_BYTES:
                raise _bad(f"it unpacks to more than {MOST_BYTES:,} bytes")
            if len({info.filename for info in files}) != len(files):
                raise _bad("two of its files have one name")
            return {info.filename: bundle.read(info) for info in files}
    except UNSOUND as problem:
        raise _bad(f"it is no sound zip file ({problem})") from problem


def _bad(what: str) -> BadBundle:
    return BadBundle("Opening the bundle", "BadBundle", what)
