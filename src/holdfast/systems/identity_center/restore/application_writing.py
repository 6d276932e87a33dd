"""One change at a time of applications, token issuers and the instance, made through their gateway."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from holdfast.domain.changes import Change, Verb
from holdfast.domain.outcomes import DONE, Outcome, OutcomeKind
from holdfast.domain.records import split_key
from holdfast.kernel.canonical import Plain, plain
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
    ApplicationAssignment,
    PrincipalType,
)
from holdfast.systems.identity_center.records.application_names import (
    grant_by_arn,
    split_application_assignment,
    target_by_arn,
)
from holdfast.systems.identity_center.records.references import PRINCIPAL_TYPES
from holdfast.systems.identity_center.restore.application_facets import (
    application_of,
    attributes_of,
    grant_of,
    issuer_of,
    scope_targets,
)
from holdfast.systems.identity_center.restore.directory import Directory
from holdfast.systems.identity_center.restore.facet import text
from holdfast.systems.identity_center.restore.operations import Operations
from holdfast.systems.identity_center.restore.order import owner_of

Write = Callable[[Change], Outcome]
_IN_FORCE, _COMING = "ENABLED", "CREATION_IN_PROGRESS"


class ApplicationWriter:
    """Makes changes; errors of the service leave as they are. Raises: NotFound for a name that has no ARN."""

    def __init__(self, gateway: ApplicationsGateway, directory: Directory, operations: Operations) -> None:
        self._gateway, self._directory, self._operations = gateway, directory, operations
        self.writers: dict[str, Write] = {
            INSTANCE: self._instance,
            ACCESS_CONTROL_ATTRIBUTES: self._attributes,
            TRUSTED_TOKEN_ISSUER: self._issuer,
            APPLICATION: self._application,
            ASSIGNMENT_CONFIGURATION: self._assignment_configuration,
            SESSION_CONFIGURATION: self._session_configuration,
            GRANT: self._grant,
            ACCESS_SCOPE: self._scope,
            AUTHENTICATION_METHOD: self._method,
            APPLICATION_ASSIGNMENT: self._assignment,
        }

    def _instance(self, change: Change) -> Outcome:
        self._gateway.rename_instance(text(plain(change.after or b""), "Name"))
        return DONE

    def _attributes(self, change: Change) -> Outcome:
        if change.after is None:
            self._gateway.delete_access_control_attributes()
            return DONE
        attributes = attributes_of(change.after)
        if change.verb is Verb.UPDATE:
            self._gateway.update_access_control_attributes(attributes)
            return DONE
        self._gateway.create_access_control_attributes(attributes)
        return self._in_force()

    def _in_force(self) -> Outcome:
        """The service takes a while until newly enabled attributes are in force."""
        state, reason = _COMING, ""

        def has_ended() -> bool:
            nonlocal state, reason
            found = self._gateway.access_control_attributes()
            state, reason = (found.state, found.reason) if found else ("", "They are gone again.")
            return state != _COMING

        self._operations.await_end("sso:CreateInstanceAccessControlAttributeConfiguration", has_ended)
        if state == _IN_FORCE:
            return DONE
        said = f"The attributes for access control could not be enabled. The service said: {reason}"
        advice = "Remove the cause that the service names, then run the restore again."
        return Outcome(OutcomeKind.FAILED, said, advice, "async-failed")

    def _issuer(self, change: Change) -> Outcome:
        if change.verb is Verb.CREATE:
            arn = self._gateway.create_trusted_token_issuer(issuer_of(change.after or b""))
            self._directory.remember(TRUSTED_TOKEN_ISSUER, change.key, arn)
            return DONE
        arn = self._directory.get(TRUSTED_TOKEN_ISSUER, change.key)
        if change.after is None:
            self._gateway.delete_trusted_token_issuer(arn)
            self._directory.forget(TRUSTED_TOKEN_ISSUER, change.key)
        else:
            self._gateway.update_trusted_token_issuer(issuer_of(change.after, arn))
        return DONE

    def _application(self, change: Change) -> Outcome:
        if change.verb is Verb.CREATE:
            arn = self._gateway.create_application(application_of(change.after or b""))
            self._directory.remember(APPLICATION, change.key, arn)
            return DONE
        arn = self._arn(change)
        if change.after is None:
            self._gateway.delete_application(arn)
            self._directory.forget(APPLICATION, change.key)
        else:
            self._gateway.update_application(application_of(change.after, arn))
        return DONE

    def _assignment_configuration(self, change: Change) -> Outcome:
        if change.after is not None:  # else it goes with its application, which is deleted next
            required = plain(change.after)["AssignmentRequired"] is True
            self._gateway.put_assignment_required(self._arn(change), required)
        return DONE

    def _session_configuration(self, change: Change) -> Outcome:
        if change.after is not None:
            status = text(plain(change.after), "UserBackgroundSessionApplicationStatus")
            self._gateway.put_background_sessions(self._arn(change), status)
        return DONE

    def _grant(self, change: Change) -> Outcome:
        arn, kind = self._arn(change), _detail(change)
        if change.after is None:
            self._gateway.delete_grant(arn, kind)
        else:
            issuer_arn = partial(self._directory.get, TRUSTED_TOKEN_ISSUER)
            self._gateway.put_grant(arn, kind, grant_by_arn(grant_of(change.after), issuer_arn))
        return DONE

    def _scope(self, change: Change) -> Outcome:
        arn, scope = self._arn(change), _detail(change)
        if change.after is None:
            self._gateway.delete_access_scope(arn, scope)
            return DONE
        instance, find = self._gateway.instance_arn(), partial(self._directory.get, APPLICATION)
        targets = (target_by_arn(target, instance, find) for target in scope_targets(change.after))
        self._gateway.put_access_scope(arn, scope, tuple(targets))
        return DONE

    def _method(self, change: Change) -> Outcome:
        arn, method = self._arn(change), _detail(change)
        if change.after is None:
            self._gateway.delete_authentication_method(arn, method)
        else:
            policy: Plain = plain(change.after)["ActorPolicy"]
            self._gateway.put_authentication_method(arn, method, policy)
        return DONE

    def _assignment(self, change: Change) -> Outcome:
        application, kind, principal = split_application_assignment(change.key)
        assignment = ApplicationAssignment(
            self._directory.get(APPLICATION, application),
            PrincipalType(kind),
            self._directory.get(PRINCIPAL_TYPES[kind], principal),
        )
        if change.verb is Verb.CREATE:
            self._gateway.create_application_assignment(assignment)
        else:
            self._gateway.delete_application_assignment(assignment)
        return DONE

    def _arn(self, change: Change) -> str:
        return self._directory.get(APPLICATION, owner_of(change.type, change.key))


def _detail(change: Change) -> str:
    return split_key(change.key)[-1]
