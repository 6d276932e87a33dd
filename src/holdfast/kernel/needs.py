"""IAM actions that a system needs: what for, on which resources, and the policy that allows them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from holdfast.domain.changes import Verb
from holdfast.kernel.canonical import Plain

Kind = tuple[str, str]
"""A kind of planned change: its type and its verb."""

ANY = "*"
_READS = re.compile(r":(List|Get|Describe|Simulate)")


@dataclass(frozen=True, slots=True)
class Action:
    """One IAM action.

    `resources` are the patterns that a policy must allow, all of them. `backup` says that a backup calls it.
    `changes` are the kinds of change for which a restore calls it: a change type for all verbs, or
    `create group`. Where it is not `required`, `without` says what is lost. `tried_with` names the parameters
    of a harmless call: `Parameter` or `Parameter:sample`, empty where there is none.
    """

    name: str
    purpose: str
    resources: tuple[str, ...]
    backup: bool = False
    changes: tuple[str, ...] = ()
    without: str = ""
    tried_with: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether the work fails without it."""
        return not self.without

    @property
    def service(self) -> str:
        """IAM's prefix of the service."""
        return self.name.partition(":")[0]

    @property
    def operation(self) -> str:
        """The API's operation."""
        return self.name.partition(":")[2]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return bool(_READS.search(self.name))

    def needed_for(self, kinds: frozenset[Kind]) -> bool:
        """Whether applying changes of these kinds calls it."""
        return any(name in (kind, f"{Verb(verb)} {kind}") for kind, verb in kinds for name in self.changes)

    def resources_in(self, place: Mapping[str, str]) -> tuple[str, ...]:
        """The patterns, filled with the names of a place."""
        return tuple(pattern.format_map(place) for pattern in self.resources)


def document(
    named: Iterable[tuple[str, Action]],
    place: Mapping[str, str],
    conditions: Mapping[str, Plain] | None = None,
) -> str:
    """An IAM policy document that allows these actions on their resources and nothing else.

    Actions come with the name of their statement, which may have a condition. Those of a statement share all
    resource types among them, because an action is never asked about a type that it does not know; that keeps
    the document within IAM's 6,144 characters.
    """
    statements: dict[str, list[Action]] = {}
    for name, action in named:
        statements.setdefault(name, []).append(action)
    shown = [_shown(name, actions, place) for name, actions in statements.items()]
    for statement in shown:
        condition = (conditions or {}).get(str(statement["Sid"]))
        statement |= {"Condition": condition} if condition else {}
    return json.dumps({"Version": "2012-10-17", "Statement": shown}, indent=2)


def _shown(name: str, actions: list[Action], place: Mapping[str, str]) -> dict[str, Plain]:
    resources = {resource for action in actions for resource in action.resources_in(place)}
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": sorted(action.name for action in actions),
        "Resource": sorted(resources),
    }
