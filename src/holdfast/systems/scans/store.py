"""What is stored of a scan: the report, its findings as rows, and a manifest that lists both with digests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from holdfast.domain.changes import Change
from holdfast.kernel.canonical import canonical
from holdfast.systems.scans.model import Scan
from holdfast.systems.scans.rows import ndjson, partition_path
from holdfast.systems.scans.severity import count_open

REPORT, NDJSON, PARQUET, MANIFEST = "report", "ndjson", "parquet", "manifest"
FINDINGS_FOLDER = "findings/"
"""Below the prefix: Parquet alone, so that the folder is a table; nothing else may lie in it."""
NDJSON_FOLDER = "findings-ndjson/"
MANIFEST_FOLDER = "scans/"
SCHEMA_VERSION = 1

ToParquet = Callable[[bytes], bytes]
"""Rows as NDJSON to the same rows as Parquet."""


@dataclass(frozen=True, slots=True)
class PublishedObject:
    """One object of a scan, ready to be put."""

    kind: str
    key: str
    data: bytes
    content_type: str

    @property
    def sha256(self) -> str:
        """The digest of its bytes in hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def name(self) -> str:
        """Its name within the scan."""
        return self.key.rpartition("/")[2]


class ListedObject(msgspec.Struct, frozen=True):
    """An object as the manifest of its scan lists it; `size` in bytes."""

    kind: str
    key: str
    size: int
    sha256: str
    content_type: str


class ScanManifest(msgspec.Struct, frozen=True):
    """What can be known of a published scan without reading its findings; `scan` is without them.

    `counts` are the open findings by severity on the scale of ASH's summary.
    """

    schema_version: int
    scan: Scan
    findings: int
    suppressed: int
    counts: dict[str, int]
    objects: tuple[ListedObject, ...]

    def object(self, kind: str) -> ListedObject | None:
        """The object of a kind, where the scan has one."""
        return next((each for each in self.objects if each.kind == kind), None)


def findings_objects(scan: Scan, prefix: str, to_parquet: ToParquet | None) -> Iterator[PublishedObject]:
    """The findings as NDJSON, and as Parquet where that can be written."""
    rows, place = ndjson(scan), partition_path(scan)
    key = f"{prefix}{NDJSON_FOLDER}{place}/findings.ndjson"
    yield PublishedObject(NDJSON, key, rows, "application/x-ndjson")
    if to_parquet is not None:
        key = f"{prefix}{FINDINGS_FOLDER}{place}/findings.parquet"
        yield PublishedObject(PARQUET, key, to_parquet(rows), "application/vnd.apache.parquet")


def manifest_of(scan: Scan, objects: Sequence[PublishedObject], prefix: str) -> PublishedObject:
    """The manifest of a scan as the last object to be put: who sees it finds all others."""
    manifest = ScanManifest(
        schema_version=SCHEMA_VERSION,
        scan=replace(scan, findings=()),
        findings=len(scan.findings),
        suppressed=sum(finding.suppressed for finding in scan.findings),
        counts=dict(count_open(scan.findings)),
        objects=tuple(
            ListedObject(each.kind, each.key, len(each.data), each.sha256, each.content_type)
            for each in objects
        ),
    )
    data = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2)
    return PublishedObject(
        MANIFEST, f"{prefix}{MANIFEST_FOLDER}{scan.scan_id}.json", data, "application/json"
    )


class PutValue(msgspec.Struct, frozen=True):
    """What a put leaves under its key; `body` is the name of its bytes in the outbox."""

    body: str
    content_type: str
    sha256: str
    size: int


_put_values = msgspec.json.Decoder(PutValue)


def put_of(each: PublishedObject, run: str) -> Change:
    """The change that creates an object; the manifest comes after all others."""
    after = canonical(
        {
            "body": f"{run}.{each.name}",
            "content_type": each.content_type,
            "sha256": each.sha256,
            "size": len(each.data),
        }
    )
    return Change(each.kind, each.key, None, after, rank=int(each.kind == MANIFEST), lane="scan")


def put_value(change: Change) -> PutValue:
    """What a change of `put_of` is to leave."""
    return _put_values.decode(change.after or b"null")
