"""A strict service in memory with a complete plug: ranks, lanes, faults, lost answers, and a log of every effect."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from holdfast.domain.changes import Change, Conflict, ConflictStrategy, Decision, RestoreScope, Verb
from holdfast.domain.errors import AccessDenied, HoldfastError, RemoteUnavailable
from holdfast.domain.outcomes import DONE, Finding, Outcome, OutcomeKind, Severity
from holdfast.domain.records import Record, RecordType, RecordView, split_key
from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
from holdfast.kernel.ports import CallCount, Progress
from holdfast.kernel.system import Part, PlanOptions, Present, System

TYPES = (
    RecordType("user", "Users"),
    RecordType("group", "Groups"),
    RecordType("membership", "Memberships", ("group", "user")),
    RecordType("label", "Labels"),
)
NAMES = tuple(kind.name for kind in TYPES)
GUARDED = {Verb.CREATE, Verb.DELETE}

Facet = tuple[str, str]


@dataclass
class Faults:
    """What goes wrong, by change name; counts go down as they happen."""

    lost_after: Counter[str] = field(default_factory=Counter)
    lost_before: Counter[str] = field(default_factory=Counter)
    raises: dict[str, HoldfastError] = field(default_factory=dict)
    refused: dict[str, Outcome] = field(default_factory=dict)
    on_call: Callable[[str], None] = lambda name: None


class MemoryService:
    """Facets under type and key. Creates refuse what exists, memberships refuse missing ends, and so on."""

    def __init__(self, facets: dict[Facet, bytes] | None = None) -> None:
        self.facets: dict[Facet, bytes] = dict(facets or {})
        self.effects: list[str] = []
        self.faults = Faults()
        self.reads = 0
        self.applies = 0
        self.lane_breaks: list[str] = []
        self.rank_breaks: list[str] = []
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._lanes: Counter[str] = Counter()
        self._ranks: Counter[int] = Counter()

    def change(self, change: Change) -> Outcome:
        """Make one change as a service would: by what is there, not by what the caller believes."""
        with self._lock:
            problem = self._problem(change)
            if problem:
                return Outcome(OutcomeKind.FAILED, problem, code="service")
            facet = (change.type, change.key)
            if change.after is None:
                del self.facets[facet]
            else:
                self.facets[facet] = change.after
            self.effects.append(change.name)
            return DONE

    @contextmanager
    def under_way(self, changes: Sequence[Change]) -> Iterator[None]:
        """Notes which lanes and ranks are busy, and every breach of the rules about them."""
        with self._lock:
            busy = {lane for lane, count in self._lanes.items() if count}
            for change in changes:
                if change.lane in busy:
                    self.lane_breaks.append(change.name)
                if any(count and rank != change.rank for rank, count in self._ranks.items()):
                    self.rank_breaks.append(change.name)
                self._lanes[change.lane] += 1
                self._ranks[change.rank] += 1
            self.most_at_once = max(self.most_at_once, sum(self._lanes.values()))
        try:
            yield
        finally:
            with self._lock:
                for change in changes:
                    self._lanes[change.lane] -= 1
                    self._ranks[change.rank] -= 1

    def _problem(self, change: Change) -> str:
        exists = (change.type, change.key) in self.facets
        if change.verb is Verb.CREATE and exists:
            return "ConflictException: it exists"
        if change.verb is not Verb.CREATE and not exists:
            return "ResourceNotFoundException: it does not exist"
        if change.type == "membership" and change.verb is Verb.CREATE:
            group, user = split_key(change.key)
            missing = [name for name in (("group", group), ("user", user)) if name not in self.facets]
            return f"ResourceNotFoundException: no {missing[0][0]} {missing[0][1]}" if missing else ""
        return self._members_left(change)

    def _members_left(self, change: Change) -> str:
        if change.verb is not Verb.DELETE or change.type not in {"group", "user"}:
            return ""
        part = 0 if change.type == "group" else 1
        kept = [
            key for kind, key in self.facets if kind == "membership" and split_key(key)[part] == change.key
        ]
        return "ConflictException: it has memberships" if kept else ""


class MemoryTarget:
    """The half that changes a `MemoryService`."""

    def __init__(
        self, service: MemoryService, *, concurrency: int = 4, batch: int = 1, pause: float = 0.0
    ) -> None:
        self.service = service
        self._concurrency = concurrency
        self._batch = batch
        self._pause = pause

    @property
    def concurrency(self) -> int:
        """How many changes may be under way at once."""
        return self._concurrency

    def batch_size(self, change_type: str) -> int:
        """How many labels go in one call; other types go alone."""
        return self._batch if change_type == "label" else 1

    def compatibility(self, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope) -> list[Finding]:
        """Nothing ever stands against it."""
        return []

    def permitted(self, kinds: Iterable[tuple[str, str]]) -> list[Finding]:
        """Everything is allowed."""
        return []

    def closure(self, wanted: RecordView, scope: RestoreScope) -> RestoreScope:
        """The scope itself."""
        return scope

    def plan(self, wanted: RecordView, present: RecordView, options: PlanOptions) -> Iterator[Decision]:
        """Conflicts in type order, then the changes in rank order."""
        changes: list[Change] = []
        for name in NAMES:
            if name not in options.scope.types:
                continue
            old = {
                record.key: record.body
                for record in present.records(name)
                if options.scope.covers(name, record.key)
            }
            new = {
                record.key: record.body
                for record in wanted.records(name)
                if options.scope.covers(name, record.key)
            }
            for key in sorted(old.keys() | new.keys()):
                if key in old and key in new and old[key] != new[key]:
                    yield Conflict(name, key, (), ConflictStrategy.OVERWRITE)
                if old.get(key) != new.get(key) and (key in new or options.delete_extra):
                    changes.append(facet_change(name, key, old.get(key), new.get(key)))
        yield from sorted(changes, key=lambda change: change.rank)

    def invert(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Before and after swapped, newest first, in rank order."""
        inverse = [facet_change(c.type, c.key, c.after, c.before) for c in reversed(list(changes))]
        yield from sorted(inverse, key=lambda change: change.rank)

    def guarded_by_service(self, change: Change) -> bool:
        """Creates and deletes are refused by the service when they come too late; updates are not."""
        return change.verb in GUARDED

    def await_settled(self, change_types: Sequence[str]) -> None:
        """Nothing is asynchronous here."""
        self.service.faults.on_call("await_settled")

    def present(self, changes: Sequence[Change]) -> Sequence[Present]:
        """What the facets hold now."""
        self.service.faults.on_call("present")
        self.service.reads += 1
        return [Present(self.service.facets.get((change.type, change.key))) for change in changes]

    def apply(self, changes: Sequence[Change], note_request: Callable[[str], None]) -> Sequence[Outcome]:
        """Make the changes, with the faults that were asked for."""
        faults = self.service.faults
        with self.service.under_way(changes):
            faults.on_call("apply")
            self.service.applies += 1
            for change in changes:
                if change.name in faults.raises:
                    raise faults.raises[change.name]
            self._maybe_lost(changes, faults.lost_before)
            if self._pause:
                time.sleep(self._pause)
            outcomes = [faults.refused.get(change.name) or self.service.change(change) for change in changes]
            faults.on_call("applied")
            self._maybe_lost(changes, faults.lost_after)
            return outcomes

    def prerequisites(self, present: RecordView, changes: Iterable[Change]) -> list[Finding]:
        return []

    def estimate_seconds(self, changes: Iterable[Change]) -> float:
        """A second for each."""
        return float(sum(1 for _ in changes))

    def _maybe_lost(self, changes: Sequence[Change], lost: Counter[str]) -> None:
        for change in changes:
            if lost[change.name] > 0:
                lost[change.name] -= 1
                raise RemoteUnavailable("Apply", "ReadTimeout", "the connection was closed")


