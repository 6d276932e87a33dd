"""IAM: which policies are there in the accounts of the organization, and what a principal may do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

from holdfast.domain.errors import RemoteError
from holdfast.kernel.ports import PacedSession
from holdfast.kernel.simulation import Simulator
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import PolicyReference


class IamClient:
    """Policies of member accounts, read under a role of each, those of AWS, and the simulator. Thread-safe."""

    def __init__(self, session: PacedSession, caller: Callable[[], Caller], role: str) -> None:
        """`role` is the role to assume in member accounts, by path and name; the caller's own account needs none."""
        self._session, self._ask, self.role = session, caller, role
        self._lock = threading.Lock()
        self._own = Service(session, "iam", "iam")
        self._services: dict[str, Service] = {}
        self.simulator = Simulator(self._own.send)

    def role_arn(self, account: str) -> str:
        """The role that is assumed in an account."""
        return f"arn:{self._partition}:iam::{account}:role/{self.role}"

    def has_policy(self, account: str, policy: PolicyReference) -> bool:
        """Whether an account has a customer-managed policy.

        Raises: AccessDenied when the role cannot be assumed or may not look; other errors of the call.
        """
        arn = f"arn:{self._partition}:iam::{account}:policy{policy.path_and_name}"
        return self._exists(self._service(account), arn)

    def has_managed_policy(self, arn: str) -> bool:
        """Whether AWS has a managed policy. Raises: as `has_policy`."""
        return self._exists(self._own, arn)

    def _exists(self, service: Service, arn: str) -> bool:
        try:
            service.send("GetPolicy", {"PolicyArn": arn})
        except RemoteError as error:
            if error.error != "NoSuchEntity":
                raise
            return False
        return True

    @cached_property
    def _caller(self) -> Caller:
        return self._ask()

    @property
    def _partition(self) -> str:
        return self._caller.arn.split(":")[1]

    def _service(self, account: str) -> Service:
        with self._lock:
            if account == self._caller.account:
                return self._own
            if account not in self._services:
                assumed = self._session.assuming(self.role_arn(account))
                self._services[account] = Service(assumed, "iam", "iam")
            return self._services[account]
