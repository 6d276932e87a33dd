"""What facets of applications, token issuers and the instance hold now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from holdfast.domain.records import join_key
from holdfast.kernel.paging import every
from holdfast.systems.identity_center.clients.applications_gateway import ApplicationsGateway
from holdfast.systems.identity_center.model import (
    ACCESS_CONTROL_ATTRIBUTES,
    ACCESS_SCOPE,
    APPLICATION,
    APPLICATION_ASSIGNMENT,
    ASSIGNMENT_CONFIGURATION,
    AUTHENTICATION_METHOD,
    GRANT,
    INSTANCE,
    SESSION_CONFIGURATION,
    TRUSTED_TOKEN_ISSUER,
)
from holdfast.systems.identity_center.records.application_names import (
    named_grant,
    named_target,
    split_application_assignment,
)
from holdfast.systems.identity_center.records.references import PRINCIPAL_TYPES
from holdfast.systems.identity_center.restore.application_facets import (
    application_assignment_value,
    application_value,
    assignment_configuration_value,
    attributes_value,
    grant_value,
    instance_value,
    issuer_value,
    method_value,
    scope_value,
    session_configuration_value,
)
from holdfast.systems.identity_center.restore.directory import Directory

Values = dict[str, bytes]
ReadFacets = Callable[[str, Sequence[str]], Values]


class ApplicationReader:
    """Reads facets by the key of the thing that they belong to; errors of the service leave as they are."""

    def __init__(self, gateway: ApplicationsGateway, directory: Directory) -> None:
        self._gateway, self._directory = gateway, directory
        self.readers: dict[str, ReadFacets] = {
            INSTANCE: lambda key, _: {key: instance_value(gateway.describe_instance().name)},
            ACCESS_CONTROL_ATTRIBUTES: self._attributes,
            TRUSTED_TOKEN_ISSUER: self._issuer,
            APPLICATION: self._of_application(lambda key, arn: {key: self._summary(arn)}),
            ASSIGNMENT_CONFIGURATION: self._of_application(
                lambda key, arn: {key: assignment_configuration_value(gateway.assignment_required(arn))}
            ),
            SESSION_CONFIGURATION: self._of_application(
                lambda key, arn: {key: session_configuration_value(gateway.background_sessions(arn))}
            ),
            GRANT: self._of_application(self._grants),
            ACCESS_SCOPE: self._of_application(self._scopes),
            AUTHENTICATION_METHOD: self._of_application(self._methods),
            APPLICATION_ASSIGNMENT: self._assignments,
        }

    def _of_application(self, read: Callable[[str, str], Values]) -> ReadFacets:
        """A reader that gets the application's ARN; nothing is there where the application is not."""

        def find_and_read(key: str, keys: Sequence[str]) -> Values:
            arn = self._directory.find(APPLICATION, key)
            return read(key, arn) if arn else {}

        return find_and_read

    def _summary(self, arn: str) -> bytes:
        return application_value(self._gateway.describe_application(arn))

    def _grants(self, key: str, arn: str) -> Values:
        issuer_name = partial(self._directory.name_of, TRUSTED_TOKEN_ISSUER)
        listed = every(partial(self._gateway.list_grants, arn))
        return {join_key(key, kind): grant_value(named_grant(grant, issuer_name)) for kind, grant in listed}

    def _scopes(self, key: str, arn: str) -> Values:
        application_key = partial(self._directory.name_of, APPLICATION)
        instance = self._gateway.instance_arn()

        def named(targets: Iterable[str]) -> tuple[str, ...]:
            return tuple(named_target(target, instance, application_key) for target in targets)

        listed = every(partial(self._gateway.list_access_scopes, arn))
        return {join_key(key, scope): scope_value(named(targets)) for scope, targets in listed}

    def _methods(self, key: str, arn: str) -> Values:
        listed = every(partial(self._gateway.list_authentication_methods, arn))
        return {join_key(key, method): method_value(policy) for method, policy in listed}

    def _assignments(self, application: str, keys: Sequence[str]) -> Values:
        arn = self._directory.find(APPLICATION, application)
        listed = every(partial(self._gateway.list_application_assignments, arn)) if arn else ()
        held = {(str(item.principal_type), item.principal_id) for item in listed}
        present: Values = {}
        for key in keys if held else ():
            _, kind, principal = split_application_assignment(key)
            if (kind, self._directory.find(PRINCIPAL_TYPES[kind], principal)) in held:
                present[key] = application_assignment_value(key)
        return present

    def _issuer(self, name: str, keys: Sequence[str]) -> Values:
        arn = self._directory.find(TRUSTED_TOKEN_ISSUER, name)
        return {name: issuer_value(self._gateway.describe_trusted_token_issuer(arn))} if arn else {}

    def _attributes(self, key: str, keys: Sequence[str]) -> Values:
        found = self._gateway.access_control_attributes()
        return {} if found is None else {key: attributes_value(found.attributes)}
