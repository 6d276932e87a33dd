"""Asynchronous requests: IN_PROGRESS for a while, then SUCCEEDED or FAILED."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.sandbox.access import Access, PermissionSet, Principal
from holdfast.sandbox.journal import Journal
from holdfast.sandbox.organization import Organization
from holdfast.sandbox.wire import ApiRefusal, conflict

CREATION, DELETION, PROVISIONING = "creation", "deletion", "provisioning"
# "CreateAccountAssignment ... maximum of 10 outstanding async calls", IAM Identity Center quotas.
MOST_OUTSTANDING = 10


@dataclass(slots=True)
class AsyncRequest:
    """One request. `accounts` are those it changes; `target` is the account, None for all provisioned."""

    seq: int
    id: str
    kind: str
    permission_set: str
    accounts: tuple[str, ...]
    target: str | None
    principal: Principal | None
    created: float
    due: float
    forced_failure: str | None
    status: str = "IN_PROGRESS"
    failure: str | None = None


class AsyncRequests:
    """The queue of requests. Effects happen, in order of their due times, when `settle` is told the time."""

    def __init__(
        self,
        access: Access,
        organization: Organization,
        journal: Journal,
        name_of: Callable[[Principal], str | None],
        sequence: Iterator[int],
    ) -> None:
        self._access, self._organization, self._journal = access, organization, journal
        self._name_of, self._sequence = name_of, sequence
        self.all: dict[str, AsyncRequest] = {}
        self._outstanding: dict[str, AsyncRequest] = {}
        self.peak = 0

    @property
    def outstanding(self) -> int:
        return len(self._outstanding)

    def admit(self, accounts: tuple[str, ...]) -> None:
        """Nothing when a request that changes these accounts may start now.

        Raises: ApiRefusal. ThrottlingException at the limit of outstanding requests: the limit is one of the
            service's throttle quotas, its message asks for patience, and a later repeat is all it takes.
            ConflictException when one of the accounts is being changed: "number of IAM roles in the account
            that can be updated at a time: 1".
        """
        if len(self._outstanding) >= MOST_OUTSTANDING:
            raise ApiRefusal(
                "ThrottlingException", "There are too many requests processing. Please try again later."
            )
        busy = {account for each in self._outstanding.values() for account in each.accounts}
        for account in accounts:
            if account in busy:
                raise conflict(
                    f"Another operation is in progress on account {account}. Please try again later."
                )

    def submit(self, request: AsyncRequest) -> AsyncRequest:
        """The request, admitted and in progress."""
        self.admit(request.accounts)
        self.all[request.id] = self._outstanding[request.id] = request
        self.peak = max(self.peak, len(self._outstanding))
        return request

    def place(self) -> int:
        return next(self._sequence)

    def settle(self, now: float) -> None:
        """Ends every request that is due by now."""
        due = sorted(
            (each for each in self._outstanding.values() if each.due <= now), key=lambda r: (r.due, r.seq)
        )
        for each in due:
            del self._outstanding[each.id]
            each.failure = each.forced_failure or self._run(each)
            each.status = "FAILED" if each.failure else "SUCCEEDED"

    def _run(self, request: AsyncRequest) -> str | None:
        granted = self._access.sets.get(request.permission_set)
        if granted is None:
            return "Received a 404 status error: the permission set no longer exists."
        if request.principal is None:
            return self._provision(request, granted)
        change = self._create if request.kind == CREATION else self._delete
        return change(request.accounts[0], granted, request.principal)

    def _create(self, account: str, granted: PermissionSet, principal: Principal) -> str | None:
        name = self._name_of(principal)
        if name is None:
            return f"Received a 404 status error: {principal.kind} {principal.id} no longer exists."
        lacking = self._lacking(account, granted)
        if lacking:
            return lacking
        if self._access.assign(account, granted, principal):
            self._journal.record("CreateAccountAssignment", account, granted.name, principal.kind, name)
        return None

    def _delete(self, account: str, granted: PermissionSet, principal: Principal) -> str | None:
        held = self._access.find(account, granted.arn, principal)
        if held is not None:
            self._access.revoke(held)
            name = self._name_of(principal) or principal.id
            self._journal.record("DeleteAccountAssignment", account, granted.name, principal.kind, name)
        return None

    def _provision(self, request: AsyncRequest, granted: PermissionSet) -> str | None:
        failures: list[str] = []
        for each in self._access.provisions_of(granted.arn):
            if each.account in request.accounts:
                lacking = self._lacking(each.account, granted)
                failures += [lacking] if lacking else []
                if not lacking:
                    self._access.provision(each.account, granted)
        if not failures:
            self._journal.record(
                "ProvisionPermissionSet", granted.name, request.target or "ALL_PROVISIONED_ACCOUNTS"
            )
        return "; ".join(failures) or None

    def _lacking(self, account: str, granted: PermissionSet) -> str | None:
        have = self._organization.accounts[account].policies
        for each in granted.references():
            if each.full_name not in have:
                return (
                    f"Received a 404 status error: Policy arn:aws:iam::{account}:policy{each.full_name} "
                    f"does not exist or is not attachable in account {account}."
                )
        return None
