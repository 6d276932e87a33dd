"""What an export says besides its records, the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import msgspec

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.kernel.exchange.errors import Malformed
from holdfast.kernel.vault.catalogue import root_of
from holdfast.kernel.vault.layout import Section

S = TypeVar("S", bound=msgspec.Struct)

DOCUMENT = "holdfast-export/1"
TABLES = "holdfast-export-tables/1"
INCLUDED, LEFT_OUT = "included", "left out"
PERSONAL_GAP = "personal fields were left out of the export"


class Metadata(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which snapshot it was: `taken_at` is RFC 3339, `personal` says whether personal fields are in the file."""

    system: str
    snapshot: str
    kind: str
    taken_at: str
    account: str = ""
    region: str = ""
    instance: str = ""
    principal: str = ""
    personal: str = INCLUDED
    during: tuple[str, ...] = ()
    labels: dict[str, str] = {}


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a section came to; `digest` is the vault's, empty where the writer had none to give."""

    count: int
    captured: bool = True
    complete: bool = True
    reason: str = ""
    digest: str = ""


class End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last of a file: the root over all sections, as the vault computes it; empty where there is none."""

    root: str = ""


def root_over(sections: Iterable[tuple[str, Summary]]) -> str:
    """The root of a snapshot with these sections."""
    return root_of(
        tuple(
            Section(name, part.count, part.captured, part.complete, part.reason, part.digest, ())
            for name, part in sections
        )
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a file, or what is wrong with it, and where it stands."""

    place: str
    record: Record | None
    problem: str = ""


class ReadSection(Protocol):
    """A section as it is read; `summary` is known once all entries were taken."""

    @property
    def type(self) -> str:
        """The type's name."""

    @property
    def summary(self) -> Summary:
        """What the section came to."""

    def entries(self) -> Iterator[Entry]:
        """The records in the order of the file. Raises: Malformed where reading cannot go on."""


class Reading(Protocol):
    """One pass over a file; each section is to be taken whole before the next."""

    @property
    def metadata(self) -> Metadata:
        """Which snapshot it was."""

    @property
    def end(self) -> End:
        """The last of the file; known once all sections were taken."""

    def sections(self) -> Iterator[ReadSection]:
        """The sections in the order of the file. Raises: Malformed."""


class Package(Protocol):
    """A file that can be read as often as it is needed."""

    def read(self) -> Reading:
        """A new pass. Raises: Malformed."""


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record as documents write it: its names, the version of its fields, and the fields of both parts."""

    key: tuple[str, ...]
    body: dict[str, object]
    personal: dict[str, object] = {}
    schema: int = 1


def convert(value: Plain, kind: type[S], place: str) -> S:
    """The value as a struct of the kind. Raises: Malformed."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Malformed(place, str(error)) from error
