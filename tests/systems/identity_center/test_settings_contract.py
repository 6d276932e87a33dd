"""The contract of every system, on applications, token issuers and the settings of the instance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from holdfast.adapters.aws import AwsEndpoint, AwsSession, AwsSettings
from holdfast.adapters.clock import SystemClock
from holdfast.domain.changes import RestoreScope
from holdfast.domain.records import Record
from holdfast.kernel.system import PlanOptions
from holdfast.sandbox.portrait import (
    ApplicationPortrait,
    AuthorizedIssuerPortrait,
    GroupPortrait,
    InstancePortrait,
    Portrait,
    ScopePortrait,
    TrustedTokenIssuerPortrait,
)
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.capture.collector import IdentityCenterSource
from holdfast.systems.identity_center.clients.connection import Connection, connect
from holdfast.systems.identity_center.records.mapping import comparable
from holdfast.systems.identity_center.settings import IdentityCenterSettings
from holdfast.systems.identity_center.target import IdentityCenterTarget
from tests.contracts.system_contract import Arena, SystemContract
from tests.simulators.workbench import Bench

TYPES = (
    "instance",
    "access_control_attributes",
    "trusted_token_issuer",
    "application",
    "application_assignment",
)
POLICY: dict[str, object] = {"Version": "2012-10-17", "Statement": []}
BEFORE = Portrait(
    groups=(GroupPortrait("Cooks"), GroupPortrait("Waiters")),
    instance=InstancePortrait("example", attributes={"team": ("${path:userName}",)}, tags={"a": "1"}),
    trusted_token_issuers=(
        TrustedTokenIssuerPortrait("idp", "https://idp.example.com", tags={"a": "1"}),
        TrustedTokenIssuerPortrait("kept", "https://kept.example.com", "sub"),
    ),
    applications=(
        ApplicationPortrait(
            "Gone", assignment_required=False, assigned=(("GROUP", "Cooks"),), tags={"a": "1"}
        ),
        ApplicationPortrait(
            "Kept",
            description="As it was",
            background_sessions="ENABLED",
            scopes=(ScopePortrait("desk:read", ("Gone", "")), ScopePortrait("desk:write")),
            redirect_uris=("https://kept.example.com/callback",),
            token_issuers=(AuthorizedIssuerPortrait("idp", ("desk",)),),
            actor_policy=POLICY,
            assigned=(("GROUP", "Cooks"),),
            tags={"a": "1"},
        ),
    ),
)
AFTER = Portrait(
    groups=BEFORE.groups,
    instance=InstancePortrait("renamed", attributes={"other": ("${path:title}",)}, tags={"a": "2", "c": "1"}),
    trusted_token_issuers=(
        TrustedTokenIssuerPortrait("kept", "https://kept.example.com", "email"),
        TrustedTokenIssuerPortrait("extra", "https://extra.example.com"),
    ),
    applications=(
        ApplicationPortrait("Extra", assigned=(("GROUP", "Waiters"),), plain_grants=("refresh_token",)),
        ApplicationPortrait(
            "Kept",
            description="Changed",
            status="DISABLED",
            scopes=(ScopePortrait("desk:read"), ScopePortrait("desk:admin")),
            redirect_uris=("https://evil.example.com/callback",),
            plain_grants=("refresh_token",),
            assigned=(("GROUP", "Waiters"),),
            tags={"b": "1"},
        ),
    ),
)


@dataclass
class Settings:
    """An arena on a sandbox with a few applications and two groups."""

    sandbox: SandboxServer
    connection: Connection
    types: Sequence[str] = (*TYPES, "group")
    options: PlanOptions = PlanOptions(RestoreScope(TYPES), delete_extra=True)
    damages: int = 0

    def source(self) -> IdentityCenterSource:
        return IdentityCenterSource(self.connection, IdentityCenterSettings(), SystemClock())

    def target(self) -> IdentityCenterTarget:
        return IdentityCenterTarget(self.connection, SystemClock())

    def comparable(self, record: Record) -> bytes:
        return comparable(record)

    def damage(self) -> None:
        self.sandbox.load(AFTER)
        self.damages += 1

    def effects(self) -> int:
        return len(self.sandbox.changes()) + self.damages


@pytest.fixture(scope="module")
def settings_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("empty", async_delay=0.0) as sandbox:
        yield sandbox


class TestSettings(SystemContract):
    @pytest.fixture
    def arena(self, settings_sandbox: SandboxServer) -> Settings:
        settings_sandbox.load(BEFORE)
        pace = AwsSettings("", "us-east-1", requests_per_second=100_000, other_requests_per_second=100_000)
        endpoint = AwsEndpoint(settings_sandbox.url, "AKIASANDBOXSANDBOX00", "sandbox")
        session = AwsSession(pace, SystemClock(), endpoint=endpoint)
        return Settings(settings_sandbox, connect(session, IdentityCenterSettings()))

    @pytest.mark.soak
    @pytest.mark.parametrize("lost", ["before", "after"])
    def test_a_crash_at_a_change_of_each_kind_then_resume_gives_the_same_end(
        self, arena: Arena, bench: Bench, lost: str
    ) -> None:
        """The short tests kill at a change of each kind on the command line."""
        super().test_a_crash_at_a_change_of_each_kind_then_resume_gives_the_same_end(arena, bench, lost)
