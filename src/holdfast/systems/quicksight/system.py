"""The plug that joins QuickSight's two halves."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.ports import Clock, Download, PacedSession
from holdfast.kernel.system import System, Target
from holdfast.systems.quicksight.capture.source import QuickSightSource
from holdfast.systems.quicksight.clients.connection import connect
from holdfast.systems.quicksight.elsewhere.naming import key_of
from holdfast.systems.quicksight.elsewhere.translation import translate
from holdfast.systems.quicksight.model import RECORD_TYPES, SYSTEM
from holdfast.systems.quicksight.records.admission import faults
from holdfast.systems.quicksight.records.people import comparable
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.settings import QuickSightSettings


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

    `download` gets bundles; `overrides` are what a restore gives assets that no backup holds.
    """
    connection = connect(sessions.assets, sessions.people)
    return System(
        name=SYSTEM,
        title="Amazon QuickSight",
        types=RECORD_TYPES,
        source=lambda: QuickSightSource(connection, settings, clock, download),
        target=_target,
        comparable=comparable,
        faults=faults,
        translate=translate,
        key_of=key_of,
    )


def _target() -> Target:
    raise NotImplementedError
