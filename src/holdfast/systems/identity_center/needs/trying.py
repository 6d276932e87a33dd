"""Reading actions, tried for real with a call that changes nothing and asks for one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.kernel.answers import Answer, rows, text, texts
from holdfast.kernel.checks import Check, Verdict
from holdfast.kernel.needs import Action
from holdfast.kernel.ports import PacedSession
from holdfast.kernel.simulation import ACTION, missing
from holdfast.systems.identity_center.clients.answers import Service
from holdfast.systems.identity_center.model import Instance

Samples = dict[str, object]
"""Parameters of further calls, by name: the instance, and the first of each kind that a listing gave."""

# What the service answers once the caller is let in, though the thing asked about is not as the call wants it.
_LET_IN = frozenset({"ResourceNotFoundException", "ConflictException"})
_SERVICES = {"sso": "sso-admin", "identitystore": "identitystore", "organizations": "organizations"}


def tried(
    session: PacedSession, instance: Instance, account: str, actions: Sequence[Action]
) -> Iterator[tuple[Action, Check | None]]:
    """Each action with how its trial ended, listings first; None where there is nothing to try it on.

    `account` stands in for those that may not be listed. Raises: CredentialsError, RemoteUnavailable, Throttled.
    """
    services = {prefix: Service(session, name, prefix) for prefix, name in _SERVICES.items()}
    samples: Samples = {
        "MaxResults": 1,
        "InstanceArn": instance.arn,
        "IdentityStoreId": instance.identity_store_id,
        "AccountId": account,
    }
    for action in sorted(actions, key=lambda action: action.name not in _SAMPLES):
        parameters = _parameters(action, samples)
        if parameters is None:
            yield action, None
            continue
        yield action, _attempt(services[action.service], action, parameters, samples)


def _parameters(action: Action, samples: Samples) -> dict[str, object] | None:
    """The parameters of the harmless call; None where there is no such call, or a sample is lacking."""
    named = {name.partition(":")[0]: name.rpartition(":")[2] for name in action.tried_with}
    if not named or not samples.keys() >= set(named.values()):
        return None
    return {parameter: samples[sample] for parameter, sample in named.items()}


def _attempt(service: Service, action: Action, parameters: Mapping[str, object], samples: Samples) -> Check:
    try:
        answer = service.send(action.operation, parameters)
    except AccessDenied as error:
        return missing(action, str(error))
    except RemoteError as error:
        if not error.permanent:
            raise
        if error.error not in _LET_IN:
            return Check(ACTION, action.name, Verdict.UNKNOWN, str(error), error.advice, action.required)
    else:
        if action.name in _SAMPLES:
            samples.update(_SAMPLES[action.name](answer))
    return Check(ACTION, action.name, Verdict.OK, "tried", needed=action.required)


def _permission_set(answer: Answer) -> Samples:
    found = texts(answer, "PermissionSets")
    return {"PermissionSetArn": found[0]} if found else {}


def _first(listing: str, sample: Callable[[Answer], Samples]) -> Callable[[Answer], Samples]:
    def of(answer: Answer) -> Samples:
        found = rows(answer, listing)
        return sample(found[0]) if found else {}

    return of


def _user(user: Answer) -> Samples:
    identifier = text(user, "UserId")
    return {
        "UserId": identifier,
        "MemberId": {"UserId": identifier},
        "PrincipalId": identifier,
        "PrincipalType": "USER",
        "UserName": _unique("userName", text(user, "UserName")),
    }


def _group(group: Answer) -> Samples:
    name = _unique("displayName", text(group, "DisplayName"))
    return {"GroupId": text(group, "GroupId"), "DisplayName": name}


def _unique(path: str, value: str) -> dict[str, object]:
    return {"UniqueAttribute": {"AttributePath": path, "AttributeValue": value}}


def _request(listing: str, parameter: str) -> Callable[[Answer], Samples]:
    return _first(listing, lambda request: {parameter: text(request, "RequestId")})


_SAMPLES: dict[str, Callable[[Answer], Samples]] = {
    "sso:ListPermissionSets": _permission_set,
    "organizations:ListAccounts": _first("Accounts", lambda account: {"AccountId": text(account, "Id")}),
    "sso:ListApplications": _first(
        "Applications", lambda application: {"ApplicationArn": text(application, "ApplicationArn")}
    ),
    "sso:ListTrustedTokenIssuers": _first(
        "TrustedTokenIssuers", lambda issuer: {"TrustedTokenIssuerArn": text(issuer, "TrustedTokenIssuerArn")}
    ),
    "identitystore:ListUsers": _first("Users", _user),
    "identitystore:ListGroups": _first("Groups", _group),
    "sso:ListAccountAssignmentCreationStatus": _request(
        "AccountAssignmentsCreationStatus", "AccountAssignmentCreationRequestId"
    ),
    "sso:ListAccountAssignmentDeletionStatus": _request(
        "AccountAssignmentsDeletionStatus", "AccountAssignmentDeletionRequestId"
    ),
    "sso:ListPermissionSetProvisioningStatus": _request(
        "PermissionSetsProvisioningStatus", "ProvisionPermissionSetRequestId"
    ),
}
"""What the listings give to try other actions on."""
