"""The gateway to applications, token issuers and instance settings over AWS."""

from __future__ import annotations

from collections.abc import Callable

from holdfast.domain.errors import RemoteError
from holdfast.kernel.answers import Answer, next_token, part, plain_fields, rows, text, texts
from holdfast.kernel.canonical import Plain
from holdfast.kernel.paging import Page
from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.model import (
    ApplicationAssignment,
    ApplicationSummary,
    AttributeConfiguration,
    Grant,
    Instance,
    InstanceSettings,
    PrincipalType,
    TrustedTokenIssuer,
)

PAGE, SCOPES_PAGE = 100, 10
"""Most entries of a page (SSO Admin API reference)."""
NOT_ENABLED = "ResourceNotFoundException"
FIXED_CONFIGURATION = ("IssuerUrl",)
"""What CreateTrustedTokenIssuer sets and no call changes."""


class ApplicationsClient:
    """`ApplicationsGateway`, which says what each call gives, over a paced session."""

    def __init__(self, session: PacedSession, instance: Callable[[], Instance]) -> None:
        self._service = Service(session, "sso-admin", "sso")
        self._instance = instance

    def instance_arn(self) -> str:
        return self._instance().arn

    def describe_instance(self) -> InstanceSettings:
        answer = self._of_instance("DescribeInstance")
        return InstanceSettings(
            arn=text(answer, "InstanceArn"),
            name=text(answer, "Name"),
            evidence=plain_fields(answer, without=("InstanceArn", "Name", "ResponseMetadata")),
        )

    def rename_instance(self, name: str) -> None:
        self._of_instance("UpdateInstance", Name=name)

    def access_control_attributes(self) -> AttributeConfiguration | None:
        try:
            answer = self._of_instance("DescribeInstanceAccessControlAttributeConfiguration")
        except RemoteError as error:
            if error.error != NOT_ENABLED:
                raise
            return None
        found = rows(part(answer, "InstanceAccessControlAttributeConfiguration"), "AccessControlAttributes")
        pairs = sorted((text(row, "Key"), *texts(part(row, "Value"), "Source")[:1]) for row in found)
        attributes = tuple((pair[0], "".join(pair[1:])) for pair in pairs)
        return AttributeConfiguration(
            attributes, text(answer, "Status", "ENABLED"), text(answer, "StatusReason")
        )

    def create_access_control_attributes(self, attributes: tuple[tuple[str, str], ...]) -> None:
        self._put_attributes("CreateInstanceAccessControlAttributeConfiguration", attributes)

    def update_access_control_attributes(self, attributes: tuple[tuple[str, str], ...]) -> None:
        self._put_attributes("UpdateInstanceAccessControlAttributeConfiguration", attributes)

    def delete_access_control_attributes(self) -> None:
        self._once("DeleteInstanceAccessControlAttributeConfiguration", InstanceArn=self._instance().arn)

    def list_trusted_token_issuers(self, token: str = "") -> Page[tuple[str, str]]:
        answer = self._of_instance("ListTrustedTokenIssuers", MaxResults=PAGE, NextToken=token)
        found = rows(answer, "TrustedTokenIssuers")
        return Page(
            tuple((text(row, "TrustedTokenIssuerArn"), text(row, "Name")) for row in found),
            next_token(answer),
        )

    def describe_trusted_token_issuer(self, arn: str) -> TrustedTokenIssuer:
        answer = self._service.send("DescribeTrustedTokenIssuer", {"TrustedTokenIssuerArn": arn})
        told = part(part(answer, "TrustedTokenIssuerConfiguration"), "OidcJwtConfiguration")
        return TrustedTokenIssuer(
            arn=text(answer, "TrustedTokenIssuerArn", arn),
            name=text(answer, "Name"),
            issuer_type=text(answer, "TrustedTokenIssuerType", "OIDC_JWT"),
            configuration=tuple(sorted((name, str(value)) for name, value in told.items())),
        )

    def create_trusted_token_issuer(self, issuer: TrustedTokenIssuer) -> str:
        answer = self._once(
            "CreateTrustedTokenIssuer",
            InstanceArn=self._instance().arn,
            Name=issuer.name,
            TrustedTokenIssuerType=issuer.issuer_type,
            TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": dict(issuer.configuration)},
        )
        return text(answer, "TrustedTokenIssuerArn")

    def update_trusted_token_issuer(self, issuer: TrustedTokenIssuer) -> None:
        settable = {name: value for name, value in issuer.configuration if name not in FIXED_CONFIGURATION}
        self._service.send(
            "UpdateTrustedTokenIssuer",
            {
                "TrustedTokenIssuerArn": issuer.arn,
                "TrustedTokenIssuerConfiguration": {"OidcJwtConfiguration": settable},
            },
        )

    def delete_trusted_token_issuer(self, arn: str) -> None:
        self._once("DeleteTrustedTokenIssuer", TrustedTokenIssuerArn=arn)

    def list_applications(self, token: str = "") -> Page[ApplicationSummary]:
        answer = self._of_instance("ListApplications", MaxResults=PAGE, NextToken=token)
        return Page(tuple(_application(row) for row in rows(answer, "Applications")), next_token(answer))

    def describe_application(self, arn: str) -> ApplicationSummary:
        return _application(self._of("DescribeApplication", arn))

    def create_application(self, summary: ApplicationSummary) -> str:
        answer = self._once(
            "CreateApplication",
            InstanceArn=self._instance().arn,
            ApplicationProviderArn=summary.provider,
            Name=summary.name,
            Description=summary.description,
            Status=summary.status,
            PortalOptions={**_sign_in(summary), **_filled(Visibility=summary.visibility)} or None,
        )
        return text(answer, "ApplicationArn")

    def update_application(self, summary: ApplicationSummary) -> None:
        self._of(
            "UpdateApplication",
            summary.arn,
            Description=summary.description,
            Status=summary.status,
            PortalOptions=_sign_in(summary) or None,
        )

    def delete_application(self, arn: str) -> None:
        self._once("DeleteApplication", ApplicationArn=arn)

    def assignment_required(self, arn: str) -> bool:
        return bool(self._of("GetApplicationAssignmentConfiguration", arn).get("AssignmentRequired", True))

    def put_assignment_required(self, arn: str, required: bool) -> None:  # the API's value
        self._of("PutApplicationAssignmentConfiguration", arn, AssignmentRequired=required)

    def background_sessions(self, arn: str) -> str:
        try:
            answer = self._of("GetApplicationSessionConfiguration", arn)
        except RemoteError as error:
            if error.error != NOT_ENABLED:
                raise
            return ""
        return text(answer, "UserBackgroundSessionApplicationStatus")

    def put_background_sessions(self, arn: str, status: str) -> None:
        self._of("PutApplicationSessionConfiguration", arn, UserBackgroundSessionApplicationStatus=status)

    def list_grants(self, arn: str, token: str = "") -> Page[tuple[str, Grant]]:
        answer = self._of("ListApplicationGrants", arn, NextToken=token)
        found = rows(answer, "Grants")
        return Page(
            tuple((text(row, "GrantType"), plain_fields(part(row, "Grant"))) for row in found),
            next_token(answer),
        )

    def put_grant(self, arn: str, grant_type: str, grant: Grant) -> None:
        self._of("PutApplicationGrant", arn, GrantType=grant_type, Grant=grant)

    def delete_grant(self, arn: str, grant_type: str) -> None:
        self._once("DeleteApplicationGrant", ApplicationArn=arn, GrantType=grant_type)

    def list_access_scopes(self, arn: str, token: str = "") -> Page[tuple[str, tuple[str, ...]]]:
        answer = self._of("ListApplicationAccessScopes", arn, MaxResults=SCOPES_PAGE, NextToken=token)
        found = rows(answer, "Scopes")
        return Page(
            tuple((text(row, "Scope"), texts(row, "AuthorizedTargets")) for row in found), next_token(answer)
        )

    def put_access_scope(self, arn: str, scope: str, targets: tuple[str, ...]) -> None:
        given = list(targets) or None
        self._of("PutApplicationAccessScope", arn, Scope=scope, AuthorizedTargets=given)

    def delete_access_scope(self, arn: str, scope: str) -> None:
        self._once("DeleteApplicationAccessScope", ApplicationArn=arn, Scope=scope)

    def list_authentication_methods(self, arn: str, token: str = "") -> Page[tuple[str, Plain]]:
        answer = self._of("ListApplicationAuthenticationMethods", arn, NextToken=token)
        return Page(tuple(_method(row) for row in rows(answer, "AuthenticationMethods")), next_token(answer))

    def put_authentication_method(self, arn: str, method: str, actor_policy: Plain) -> None:
        value = {"Iam": {"ActorPolicy": actor_policy}}
        self._of(
            "PutApplicationAuthenticationMethod",
            arn,
            AuthenticationMethodType=method,
            AuthenticationMethod=value,
        )

    def delete_authentication_method(self, arn: str, method: str) -> None:
        self._once(
            "DeleteApplicationAuthenticationMethod", ApplicationArn=arn, AuthenticationMethodType=method
        )

    def list_application_assignments(self, arn: str, token: str = "") -> Page[ApplicationAssignment]:
        answer = self._of("ListApplicationAssignments", arn, MaxResults=PAGE, NextToken=token)
        found = tuple(
            ApplicationAssignment(arn, PrincipalType(text(row, "PrincipalType")), text(row, "PrincipalId"))
            for row in rows(answer, "ApplicationAssignments")
        )
        return Page(found, next_token(answer))

    def create_application_assignment(self, assignment: ApplicationAssignment) -> None:
        self._once("CreateApplicationAssignment", **_assigned(assignment))

    def delete_application_assignment(self, assignment: ApplicationAssignment) -> None:
        self._once("DeleteApplicationAssignment", **_assigned(assignment))

    def _put_attributes(self, operation: str, attributes: tuple[tuple[str, str], ...]) -> None:
        given = [{"Key": key, "Value": {"Source": [source]}} for key, source in attributes]
        configuration = {"AccessControlAttributes": given}
        self._of_instance(operation, InstanceAccessControlAttributeConfiguration=configuration)

    def _of(self, operation: str, arn: str, **parameters: object) -> Answer:
        return self._service.send(operation, {"ApplicationArn": arn, **parameters})

    def _of_instance(self, operation: str, **parameters: object) -> Answer:
        return self._service.send(operation, {"InstanceArn": self._instance().arn, **parameters})

    def _once(self, operation: str, **parameters: object) -> Answer:
        """For what a second request would do twice or refuse."""
        return self._service.send(operation, parameters, repeatable=False)


