"""Published scans, read back: listed by their manifests, found by a reference, with their findings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from holdfast.domain.errors import HoldfastError, NotFound, UsageError
from holdfast.systems.scans.model import Scan
from holdfast.systems.scans.rows import findings_of
from holdfast.systems.scans.s3_gateway import S3Gateway
from holdfast.systems.scans.store import MANIFEST_FOLDER, NDJSON, ScanManifest

LATEST, PREVIOUS = "latest", "previous"

_manifests = msgspec.json.Decoder(ScanManifest)


@dataclass(eq=False)
class PublishedDamaged(HoldfastError):
    """A published object is not what its manifest says."""

    url: str
    problem: str
    code: ClassVar[str] = "published-damaged"
    exit_code: ClassVar[int] = 5
    sentence: ClassVar[str] = "{url} is damaged: {problem}"
    next_step: ClassVar[str] = "Delete the scan's objects and publish its result file again."


@dataclass(frozen=True, slots=True)
class PublishedScans:
    """The scans below one prefix of a bucket or folder; `project` and `branch` narrow them where set."""

    gateway: S3Gateway
    prefix: str
    project: str = ""
    branch: str = ""

    def manifests(self, newest: int = 0) -> list[ScanManifest]:
        """The manifests, oldest first; with `newest` only so many. Raises: PublishedDamaged; errors of the gateway."""
        found = list[ScanManifest]()
        for scan_id in reversed(self.ids()):
            manifest = self.manifest(scan_id)
            if self._wanted(manifest.scan):
                found.append(manifest)
            if newest and len(found) == newest:
                break
        return found[::-1]

    def ids(self) -> list[str]:
        """The ids of all scans of all projects, oldest first."""
        folder = f"{self.prefix}{MANIFEST_FOLDER}"
        keys = self.gateway.list(folder)
        return [key.removeprefix(folder).removesuffix(".json") for key in keys if key.endswith(".json")]

    def manifest(self, scan_id: str) -> ScanManifest:
        """One scan's manifest. Raises: NotFound; PublishedDamaged."""
        key = f"{self.prefix}{MANIFEST_FOLDER}{scan_id}.json"
        try:
            return _manifests.decode(self.gateway.get(key))
        except msgspec.DecodeError as problem:
            raise PublishedDamaged(f"{self.gateway.location}{key}", str(problem)) from problem

    def resolve(self, reference: str) -> ScanManifest:
        """The scan that an id, a unique prefix of one, `latest` or `previous` (the one before) stands for.

        Raises: NotFound; UsageError for an ambiguous prefix.
        """
        if reference in (LATEST, PREVIOUS):
            wanted = 1 if reference == LATEST else 2
            newest = self.manifests(wanted)
            if len(newest) < wanted:
                raise self._nothing(reference)
            return newest[0]
        found = [each for each in self.ids() if each.casefold().startswith(reference.casefold())]
        if not found:
            raise self._nothing(reference)
        if len(found) > 1:
            raise UsageError(
                f"{reference} stands for {len(found)} scans: {', '.join(found[:5])}.", "Write more of the id."
            )
        return self.manifest(found[0])

    def scan(self, manifest: ScanManifest) -> Scan:
        """A scan with its findings. Raises: PublishedDamaged when they are not those of the manifest."""
        listed = manifest.object(NDJSON)
        if listed is None:
            raise PublishedDamaged(f"scan {manifest.scan.scan_id}", "its manifest lists no findings")
        rows = self.gateway.get(listed.key)
        if hashlib.sha256(rows).hexdigest() != listed.sha256:
            raise PublishedDamaged(
                f"{self.gateway.location}{listed.key}", "its SHA-256 is not the manifest's"
            )
        return replace(manifest.scan, findings=findings_of(rows))

    def history(self, before: Scan) -> Sequence[Scan]:
        """The scans of the same project and branch that are older."""
        alike = replace(self, project=before.project, branch=before.branch)
        older = (each for each in alike.manifests() if each.scan.scan_id < before.scan_id)
        return [self.scan(each) for each in older]

    def _wanted(self, scan: Scan) -> bool:
        return self.project in ("", scan.project) and self.branch in ("", scan.branch)

    def _nothing(self, reference: str) -> NotFound:
        where = f"{self.gateway.location}{self.prefix}"
        return NotFound(
            "published scan", f"{reference} in {where}", "`holdfast scans list` shows what is there."
        )
