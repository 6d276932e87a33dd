"""Applications, token issuers and instance settings taken apart into facets, and facets' values read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from holdfast.domain.records import Record, join_key
from holdfast.kernel.canonical import Plain, canonical, plain
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    APPLICATION_TAG,
    ASSIGNMENT_CONFIGURATION,
    AUTHENTICATION_METHOD,
    GRANT,
    INSTANCE,
    INSTANCE_TAG,
    ISSUER_TAG,
    SESSION_CONFIGURATION,
    TRUSTED_TOKEN_ISSUER,
    ApplicationSummary,
    Grant,
    TrustedTokenIssuer,
)
from holdfast.systems.identity_center.records.application_mapping import (
    application_from,
    attributes_from,
    instance_from,
    issuer_from,
)
from holdfast.systems.identity_center.records.application_names import (
    can_be_created,
    split_application_assignment,
)
from holdfast.systems.identity_center.restore.facet import Facet, filled, text

ONLY_OF_OWN = (GRANT, ACCESS_SCOPE, AUTHENTICATION_METHOD)
"""Facets that the API changes only on applications that it creates."""
Attributes = tuple[tuple[str, str], ...]


def application_value(summary: ApplicationSummary) -> bytes:
    """What CreateApplication sets; UpdateApplication sets it but for provider and visibility."""
    return filled(
        {
            "Name": summary.name,
            "Provider": summary.provider,
            "Description": summary.description,
            "Status": summary.status,
            "Origin": summary.origin,
            "ApplicationUrl": summary.application_url,
            "Visibility": summary.visibility or "ENABLED",
        }
    )


def application_of(value: bytes, arn: str = "") -> ApplicationSummary:
    """What `application_value` wrote."""
    fields = plain(value)
    return ApplicationSummary(
        arn=arn,
        name=text(fields, "Name"),
        provider=text(fields, "Provider"),
        status=text(fields, "Status"),
        description=text(fields, "Description"),
        origin=text(fields, "Origin"),
        application_url=text(fields, "ApplicationUrl"),
        visibility=text(fields, "Visibility"),
    )


def assignment_configuration_value(required: bool) -> bytes:  # the API's value
    """Whether only assigned principals may use an application."""
    return canonical({"AssignmentRequired": required})


def session_configuration_value(background_sessions: str) -> bytes:
    """Users' background sessions; nothing set means that there are none."""
    return canonical({"UserBackgroundSessionApplicationStatus": background_sessions or "DISABLED"})


DEFAULTS = {
    ASSIGNMENT_CONFIGURATION: assignment_configuration_value(True),
    SESSION_CONFIGURATION: session_configuration_value("DISABLED"),
}
"""What a new application has; these facets are never absent."""


def grant_value(grant: Grant) -> bytes:
    """A grant with token issuers by name."""
    return canonical({"Grant": grant})


def grant_of(value: bytes) -> Grant:
    """What `grant_value` wrote."""
    return cast("Grant", plain(value)["Grant"])


def scope_value(targets: tuple[str, ...]) -> bytes:
    """The named targets of an access scope."""
    return canonical({"AuthorizedTargets": sorted(targets)})


def scope_targets(value: bytes) -> tuple[str, ...]:
    """What `scope_value` wrote."""
    return tuple(cast("list[str]", plain(value)["AuthorizedTargets"]))


def method_value(actor_policy: Plain) -> bytes:
    """The actor policy of an authentication method."""
    return canonical({"ActorPolicy": actor_policy})


def issuer_value(issuer: TrustedTokenIssuer) -> bytes:
    """What CreateTrustedTokenIssuer sets."""
    configuration: dict[str, Plain] = dict(issuer.configuration)
    return canonical({**configuration, "Name": issuer.name, "TrustedTokenIssuerType": issuer.issuer_type})


def issuer_of(value: bytes, arn: str = "") -> TrustedTokenIssuer:
    """What `issuer_value` wrote."""
    fields = dict(cast("Mapping[str, str]", plain(value)))
    name, issuer_type = fields.pop("Name"), fields.pop("TrustedTokenIssuerType")
    return TrustedTokenIssuer(arn, name, issuer_type, tuple(sorted(fields.items())))


def instance_value(name: str) -> bytes:
    """The name of the instance."""
    return filled({"Name": name})


def attributes_value(attributes: Attributes) -> bytes:
    """The attributes for access control, source by key."""
    return canonical({"Attributes": dict(attributes)})


def attributes_of(value: bytes) -> Attributes:
    """What `attributes_value` wrote."""
    return tuple(sorted(cast("Mapping[str, str]", plain(value)["Attributes"]).items()))


def application_assignment_value(key: str) -> bytes:
    """An application assignment's names; it has no other content."""
    application, kind, principal = split_application_assignment(key)
    return canonical({"Application": application, "PrincipalType": kind, "Principal": principal})


def tag_value(value: str) -> bytes:
    """The value of a tag."""
    return canonical({"Value": value})


def is_own(record: Record) -> bool:
    """Whether an application is one that the API creates, rather than an AWS managed or SAML one."""
    return can_be_created(application_from(record).summary.provider)


# -- records to facets


def application_facets(record: Record) -> Iterator[Facet]:
    """The facets of an application; those of its two configurations are always there."""
    whole, key = application_from(record), record.key
    yield Facet(APPLICATION, key, application_value(whole.summary))
    yield Facet(ASSIGNMENT_CONFIGURATION, key, assignment_configuration_value(whole.assignment_required))
    yield Facet(SESSION_CONFIGURATION, key, session_configuration_value(whole.background_sessions))
    for kind, grant in whole.grants:
        yield Facet(GRANT, join_key(key, kind), grant_value(grant))
    for scope, targets in whole.access_scopes:
        yield Facet(ACCESS_SCOPE, join_key(key, scope), scope_value(targets))
    for method, policy in whole.authentication_methods:
        yield Facet(AUTHENTICATION_METHOD, join_key(key, method), method_value(policy))
    yield from _tags(APPLICATION_TAG, key, whole.tags)


def application_assignment_facets(record: Record) -> Iterator[Facet]:
    """The one facet of an application assignment."""
    yield Facet(APPLICATION_ASSIGNMENT, record.key, application_assignment_value(record.key))


def issuer_facets(record: Record) -> Iterator[Facet]:
    """The facets of a trusted token issuer."""
    issuer = issuer_from(record)
    yield Facet(TRUSTED_TOKEN_ISSUER, record.key, issuer_value(issuer))
    yield from _tags(ISSUER_TAG, record.key, issuer.tags)


def instance_facets(record: Record) -> Iterator[Facet]:
    """The facets of the instance."""
    instance = instance_from(record)
    yield Facet(INSTANCE, record.key, instance_value(instance.name))
    yield from _tags(INSTANCE_TAG, record.key, instance.tags)


def attributes_facets(record: Record) -> Iterator[Facet]:
    """The one facet of the attributes for access control."""
    yield Facet(ACCESS_CONTROL_ATTRIBUTES, record.key, attributes_value(attributes_from(record)))


def _tags(change_type: str, key: str, tags: tuple[tuple[str, str], ...]) -> Iterator[Facet]:
    for tag_key, value in tags:
        yield Facet(change_type, join_key(key, tag_key), tag_value(value))
