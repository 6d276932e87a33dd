"""Asking a person about a conflict."""

from __future__ import annotations

from holdfast.domain.changes import Conflict, ConflictStrategy
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
