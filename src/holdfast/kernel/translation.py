"""A backup's records as another installation of the service names them, in the order of their new keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, RecordView, show_key
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView


class Translator(Protocol):
    """Translates records one by one, and remembers which entries of its mapping were of use."""

    with_content: frozenset[str]
    """Types of which two records cannot become one; of others, two with the same key are the same."""

    def __call__(self, record: Record) -> Record | None:
        """The record as the target has it; None when it, or something that it refers to, is dropped."""

    def reorders(self, type_name: str) -> bool:
        """Whether the mapping changes keys of the type so that their order may change."""

    def key_before(self, type_name: str, key: str) -> str | None:
        """The backup's key of the record that has this one in the target; only asked where the order stays."""

    def findings(self) -> Iterator[Finding]:
        """What there is to say about the mapping once every record was translated."""


class TranslatedView(RecordView):
    """A view whose records have the target's names and ids, in the order of their new keys.

    Types whose order no mapping changes are streamed, others are held in memory once they are read.
    """

    def __init__(self, view: RecordView, translator: Translator) -> None:
        self._view, self._translator = view, translator
        self._held: dict[str, MemoryView] = {}
        self._collisions: list[Finding] = []

    @property
    def types(self) -> tuple[str, ...]:
        return self._view.types

    def is_complete(self, type_name: str) -> bool:
        return self._view.is_complete(type_name)

    def records(self, type_name: str) -> Iterator[Record]:
        held = self._renamed(type_name)
        return held.records(type_name) if held else self._translated(type_name)

    def find(self, type_name: str, key: str) -> Record | None:
        if held := self._renamed(type_name):
            return held.find(type_name, key)
        before = self._translator.key_before(type_name, key)
        found = None if before is None else self._view.find(type_name, before)
        return None if found is None else self._translator(found)

    def findings(self) -> list[Finding]:
        """Records that would become one, as errors; what else the translator has to say."""
        for name in self.types:
            for _ in self.records(name):
                pass
        return [*self._collisions, *self._translator.findings()]

    def _translated(self, type_name: str) -> Iterator[Record]:
        translated = map(self._translator, self._view.records(type_name))
        return (record for record in translated if record is not None)

    def _renamed(self, type_name: str) -> MemoryView | None:
        """The type's records held in their new order; None where the order stays."""
        if not self._translator.reorders(type_name):
            return None
        if type_name not in self._held:
            ordered = sorted(self._translated(type_name), key=lambda record: record.key)
            self._held[type_name] = MemoryView([Part(type_name, list(self._each_once(ordered)))])
        return self._held[type_name]

    def _each_once(self, ordered: list[Record]) -> Iterator[Record]:
        """One record for each key; the same access by two ways is one, two things with content collide."""
        last: Record | None = None
        for record in ordered:
            if last is None or record.key != last.key:
                yield record
                last = record
            elif record.type in self._translator.with_content:
                message = f"Two {record.type} records of the backup would both be {show_key(record.key)}."
                advice = "Map one of them to another name, or drop it."
                self._collisions.append(
                    Finding(Severity.ERROR, "collision", record.type, record.key, message, advice)
                )
