"""Records held in memory, readable like a snapshot."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from holdfast.domain.outcomes import Outcome
from holdfast.domain.records import Record, RecordView
from holdfast.kernel.system import Part


class MemoryView(RecordView):
    """The parts of a capture as a `RecordView`, without a vault."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = {part.type: part for part in parts}

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def is_complete(self, type_name: str) -> bool:
        part = self._parts.get(type_name)
        return part is not None and part.complete

    def records(self, type_name: str) -> Iterator[Record]:
        part = self._parts.get(type_name)
        return iter(part.records if part else ())

    def unread(self) -> dict[tuple[str, str], Outcome]:
        """By type and key, what the inventory named and no record holds, and why."""
        items = (item for part in self._parts.values() for item in part.failures)
        return {(item.type, item.key): item.outcome for item in items if not self.find(item.type, item.key)}

    def find(self, type_name: str, key: str) -> Record | None:
        part = self._parts.get(type_name)
        records = part.records if part else ()
        at = bisect_left(records, key, key=lambda record: record.key)
        return records[at] if at < len(records) and records[at].key == key else None


class OverlaidView(RecordView):
    """A view with some of its types taken from another one."""

    def __init__(self, below: RecordView, above: RecordView) -> None:
        self._below, self._above = below, above

    @property
    def types(self) -> tuple[str, ...]:
        return self._below.types

    def is_complete(self, type_name: str) -> bool:
        return self._of(type_name).is_complete(type_name)

    def records(self, type_name: str) -> Iterator[Record]:
        return self._of(type_name).records(type_name)

    def find(self, type_name: str, key: str) -> Record | None:
        return self._of(type_name).find(type_name, key)

    def _of(self, type_name: str) -> RecordView:
        return self._above if type_name in self._above.types else self._below
