"""Backup and live view side by side: what a restore reaches, which records exist where, how conflicts are decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.domain.changes import Conflict, FieldDifference, RestoreScope
from holdfast.domain.records import Record, RecordType, RecordView
from holdfast.kernel.choosing import ConflictManager
from holdfast.kernel.compare import merge
from holdfast.kernel.system import PlanOptions


@dataclass(frozen=True, slots=True)
class Reach:
    """What was asked for, and what that needs: the latter must exist but is not changed where it does."""

    asked: RestoreScope
    needed: RestoreScope


@dataclass(frozen=True, slots=True)
class Pair:
    """A natural key with the record that each side holds under it; at least one side has one."""

    key: str
    backup: Record | None
    live: Record | None


class SideBySide:
    """Both views within reach of a scope. A system's own comparison adds what only it can tell."""

    def __init__(self, wanted: RecordView, present: RecordView, options: PlanOptions, reach: Reach) -> None:
        self.wanted, self.present, self.options, self.reach = wanted, present, options, reach
        self._manager = ConflictManager(options.strategy, options.choose)

    def comparable(self, type_name: str) -> bool:
        """Whether a type can be planned: it is in the backup and was read whole from the service."""
        in_reach = type_name in self.reach.needed.types
        return in_reach and type_name in self.wanted.types and self.present.is_complete(type_name)

    def proves_extra(self, type_name: str) -> bool:
        """Whether a live record without a counterpart is known to be missing from a whole backup."""
        return self.comparable(type_name) and self.wanted.is_complete(type_name)

    def pairs(self, type_name: str) -> Iterator[Pair]:
        """All keys of a type within reach, with both sides; nothing for a type that cannot be compared."""
        if not self.comparable(type_name):
            return
        for backup, live in merge(self.wanted.records(type_name), self.present.records(type_name)):
            key = (backup or live).key  # type: ignore[union-attr]
            if self.reach.needed.covers(type_name, key):
                yield Pair(key, backup, live)

    def to_decide(self, pair: Pair) -> bool:
        """Whether a record on both sides was asked for, rather than only needed by another."""
        record = pair.backup
        return record is not None and pair.live is not None and self.reach.asked.covers(record.type, pair.key)

    def conflict(self, type_name: str, key: str, fields: tuple[FieldDifference, ...]) -> Conflict:
        """The conflict of a record and how it is decided."""
        return self._manager.settle(type_name, key, fields)


def widened(
    kinds: Sequence[RecordType], scope: RestoreScope, records: Iterable[tuple[str, str]], *types: str
) -> RestoreScope:
    """The scope with further records, by type and key, and types; its types in the order of `kinds`."""
    added: dict[str, set[str]] = {name: set() for name in types}
    for type_name, key in records:
        if not scope.covers(type_name, key):
            added.setdefault(type_name, set()).add(key)
    if not added:
        return scope
    keys = {name: scope.keys[name] for name in scope.keys if name in scope.types}
    for type_name, names in added.items():
        keys[type_name] = keys.get(type_name, frozenset()) | names
    named = {*scope.types, *added}
    return RestoreScope(tuple(kind.name for kind in kinds if kind.name in named), keys)