def _application(row: Answer) -> ApplicationSummary:
    portal = part(row, "PortalOptions")
    sign_in = part(portal, "SignInOptions")
    return ApplicationSummary(
        arn=text(row, "ApplicationArn"),
        name=text(row, "Name"),
        provider=text(row, "ApplicationProviderArn"),
        status=text(row, "Status", "ENABLED"),
        description=text(row, "Description"),
        origin=text(sign_in, "Origin"),
        application_url=text(sign_in, "ApplicationUrl"),
        visibility=text(portal, "Visibility"),
        account=text(row, "ApplicationAccount"),
        created_date=text(row, "CreatedDate"),
        created_from=text(row, "CreatedFrom"),
    )


def _sign_in(summary: ApplicationSummary) -> dict[str, object]:
    """SignInOptions; Origin is required in them."""
    given = _filled(Origin=summary.origin, ApplicationUrl=summary.application_url)
    return {"SignInOptions": given} if summary.origin else {}


def _filled(**values: str) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


def _method(row: Answer) -> tuple[str, Plain]:
    policy = plain_fields(part(part(row, "AuthenticationMethod"), "Iam")).get("ActorPolicy")
    return text(row, "AuthenticationMethodType"), policy


def _assigned(assignment: ApplicationAssignment) -> dict[str, object]:
    return {
        "ApplicationArn": assignment.application_arn,
        "PrincipalType": str(assignment.principal_type),
        "PrincipalId": assignment.principal_id,
    }
