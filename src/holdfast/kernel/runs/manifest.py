"""The manifest of a run: every item and change with its outcome, streamed as JSON of a published schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec

from holdfast.domain.changes import Conflict
from holdfast.domain.outcomes import Finding, Item, Outcome
from holdfast.domain.runs import JournalEntry
from holdfast.kernel.ports import RunRows
from holdfast.kernel.runs.report_values import RunReport
from holdfast.kernel.showing import masked_bytes, masked_conflict

SCHEMA_VERSION = 1
BATCH = 256
"""Rows joined into one piece of the stream; more saves no time, fewer costs a write each."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file of a run's evidence: its name, size in bytes, and SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ManifestChange:
    """One change of the journal with personal fields masked; `before` and `after` are null for absent.

    `outcome` is null for a change that was only planned or, where `intended` is true, is in doubt.
    """

    position: int
    name: str
    type: str
    key: str
    verb: str
    rank: int
    before: msgspec.Raw
    after: msgspec.Raw
    intended: bool
    outcome: Outcome | None
    request: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ManifestPlace:
    """Where a thing of the inventory lies beside the vault, with the SHA-256 of the object; else why it does not.

    `in_vault` says whether the run's snapshot holds a record of it.
    """

    type: str
    key: str
    in_vault: bool
    location: str = ""
    sha256: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Evidence of one run. `files` are the other files of the same folder; every list is complete."""

    schema_version: int
    report: RunReport
    files: list[EvidenceFile]
    findings: list[Finding]
    conflicts: list[Conflict]
    items: list[Item]
    changes: list[ManifestChange]
    places: list[ManifestPlace]


def manifest_schema() -> bytes:
    """The JSON Schema (2020-12) of `manifest.json`, as published in the reference."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Manifest)}
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"


def manifest_chunks(
    report: RunReport,
    ledger: RunRows,
    files: Iterable[EvidenceFile],
    places: Iterable[ManifestPlace] = (),
) -> Iterator[bytes]:
    """The manifest's bytes piece by piece, one row a line, whatever the size of the run."""
    encode = msgspec.json.Encoder().encode
    yield b'{"schema_version":%d,\n"report":%s,\n"files":%s,\n"findings":' % (
        SCHEMA_VERSION,
        encode(report),
        encode(list(files)),
    )
    yield from _rows(map(encode, ledger.findings(report.run)))
    yield b',\n"conflicts":'
    yield from _rows(encode(masked_conflict(conflict)) for conflict in ledger.conflicts(report.run))
    yield b',\n"items":'
    yield from _rows(map(encode, ledger.items(report.run)))
    yield b',\n"changes":'
    yield from _rows(encode(_shown(entry)) for entry in ledger.changes(report.run))
    yield b',\n"places":'
    yield from _rows(map(encode, places))
    yield b"}\n"


def _shown(entry: JournalEntry) -> ManifestChange:
    """A journal entry as the manifest has it, personal fields masked."""
    change = entry.change
    return ManifestChange(
        position=entry.position,
        name=change.name,
        type=change.type,
        key=change.key,
        verb=change.verb.value,
        rank=change.rank,
        before=msgspec.Raw(masked_bytes(change.before)),
        after=msgspec.Raw(masked_bytes(change.after)),
        intended=entry.intended,
        outcome=entry.outcome,
        request=entry.request,
        note=change.note,
    )


def _rows(rows: Iterator[bytes]) -> Iterator[bytes]:
    """A JSON array of encoded rows, in pieces of `BATCH` rows."""
    yield b"["
    lead = b"\n"
    batch: list[bytes] = []
    for row in chain(rows, [b""]):
        if row:
            batch.append(row)
        if batch and (not row or len(batch) == BATCH):
            yield lead + b",\n".join(batch)
            lead = b",\n"
            batch.clear()
    yield b"]"
