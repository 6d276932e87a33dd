"""The plug that joins QuickSight's two halves."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.kernel.ports import Clock, PacedSession
from holdfast.kernel.system import Source, System, Target
from holdfast.systems.quicksight.elsewhere.naming import key_of
from holdfast.systems.quicksight.elsewhere.translation import translate
from holdfast.systems.quicksight.model import RECORD_TYPES, SYSTEM
from holdfast.systems.quicksight.restore.overrides import NONE, Overrides
from holdfast.systems.quicksight.settings import QuickSightSettings


@dataclass(frozen=True, slots=True)
class Sessions:
    """The way to a QuickSight: `assets` to the region of its assets, `people` to that of its users and groups."""

    assets: PacedSession
    people: PacedSession


def quicksight(
    sessions: Sessions, settings: QuickSightSettings, clock: Clock, overrides: Overrides = NONE
) -> System:
    """QuickSight over paced sessions; nothing is sent before the first call of a half.

    `overrides` are what a restore gives assets that no backup holds.
    """
    return System(
        name=SYSTEM,
        title="Amazon QuickSight",
        types=RECORD_TYPES,
        source=_source,
        target=_target,
        comparable=lambda record: record.body,
        translate=translate,
        key_of=key_of,
    )


def _source() -> Source:
    raise NotImplementedError


def _target() -> Target:
    raise NotImplementedError
