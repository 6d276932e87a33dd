"""Reading account assignments in the way that takes the fewest calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from holdfast.domain.errors import AccessDenied, HoldfastError
from holdfast.domain.records import join_key
from holdfast.kernel.reading import Listing, read_all
from holdfast.systems.identity_center.capture.holding import Held
from holdfast.systems.identity_center.capture.listing import (
    AssignmentsBy,
    Size,
    choose_assignments,
    principals_are_cheaper,
)
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.model import Account, Assignment, PrincipalType

Pair = tuple[str, str]
"""Account id and permission-set ARN."""
Principal = tuple[PrincipalType, str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the cheap listings gave."""

    users: Listing[Held]
    groups: Listing[Held]
    arns: Listing[str]
    accounts: Listing[Account]

    @property
    def size(self) -> Size:
        """The counts; accounts are unknown when their listing failed."""
        accounts = None if self.accounts.error else len(self.accounts.items)
        return Size(len(self.users.items), len(self.groups.items), len(self.arns.items), accounts)

    @property
    def principals(self) -> list[Principal]:
        """Every group and user; groups first, as they hold most assignments."""
        groups = [(PrincipalType.GROUP, group.id) for group in self.groups.items]
        return groups + [(PrincipalType.USER, user.id) for user in self.users.items]

    @property
    def principals_known(self) -> bool:
        """Whether both listings of principals are whole."""
        return not (self.users.error or self.groups.error)


@dataclass(slots=True)
class AssignmentListing:
    """Assignments by ids, each once; what could not be read, by key; and how they were asked for."""

    by: AssignmentsBy
    found: dict[Assignment, None] = field(default_factory=dict)
    failures: list[tuple[str, HoldfastError]] = field(default_factory=list)

    def take(self, key: str, listing: Listing[Assignment]) -> None:
        """Add one read."""
        self.found.update(dict.fromkeys(listing.items))
        if listing.error:
            self.failures.append((key, listing.error))


def read_assignments(reader: Reader, inventory: Inventory, forced: AssignmentsBy | None) -> AssignmentListing:
    """All assignments; the way is chosen from the counts, and again once the pairs are known."""
    by = forced or choose_assignments(inventory.size, principals_known=inventory.principals_known)
    if by is AssignmentsBy.PRINCIPAL:
        listing = _by_principal(reader, inventory)
        if listing is not None:
            return listing
        by = AssignmentsBy.PERMISSION_SET
    result = AssignmentListing(by)
    pairs = _find_pairs(reader, inventory, result)
    switch = not forced and inventory.principals_known and principals_are_cheaper(inventory.size, len(pairs))
    if switch and (cheaper := _by_principal(reader, inventory)) is not None:
        return cheaper
    for (account, arn), listing_of_pair in reader.each("assignments", pairs, partial(_of_pair, reader)):
        result.take(join_key(account, arn), listing_of_pair)
    return result


def _find_pairs(reader: Reader, inventory: Inventory, result: AssignmentListing) -> list[Pair]:
    gateway = reader.connection.sso_admin
    pairs: dict[Pair, None] = {}
    if result.by is AssignmentsBy.ACCOUNT:
        accounts = [account.account_id for account in inventory.accounts.items]
        per_account = reader.each(
            "accounts",
            accounts,
            lambda account: read_all(partial(gateway.list_permission_sets_for_account, account)),
        )
        for account, found in per_account:
            pairs.update(dict.fromkeys((account, arn) for arn in found.items))
            result.take(account, Listing((), found.error))
    else:
        per_set = reader.each(
            "accounts of permission sets",
            inventory.arns.items,
            lambda arn: read_all(partial(gateway.list_accounts_for_permission_set, arn)),
        )
        for arn, accounts_found in per_set:
            pairs.update(dict.fromkeys((account, arn) for account in accounts_found.items))
            result.take(arn, Listing((), accounts_found.error))
    return list(pairs)


def _of_pair(reader: Reader, pair: Pair) -> Listing[Assignment]:
    account, arn = pair
    return read_all(lambda token: reader.connection.sso_admin.list_assignments(account, arn, token))


def _by_principal(reader: Reader, inventory: Inventory) -> AssignmentListing | None:
    """Assignments of every principal; None where only the management account may ask so."""
    principals = inventory.principals
    if principals and isinstance(_of_principal(reader, principals[0]).error, AccessDenied):
        return None
    result = AssignmentListing(AssignmentsBy.PRINCIPAL)
    for (kind, principal_id), listing in reader.each(
        "assignments", principals, partial(_of_principal, reader)
    ):
        result.take(join_key(kind, principal_id), listing)
    return result


def _of_principal(reader: Reader, principal: Principal) -> Listing[Assignment]:
    """A principal's own assignments: a user's answer also lists what comes through groups, as the group's."""
    kind, principal_id = principal
    gateway = reader.connection.sso_admin
    listing = read_all(partial(gateway.list_assignments_for_principal, kind, principal_id))
    own = tuple(item for item in listing.items if (item.principal_type, item.principal_id) == principal)
    return Listing(own, listing.error)
