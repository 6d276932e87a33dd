"""Where a restore is practised: a sandbox in this process, with what a restore presupposes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from holdfast.bootstrap.presupposed import presupposed
from holdfast.kernel.system import RehearsalStage

if TYPE_CHECKING:
    from holdfast.domain.records import RecordView
    from holdfast.kernel.ports import Clock
    from holdfast.systems.identity_center.settings import IdentityCenterSettings

UNTHROTTLED = 100_000.0


@contextmanager
def rehearse_identity_center(
    wanted: RecordView, settings: IdentityCenterSettings, clock: Clock
) -> Iterator[RehearsalStage]:
    """An empty Identity Center that has what the records presuppose: accounts, policies, applications of other services."""
    from dataclasses import replace

    from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
    from holdfast.sandbox.environment import ACCESS_KEY, SECRET_KEY
    from holdfast.sandbox.server import SandboxServer
    from holdfast.systems.identity_center.system import identity_center

    with SandboxServer("empty", async_delay=0.0) as sandbox:
        sandbox.load(presupposed(wanted))
        pace = AwsSettings(
            region=sandbox.engine.world.region,
            requests_per_second=UNTHROTTLED,
            other_requests_per_second=UNTHROTTLED,
        )
        session = AwsSession(pace, clock, endpoint=AwsEndpoint(sandbox.url, ACCESS_KEY, SECRET_KEY))
        here = replace(settings, instance_arn="")
        description = f"an empty sandbox at {sandbox.url}, unthrottled, asynchronous work at once"
        yield RehearsalStage(identity_center(session, here, clock), description)
