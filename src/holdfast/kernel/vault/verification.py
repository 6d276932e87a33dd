"""What a verification or a check came to, as values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from holdfast.kernel.ports import StoredObject


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: the level it was found on, the object and records it hit, and what it is."""

    level: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How many things of a level were checked, and how many problems were found there."""

    level: str
    checked: int
    problems: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification or check came to.

    `garbage` is what no snapshot reaches; it harms nothing. `bytes_read` counts the bytes of packs.
    """

    levels: tuple[LevelCount, ...]
    problems: tuple[Problem, ...]
    garbage: tuple[StoredObject, ...]
    bytes_read: int

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return not self.problems


def together(
    whole: Verification, places: Sequence[tuple[str, Verification]], differing: Iterable[str]
) -> Verification:
    """What checks of single places came to, each with its location, beside one of both as a whole.

    `differing` are names of objects that each place has sound, and not the same.
    """
    problems: dict[Problem, None] = {}
    for number, (location, found) in enumerate(places):
        for each in found.problems:
            problems[replace(each, message=f"{each.message} (in {location})") if number else each] = None
    problems.update(dict.fromkeys(whole.problems))
    bad = {problem.where for problem in problems}
    differ = (Problem("vault", name, "it is not the same in both places") for name in differing)
    problems.update((each, None) for each in differ if each.where not in bad)
    levels = [
        LevelCount(counts[0].level, sum(c.checked for c in counts), sum(c.problems for c in counts))
        for counts in zip(*(found.levels for _, found in places), strict=True)
    ]
    bytes_read = sum(found.bytes_read for _, found in places)
    return Verification(tuple(levels), tuple(problems), whole.garbage, bytes_read)
