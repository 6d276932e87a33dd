"""Which changes of a rank may be under way together: one at a time within a lane, in plan order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from holdfast.domain.runs import JournalEntry

LOOKAHEAD = 1000
"""Changes of a rank held in memory, so that a long lane does not hide the others behind it."""

UNIT = 10
"""Changes of one lane and type that a worker takes at once; their facets are read in one go before."""

Unit = tuple[JournalEntry, ...]


class Lanes:
    """Changes of one rank that wait for a worker, by lane."""

    def __init__(self, batch_size: Callable[[str], int]) -> None:
        self._batch_size = batch_size
        self._waiting: dict[str, deque[JournalEntry]] = {}
        self._busy: set[str] = set()
        self.count = 0

    def add(self, entry: JournalEntry) -> None:
        """Put a change at the end of its lane."""
        self._waiting.setdefault(entry.change.lane, deque()).append(entry)
        self.count += 1

    def take(self, units: int) -> list[Unit]:
        """Up to `units` units whose lanes are free; the lanes stay busy until `free`."""
        taken: list[Unit] = []
        for lane in list(self._waiting):
            if len(taken) == units:
                break
            if lane in self._busy or lane not in self._waiting:
                continue
            taken.append(self._unit(lane))
        return taken

    def free(self, unit: Unit) -> None:
        """A worker is done with a unit, so its lanes may go on."""
        self._busy.difference_update(entry.change.lane for entry in unit)

    def _unit(self, lane: str) -> Unit:
        change_type = self._waiting[lane][0].change.type
        size = self._batch_size(change_type)
        # A batch call also takes what other lanes have of the type; without one a worker walks along a lane.
        unit = self._run_of(lane, change_type, UNIT) if size <= 1 else self._batch(lane, change_type, size)
        self._busy.update(entry.change.lane for entry in unit)
        self.count -= len(unit)
        return unit

    def _run_of(self, lane: str, change_type: str, most: int) -> Unit:
        entries: list[JournalEntry] = []
        keys: set[str] = set()
        # A facet that comes twice ends the unit: what was read before the first change is old for the second.
        while (
            len(entries) < most and self._head_type(lane) == change_type and self._head_key(lane) not in keys
        ):
            entries.append(self._pop(lane))
            keys.add(entries[-1].change.key)
        return tuple(entries)

    def _head_key(self, lane: str) -> str:
        return self._waiting[lane][0].change.key

    def _batch(self, first: str, change_type: str, size: int) -> Unit:
        entries: list[JournalEntry] = []
        others = [lane for lane in self._waiting if lane != first and lane not in self._busy]
        for lane in (first, *others):
            entries.extend(self._run_of(lane, change_type, size - len(entries)))
        return tuple(entries)

    def _head_type(self, lane: str) -> str:
        waiting = self._waiting.get(lane)
        return waiting[0].change.type if waiting else ""

    def _pop(self, lane: str) -> JournalEntry:
        waiting = self._waiting[lane]
        entry = waiting.popleft()
        if not waiting:
            del self._waiting[lane]
        return entry


def positions(units: Sequence[Unit]) -> list[int]:
    """The journal positions of all changes in some units."""
    return [entry.position for unit in units for entry in unit]
