"""Backup and live view side by side: which records exist where, and what may be concluded from that."""

from __future__ import annotations

from dataclasses import replace

from holdfast.domain.records import Record, RecordView
from holdfast.kernel.side_by_side import Reach, SideBySide
from holdfast.kernel.system import PlanOptions
from holdfast.systems.quicksight.model import ASSET_KINDS, DATA_SET, DATA_SOURCE, IDENTITIES
from holdfast.systems.quicksight.records.assets import asset_of
from holdfast.systems.quicksight.records.dependencies import Name, dependencies, levels
from holdfast.systems.quicksight.restore.closure import closure, with_belongings
from holdfast.systems.quicksight.restore.facets import Facet, facets_of, is_asset
from holdfast.systems.quicksight.restore.overrides import Overrides
from holdfast.systems.quicksight.restore.overriding import overridden
from holdfast.systems.quicksight.restore.returns import cannot_be_made

UPLOADED = (DATA_SOURCE, DATA_SET)
"""Types of which uploaded files are in no view, so that one which neither side holds may be there: the import tells."""


class Comparison(SideBySide):
    """What a plan works on: both views, the reach of the scope, and how conflicts are decided."""

    def __init__(
        self, wanted: RecordView, present: RecordView, options: PlanOptions, overrides: Overrides
    ) -> None:
        asked = with_belongings(present, with_belongings(wanted, options.scope))
        super().__init__(wanted, present, options, Reach(asked, closure(wanted, asked)))
        self.overrides = overrides
        self._standing: dict[Name, Name | None] = {}

    def comparable(self, type_name: str) -> bool:
        """Whether a type can be planned: it is in the backup, and what the service has of it was read.

        Single assets may be missing from what was read: they are told when their turn comes.
        """
        in_reach = type_name in self.reach.needed.types and type_name in self.wanted.types
        if not in_reach or self.present.is_complete(type_name):
            return in_reach
        return type_name not in IDENTITIES and any(True for _ in self.present.keys(type_name))

    def facets(self, record: Record) -> list[Facet]:
        """The facets that a record of the backup gets here, overrides included."""
        first, *rest = facets_of(record)
        if is_asset(first.type):
            first = replace(first, value=overridden(first.type, first.key, first.value, self.overrides))
        return [first, *rest]

    def lacks(self, record: Record) -> Name | None:
        """What a record of the backup needs and will not be there; None when it can be made or is there."""
        for name in dependencies(record, loose=False):
            missing = self.missing(*name)
            if missing is not None:
                return missing
        return None

    def missing(self, type_name: str, key: str) -> Name | None:
        """None where a record is there or will be, also where that cannot be told; else what stands against it."""
        name = (type_name, key)
        if name not in self._standing:
            self._standing[name] = None  # for a circle, of which the service says what it thinks
            self._standing[name] = self._missing(type_name, key)
        return self._standing[name]

    def _missing(self, type_name: str, key: str) -> Name | None:
        if self.present.find(type_name, key) is not None or not self.present.is_complete(type_name):
            return None
        backup = self.wanted.find(type_name, key) if self.comparable(type_name) else None
        if backup is None and type_name in UPLOADED:
            return None
        if backup is None or cannot_be_made(backup):
            return type_name, key
        return self.lacks(backup)

    def depths(self, type_name: str, view: RecordView) -> dict[str, int]:
        """By key, how many assets of the same type lie below one; nothing for those with none."""
        if type_name not in ASSET_KINDS:
            return {}
        return levels(
            type_name, ((record.key, asset_of(record).member) for record in view.records(type_name))
        )
