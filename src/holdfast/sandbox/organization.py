"""The organization: root, units and accounts, and the IAM policies that each account has."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.wire import ApiRefusal


@dataclass(slots=True)
class Account:
    """A member or the management account. `policies` are paths with names, such as /team/Boundary.

    `roles` of a member account are names, and the policy of each; empty for an administrator.
    """

    seq: int
    id: str
    name: str
    email: str
    parent: str
    joined: float
    status: str = "ACTIVE"
    policies: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Unit:
    """An organizational unit. `path` is its names from the root down, joined by slashes."""

    seq: int
    id: str
    name: str
    parent: str
    path: str


class Organization:
    """Accounts and units by id, in the order they joined."""

    def __init__(self, identifiers: Identifiers, management_account: str) -> None:
        self._ids = identifiers
        self.id, self.root, self.management_account = (
            identifiers.organization,
            identifiers.root,
            management_account,
        )
        self.accounts: dict[str, Account] = {}
        self.units: dict[str, Unit] = {}
        # Which account administers which services for the organization, and since when.
        self.delegations: dict[str, dict[str, float]] = {}

    def unit_at(self, path: str) -> str:
        """The id of the unit at a path such as `Workloads/Production`, made where missing; '' is the root."""
        parent, so_far = self.root, ""
        for name in filter(None, path.split("/")):
            so_far = f"{so_far}/{name}" if so_far else name
            known = next((each.id for each in self.units.values() if each.path == so_far), None)
            if known is None:
                known = self._ids.organizational_unit()
                self.units[known] = Unit(len(self.units) + 1, known, name, parent, so_far)
            parent = known
        return parent

    def path_of(self, parent: str) -> str:
        return "" if parent == self.root else self.units[parent].path

    def account(self, account_id: str) -> Account:
        """The account. Raises: ApiRefusal (AccountNotFoundException)."""
        if account_id not in self.accounts:
            raise ApiRefusal(
                "AccountNotFoundException",
                "You specified an account that doesn't exist in this organization.",
            )
        return self.accounts[account_id]

    def arn(self, kind: str, of: str) -> str:
        return f"arn:aws:organizations::{self.management_account}:{kind}/{self.id}/{of}"
