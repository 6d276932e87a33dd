"""The plug that joins QuickSight's two halves."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.ports import Clock, Download, PacedSession
from holdfast.kernel.system import System
from holdfast.systems.quicksight.capture.source import QuickSightSource
from holdfast.systems.quicksight.clients.connection import connect
from holdfast.systems.quicksight.elsewhere.naming import called, key_of
from holdfast.systems.quicksight.elsewhere.translation import translate
from holdfast.systems.quicksight.model import RECORD_TYPES, SYSTEM
from holdfast.systems.quicksight.needs.examining import Examined
from holdfast.systems.quicksight.needs.policy import needed, place_of, policy
from holdfast.systems.quicksight.records.admission import faults
from holdfast.systems.quicksight.records.people import comparable
from holdfast.systems.quicksight.restore.exported import ExportedAssets
from holdfast.systems.quicksight.restore.imports import JobPace
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.target import QuickSightTarget, TargetSettings


@dataclass(frozen=True, slots=True)
class Sessions:
    """The way to a QuickSight: `assets` to the region of its assets, `people` to that of its users and groups."""

    assets: PacedSession
    people: PacedSession


def quicksight(
    sessions: Sessions,
    settings: QuickSightSettings,
    clock: Clock,
    download: Download,
    overrides: Overrides = NONE,
) -> System:
    """QuickSight over paced sessions; nothing is sent before the first call of a half.

    `download` fetches bundles. `overrides` are what a restore gives assets that no backup holds.
    """
    connection = connect(sessions.assets, sessions.people)
    examined = Examined(sessions.assets, connection, settings)
    pace = TargetSettings(settings.concurrency, JobPace(settings.poll_seconds, settings.job_minutes * 60.0))
    return System(
        name=SYSTEM,
        title="Amazon QuickSight",
        types=RECORD_TYPES,
        source=lambda: QuickSightSource(connection, settings, clock, download),
        target=lambda: QuickSightTarget(
            connection,
            clock,
            ExportedAssets(connection, download, settings, clock),
            overrides,
            examined.beforehand,
            pace,
        ),
        comparable=comparable,
        faults=faults,
        examine=examined.checks,
        policy=lambda work: policy(
            needed(work, settings), place_of(settings, sessions.assets.region, sessions.people.region)
        ),
        translate=translate,
        key_of=key_of,
        called=called,
    )
