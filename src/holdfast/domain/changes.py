"""A change: one intended effect on somebody's service, with a name that never varies."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.domain.outcomes import Finding
from holdfast.domain.records import show_key


class Verb(StrEnum):
    """What a change does to its facet."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """Turn one facet of a service from `before` into `after`; None stands for absent.

    A facet is the smallest thing that one call of the service sets: a user, a membership, the inline
    policy of a permission set. `before` and `after` are canonical JSON, so equality of bytes is
    equality of meaning. `rank` is the dependency level: all changes of a rank end before the next
    rank starts. Changes that share a `lane` are applied one at a time, others concurrently.
    """

    type: str
    key: str
    before: bytes | None
    after: bytes | None
    rank: int
    lane: str
    note: str = ""

    @property
    def verb(self) -> Verb:
        """Create, update or delete, read off `before` and `after`."""
        if self.before is None:
            return Verb.CREATE
        return Verb.DELETE if self.after is None else Verb.UPDATE

    @property
    def name(self) -> str:
        """The change's name in journals and reports, for example `create group Admins`."""
        return f"{self.verb} {self.type} {show_key(self.key)}"


class ConflictStrategy(StrEnum):
    """What to do where the live service differs from the backup (names as drawn)."""

    OVERWRITE = "overwrite"
    SKIP = "skip"
    PROMPT = "prompt"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that differs; values are shown as text, personal ones as `***`."""

    name: str
    backup: str
    live: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A record that exists on both sides with different content, and how it was decided."""

    type: str
    key: str
    fields: tuple[FieldDifference, ...]
    resolution: ConflictStrategy


Decision = Change | Conflict | Finding


@dataclass(frozen=True, slots=True)
class RestoreScope:
    """What a restore may touch: the record types asked for, and single records of them where named.

    `keys` limits a type to the natural keys listed; a type without an entry is taken whole.
    """

    types: tuple[str, ...]
    keys: dict[str, frozenset[str]] = field(default_factory=dict)

    def covers(self, type_name: str, key: str) -> bool:
        """Whether a record lies within the scope."""
        return type_name in self.types and (type_name not in self.keys or key in self.keys[type_name])
