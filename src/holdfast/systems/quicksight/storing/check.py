"""Reads back what a backup has stored beside the vault, and compares it with what was to be stored."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from zipfile import BadZipFile

from holdfast.domain.errors import HoldfastError, RemoteUnavailable
from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.canonical import canonical
from holdfast.kernel.runs.stages import RunContext
from holdfast.systems.quicksight.storing.bundles import member_name, member_names
from holdfast.systems.quicksight.storing.errors import no_answer
from holdfast.systems.quicksight.storing.names import PARTITION, SORT_KEYS, sort_of
from holdfast.systems.quicksight.storing.object_gateway import ObjectGateway
from holdfast.systems.quicksight.storing.plan import BUNDLE, ITEMS, TABLE
from holdfast.systems.quicksight.storing.table_gateway import TableGateway
from holdfast.systems.quicksight.storing.where import StoredBundle, is_done, stored_bundles, table_of


def check_tables(context: RunContext, gateway: TableGateway, backup: str) -> None:
    """Query every table for the backup: count its items, and compare each with what was written."""
    for (type_name, table), written in _written(context).items():
        context.guard()
        try:
            context.record_findings(_compared(gateway, type_name, table, backup, written))
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            raise no_answer(error, context.run.id) from error
        except HoldfastError as error:
            if error.ends_run:
                raise
            said = f"table {table} could not be read back: {error}"
            context.record_findings(
                [Finding(Severity.ERROR, "table-not-readable", TABLE, table, said, error.advice)]
            )


def check_objects(context: RunContext, gateway: ObjectGateway) -> None:
    """Read every bundle whole: its SHA-256 must be the planned one, and its members the planned assets."""
    bundles = [bundle for bundle in stored_bundles(context.ledger, context.run.id) if bundle.stored]
    context.progress.stage(context.stage, len(bundles))
    sound = 0
    for bundle in bundles:
        context.guard()
        try:
            problem, advice = _problem(bundle, gateway.get(bundle.key)), ""
        except RemoteUnavailable as error:
            if error.ends_run:
                raise
            raise no_answer(error, context.run.id) from error
        except HoldfastError as error:
            if error.ends_run:
                raise
            problem, advice = f"could not be read back: {error}", error.advice
        if problem:
            said = f"{gateway.location}{bundle.key}: {problem}"
            context.record_findings(
                [Finding(Severity.ERROR, "bundle-not-standing", BUNDLE, bundle.key, said, advice)]
            )
        sound += not problem
        context.progress.advance(note=bundle.key)
    told = f"{sound:,} of {len(bundles):,} bundles were read back whole and hold what was sent"
    context.record_findings([Finding(Severity.NOTE, "bundles-verified", BUNDLE, "", told)])


def _written(context: RunContext) -> Mapping[tuple[str, str], dict[str, bytes]]:
    """The digest of every item that was written, by its sort key, for each record type and table."""
    found: dict[tuple[str, str], dict[str, bytes]] = defaultdict(dict)
    for entry in context.ledger.changes(context.run.id):
        type_name = ITEMS.get(entry.change.type)
        if type_name is not None and is_done(entry):
            digest = hashlib.sha256(entry.change.after or b"").digest()
            found[type_name, table_of(entry.change)][sort_of(entry.change.key)] = digest
    return found


def _compared(
    gateway: TableGateway, type_name: str, table: str, backup: str, written: Mapping[str, bytes]
) -> Iterator[Finding]:
    missing, equal, differing, foreign = set(written), 0, list[str](), list[str]()
    for item in gateway.query(table, PARTITION, backup):
        name = str(item[SORT_KEYS[type_name]])
        missing.discard(name)
        if name not in written:
            foreign.append(name)
        elif hashlib.sha256(canonical(dict(item))).digest() == written[name]:
            equal += 1
        else:
            differing.append(name)
    what = {"are missing": sorted(missing), "differ": differing, "are not of this run": foreign}
    for trouble, names in what.items():
        if names:
            said = f"table {table}: {len(names):,} items of backup {backup} {trouble}: {_listed(names)}"
            advice = "See who writes to the table, then run the backup again."
            yield Finding(Severity.ERROR, "table-verification", TABLE, table, said, advice)
    told = f"{equal:,} of {len(written):,} items of backup {backup} stand in table {table} as written"
    yield Finding(Severity.NOTE, "items-verified", TABLE, table, told)


def _problem(bundle: StoredBundle, data: bytes) -> str:
    """What is wrong with a bundle's bytes; empty where nothing is."""
    if hashlib.sha256(data).hexdigest() != bundle.sha256:
        return f"its {len(data):,} bytes are not the {bundle.size:,} that were sent"
    try:
        names = member_names(data)
    except BadZipFile as problem:
        return f"it is no bundle: {problem}"
    return (
        "" if names == [member_name(bundle.type, key) for key in bundle.assets] else "its members are others"
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
