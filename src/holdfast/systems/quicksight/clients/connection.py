"""QuickSight of one account: its assets in the data region, its people in the identity region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.kernel.ports import CallCount, PacedSession
from holdfast.systems.quicksight.clients.assets_client import AssetsClient
from holdfast.systems.quicksight.clients.bundles_client import BundlesClient
from holdfast.systems.quicksight.clients.gateways import AssetsGateway, BundlesGateway, IdentitiesGateway
from holdfast.systems.quicksight.clients.identities_client import IdentitiesClient
from holdfast.systems.quicksight.clients.service import Caller, CallerOnce, Service
from holdfast.systems.quicksight.model import SYSTEM, AssetKind


@dataclass(frozen=True, slots=True)
class Connection:
    """The gateways; `data` and `identity` are the services behind them, for calls that other parts make."""

    identities: IdentitiesGateway
    assets: AssetsGateway
    bundles: BundlesGateway
    data: Service
    identity: Service
    calls: Callable[[], CallCount]

    def caller(self) -> Caller:
        """Who calls, looked up once. Raises: CredentialsError, AccessDenied, RemoteError."""
        return self.data.caller()

    @property
    def instance(self) -> str:
        """The ARN that stands for QuickSight of this account in the data region."""
        caller = self.caller()
        return f"arn:{caller.partition}:{SYSTEM}:{self.data.region}:{caller.account}"

    def arn_of(self, kind: AssetKind, key: str) -> str:
        """The ARN of an asset here."""
        caller = self.caller()
        return kind.arn_of(caller.partition, self.data.region, caller.account, key)


def connect(session: PacedSession, identity_session: PacedSession) -> Connection:
    """The gateways over a session to the data region and one to the identity region, which may be the same.

    Nothing is sent before the first call of one.
    """
    caller = CallerOnce(session)
    data, identity = Service(session, caller), Service(identity_session, caller)
    return Connection(
        identities=IdentitiesClient(identity),
        assets=AssetsClient(data),
        bundles=BundlesClient(data),
        data=data,
        identity=identity,
        calls=lambda: _calls(session, identity_session),
    )


def _calls(session: PacedSession, identity_session: PacedSession) -> CallCount:
    # In one region both are the same session, perhaps behind two that recall.
    one = session.region == identity_session.region
    return session.calls() if one else CallCount.total((session.calls(), identity_session.calls()))
