"""IAM: which policies are there in the accounts of the organization, and what a principal may do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from holdfast.domain.errors import RemoteError
from holdfast.kernel.answers import Answer, part, rows, text, texts
from holdfast.kernel.paging import Page, every
from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import PolicyReference


@dataclass(frozen=True, slots=True)
class Simulated:
    """IAM's answer for one action on one resource.

    `missing_context` names the condition keys that the policies look at and that only a real call has.
    """

    action: str
    resource: str
    decision: str
    missing_context: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether a call would be allowed."""
        return self.decision == "allowed"


class IamClient:
    """Policies of member accounts, read under a role of each, those of AWS, and the simulator. Thread-safe."""

    def __init__(self, session: PacedSession, caller: Callable[[], Caller], role: str) -> None:
        """`role` is the role to assume in member accounts, by path and name; the caller's own account needs none."""
        self._session, self._ask, self.role = session, caller, role
        self._lock = threading.Lock()
        self._own = Service(session, "iam", "iam")
        self._services: dict[str, Service] = {}

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

    def role_named(self, name: str) -> str:
        """The ARN of a role of the caller's account, with its path."""
        answer = self._own.send("GetRole", {"RoleName": name})
        return text(part(answer, "Role"), "Arn")

    def simulate(self, principal: str, actions: Sequence[str], resources: Sequence[str]) -> list[Simulated]:
        """The decision for each action on each resource."""
        asked = {"PolicySourceArn": principal, "ActionNames": list(actions), "ResourceArns": list(resources)}

        def page(token: str) -> Page[Simulated]:
            answer = self._own.send("SimulatePrincipalPolicy", {**asked, "Marker": token})
            found = tuple(each for row in rows(answer, "EvaluationResults") for each in _decisions(row))
            return Page(found, text(answer, "Marker"))

        return list(every(page))

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


def _decisions(row: Answer) -> Iterator[Simulated]:
    """IAM gives a row for each action and resource, or one for an action with its resources inside."""
    action, missing = text(row, "EvalActionName"), texts(row, "MissingContextValues")
    yield Simulated(action, text(row, "EvalResourceName"), text(row, "EvalDecision"), missing)
    for each in rows(row, "ResourceSpecificResults"):
        decision = text(each, "EvalResourceDecision")
        yield Simulated(
            action, text(each, "EvalResourceName"), decision, texts(each, "MissingContextValues") or missing
        )
