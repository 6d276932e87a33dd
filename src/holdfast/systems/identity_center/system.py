"""The plug that joins Identity Center's two halves."""

from __future__ import annotations

from holdfast.kernel.ports import Clock, PacedSession
from holdfast.kernel.system import System
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import connect
from holdfast.systems.identity_center.elsewhere.translation import translate
from holdfast.systems.identity_center.model import RECORD_TYPES, SYSTEM
from holdfast.systems.identity_center.needs.action import Place
from holdfast.systems.identity_center.needs.examining import examine
from holdfast.systems.identity_center.needs.policy import policy
from holdfast.systems.identity_center.needs.table import actions_for
from holdfast.systems.identity_center.records.admission import faults
from holdfast.systems.identity_center.records.mapping import comparable
from holdfast.systems.identity_center.restore.awaiting import PrincipalArrivals
from holdfast.systems.identity_center.restore.estimate import SERVICE_RATE, Pace
from holdfast.systems.identity_center.settings import IdentityCenterSettings, IdentitySource
from holdfast.systems.identity_center.target import IdentityCenterTarget


def identity_center(
    session: PacedSession,
    settings: IdentityCenterSettings,
    clock: Clock,
    requests_per_second: float = SERVICE_RATE,
) -> System:
    """Identity Center over a paced session; nothing is sent before the first call of a half.

    `requests_per_second` is the session's pace, by which durations are estimated.
    """
    connection, source = connect(session, settings), IdentitySource(settings.identity_source)
    return System(
        name=SYSTEM,
        title="AWS IAM Identity Center",
        types=RECORD_TYPES,
        source=lambda: IdentityCenterSource(connection, settings, clock),
        target=lambda: IdentityCenterTarget(
            connection, clock, Pace(requests_per_second), source, settings.concurrency
        ),
        arrivals=lambda: PrincipalArrivals(connection.identity_store, source),
        comparable=comparable,
        examine=lambda work: examine(session, connection, work),
        policy=lambda work: policy(
            actions_for(work), Place.of(settings.instance_arn, session.region, settings.member_role or "*")
        ),
        faults=faults,
        translate=translate,
    )
