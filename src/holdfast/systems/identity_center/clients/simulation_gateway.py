"""The few calls we need of IAM, to ask what a principal may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


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


class SimulationGateway(Protocol):
    """IAM's simulator. Errors as in `IdentityStoreGateway`."""

    def role_arn(self, name: str) -> str:
        """The ARN of a role of the caller's account, with its path."""

    def simulate(self, principal: str, actions: Sequence[str], resources: Sequence[str]) -> list[Simulated]:
        """The decision for each action on each resource, past any page."""
