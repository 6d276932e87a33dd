"""The session of a target that is not where the settings lead."""

from __future__ import annotations

from dataclasses import replace

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.aws_roles import RoleSession
from holdfast.kernel.destination import Destination
from holdfast.kernel.ports import Clock, PacedSession


def session_for(target: Destination, settings: AwsSettings, clock: Clock) -> PacedSession:
    """The session of a destination: its profile, its region, its endpoint, and at last the role assumed there."""
    # A region in the settings is their own profile's; another profile has its own.
    region = target.region or ("" if target.profile else settings.region)
    there = replace(settings, profile=target.profile or settings.profile, region=region)
    session = AwsSession(there, clock, endpoint=AwsEndpoint(target.endpoint))
    return RoleSession(session, target.role, target.external_id) if target.role else session
