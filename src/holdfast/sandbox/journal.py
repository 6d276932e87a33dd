"""The log of applied effects, in order, by natural names: what a test compares a run's own journal with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """One change that took effect: its place in the order, the operation, and a key of natural names."""

    seq: int
    operation: str
    key: str


class Journal:
    """Every effect since the last reset. Loading a world is a beginning, not an effect, so it is not here."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.counts: Counter[str] = Counter()

    def record(self, operation: str, *names: str) -> None:
        self.effects.append(Effect(len(self.effects) + 1, operation, "/".join(names)))
        self.counts[operation] += 1
