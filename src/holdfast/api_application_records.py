"""Applications, token issuers and the instance: records of the vault to data and back, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from holdfast.api_resources import (
    ApplicationAssignmentData,
    ApplicationData,
    InstanceData,
    TrustedTokenIssuerData,
)
from holdfast.domain.records import Record, RecordView, join_key
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
from holdfast.systems.identity_center.records.application_mapping import (
    application_assignment_from,
    application_assignment_record,
    application_from,
    application_record,
    attributes_from,
    attributes_record,
    instance_from,
    instance_record,
    issuer_from,
    issuer_record,
)
from holdfast.systems.identity_center.records.application_names import (
    NamedApplicationAssignment,
    provider_name,
)

if TYPE_CHECKING:
    from holdfast.api_models import BackupData


def add_settings(data: BackupData, view: RecordView) -> BackupData:
    """The data with the view's applications, assignments of them, token issuers and instance settings."""
    data.applications = [application_data(record) for record in view.records(APPLICATION)]
    data.application_assignments = [
        application_assignment_data(record) for record in view.records(APPLICATION_ASSIGNMENT)
    ]
    data.trusted_token_issuers = [issuer_data(record) for record in view.records(TRUSTED_TOKEN_ISSUER)]
    data.instance = next((instance_data(record) for record in view.records(INSTANCE)), None)
    data.access_control_attributes = next(
        (attributes_data(record) for record in view.records(ACCESS_CONTROL_ATTRIBUTES)), None
    )
    return data


def settings_records(data: BackupData) -> dict[str, list[Record]]:
    """The records of those types that the data holds something of."""
    attributes = data.access_control_attributes
    return {
        INSTANCE: [_instance_record(data.instance)] if data.instance else [],
        ACCESS_CONTROL_ATTRIBUTES: []
        if attributes is None
        else [attributes_record(tuple(sorted(attributes.items())))],
        TRUSTED_TOKEN_ISSUER: [_issuer_record(issuer) for issuer in data.trusted_token_issuers],
        APPLICATION: [_application_record(application) for application in data.applications],
        APPLICATION_ASSIGNMENT: [_assignment_record(item) for item in data.application_assignments],
    }


def application_data(record: Record) -> ApplicationData:
    """The application that a record holds."""
    found = application_from(record)
    summary = found.summary
    return ApplicationData(
        name=summary.name,
        application_provider_arn=summary.provider,
        application_arn=summary.arn,
        application_account=summary.account,
        status=summary.status,
        description=summary.description,
        origin=summary.origin,
        application_url=summary.application_url,
        visibility=summary.visibility,
        assignment_required=found.assignment_required,
        background_sessions=found.background_sessions,
        grants=dict(found.grants),
        access_scopes={scope: list(targets) for scope, targets in found.access_scopes},
        authentication_methods=dict(found.authentication_methods),
        tags=dict(found.tags),
        created_date=summary.created_date,
        created_from=summary.created_from,
        shares_name=record.key != summary.name,
    )


def application_assignment_data(record: Record) -> ApplicationAssignmentData:
    """The application assignment that a record holds."""
    found = application_assignment_from(record)
    return ApplicationAssignmentData(found.application, str(found.principal_type), found.principal)


def issuer_data(record: Record) -> TrustedTokenIssuerData:
    """The trusted token issuer that a record holds."""
    found = issuer_from(record)
    return TrustedTokenIssuerData(
        found.name, found.arn, found.issuer_type, dict(found.configuration), dict(found.tags)
    )


def instance_data(record: Record) -> InstanceData:
    """The instance that a record holds."""
    found = instance_from(record)
    return InstanceData(found.name, found.arn, found.evidence, dict(found.tags))


def attributes_data(record: Record) -> dict[str, str]:
    """The attributes for access control that a record holds, source by key."""
    return dict(attributes_from(record))


def _application_record(data: ApplicationData) -> Record:
    summary = ApplicationSummary(
        arn=data.application_arn,
        name=data.name,
        provider=data.application_provider_arn,
        status=data.status,
        description=data.description,
        origin=data.origin,
        application_url=data.application_url,
        visibility=data.visibility,
        account=data.application_account,
        created_date=data.created_date,
        created_from=data.created_from,
    )
    key = join_key(data.name, provider_name(summary.provider)) if data.shares_name else data.name
    return application_record(
        key,
        Application(
            summary=summary,
            assignment_required=data.assignment_required,
            background_sessions=data.background_sessions,
            grants=tuple(cast("Mapping[str, Grant]", data.grants).items()),
            access_scopes=tuple((scope, tuple(to)) for scope, to in data.access_scopes.items()),
            authentication_methods=tuple(data.authentication_methods.items()),
            tags=tuple(data.tags.items()),
        ),
    )


def _assignment_record(data: ApplicationAssignmentData) -> Record:
    return application_assignment_record(
        NamedApplicationAssignment(data.application, PrincipalType(data.principal_type), data.principal_name)
    )


def _issuer_record(data: TrustedTokenIssuerData) -> Record:
    configuration = tuple(sorted(data.configuration.items()))
    return issuer_record(
        TrustedTokenIssuer(
            data.trusted_token_issuer_arn,
            data.name,
            data.issuer_type,
            configuration,
            tuple(data.tags.items()),
        )
    )


def _instance_record(data: InstanceData) -> Record:
    return instance_record(
        InstanceSettings(data.instance_arn, data.name, data.evidence, tuple(data.tags.items()))
    )
