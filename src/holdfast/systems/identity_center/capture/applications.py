"""Reading applications with everything attached, their assignments, and trusted token issuers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from holdfast.kernel.paging import every
from holdfast.kernel.reading import Listing, read_all, read_one
from holdfast.systems.identity_center.capture.reading import Reader
from holdfast.systems.identity_center.capture.settling import is_gone
from holdfast.systems.identity_center.model import (
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    TRUSTED_TOKEN_ISSUER,
    Application,
    ApplicationAssignment,
    ApplicationSummary,
    TrustedTokenIssuer,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ApplicationListing:
    """What was read; what was not asked for stays empty. `issuers` are pairs of ARN and name."""

    issuers: Listing[tuple[str, str]] = field(default_factory=Listing)
    whole_issuers: tuple[tuple[tuple[str, str], Listing[TrustedTokenIssuer]], ...] = ()
    applications: Listing[ApplicationSummary] = field(default_factory=Listing)
    whole_applications: tuple[tuple[ApplicationSummary, Listing[Application]], ...] = ()
    assignments: tuple[tuple[ApplicationSummary, Listing[ApplicationAssignment]], ...] = ()

    @property
    def assigned(self) -> list[ApplicationAssignment]:
        """Every assignment that was read."""
        return [item for _, listing in self.assignments for item in listing.items]


def read_applications(reader: Reader, wanted: frozenset[str]) -> ApplicationListing:
    """The types asked for, and what gives them names: six calls an application, one more for its assignments."""
    gateway = reader.connection.applications
    issuers: Listing[tuple[str, str]] = Listing()
    applications: Listing[ApplicationSummary] = Listing()
    if wanted & {TRUSTED_TOKEN_ISSUER, APPLICATION}:
        issuers = read_all(gateway.list_trusted_token_issuers)
    if wanted & {APPLICATION, APPLICATION_ASSIGNMENT}:
        applications = read_all(gateway.list_applications)
    found = applications.items
    return ApplicationListing(
        issuers=issuers,
        whole_issuers=tuple(reader.each("trusted token issuers", issuers.items, partial(_issuer, reader)))
        if TRUSTED_TOKEN_ISSUER in wanted
        else (),
        applications=applications,
        whole_applications=tuple(reader.each("applications", found, partial(_application, reader)))
        if APPLICATION in wanted
        else (),
        assignments=tuple(reader.each("application assignments", found, partial(_assignments, reader)))
        if APPLICATION_ASSIGNMENT in wanted
        else (),
    )


def _issuer(reader: Reader, issuer: tuple[str, str]) -> Listing[TrustedTokenIssuer]:
    connection, (arn, _) = reader.connection, issuer
    describe = partial(connection.applications.describe_trusted_token_issuer, arn)
    tags = partial(connection.sso_admin.list_tags, arn)
    return _unless_deleted(read_one(lambda: replace(describe(), tags=tuple(sorted(every(tags))))), describe)


def _application(reader: Reader, summary: ApplicationSummary) -> Listing[Application]:
    gateway, arn = reader.connection.applications, summary.arn
    whole = read_one(
        lambda: Application(
            summary=summary,
            assignment_required=gateway.assignment_required(arn),
            background_sessions=gateway.background_sessions(arn),
            grants=tuple(every(partial(gateway.list_grants, arn))),
            access_scopes=tuple(every(partial(gateway.list_access_scopes, arn))),
            authentication_methods=tuple(every(partial(gateway.list_authentication_methods, arn))),
            tags=tuple(sorted(every(partial(reader.connection.sso_admin.list_tags, arn)))),
        )
    )
    return _unless_deleted(whole, partial(gateway.describe_application, arn))


def _assignments(reader: Reader, summary: ApplicationSummary) -> Listing[ApplicationAssignment]:
    gateway, arn = reader.connection.applications, summary.arn
    listing = read_all(partial(gateway.list_application_assignments, arn))
    return _unless_deleted(listing, partial(gateway.describe_application, arn))


def _unless_deleted(found: Listing[T], describe: Callable[[], object]) -> Listing[T]:
    """Nothing instead of the failure, when the thing was deleted while the capture ran: asked again, it is gone."""
    if found.error and is_gone(found.error):
        again = read_one(describe).error
        return Listing() if again and is_gone(again) else found
    return found
