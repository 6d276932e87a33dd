"""What IAM says about the caller and actions that nobody wants to try."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.kernel.checks import Check, Verdict
from holdfast.systems.identity_center.clients.iam_client import IamClient, Simulated
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.needs.action import Action, Place

ACTION = "action"
SIMULATE = "iam:SimulatePrincipalPolicy"
_ALLOW = "Allow what is missing to the principal Holdfast runs as; `holdfast doctor --print-policy` prints the policies."
_LET_ASK = f"Allow {SIMULATE} on the principal itself, or see by yourself that these actions are allowed."
_CONDITIONS = "its policies have conditions that only a real call meets or fails: "


def simulated(iam: IamClient, caller: Caller, actions: Sequence[Action], place: Place) -> list[Check]:
    """A check for each action, in their order; UNKNOWN where IAM may not be asked.

    Raises: CredentialsError.
    """
    if caller.arn.endswith(":root"):
        return [Check(ACTION, action.name, Verdict.OK, "the root user") for action in actions]
    try:
        principal = _principal(iam, caller.arn)
        said = dict(_asked(iam, principal, actions, place))
    except (AccessDenied, RemoteError) as error:
        # Where IAM cannot be reached either: a network may have a way to Identity Center alone.
        return [_unknown(action, str(error)) for action in actions]
    return [_judged(action, said[action.service], principal, place) for action in actions]


def _asked(
    iam: IamClient, principal: str, actions: Sequence[Action], place: Place
) -> Iterable[tuple[str, Mapping[tuple[str, str], Simulated]]]:
    """By service, because IAM wants the resources of a question to be of the actions' own kind."""
    for service, found in groupby(
        sorted(actions, key=lambda action: action.service), lambda action: action.service
    ):
        group = list(found)
        resources = sorted({resource for action in group for resource in action.resources_in(place)})
        names = sorted({action.name for action in group})
        answers = iam.simulate(principal, names, resources)
        yield service, {(answer.action, answer.resource): answer for answer in answers}


def _judged(action: Action, said: Mapping[tuple[str, str], Simulated], principal: str, place: Place) -> Check:
    answers = [(resource, said.get((action.name, resource))) for resource in action.resources_in(place)]
    for resource, answer in answers:
        if answer is None:
            return _unknown(action, f"IAM's simulation says nothing of {resource}")
        if not answer.allowed and answer.missing_context:
            return _unknown(action, _CONDITIONS + ", ".join(answer.missing_context))
        if not answer.allowed:
            reason = f"{principal} may not do it on {resource}: {answer.decision} by IAM's simulation"
            return missing(action, reason)
    return Check(ACTION, action.name, Verdict.OK, "allowed by IAM's simulation", needed=action.required)


def missing(action: Action, reason: str) -> Check:
    """That an action is not allowed, what it is needed for and, where the work goes on without it, what is lost."""
    lost = f" Without it {action.without}." if action.without else ""
    told = f"needed to {action.purpose}: {reason.rstrip('.')}.{lost}"
    return Check(ACTION, action.name, Verdict.MISSING, told, _ALLOW, action.required)


def _unknown(action: Action, reason: str) -> Check:
    return Check(ACTION, action.name, Verdict.UNKNOWN, reason, _LET_ASK, action.required)


def _principal(iam: IamClient, arn: str) -> str:
    """The user, or the role behind a session; IAM is asked for the role's path, which a session's ARN lacks."""
    parts = arn.split(":", 5)
    kind, _, rest = parts[5].partition("/")
    if kind != "assumed-role":
        return arn
    name = rest.partition("/")[0]
    try:
        return iam.role_named(name)
    except AccessDenied:
        return f"arn:{parts[1]}:iam::{parts[4]}:role/{name}"
