"""Applications, token issuers and instance settings as records and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain, canonical
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    INSTANCE,
    TRUSTED_TOKEN_ISSUER,
    Application,
    ApplicationSummary,
    Grant,
    InstanceSettings,
    PrincipalType,
    TrustedTokenIssuer,
)
from holdfast.systems.identity_center.records.application_names import (
    Fields,
    NamedApplicationAssignment,
    application_assignment_key,
)
from holdfast.systems.identity_center.records.mapping import SCHEMA, fields_of


def application_record(key: str, application: Application) -> Record:
    """An application with everything attached, named; what is not set is absent."""
    summary = application.summary
    sign_in = _filled({"Origin": summary.origin, "ApplicationUrl": summary.application_url})
    body: dict[str, Plain] = {
        "Name": summary.name,
        "ApplicationArn": summary.arn,
        "ApplicationProviderArn": summary.provider,
        "ApplicationAccount": summary.account,
        "CreatedDate": summary.created_date,
        "CreatedFrom": summary.created_from,
        "Status": summary.status,
        "Description": summary.description,
        "PortalOptions": _filled({"SignInOptions": sign_in, "Visibility": summary.visibility}),
        "UserBackgroundSessionApplicationStatus": application.background_sessions,
        "Grants": dict(application.grants),
        "AccessScopes": {scope: list(targets) for scope, targets in application.access_scopes},
        "AuthenticationMethods": dict(application.authentication_methods),
        "Tags": dict(application.tags),
    }
    whole = {**_filled(body), "AssignmentRequired": application.assignment_required}
    return Record(APPLICATION, key, canonical(whole), schema=SCHEMA)


def application_from(record: Record) -> Application:
    """The named application that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    portal = _object(fields, "PortalOptions")
    sign_in = _object(portal, "SignInOptions")
    summary = ApplicationSummary(
        arn=_text(fields, "ApplicationArn"),
        name=_text(fields, "Name"),
        provider=_text(fields, "ApplicationProviderArn"),
        status=_text(fields, "Status") or "ENABLED",
        description=_text(fields, "Description"),
        origin=_text(sign_in, "Origin"),
        application_url=_text(sign_in, "ApplicationUrl"),
        visibility=_text(portal, "Visibility"),
        account=_text(fields, "ApplicationAccount"),
        created_date=_text(fields, "CreatedDate"),
        created_from=_text(fields, "CreatedFrom"),
    )
    scopes = _object(fields, "AccessScopes")
    return Application(
        summary=summary,
        assignment_required=fields.get("AssignmentRequired") is not False,
        background_sessions=_text(fields, "UserBackgroundSessionApplicationStatus"),
        grants=tuple((kind, cast("Grant", grant)) for kind, grant in _object(fields, "Grants").items()),
        access_scopes=tuple((name, tuple(cast("Sequence[str]", to))) for name, to in scopes.items()),
        authentication_methods=tuple(_object(fields, "AuthenticationMethods").items()),
        tags=_tags(fields),
    )


def application_assignment_record(assignment: NamedApplicationAssignment) -> Record:
    """A principal's use of an application, by names."""
    body: dict[str, Plain] = {
        "Application": assignment.application,
        "PrincipalType": str(assignment.principal_type),
        "Principal": assignment.principal,
    }
    return Record(
        APPLICATION_ASSIGNMENT, application_assignment_key(assignment), canonical(body), schema=SCHEMA
    )


def application_assignment_from(record: Record) -> NamedApplicationAssignment:
    """The assignment that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    kind = PrincipalType(_text(fields, "PrincipalType"))
    return NamedApplicationAssignment(_text(fields, "Application"), kind, _text(fields, "Principal"))


def issuer_record(issuer: TrustedTokenIssuer) -> Record:
    """A trusted token issuer with its tags."""
    body: dict[str, Plain] = {
        "Name": issuer.name,
        "TrustedTokenIssuerArn": issuer.arn,
        "TrustedTokenIssuerType": issuer.issuer_type,
        "OidcJwtConfiguration": dict(issuer.configuration),
        "Tags": dict(issuer.tags),
    }
    return Record(TRUSTED_TOKEN_ISSUER, issuer.name, canonical(_filled(body)), schema=SCHEMA)


def issuer_from(record: Record) -> TrustedTokenIssuer:
    """The issuer that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    configuration = cast("Mapping[str, str]", _object(fields, "OidcJwtConfiguration"))
    return TrustedTokenIssuer(
        arn=_text(fields, "TrustedTokenIssuerArn"),
        name=_text(fields, "Name"),
        issuer_type=_text(fields, "TrustedTokenIssuerType"),
        configuration=tuple(sorted(configuration.items())),
        tags=_tags(fields),
    )


def instance_record(instance: InstanceSettings) -> Record:
    """The instance's name and tags, and as evidence what else it was."""
    body: dict[str, Plain] = {
        "Name": instance.name,
        "InstanceArn": instance.arn,
        "Evidence": instance.evidence,
        "Tags": dict(instance.tags),
    }
    return Record(INSTANCE, INSTANCE, canonical(_filled(body)), schema=SCHEMA)


def instance_from(record: Record) -> InstanceSettings:
    """The instance that a record holds. Raises: VaultError for a record of a newer version."""
    fields = fields_of(record)
    evidence = dict(_object(fields, "Evidence"))
    return InstanceSettings(_text(fields, "InstanceArn"), _text(fields, "Name"), evidence, _tags(fields))


def attributes_record(attributes: tuple[tuple[str, str], ...]) -> Record:
    """The attributes for access control, source by key."""
    body: dict[str, Plain] = {"Attributes": dict(attributes)}
    return Record(ACCESS_CONTROL_ATTRIBUTES, ACCESS_CONTROL_ATTRIBUTES, canonical(body), schema=SCHEMA)


def attributes_from(record: Record) -> tuple[tuple[str, str], ...]:
    """The attributes that a record holds. Raises: VaultError for a record of a newer version."""
    attributes = cast("Mapping[str, str]", _object(fields_of(record), "Attributes"))
    return tuple(sorted(attributes.items()))


def _filled(body: Mapping[str, Plain]) -> dict[str, Plain]:
    return {name: value for name, value in body.items() if value}


def _object(fields: Fields, name: str) -> Fields:
    return cast("Fields", fields.get(name) or {})


def _text(fields: Fields, name: str) -> str:
    return cast("str", fields.get(name, ""))


def _tags(fields: Fields) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(cast("Mapping[str, str]", _object(fields, "Tags")).items()))
