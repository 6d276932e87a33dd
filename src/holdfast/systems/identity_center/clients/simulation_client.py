"""The simulation gateway over AWS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.kernel.ports import PacedSession
from holdfast.systems.identity_center.clients.answers import Answer, Service, part, rows, text, texts
from holdfast.systems.identity_center.clients.simulation_gateway import Simulated
from holdfast.systems.identity_center.model import Page, every


class SimulationClient:
    """`SimulationGateway`, which says what each call gives, over a paced session."""

    def __init__(self, session: PacedSession) -> None:
        self._service = Service(session, "iam", "iam")

    def role_arn(self, name: str) -> str:
        return text(part(self._service.send("GetRole", {"RoleName": name}), "Role"), "Arn")

    def simulate(self, principal: str, actions: Sequence[str], resources: Sequence[str]) -> list[Simulated]:
        asked = {"PolicySourceArn": principal, "ActionNames": list(actions), "ResourceArns": list(resources)}

        def page(token: str) -> Page[Simulated]:
            answer = self._service.send("SimulatePrincipalPolicy", {**asked, "Marker": token})
            found = tuple(each for row in rows(answer, "EvaluationResults") for each in _decisions(row))
            return Page(found, text(answer, "Marker"))

        return list(every(page))


def _decisions(row: Answer) -> Iterator[Simulated]:
    """IAM gives a row for each action and resource, or one for an action with its resources inside."""
    action, missing = text(row, "EvalActionName"), texts(row, "MissingContextValues")
    yield Simulated(action, text(row, "EvalResourceName"), text(row, "EvalDecision"), missing)
    for each in rows(row, "ResourceSpecificResults"):
        decision = text(each, "EvalResourceDecision")
        yield Simulated(
            action, text(each, "EvalResourceName"), decision, texts(each, "MissingContextValues") or missing
        )
