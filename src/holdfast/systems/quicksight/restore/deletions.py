"""What a restore removes: extra members under OVERWRITE, and extra records under `--delete-extra`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from holdfast.domain.changes import Change, ConflictStrategy, Decision
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, join_key, split_key
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    DATA_SET,
    DATA_SOURCE,
    GROUP,
    IDENTITIES,
    MEMBERSHIP,
    NAMESPACE,
    RECORD_TYPES,
    USER,
)
from holdfast.systems.quicksight.records.assets import asset_of
from holdfast.systems.quicksight.records.dependencies import dependencies
from holdfast.systems.quicksight.restore.comparison import Comparison
from holdfast.systems.quicksight.restore.conflicts import by_name, differences
from holdfast.systems.quicksight.restore.deciding import BUILT_IN, Deciding
from holdfast.systems.quicksight.restore.facets import facets_of
from holdfast.systems.quicksight.restore.order import make_change
from holdfast.systems.quicksight.restore.returns import after_deletion

UPLOAD = "FILE"
"""Type of a data source that is an uploaded file."""
RECOVERY_DAYS = 30
"""Days in which a deleted analysis can be restored; what DeleteAnalysis does unless told otherwise."""


def deletions(comparison: Comparison, deciding: Deciding) -> Iterator[Decision]:
    """Every removal of records, with what could not be removed; in no order."""
    gone: dict[tuple[str, str], Record] = {}
    for record in _surplus_members(comparison, deciding):
        gone[record.type, record.key] = record
    if comparison.options.delete_extra:
        for kind in RECORD_TYPES:
            if kind.name in comparison.reach.asked.types and not comparison.wanted.is_complete(kind.name):
                yield _kept(kind.name)
            for record in _extras(comparison, kind.name):
                if _is_uploaded(comparison, record):
                    yield _uploaded(record)
                else:
                    gone[record.type, record.key] = record
        gone.update(_cascade(comparison, gone))
    analyses = sum(1 for type_name, _ in gone if type_name == ANALYSIS)
    if analyses:
        what = "analysis is" if analyses == 1 else "analyses are"
        message = f"{analyses} {what} deleted with a recovery window of {RECOVERY_DAYS} days."
        yield Finding(Severity.NOTE, "recovery-window", ANALYSIS, "", message)
    yield from after_deletion(Counter(type_name for type_name, _ in gone))
    for type_name in dict.fromkeys(name for name, _ in gone):
        depths = comparison.depths(type_name, comparison.present)
        for record in (record for (name, _), record in gone.items() if name == type_name):
            yield from _taken_down(record, depths.get(record.key, 0))


def _surplus_members(comparison: Comparison, deciding: Deciding) -> Iterator[Record]:
    """Members that the backup lacks, of the groups whose conflict was decided so."""
    for pair in comparison.pairs(GROUP):
        extra = deciding.extra_members(pair.key) if pair.backup and pair.live else []
        if not extra or pair.backup is None or pair.live is None:
            continue
        fields = differences(by_name(comparison.facets(pair.backup)), by_name(facets_of(pair.live)))
        if comparison.conflict(GROUP, pair.key, fields).resolution is ConflictStrategy.OVERWRITE:
            yield from (member.live for member in extra if member.live)


def _extras(comparison: Comparison, type_name: str) -> Iterator[Record]:
    if comparison.proves_extra(type_name):
        for pair in comparison.pairs(type_name):
            asked = comparison.reach.asked.covers(type_name, pair.key)
            own = (type_name, pair.key) != (NAMESPACE, BUILT_IN)
            if pair.backup is None and pair.live and asked and own:
                yield pair.live


def _is_uploaded(comparison: Comparison, record: Record) -> bool:
    """Whether a live record is an uploaded file, or a dataset of one: a backup may leave these out and be whole."""
    if record.type == DATA_SOURCE:
        return asset_of(record).member.get("type") == UPLOAD
    below = dependencies(record) if record.type == DATA_SET else ()
    found = (comparison.present.find(*name) for name in below if name[0] == DATA_SOURCE)
    return any(each is not None and _is_uploaded(comparison, each) for each in found)


def _cascade(comparison: Comparison, gone: dict[tuple[str, str], Record]) -> dict[tuple[str, str], Record]:
    """What goes with a namespace, a user or a group: each is a change of its own, so that it can be undone."""
    spaces = {key for name, key in gone if name == NAMESPACE}
    found: dict[tuple[str, str], Record] = {}
    for type_name in (USER, GROUP, MEMBERSHIP):
        for record in comparison.present.records(type_name):
            parts = split_key(record.key)
            owners = [(GROUP, join_key(*parts[:2])), (USER, join_key(parts[0], parts[-1]))]
            taken = type_name == MEMBERSHIP and any(name in gone or name in found for name in owners)
            if parts[0] in spaces or taken:
                found[type_name, record.key] = record
    return found


def _taken_down(record: Record, level: int) -> Iterator[Change]:
    for facet in facets_of(record):
        yield make_change(facet.type, facet.key, facet.value, None, level)


def _uploaded(record: Record) -> Finding:
    message = "It is an uploaded file, which no backup holds and nothing brings back: it is not deleted."
    advice = "Delete it by hand if nobody needs it."
    return Finding(Severity.WARNING, "not-deleted", record.type, record.key, message, advice)


def _kept(type_name: str) -> Finding:
    what = "users and groups" if type_name in IDENTITIES else f"{type_name.replace('_', ' ')}s"
    message = f"No extra {what} are deleted, because the backup does not hold all of the {type_name} records."
    return Finding(Severity.WARNING, "not-deleted", type_name, "", message)
