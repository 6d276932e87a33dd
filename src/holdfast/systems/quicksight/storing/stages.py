"""The stages in which a backup is stored beside the vault, over its sealed snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from holdfast.domain.changes import Change
from holdfast.domain.errors import NotFound
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.ports import Ledger
from holdfast.kernel.runs.journal import apply_journal
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.vault.vault import Vault
from holdfast.systems.quicksight.model import ASSET_KINDS
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.storing.check import Step, object_findings, table_findings
from holdfast.systems.quicksight.storing.object_changer import ObjectChanger
from holdfast.systems.quicksight.storing.object_gateway import ObjectGateway
from holdfast.systems.quicksight.storing.plan import (
    BUNDLE,
    BUNDLE_CHANGES,
    ITEMS,
    TABLE,
    TABLE_CHANGES,
    bundle_changes,
    table_changes,
)
from holdfast.systems.quicksight.storing.table_changer import OTHER_SCHEMA, WITHOUT_OPTIONS, TableChanger
from holdfast.systems.quicksight.storing.table_gateway import TableGateway


@dataclass(frozen=True, slots=True)
class Outside:
    """What storing needs of the outside: handed in by bootstrap, made when first needed."""

    vault: Callable[[], Vault]
    settings: QuickSightSettings
    tables: Callable[[], TableGateway]
    objects: Callable[[], ObjectGateway]


def storing_stages(types: Sequence[str], outside: Outside) -> tuple[Stage, ...]:
    """The stages between capture and check for these record types: plan, write tables, put bundles, read all back."""
    tables, objects = not set(types).isdisjoint(ITEMS.values()), has_objects(types)
    return (
        Stage("plan", StageKind.CHANGE, lambda context: _plan(context, outside, tables, objects)),
        *[Stage("tables", StageKind.CHANGE, lambda context: _write(context, outside))] * tables,
        *[Stage("bundles", StageKind.CHANGE, lambda context: _put(context, outside))] * objects,
        Stage("stored", StageKind.CHECK, lambda context: _check(context, outside)),
    )


def has_objects(types: Sequence[str]) -> bool:
    """Whether a backup of these record types stores bundles in a bucket."""
    return not ASSET_KINDS.keys().isdisjoint(types)


def _plan(context: RunContext, outside: Outside, tables: bool, objects: bool) -> None:
    snapshot, settings = _snapshot(context, outside), outside.settings
    view = outside.vault().read(snapshot)
    parts: list[Iterator[Change]] = []
    if tables:
        parts.append(table_changes(view, snapshot, settings))
    if objects:
        parts.append(bundle_changes(view, snapshot, settings))
    context.plan_changes(chain.from_iterable(parts))


def _write(context: RunContext, outside: Outside) -> None:
    apply_journal(context, TableChanger(outside.tables(), context.clock, context.run.id), TABLE_CHANGES)
    context.record_findings(_warnings(context))


def _put(context: RunContext, outside: Outside) -> None:
    snapshot = _snapshot(context, outside)
    view = outside.vault().read(snapshot)
    changer = ObjectChanger(outside.objects(), view, snapshot, outside.settings.prefix)
    apply_journal(context, changer, BUNDLE_CHANGES)


def verify_stored(ledger: Ledger, snapshot: SnapshotInfo, outside: Outside, step: Step) -> Iterator[Finding]:
    """What of a backup stands as its run stored it, read back from tables and bucket; an ERROR for what does not.

    Raises: ServiceSilent; Throttled; CredentialsError.
    """
    kinds = {change_type for change_type, _, _ in ledger.count_changes(snapshot.run)}
    if TABLE in kinds:
        yield from table_findings(ledger, snapshot.run, outside.tables(), snapshot.id, step)
    if BUNDLE in kinds:
        yield from object_findings(ledger, snapshot.run, outside.objects(), step)


def _check(context: RunContext, outside: Outside) -> None:
    def step(name: str) -> None:
        context.guard()
        context.progress.advance(note=name)

    context.progress.stage(context.stage)
    for finding in verify_stored(context.ledger, _snapshot(context, outside), outside, step):
        context.record_findings([finding])


def _warnings(context: RunContext) -> Iterator[Finding]:
    """What is odd about tables that are written to all the same."""
    for entry in context.ledger.changes(context.run.id):
        if entry.change.type != TABLE:
            return  # tables come first
        outcome = entry.outcome
        if outcome is not None and outcome.code in (OTHER_SCHEMA, WITHOUT_OPTIONS):
            said = f"table {entry.change.key}: {outcome.reason}"
            warning = Severity.WARNING
            yield Finding(warning, outcome.code, TABLE, entry.change.key, said, outcome.advice)


def _snapshot(context: RunContext, outside: Outside) -> SnapshotInfo:
    found = outside.vault().of_run(context.run.id)
    if found is None:
        raise NotFound("snapshot of run", context.run.id, "Start the run again.")
    return found
