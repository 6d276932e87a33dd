"""Reading permission sets with everything attached."""

from __future__ import annotations

from functools import partial

from holdfast.domain.errors import HoldfastError
from holdfast.kernel.paging import every
from holdfast.kernel.reading import Listing, read_one
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.clients.sso_admin_gateway import SsoAdminGateway
from holdfast.systems.identity_center.model import PermissionSet, PermissionSetSummary


class PermissionSetListing:
    """What was read of every permission set: its name, and its details where they were asked for."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.sets: list[PermissionSet] = []
        self.failures: list[tuple[str, HoldfastError]] = []

    def add(self, arn: str, summary: Listing[PermissionSetSummary], details: Listing[PermissionSet]) -> None:
        """Take one set; one that could not be read whole is a failure under its name, else its ARN."""
        for item in summary.items:
            self.names[arn] = item.name
        self.sets += details.items
        error = summary.error or details.error
        if error:
            self.failures.append((self.names.get(arn, arn), error))

    def merge(self, other: PermissionSetListing) -> None:
        """Take what another listing gave."""
        self.names.update(other.names)
        self.sets += other.sets
        self.failures += other.failures


def read_permission_sets(reader: Reader, arns: tuple[str, ...], *, whole: bool) -> PermissionSetListing:
    """Name of every set, and with `whole` all that is attached: one call a set, or six."""
    result = PermissionSetListing()
    for arn, read in reader.each(
        "permission sets", arns, partial(_read, reader.connection.sso_admin, whole=whole)
    ):
        result.add(arn, *(read.items[0] if read.items else (Listing((), read.error), Listing())))
    return result


_Both = tuple[Listing[PermissionSetSummary], Listing[PermissionSet]]


def _read(gateway: SsoAdminGateway, arn: str, *, whole: bool) -> Listing[_Both]:
    summary = read_one(lambda: gateway.describe_permission_set(arn))
    if summary.error or not whole:
        return Listing(((summary, Listing()),), summary.error)
    details = read_one(lambda: _details(gateway, summary.items[0]))
    return Listing(((summary, details),), details.error)


def _details(gateway: SsoAdminGateway, summary: PermissionSetSummary) -> PermissionSet:
    arn = summary.arn
    # The boundary call cannot tell "no boundary" from "no such set", so calls that can come after it.
    boundary = gateway.permissions_boundary(arn)
    return PermissionSet(
        summary=summary,
        inline_policy=gateway.inline_policy(arn),
        managed_policies=tuple(every(partial(gateway.list_managed_policies, arn))),
        customer_policies=tuple(every(partial(gateway.list_customer_policies, arn))),
        boundary=boundary,
        tags=tuple(sorted(every(partial(gateway.list_tags, arn)))),
    )
