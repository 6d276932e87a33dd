"""What a restore decides about the records of one type."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.domain.changes import Change, ConflictStrategy, Decision, FieldDifference
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, join_key, show_key, split_key
from holdfast.kernel.preview import CANNOT_BE_MADE
from holdfast.kernel.showing import visible_key
from holdfast.kernel.side_by_side import Pair
from holdfast.systems.quicksight.model import FOLDER_MEMBER, GROUP, MEMBERSHIP, NAMESPACE, PERMISSION
from holdfast.systems.quicksight.records.assets import asset_of
from holdfast.systems.quicksight.records.dependencies import Name, asset_named, principal_named
from holdfast.systems.quicksight.restore.comparison import Comparison
from holdfast.systems.quicksight.restore.conflicts import by_name, differences, merged
from holdfast.systems.quicksight.restore.facets import detail_of, facets_of, is_asset, is_detail, meaning
from holdfast.systems.quicksight.restore.order import make_change
from holdfast.systems.quicksight.restore.returns import (
    Returns,
    cannot_be_made,
    described,
    not_made,
    replaced_credentials,
    unlike,
)

BUILT_IN = "default"
"""The namespace that every account has and nobody creates or deletes."""


class Deciding:
    """Decides record by record; what a pass over a type gives is the same each time."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison

    def decisions(self, type_name: str, returns: Returns | None = None) -> Iterator[Decision]:
        """Conflicts and findings of a type, and its changes, in key order; deletions of records are not among them."""
        depths = self._comparison.depths(type_name, self._comparison.wanted)
        for pair in self._comparison.pairs(type_name):
            if pair.backup is None:
                continue
            level = depths.get(pair.key, 0)
            if pair.live is None:
                yield from self._missing(pair.backup, level, returns)
            elif self._comparison.to_decide(pair):
                yield from self._existing(pair.backup, pair.live, level)

    def _missing(self, backup: Record, level: int, returns: Returns | None) -> Iterator[Change | Finding]:
        reason, lacks = cannot_be_made(backup), self._comparison.lacks(backup)
        if reason or (backup.type == NAMESPACE and backup.key == BUILT_IN):
            yield not_made(backup, reason or "every account has it from the start")
            return
        if lacks is not None:
            yield _dependency_missing(backup, lacks)
            return
        first, *rest = self._comparison.facets(backup)
        if is_asset(first.type) and asset_of(backup).described:
            yield described(backup)
        if returns is not None:
            returns.note(backup, first)
        yield make_change(first.type, first.key, None, first.value, level)
        for facet in rest:
            yield from self._detail(facet.type, facet.key, None, facet.value)

    def _existing(self, backup: Record, live: Record, level: int) -> Iterator[Decision]:
        ours, theirs = by_name(self._comparison.facets(backup)), by_name(facets_of(live))
        fields = differences(ours, theirs)
        extra = len(self.extra_members(backup.key)) if backup.type == GROUP else 0
        if extra:
            fields += (FieldDifference("members", "none beyond these", f"{extra} more"),)
        if not fields:
            return
        conflict = self._comparison.conflict(backup.type, backup.key, fields)
        yield conflict
        if conflict.resolution is ConflictStrategy.SKIP:
            return
        fixed = unlike(backup, live)
        if fixed is not None:
            yield fixed
            return
        replaced = replaced_credentials(backup, self._comparison.overrides)
        if replaced is not None and ours[backup.type, backup.key] != theirs[backup.type, backup.key]:
            yield replaced
        for name in sorted({*ours, *theirs}):
            before, after = theirs.get(name), ours.get(name)
            if conflict.resolution is ConflictStrategy.MERGE:
                after = merged(name[0], after, before)
            if meaning(name[0], before) != meaning(name[0], after):
                yield from self._changed(*name, before, after, level)

    def _changed(
        self, change_type: str, key: str, before: bytes | None, after: bytes | None, level: int
    ) -> Iterator[Change | Finding]:
        if is_detail(change_type):
            yield from self._detail(change_type, key, before, after)
        else:
            yield make_change(change_type, key, before, after, level)

    def _detail(
        self, change_type: str, key: str, before: bytes | None, after: bytes | None
    ) -> Iterator[Change | Finding]:
        """A permission goes to somebody, and a place in a folder to something, that is there; else that is told."""
        lacking = self._lacking(change_type, key) if before is None else None
        if lacking is not None:
            yield _detail_missing(change_type, key, lacking)
        else:
            yield make_change(change_type, key, before, after)

    def _lacking(self, change_type: str, key: str) -> Name | None:
        """Whom or what a detail names, where that is missing."""
        named: Name | None = None
        if change_type.endswith(f".{PERMISSION}"):
            named = principal_named(detail_of(key))
        elif change_type == FOLDER_MEMBER:
            named = asset_named(detail_of(key))
        return self._comparison.missing(*named) if named else None

    def extra_members(self, group: str) -> list[Pair]:
        """Live memberships, asked for, of a group that is restored itself, that the backup lacks."""
        asked = self._comparison.reach.asked
        if not asked.covers(GROUP, group) or not self._comparison.proves_extra(MEMBERSHIP):
            return []
        if self._extra is None:
            self._extra = {}
            for pair in self._comparison.pairs(MEMBERSHIP):
                if pair.backup is None and asked.covers(MEMBERSHIP, pair.key):
                    self._extra.setdefault(join_key(*split_key(pair.key)[:2]), []).append(pair)
        return self._extra.get(group, [])

    _extra: dict[str, list[Pair]] | None = None


def _dependency_missing(record: Record, lacks: Name) -> Finding:
    kind, key = lacks[0].replace("_", " "), show_key(lacks[1])
    message = f"It needs the {kind} {key}, which is neither in the service nor can be restored."
    advice = f"Make the {kind}, or choose a backup that holds it; then restore again."
    return Finding(Severity.ERROR, CANNOT_BE_MADE, record.type, record.key, message, advice)


def _detail_missing(change_type: str, key: str, missing: Name) -> Finding:
    kind, name = missing[0].replace("_", " "), visible_key(missing[1])
    lost = "does not come into the folder" if change_type == FOLDER_MEMBER else "gets no permission"
    message = f"{detail_of(key)} {lost}: the {kind} {name} is neither in the service nor can be restored."
    advice = f"Make the {kind}, or map it to another one; then restore again."
    code = "member-missing" if change_type == FOLDER_MEMBER else "principal-missing"
    return Finding(Severity.ERROR, code, change_type, key, message, advice)
