"""What IAM says about a caller and actions that nobody wants to try."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.answers import Answer, part, rows, text, texts
from holdfast.kernel.checks import Check, Verdict
from holdfast.kernel.needs import Action
from holdfast.kernel.paging import Page, every

ACTION = "action"
SIMULATE = "iam:SimulatePrincipalPolicy"
_ALLOW = "Allow what is missing to the principal Holdfast runs as; `holdfast doctor --print-policy` prints the policies."
_LET_ASK = f"Allow {SIMULATE} on the principal itself, or see by yourself that these actions are allowed."
_CONDITIONS = "its policies have conditions that only a real call meets or fails: "


@dataclass(frozen=True, slots=True)
class Simulated:
    """IAM's answer for one action on one resource.

    `missing_context` names the condition keys that the policies look at and that only a real call has.
    """

    action: str
    resource: str
    decision: str
    missing_context: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether a call would be allowed."""
        return self.decision == "allowed"


@dataclass(frozen=True, slots=True)
class Simulator:
    """IAM of the caller's account; `send` gives the answer to an operation of it, or raises our errors."""

    send: Callable[[str, Mapping[str, object]], Answer]

    def role_named(self, name: str) -> str:
        """The ARN of a role of the caller's account, with its path."""
        return text(part(self.send("GetRole", {"RoleName": name}), "Role"), "Arn")

    def simulate(self, principal: str, actions: Sequence[str], resources: Sequence[str]) -> list[Simulated]:
        """The decision for each action on each resource."""
        asked = {"PolicySourceArn": principal, "ActionNames": list(actions), "ResourceArns": list(resources)}

        def page(token: str) -> Page[Simulated]:
            answer = self.send("SimulatePrincipalPolicy", {**asked, "Marker": token})
            found = tuple(each for row in rows(answer, "EvaluationResults") for each in _decisions(row))
            return Page(found, text(answer, "Marker"))

        return list(every(page))


def simulated(
    iam: Simulator, caller: str, actions: Sequence[Action], place: Mapping[str, str]
) -> list[Check]:
    """A check for each action, in their order; UNKNOWN where IAM may not be asked.

    `caller` is the ARN of who calls. Raises: CredentialsError.
    """
    if caller.endswith(":root"):
        return [Check(ACTION, action.name, Verdict.OK, "the root user") for action in actions]
    try:
        principal = _principal(iam, caller)
        said = dict(_asked(iam, principal, actions, place))
    except (AccessDenied, RemoteError) as error:
        # Where IAM cannot be reached either: a network may have a way to the service alone.
        return [_unknown(action, str(error)) for action in actions]
    return [_judged(action, said[action.service], principal, place) for action in actions]


def objections(actions: Sequence[Action], checks: Sequence[Check]) -> list[Finding]:
    """An ERROR for each action that IAM's simulation refuses; `checks` are those of the actions, in their order.

    A WARNING where it cannot be told, and one for what is missing but can be done without.
    """
    findings = [
        Finding(Severity.ERROR, "action-missing", "", check.name, check.reason, check.advice)
        for check in checks
        if check.verdict is Verdict.MISSING and check.needed
    ]
    return [*findings, *_warnings(actions, checks)]


def _warnings(actions: Sequence[Action], checks: Sequence[Check]) -> Iterator[Finding]:
    unknown = [check for check in checks if check.verdict is Verdict.UNKNOWN and check.needed]
    if unknown:
        message = f"Whether {len(unknown)} actions that this needs are allowed could not be checked: {unknown[0].reason}"
        yield Finding(Severity.WARNING, "actions-unchecked", "", "", message, f"Allow {SIMULATE}, or go on.")
    lost: dict[str, list[str]] = {}
    for action, check in zip(actions, checks, strict=True):
        if check.verdict is Verdict.MISSING and not check.needed:
            lost.setdefault(action.without, []).append(action.name)
    for without, names in lost.items():
        message = f"Not allowed: {', '.join(names)}. Without them {without}."
        yield Finding(Severity.WARNING, "optional-actions-missing", "", "", message)


def _asked(
    iam: Simulator, principal: str, actions: Sequence[Action], place: Mapping[str, str]
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


def _judged(
    action: Action, said: Mapping[tuple[str, str], Simulated], principal: str, place: Mapping[str, str]
) -> Check:
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


def _principal(iam: Simulator, arn: str) -> str:
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


def _decisions(row: Answer) -> Iterator[Simulated]:
    """IAM gives a row for each action and resource, or one for an action with its resources inside."""
    action, missing = text(row, "EvalActionName"), texts(row, "MissingContextValues")
    yield Simulated(action, text(row, "EvalResourceName"), text(row, "EvalDecision"), missing)
    for each in rows(row, "ResourceSpecificResults"):
        decision = text(each, "EvalResourceDecision")
        yield Simulated(
            action, text(each, "EvalResourceName"), decision, texts(each, "MissingContextValues") or missing
        )
