"""The services that the stand-in answers itself: find the operation, hold it against its contract, run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from holdfast.sandbox import (
    application_api,
    application_assignment_api,
    application_grant_api,
    assignment_api,
    identitystore_api,
    instance_api,
    organizations_api,
    permission_set_api,
    tag_api,
    token_issuer_api,
)
from holdfast.sandbox.contract import Contract
from holdfast.sandbox.delegation import require_standing
from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.quicksight.operations import OPERATIONS as QUICKSIGHT
from holdfast.sandbox.quicksight.operations import require_account
from holdfast.sandbox.rest_contract import RestContract
from holdfast.sandbox.wire import Answer, ApiRefusal, Call
from holdfast.sandbox.world import World

Guard = Callable[[World, Call], None]
_SSO_ADMIN = (
    instance_api,
    permission_set_api,
    assignment_api,
    application_api,
    application_assignment_api,
    application_grant_api,
    token_issuer_api,
    tag_api,
)


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its contract, its operations, its IAM prefix, and what each call must name rightly."""

    contract: Contract
    operations: Mapping[str, Callable[[World, Call], Answer]]
    iam_prefix: str
    guard: Guard

    @property
    def name(self) -> str:
        return self.contract.service

    def answer(self, world: World, call: Call) -> tuple[int, bytes]:
        """HTTP status and encoded answer. Raises: ApiRefusal for whatever the service would refuse."""
        operation = self.operations.get(call.operation)
        if operation is None:
            raise ApiRefusal(
                "NotImplementedException",
                f"The sandbox does not implement {self.name} {call.operation}.",
                status=501,
            )
        self.contract.check(call.operation, dict(call.parameters.values))
        require_standing(world, call)
        self.guard(world, call)
        return self.contract.encode(call.operation, operation(world, call))


def _anywhere(world: World, call: Call) -> None:
    """Organizations is global: there is no region or instance to name wrongly."""


class Services:
    """All of them, by the prefix of the X-Amz-Target header."""

    def __init__(self) -> None:
        sso = {name: operation for each in _SSO_ADMIN for name, operation in each.OPERATIONS.items()}
        listed = (
            Service(
                identitystore_api.contract(),
                identitystore_api.OPERATIONS,
                "identitystore",
                identitystore_api.require_store,
            ),
            Service(Contract("sso-admin"), sso, "sso", instance_api.require_instance),
            Service(Contract("organizations"), organizations_api.OPERATIONS, "organizations", _anywhere),
        )
        self._by_prefix = {each.contract.prefix: each for each in listed}

    def find(self, target: str) -> tuple[Service, str] | None:
        """The service and operation of an X-Amz-Target header; None when it is not one of ours."""
        prefix, _, operation = target.partition(".")
        service = self._by_prefix.get(prefix)
        return (service, operation) if service else None

    def find_rest(self, signed: str) -> tuple[Service, RestContract] | None:
        """The service that a request is signed for, where its operations are paths; None for all others."""
        return self._quicksight if signed == "quicksight" else None

    @cached_property
    def _quicksight(self) -> tuple[Service, RestContract]:
        # Its model is large: it is read with the first request.
        contract = RestContract("quicksight")
        operations = {name: _of_world(each) for name, each in QUICKSIGHT.items()}
        return Service(contract, operations, "quicksight", _enter_quicksight), contract


def _of_world(operation: Callable[[QuickSight, Call], Answer]) -> Callable[[World, Call], Answer]:
    return lambda world, call: operation(world.quicksight, call)


def _enter_quicksight(world: World, call: Call) -> None:
    world.quicksight.async_delay = world.async_delay
    require_account(world.quicksight, call)


@lru_cache(maxsize=1)
def services() -> Services:
    """All services; the models behind them are read once, whatever number of sandboxes a process has."""
    return Services()
