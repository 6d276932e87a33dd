"""What a bundle is, and what may be in one: members, the ARNs they depend on, and who spoils an export job."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import cast
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import msgspec

from holdfast.sandbox.quicksight.estate import UNEXPORTABLE_SOURCES, Estate, HeldAsset
from holdfast.sandbox.quicksight.kinds import KIND_OF_FOLDER, Kind, key_of
from holdfast.sandbox.wire import Document, Json

# As an asset's `unexportable`: its export job fails and tells of nobody.
SILENT = "silent"
ASSET_ARN = re.compile(r"arn:[\w-]+:quicksight:([\w-]*):(\d{12}|aws):([\w-]+)/([\w./-]+)")
# A dashboard tells which analysis it was published from; it does not need that.
_NO_DEPENDENCIES = ("linkEntities", "permissions", "tags", "folderArns", "sqlQuery")
_KIND_OF_ARN = {
    kind.arn.partition("/")[0]: kind for kind in KIND_OF_FOLDER.values() if kind.arn.count("{}") == 1
}

_members = msgspec.json.Decoder(dict)


@dataclass(frozen=True, slots=True)
class JobError:
    """One of a job's Errors or Warnings; a warning has no type, and an error may name nobody."""

    arn: str
    type: str
    message: str

    def told(self) -> Document:
        """As the API has it."""
        named: Document = {"Arn": self.arn} if self.arn else {}
        return {**named, **({"Type": self.type} if self.type else {}), "Message": self.message}


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a bundle: what it is, its key, and what it holds."""

    kind: Kind
    key: str
    held: Document


class BadBundle(Exception):
    """A file that is no bundle; the text tells why."""


def pack(members: Iterable[Member]) -> bytes:
    """A bundle as an export job makes it: a zip of `<folder>/<id>.json`; of a schedule `<dataset>_<schedule>`."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as file:
        for each in members:
            name = f"{each.kind.folder}/{each.key.replace('/', '_')}.json"
            file.writestr(name, msgspec.json.encode(each.held))
    return out.getvalue()


def unpack(data: bytes) -> list[Member]:
    """The members of a bundle; `resourceType` and the id inside say what each is. Raises: BadBundle."""
    try:
        with ZipFile(BytesIO(data)) as file:
            texts = {name: file.read(name) for name in file.namelist() if not name.endswith("/")}
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        raise BadBundle(f"The file is not a readable zip file: {problem}") from problem
    if not texts:
        raise BadBundle("The asset bundle has no assets in it")
    return [_member(name, text) for name, text in texts.items()]


def _member(name: str, text: bytes) -> Member:
    try:
        held = cast(Document, _members.decode(text))
    except msgspec.DecodeError as problem:
        raise BadBundle(f"{name} is not a JSON object: {problem}") from problem
    kind = KIND_OF_FOLDER.get(str(held.get("resourceType")))
    if kind is None:
        raise BadBundle(f"{name} has the resourceType {held.get('resourceType')}, which cannot be imported")
    try:
        return Member(kind, key_of(kind, cast("dict[str, object]", held)), held)
    except KeyError as lacking:
        raise BadBundle(f"{name} has no {lacking}") from lacking


def references(value: Json) -> Iterator[str]:
    """The ARNs of other assets that a member cannot do without."""
    if isinstance(value, str):
        if ASSET_ARN.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            if name not in _NO_DEPENDENCIES:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def kind_and_key(arn: str) -> tuple[Kind, str] | None:
    """What the ARN of an asset names; None for an ARN of anything else."""
    found = ASSET_ARN.fullmatch(arn)
    if found is None:
        return None
    word, rest = found.group(3), found.group(4)
    if word == "dataset" and "/refresh-schedule/" in rest:
        data_set, _, schedule = rest.partition("/refresh-schedule/")
        return KIND_OF_FOLDER["refreshschedule"], f"{data_set}/{schedule}"
    kind = _KIND_OF_ARN.get(word)
    return (kind, rest) if kind and "/" not in rest else None


def of_aws(arn: str) -> bool:
    """Whether AWS itself provides it everywhere, such as a starter theme."""
    return ":quicksight::aws:" in arn


def spoils(estate: Estate, asset: HeldAsset) -> JobError | None:
    """Why no job with this asset succeeds; an empty ARN and type where the job will not tell whose fault it is."""
    if asset.unexportable == SILENT:
        return JobError("", "", "")
    source = _unsupported(estate, asset)
    if source:
        return JobError(
            asset.arn, "InvalidParameterValueException",
            f"{asset.kind.shape} {asset.key} uses data source type {source}, which cannot be exported",
        )  # fmt: skip
    if asset.unexportable:
        return _has_errors(asset, asset.unexportable)
    if not asset.own:
        return JobError(
            asset.arn, "AccessDeniedException", f"{asset.key} belongs to AWS and cannot be exported"
        )
    lost = _lost_data_set(estate, asset)
    return _has_errors(asset, f"has associated errors and cannot be exported: {lost}") if lost else None


def _has_errors(asset: HeldAsset, what: str) -> JobError:
    told = "; ".join(f"{kind}: {message}" for kind, message in asset.errors)
    text = f"{asset.kind.shape} {asset.key} {what}" + (f" ({told})" if told else "")
    return JobError(asset.arn, "InvalidParameterValueException", text)


def _unsupported(estate: Estate, asset: HeldAsset) -> str:
    """The type of the data source for which no bundle can take it; empty for all others."""
    if asset.kind.type == "data_source":
        kind = str(asset.member.get("type"))
        return kind if kind in UNEXPORTABLE_SOURCES else ""
    if asset.kind.type != "data_set":
        return ""
    for arn in references(asset.member.get("physicalTableMap")):
        source = estate.assets.get(arn)
        if source is not None and source.member.get("type") in UNEXPORTABLE_SOURCES:
            return str(source.member["type"])
    return ""


def _lost_data_set(estate: Estate, asset: HeldAsset) -> str:
    if asset.kind.type not in ("analysis", "dashboard"):
        return ""
    definition = cast("Document", asset.member.get("definition") or {})
    for arn in references(definition.get("dataSetIdentifierDeclarations")):
        if arn not in estate.assets:
            return f"DATA_SET_NOT_FOUND {arn}"
    return ""
