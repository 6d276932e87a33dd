"""Identity Center as bootstrap knows it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from holdfast.bootstrap.surroundings import Registered, Surroundings

if TYPE_CHECKING:
    from holdfast.config import Settings
    from holdfast.kernel.ports import Clock
    from holdfast.kernel.settings import Raw
    from holdfast.kernel.system import Rehearsal, System


def _system(around: Surroundings) -> System:
    from holdfast.systems.identity_center.system import identity_center

    own, rate = around.settings.identity_center, around.settings.aws.requests_per_second
    if around.target.elsewhere:
        own = replace(own, instance_arn=around.target.instance)
    return identity_center(around.session(""), own, around.clock, rate)


def _rehearsal(settings: Settings, clock: Clock) -> Rehearsal:
    from holdfast.bootstrap.rehearsal import rehearse_identity_center

    return partial(rehearse_identity_center, settings=settings.identity_center, clock=clock)


def _read_mapping(raw: Raw, source: str) -> str:
    from holdfast.systems.identity_center.elsewhere.resource_mappings import read_mappings

    return read_mappings(raw, source).to_json()


REGISTERED = Registered(_system, _rehearsal, _read_mapping)
