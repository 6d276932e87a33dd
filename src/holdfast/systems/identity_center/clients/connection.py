"""The Identity Center Client: four gateways over one session, and the choice of the instance they work on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from holdfast.domain.errors import NotFound, UsageError
from holdfast.kernel.ports import CallCount, PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.clients.applications_client import ApplicationsClient
from holdfast.systems.identity_center.clients.applications_gateway import ApplicationsGateway
from holdfast.systems.identity_center.clients.iam_client import IamClient
from holdfast.systems.identity_center.clients.identity_store_client import IdentityStoreClient
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.clients.organizations_client import OrganizationsClient
from holdfast.systems.identity_center.clients.organizations_gateway import OrganizationsGateway
from holdfast.systems.identity_center.clients.sso_admin_client import SsoAdminClient, list_instances
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import Instance
from holdfast.systems.identity_center.settings import IdentityCenterSettings


@dataclass(frozen=True, slots=True)
class Connection:
    """An Identity Center instance: its gateways, IAM, the instance itself (looked up once), the calls sent."""

    identity_store: IdentityStoreGateway
    sso_admin: SsoAdminGateway
    applications: ApplicationsGateway
    organizations: OrganizationsGateway
    iam: IamClient
    instance: Callable[[], Instance]
    calls: Callable[[], CallCount]


def connect(session: PacedSession, settings: IdentityCenterSettings) -> Connection:
    """The gateways; nothing is sent before the first call of one."""
    service = Service(session, "sso-admin", "sso")
    organizations = OrganizationsClient(session)
    instance = ChosenInstance(lambda: list_instances(service), settings.instance_arn, lambda: session.region)
    return Connection(
        identity_store=IdentityStoreClient(session, instance),
        sso_admin=SsoAdminClient(session, instance),
        applications=ApplicationsClient(session, instance),
        organizations=organizations,
        iam=IamClient(session, organizations.caller, settings.member_role),
        instance=instance,
        calls=session.calls,
    )


class ChosenInstance:
    """The instance to work on: the one named in the settings, else the only one; listed once."""

    def __init__(
        self, instances: Callable[[], list[Instance]], wanted: str = "", region: Callable[[], str] = str
    ) -> None:
        self._instances, self._wanted, self._region = instances, wanted, region
        self._lock = threading.Lock()
        self._chosen: Instance | None = None

    def __call__(self) -> Instance:
        """The instance. Raises: NotFound; UsageError when there are several; errors of the listing."""
        with self._lock:
            if self._chosen is None:
                self._chosen = choose(self._instances(), self._wanted, self._region())
            return self._chosen


def choose(instances: list[Instance], wanted: str, region: str = "") -> Instance:
    """The wanted instance, or the only one. Raises: NotFound; UsageError when the choice is not clear."""
    found = [instance for instance in instances if wanted in ("", instance.arn)]
    if not found:
        raise NotFound(
            "Identity Center instance",
            f"{wanted} in this account and region {region}".strip(),
            "Set `region` (of a restore's target: --target-region) to Identity Center's home region; the account "
            "must be the management or delegated administrator account.",
        )
    if len(found) > 1:
        raise UsageError(
            "This account sees several Identity Center instances: " + ", ".join(item.arn for item in found),
            "Set `instance_arn` to the one to keep.",
        )
    return found[0]
