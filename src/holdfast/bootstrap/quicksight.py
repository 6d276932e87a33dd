"""QuickSight as bootstrap knows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from holdfast.bootstrap.surroundings import REPORT, SETTINGS, Registered, Surroundings
from holdfast.kernel.backup import CLIENTS

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.kernel.backup import BackupRequest
    from holdfast.kernel.checks import Check
    from holdfast.kernel.ports import Clock, Ledger, PacedSession
    from holdfast.kernel.runs.manifest import ManifestPlace
    from holdfast.kernel.runs.stages import Stage
    from holdfast.kernel.settings import Raw
    from holdfast.kernel.system import Rehearsal, System

BACKUP = "backup"
FILE_DATASETS = "file-datasets"
"""Option of a backup: uploaded files are listed as impossible, not left out."""


def _system(around: Surroundings) -> System:
    from holdfast.adapters.tls import tls_context
    from holdfast.adapters.web_download import WebDownload
    from holdfast.systems.quicksight.elsewhere.overriding import overrides_of
    from holdfast.systems.quicksight.system import Sessions, quicksight

    own, target = around.settings.quicksight, around.target
    people = target.identity_region if target.elsewhere else own.identity_region
    if FILE_DATASETS in around.options:
        own = replace(own, include_file_datasets=True)
    sessions = Sessions(around.session(""), around.session(people))
    download = WebDownload(lambda: tls_context(around.settings.aws.tls_minimum))
    made = quicksight(sessions, own, around.clock, download, overrides_of(around.mapping))
    return replace(made, examine=lambda work: _examine(made, sessions.assets, own.bucket, work))


def _examine(system: System, session: PacedSession, bucket: str, work: str) -> Iterator[Check]:
    """What the system looks at, and who else may read the bundles."""
    from holdfast.adapters.bucket_examination import examine_bucket
    from holdfast.kernel.checks import Verdict
    from holdfast.systems.quicksight.needs.examining import BUCKETS

    there = bool(bucket) and work == BACKUP
    for check in system.examine(work) if system.examine else ():
        there = there and not (check.topic == BUCKETS and check.verdict is not Verdict.OK)
        yield check
    if there:
        yield from examine_bucket(session, bucket)


def _storing(around: Surroundings, request: BackupRequest) -> Sequence[Stage]:
    from holdfast.systems.quicksight.storing.object_client import ObjectClient
    from holdfast.systems.quicksight.storing.stages import Outside, storing_stages
    from holdfast.systems.quicksight.storing.table_client import TableClient

    own, session = around.settings.quicksight, around.session("")
    outside = Outside(around.vault, own, lambda: TableClient(session), lambda: ObjectClient(session, own))
    return storing_stages(request.types, outside)


def _lacking(settings: Settings, request: BackupRequest) -> Iterable[str]:
    from holdfast.systems.quicksight.storing.stages import has_objects

    if has_objects(request.types) and not settings.quicksight.bucket:
        yield (
            "[quicksight] bucket: no bucket is set, and bundles of assets are stored in one; name it there or in "
            "HOLDFAST_QUICKSIGHT_BUCKET, or leave assets out with --mode users-only"
        )


def _rehearsal(settings: Settings, clock: Clock) -> Rehearsal:
    from holdfast.bootstrap.quicksight_rehearsal import rehearse_quicksight

    return partial(rehearse_quicksight, settings=settings.quicksight, clock=clock)


def _read_mapping(raw: Raw, source: str) -> str:
    from holdfast.systems.quicksight.elsewhere.resource_mappings import read_mappings

    return read_mappings(raw, source).to_json()


def _places(settings: Settings, ledger: Ledger, run: str) -> Iterable[ManifestPlace]:
    from holdfast.systems.quicksight.storing.where import places

    return places(ledger, run, settings.quicksight.bucket)


OPERATIONS = (
    ("Configuration Loading", "< 1 second", (SETTINGS,)),
    ("AWS Client Initialization", "1-5 seconds", (CLIENTS,)),
    ("User/Group Retrieval", "5-30 seconds", ("people",)),
    ("Asset Discovery", "10-60 seconds", ("discovery",)),
    ("Asset Bundle Export", "2-15 minutes", ("export",)),
    ("DynamoDB Storage", "5-30 seconds", ("tables",)),
    ("S3 Upload", "30 seconds - 5 minutes", ("bundles",)),
    ("Report Generation", "< 5 seconds", (REPORT,)),
)
"""What the drawn flow gives times for, with the typical ones that it names."""

REGISTERED = Registered(_system, _rehearsal, _read_mapping, _storing, _lacking, OPERATIONS, _places)
