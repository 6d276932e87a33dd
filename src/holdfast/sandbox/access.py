"""The instance's contents: permission sets, who is assigned what where, and where it is provisioned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.sandbox.identifiers import Identifiers
from holdfast.sandbox.wire import conflict, missing


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """A customer-managed policy by name and path: it must exist in each account that gets the set."""

    name: str
    path: str = "/"

    @property
    def full_name(self) -> str:
        return f"{self.path}{self.name}"


@dataclass(slots=True)
class PermissionSet:
    """A permission set with everything attached. `version` grows with each change to be provisioned."""

    seq: int
    arn: str
    name: str
    created: float
    description: str | None = None
    session: str = "PT1H"
    relay_state: str | None = None
    inline: str | None = None
    managed: dict[str, int] = field(default_factory=dict)
    customer: dict[PolicyReference, int] = field(default_factory=dict)
    boundary: PolicyReference | str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    version: int = 1

    def references(self) -> tuple[PolicyReference, ...]:
        """The customer-managed policies that an account must have, the boundary among them."""
        bounds = (self.boundary,) if isinstance(self.boundary, PolicyReference) else ()
        return (*self.customer, *bounds)


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or group, by id. `kind` is USER or GROUP."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """One principal with one permission set in one account."""

    seq: int
    account: str
    permission_set: str
    principal: Principal


@dataclass(slots=True)
class Provision:
    """A permission set's role in an account, and the version of the set that it was made from."""

    seq: int
    account: str
    permission_set: str
    version: int


class Access:
    """Permission sets, assignments and provisions with the indexes that the list operations need."""

    def __init__(self, identifiers: Identifiers, sequence: Iterator[int]) -> None:
        self._ids, self._sequence = identifiers, sequence
        self.sets: dict[str, PermissionSet] = {}
        self._names: dict[str, str] = {}
        self._by_pair: dict[tuple[str, str], dict[Principal, Assignment]] = {}
        self._by_principal: dict[Principal, dict[tuple[str, str], Assignment]] = {}
        self._provisions: dict[str, dict[str, Provision]] = {}
        self._in_account: dict[str, dict[str, Provision]] = {}

    def add_set(self, name: str, now: float) -> PermissionSet:
        """The new, empty permission set. Raises: ApiRefusal (ConflictException) when the name is taken."""
        if name in self._names:
            raise conflict(f"PermissionSet with name {name} already exists.")
        made = PermissionSet(next(self._sequence), self._ids.permission_set_arn(), name, now)
        self.sets[made.arn], self._names[name] = made, made.arn
        return made

    def get_set(self, arn: str) -> PermissionSet:
        """The permission set. Raises: ApiRefusal (ResourceNotFoundException)."""
        if arn not in self.sets:
            raise missing(f"PermissionSet with ARN {arn} not found.")
        return self.sets[arn]

    def set_named(self, name: str) -> PermissionSet | None:
        return self.sets.get(self._names.get(name, ""))

    def remove_set(self, gone: PermissionSet) -> None:
        """Removes the set. Raises: ApiRefusal (ConflictException) while it is assigned anywhere."""
        if self._provisions.get(gone.arn):
            raise conflict(
                f"PermissionSet {gone.name} is associated with accounts; delete its assignments first."
            )
        del self.sets[gone.arn], self._names[gone.name]

    def next_place(self) -> int:
        """A place in the order of attachments, for paging."""
        return next(self._sequence)

    def assign(self, account: str, granted: PermissionSet, principal: Principal) -> bool:
        """True when the assignment is new. Provisions the set to the account at its latest version."""
        self.provision(account, granted)
        held = self._by_pair.setdefault((account, granted.arn), {})
        if principal in held:
            return False
        made = Assignment(next(self._sequence), account, granted.arn, principal)
        held[principal] = made
        self._by_principal.setdefault(principal, {})[account, granted.arn] = made
        return True

    def revoke(self, gone: Assignment) -> None:
        """Removes the assignment; the last one of a set in an account takes the provisioning with it."""
        pair = gone.account, gone.permission_set
        del self._by_pair[pair][gone.principal]
        del self._by_principal[gone.principal][pair]
        if not self._by_pair[pair]:
            del self._by_pair[pair]
            del self._provisions[gone.permission_set][gone.account]
            del self._in_account[gone.account][gone.permission_set]

    def revoke_all(self, principal: Principal) -> None:
        """Removes every assignment of a principal that is going away."""
        for each in list(self.of_principal(principal)):
            self.revoke(each)

    def find(self, account: str, arn: str, principal: Principal) -> Assignment | None:
        return self._by_pair.get((account, arn), {}).get(principal)

    def of_pair(self, account: str, arn: str) -> list[Assignment]:
        return list(self._by_pair.get((account, arn), {}).values())

    def of_principal(self, principal: Principal) -> list[Assignment]:
        return list(self._by_principal.get(principal, {}).values())

    def assignments(self) -> Iterator[Assignment]:
        for held in self._by_pair.values():
            yield from held.values()

    def provision(self, account: str, granted: PermissionSet) -> None:
        """Brings the account's role to the latest version of the set, making the role when there is none."""
        known = self._provisions.setdefault(granted.arn, {})
        if account not in known:
            made = Provision(next(self._sequence), account, granted.arn, granted.version)
            known[account] = self._in_account.setdefault(account, {})[granted.arn] = made
        known[account].version = granted.version

    def provisions_of(self, arn: str) -> list[Provision]:
        return list(self._provisions.get(arn, {}).values())

    def provisions_in(self, account: str) -> list[Provision]:
        return list(self._in_account.get(account, {}).values())

    def is_latest(self, provision: Provision) -> bool:
        return provision.version == self.sets[provision.permission_set].version
