"""What is wrong with a file that somebody wants to import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from holdfast.domain.errors import HoldfastError

SHOWN = 20


class Malformed(ValueError):
    """A place of a file that cannot be read; `place` says where, `problem` what. Caught by the one who examines it."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place, self.problem = place, problem


@dataclass(eq=False)
class NotImportable(HoldfastError):
    """A file cannot become a snapshot; what is wrong with it is listed, one per line, and `more` that is not."""

    file: str
    problems: tuple[str, ...]
    more: int = 0
    code: ClassVar[str] = "not-importable"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "{file} cannot be imported; nothing was kept:{problems}"
    next_step: ClassVar[str] = (
        "Mend what is named, or have it exported again; `holdfast backups import --dry-run` checks without importing."
    )

    def facts(self) -> dict[str, str]:
        rest = max(0, len(self.problems) - SHOWN) + self.more
        more = (f"and {rest:,} more",) if rest else ()
        listed = "\n  ".join(("", *self.problems[:SHOWN], *more)).rstrip()
        return {"file": self.file, "problems": listed}


@dataclass(eq=False)
class NotExportable(HoldfastError):
    """A snapshot holds something that no document can say."""

    snapshot: str
    what: str
    code: ClassVar[str] = "not-exportable"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "Snapshot {snapshot} cannot be exported: {what}"
    next_step: ClassVar[str] = (
        "Exports hold records; what is kept as bytes is read with the system's own commands."
    )


@dataclass(eq=False)
class TargetTaken(HoldfastError):
    """Something is already where an export should go."""

    location: str
    code: ClassVar[str] = "target-taken"
    exit_code: ClassVar[int] = 4
    sentence: ClassVar[str] = "{location} is there already; nothing was written."
    next_step: ClassVar[str] = "Name another place, or give --overwrite to replace it."
