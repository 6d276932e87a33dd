"""From applications, issuers and instance settings as read to the parts of a capture. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from holdfast.domain.errors import HoldfastError, RemoteError
from holdfast.domain.outcomes import Item, Outcome, OutcomeKind
from holdfast.domain.records import Record, join_key
from holdfast.kernel.reading import failed
from holdfast.kernel.system import Part
from holdfast.systems.identity_center.capture.applications import ApplicationListing
from holdfast.systems.identity_center.capture.instance import InstanceListing
from holdfast.systems.identity_center.capture.parts import INVENTORY, collate, make_part, unnamed
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    INSTANCE,
    TRUSTED_TOKEN_ISSUER,
    Application,
    PrincipalType,
)
from holdfast.systems.identity_center.records.application_mapping import (
    application_assignment_record,
    application_record,
    attributes_record,
    instance_record,
    issuer_record,
)
from holdfast.systems.identity_center.records.application_names import (
    NamedApplicationAssignment,
    application_keys,
    issuers_in,
    named_application,
)

NOT_SUPPORTED = "not-supported"
"""Code of what this kind of instance does not have, so that nothing is missing from the backup."""
_UNSUPPORTED_ERRORS = ("UnsupportedOperationException", "UnsupportedOperation")
PrincipalName = Callable[[PrincipalType, str], str]
"""A principal's name by its id; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class Principals:
    """How ids become names, which ids are gone, and why names may be missing."""

    name: PrincipalName
    gone: set[str]
    error: HoldfastError | None = None


def application_parts(
    read: ApplicationListing, principals: Principals, instance_arn: str, wanted: frozenset[str]
) -> Iterator[Part]:
    """The parts asked for, in dependency order."""
    if TRUSTED_TOKEN_ISSUER in wanted:
        yield _issuer_part(read)
    keys = application_keys(read.applications.items)
    if APPLICATION in wanted:
        yield _application_part(read, keys, instance_arn)
    if APPLICATION_ASSIGNMENT in wanted:
        yield _assignment_part(read, keys, principals)


def _issuer_part(read: ApplicationListing) -> Part:
    found = [issuer for _, listing in read.whole_issuers for issuer in listing.items]
    issuers = collate(TRUSTED_TOKEN_ISSUER, ((issuer.arn, issuer_record(issuer)) for issuer in found))
    unread = [
        failed(TRUSTED_TOKEN_ISSUER, name, listing.error)
        for (_, name), listing in read.whole_issuers
        if listing.error
    ]
    return make_part(TRUSTED_TOKEN_ISSUER, issuers.records, [*issuers.failures, *unread], read.issuers.error)


def _application_part(read: ApplicationListing, keys: dict[str, str], instance_arn: str) -> Part:
    failures: list[Item] = []
    records: list[tuple[str, Record]] = []
    issuers = dict(read.issuers.items)
    for summary, listing in read.whole_applications:
        key = keys[summary.arn]
        if listing.error:
            failures.append(failed(APPLICATION, key, listing.error))
        for whole in listing.items:
            named = named_application(
                whole, lambda arn: issuers.get(arn, ""), lambda arn: keys.get(arn, ""), instance_arn
            )
            nameless = _nameless(named) if read.issuers.error else []
            if nameless:
                failures.append(Item(APPLICATION, key, unnamed(nameless, set())))
            else:
                records.append((summary.arn, application_record(key, named)))
    found = collate(APPLICATION, records)
    return make_part(APPLICATION, found.records, [*found.failures, *failures], read.applications.error)


def _nameless(application: Application) -> list[str]:
    arns = [arn for _, grant in application.grants for arn in issuers_in(grant)[1]]
    return [f"trusted token issuer {arn}" for arn in dict.fromkeys(arns)]


def _assignment_part(read: ApplicationListing, keys: dict[str, str], principals: Principals) -> Part:
    failures: list[Item] = []
    records: dict[str, Record] = {}
    first_of_key = {key: arn for arn, key in sorted(keys.items(), reverse=True)}
    for summary, listing in read.assignments:
        key = keys[summary.arn]
        if listing.error:
            failures.append(failed(APPLICATION_ASSIGNMENT, key, listing.error))
        if first_of_key[key] != summary.arn:
            continue  # the application itself has no record, since another one has its name and provider
        for item in listing.items:
            name = principals.name(item.principal_type, item.principal_id)
            if name:
                record = application_assignment_record(
                    NamedApplicationAssignment(key, item.principal_type, name)
                )
                records[record.key] = record
            else:
                missing = [f"{item.principal_type.lower()} {item.principal_id}"]
                outcome = unnamed(missing, {item.principal_id} & principals.gone)
                shown = join_key(key, item.principal_type, item.principal_id)
                failures.append(Item(APPLICATION_ASSIGNMENT, shown, outcome))
    ordered = [records[key] for key in sorted(records)]
    return make_part(APPLICATION_ASSIGNMENT, ordered, failures, read.applications.error or principals.error)


def instance_parts(read: InstanceListing, wanted: frozenset[str]) -> Iterator[Part]:
    """The parts asked for."""
    if INSTANCE in wanted:
        yield make_part(
            INSTANCE, [instance_record(item) for item in read.settings.items], (), read.settings.error
        )
    if ACCESS_CONTROL_ATTRIBUTES in wanted:
        records = [attributes_record(item.attributes) for item in read.attributes.items if item is not None]
        error = read.attributes.error
        lacking = [_lacking(error)] if error and _unsupported(error) else []
        yield make_part(ACCESS_CONTROL_ATTRIBUTES, records, lacking, None if lacking else error)


def _unsupported(error: HoldfastError) -> bool:
    """Account instances have no attributes for access control; the service says so in one of two ways."""
    if not isinstance(error, RemoteError):
        return False
    said_so = error.error == "ValidationException" and "not supported" in error.service_said.lower()
    return said_so or error.error in _UNSUPPORTED_ERRORS


def _lacking(error: HoldfastError) -> Item:
    reason = f"This instance does not have attributes for access control: {error}"
    outcome = Outcome(OutcomeKind.IMPOSSIBLE, reason, "Nothing is to be done.", NOT_SUPPORTED)
    return Item(ACCESS_CONTROL_ATTRIBUTES, INVENTORY, outcome)