class MemoryView(RecordView):
    """Records in memory, by type."""

    def __init__(self, facets: dict[Facet, bytes]) -> None:
        self._facets = dict(facets)

    @property
    def types(self) -> tuple[str, ...]:
        """All types."""
        return NAMES

    def is_complete(self, type_name: str) -> bool:
        """Memory is always complete."""
        return type_name in NAMES

    def records(self, type_name: str) -> Iterator[Record]:
        """All records of a type in key order."""
        for (kind, key), body in sorted(self._facets.items()):
            if kind == type_name:
                yield Record(kind, key, body)

    def find(self, type_name: str, key: str) -> Record | None:
        """One record by its key."""
        body = self._facets.get((type_name, key))
        return None if body is None else Record(type_name, key, body)


class MemorySource:
    """The half that captures a `MemoryService`; `denied` types cannot be read."""

    def __init__(self, service: MemoryService, denied: Sequence[str] = ()) -> None:
        self._service = service
        self._denied = set(denied)
        self._calls = 0

    def identity(self) -> SourceIdentity:
        """A made-up account."""
        return SourceIdentity("memory", "111122223333", "eu-central-1", "memory-1", "tester")

    def capture(self, types: Sequence[str], progress: Progress, name: str = "") -> Iterator[Part]:
        """One part for each type."""
        view = MemoryView(self._service.facets)
        for name in types:
            self._calls += 1
            if name in self._denied:
                yield Part(name, (), complete=False, reason=str(AccessDenied("List", name, "no")), calls=1)
            else:
                yield Part(name, list(view.records(name)), calls=1)

    def validate(self, parts: Sequence[Part]) -> list[Finding]:
        """An ERROR for each membership whose group or user was not captured."""
        known = {(part.type, record.key) for part in parts for record in part.records}
        members = [record for part in parts if part.type == "membership" for record in part.records]
        return [
            Finding(Severity.ERROR, "dangling", "membership", record.key, f"no {kind} {name}")
            for record in members
            for kind, name in zip(("group", "user"), split_key(record.key), strict=True)
            if (kind, name) not in known
        ]

    def calls(self) -> CallCount:
        """One call for each type captured."""
        return CallCount(self._calls, 0, 0.0, (("List", self._calls),))


def facet_change(kind: str, key: str, before: bytes | None, after: bytes | None) -> Change:
    """A change with the rank and lane that this service needs: deletes first, from the outside in."""
    change = Change(kind, key, before, after, rank=0, lane="")
    depth = 1 if kind == "membership" else 0
    rank = 1 - depth if change.verb is Verb.DELETE else 2 + depth
    lane = split_key(key)[0] if kind in ("membership", "label") else key
    return replace(change, rank=rank, lane=f"{kind}:{lane}")


def comparable(record: Record) -> bytes:
    """The record's body; nothing in it is the service's own."""
    return record.body


def memory_system(service: MemoryService) -> System:
    """The service as a registered system."""
    return System(
        "memory", "Memory", TYPES, lambda: MemorySource(service), lambda: MemoryTarget(service), comparable
    )
