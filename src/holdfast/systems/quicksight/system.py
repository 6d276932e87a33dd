"""The plug that joins QuickSight's two halves."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.ports import Clock, PacedSession
from holdfast.kernel.system import Source, System, Target
from holdfast.systems.quicksight.model import RECORD_TYPES, SYSTEM
from holdfast.systems.quicksight.settings import QuickSightSettings


@dataclass(frozen=True, slots=True)
class Sessions:
    """The way to a QuickSight: `assets` to the region of its assets, `people` to that of its users and groups."""

    assets: PacedSession
    people: PacedSession


def quicksight(sessions: Sessions, settings: QuickSightSettings, clock: Clock) -> System:
    """QuickSight over paced sessions; nothing is sent before the first call of a half."""
    return System(
        name=SYSTEM,
        title="Amazon QuickSight",
        types=RECORD_TYPES,
        source=_source,
        target=_target,
        comparable=lambda record: record.body,
    )


def _source() -> Source:
    raise NotImplementedError


def _target() -> Target:
    raise NotImplementedError
