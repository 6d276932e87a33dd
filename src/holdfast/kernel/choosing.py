"""The Conflict Manager: how each conflict is decided, by the strategy or by a person."""

from __future__ import annotations

from dataclasses import replace

from holdfast.domain.changes import Conflict, ConflictStrategy, FieldDifference
from holdfast.domain.errors import Refused
from holdfast.kernel.ports import Chooser


def asking_once(choose: Chooser | None) -> Chooser | None:
    """A chooser that remembers: a plan is gone through more than once, and nobody should be asked twice."""
    if choose is None:
        return None
    answers: dict[tuple[str, str], ConflictStrategy] = {}

    def choose_once(conflict: Conflict) -> ConflictStrategy:
        name = (conflict.type, conflict.key)
        if name not in answers:
            answers[name] = choose(conflict)
        return answers[name]

    return choose_once


class ConflictManager:
    """Decides each conflict by the strategy asked for; under PROMPT by `choose`, which must remember its answers."""

    def __init__(self, strategy: ConflictStrategy, choose: Chooser | None) -> None:
        if strategy is ConflictStrategy.PROMPT and choose is None:
            raise Refused(
                "the conflict strategy `prompt` needs somebody to ask",
                "Run in a terminal, or choose `overwrite`, `merge` or `skip`.",
            )
        self._strategy, self._choose = strategy, choose

    def settle(self, type_name: str, key: str, fields: tuple[FieldDifference, ...]) -> Conflict:
        """The conflict with its resolution, which is never PROMPT."""
        conflict = Conflict(type_name, key, fields, self._strategy)
        return replace(conflict, resolution=self._decide(conflict))

    def _decide(self, conflict: Conflict) -> ConflictStrategy:
        if self._strategy is not ConflictStrategy.PROMPT or self._choose is None:
            return self._strategy
        chosen = self._choose(conflict)
        return ConflictStrategy.SKIP if chosen is ConflictStrategy.PROMPT else chosen
