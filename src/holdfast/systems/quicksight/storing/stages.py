"""The stages in which a backup is stored beside the vault, over its sealed snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from holdfast.domain.changes import Change
from holdfast.domain.errors import NotFound, SettingsError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.runs.journal import apply_journal
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind
from holdfast.kernel.vault.vault import Vault
from holdfast.systems.quicksight.settings import QuickSightSettings
from holdfast.systems.quicksight.storing.check import check_objects, check_tables
from holdfast.systems.quicksight.storing.object_changer import ObjectChanger
from holdfast.systems.quicksight.storing.object_gateway import ObjectGateway
from holdfast.systems.quicksight.storing.plan import (
    BUNDLE_CHANGES,
    TABLE,
    TABLE_CHANGES,
    bundle_changes,
    table_changes,
)
from holdfast.systems.quicksight.storing.table_changer import OTHER_SCHEMA, WITHOUT_OPTIONS, TableChanger
from holdfast.systems.quicksight.storing.table_gateway import TableGateway

FULL, USERS_ONLY, ASSETS_ONLY = "full", "users-only", "assets-only"
WITH_TABLES, WITH_OBJECTS = (FULL, USERS_ONLY), (FULL, ASSETS_ONLY)


@dataclass(frozen=True, slots=True)
class Outside:
    """What storing needs of the outside: handed in by bootstrap, made when first needed."""

    vault: Callable[[], Vault]
    settings: QuickSightSettings
    tables: Callable[[], TableGateway]
    objects: Callable[[], ObjectGateway]


def storing_stages(mode: str, outside: Outside) -> tuple[Stage, ...]:
    """The stages between capture and check: plan, write tables, put bundles, and read all of it back."""
    tables, objects = mode in WITH_TABLES, mode in WITH_OBJECTS
    return (
        Stage("plan", StageKind.CHANGE, lambda context: _plan(context, outside, tables, objects)),
        *[Stage("tables", StageKind.CHANGE, lambda context: _write(context, outside))] * tables,
        *[Stage("bundles", StageKind.CHANGE, lambda context: _put(context, outside))] * objects,
        Stage("stored", StageKind.CHECK, lambda context: _check(context, outside, tables, objects)),
    )


def require_places(mode: str, settings: QuickSightSettings) -> None:
    """Go on only where it is known where to store. Raises: SettingsError."""
    if mode in WITH_OBJECTS and not settings.bucket:
        problem = f"bucket: no bucket is set, and --mode {mode} stores bundles in one"
        raise SettingsError("[quicksight]", (problem,))


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


def _check(context: RunContext, outside: Outside, tables: bool, objects: bool) -> None:
    if tables:
        check_tables(context, outside.tables(), _snapshot(context, outside).id)
    if objects:
        check_objects(context, outside.objects())


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
