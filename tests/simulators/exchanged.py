"""Snapshots written into files and read back, without a vault or an installation."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from holdfast.adapters.yaml_document import YamlDocument
from holdfast.domain.records import Record, RecordType
from holdfast.domain.snapshots import SectionSummary, SnapshotInfo, SourceIdentity
from holdfast.kernel.exchange.containers import MOST_BYTES
from holdfast.kernel.exchange.exporting import Shape, files_of
from holdfast.kernel.exchange.intake import Examined, examine
from holdfast.kernel.exchange.layout import Package
from holdfast.kernel.exchange.opening import package_of
from holdfast.kernel.exchange.outgoing import Outgoing
from holdfast.kernel.exchange.spool import PrivateFile
from holdfast.kernel.system import Part, Source, System
from holdfast.kernel.views import MemoryView

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCE = SourceIdentity("things", "111122223333", "eu-north-1", "an-instance", "somebody")


class _NothingWrong:
    """A source that finds no fault with any capture."""

    def validate(self, parts: Sequence[Part]) -> list[object]:
        """Nothing."""
        return []


THINGS = System(
    name="things",
    title="Things",
    types=(RecordType("thing", "things"), RecordType("link", "links"), RecordType("rest", "rest")),
    source=lambda: cast(Source, _NothingWrong()),
    target=lambda: (_ for _ in ()).throw(AssertionError("nothing is changed")),
    comparable=lambda record: record.body,
)


def outgoing(
    sections: Mapping[str, Sequence[Record]], *, personal: bool = True, left_out: str = ""
) -> Outgoing:
    """A snapshot of these sections, ready to be written; `left_out` is a type that was not captured."""
    told = [SectionSummary(name, len(records), True, True) for name, records in sections.items()]
    if left_out:
        told.append(SectionSummary(left_out, 0, captured=False, complete=False, reason="not asked for"))
    info = SnapshotInfo(
        "snapshot-1", "things", "full", NOW, SOURCE, tuple(told), "run-1", labels=(("why", "test"),)
    )
    view = MemoryView(Part(name, list(records)) for name, records in sections.items())
    return Outgoing.of(view, info, personal=personal)


def written(snapshot: Outgoing, shape: Shape) -> dict[str, bytes]:
    """The files of an export."""
    return {name: b"".join(chunks) for name, chunks in files_of(snapshot, shape)}


@contextmanager
def opened(
    files: Mapping[str, bytes] | bytes, folder: Path, wanted: str = "auto", most: int = MOST_BYTES
) -> Iterator[Package]:
    """The package that files are, as an import opens it; one file needs no name."""
    if not isinstance(files, bytes) and len(files) == 1:
        (files,) = files.values()
    named = {"": files} if isinstance(files, bytes) else files
    held = {name: PrivateFile(folder).fill([data]) for name, data in named.items()}
    try:
        yield package_of(held, wanted, most, YamlDocument, {})
    finally:
        for file in held.values():
            file.close()


def examined(
    files: Mapping[str, bytes] | bytes, folder: Path, wanted: str = "auto", most: int = MOST_BYTES
) -> Examined:
    """What an examination finds in files."""
    with opened(files, folder, wanted, most) as package:
        return examine(package, THINGS, NOW)


def records_in(files: Mapping[str, bytes] | bytes, folder: Path) -> dict[str, list[Record]]:
    """The records of files by type."""
    with opened(files, folder) as package:
        return {
            section.type: [entry.record for entry in section.entries() if entry.record]
            for section in package.read().sections()
        }


def document(*rows: object, **changes: object) -> bytes:
    """A JSON export of things with these rows; `changes` replace members of it. Digests are left out."""
    whole: dict[str, object] = {
        "format": "holdfast-export/1",
        "metadata": {"system": "things", "snapshot": "s", "kind": "full", "taken_at": "2026-11-20T09:00:00Z"},
        "sections": [{"name": "thing", "records": list(rows), "summary": {"count": len(rows)}}],
        "summary": {},
    }
    return json.dumps({**whole, **changes}, indent=1).encode()


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip file of members."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members:
            made.writestr(name, data)
    return held.getvalue()
