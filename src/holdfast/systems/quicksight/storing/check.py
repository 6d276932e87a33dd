"""Reads back what a backup has stored beside the vault, and compares it with what was to be stored."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from zipfile import BadZipFile

from holdfast.domain.errors import HoldfastError, RemoteUnavailable
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import show_key
from holdfast.kernel.canonical import canonical
from holdfast.kernel.ports import Ledger
from holdfast.systems.quicksight.storing.bundles import member_name, member_names
from holdfast.systems.quicksight.storing.errors import no_answer
from holdfast.systems.quicksight.storing.names import PARTITION, SORT_KEYS, sort_of
from holdfast.systems.quicksight.storing.object_gateway import ObjectGateway
from holdfast.systems.quicksight.storing.plan import BUNDLE, ITEMS, TABLE
from holdfast.systems.quicksight.storing.table_gateway import TableGateway
from holdfast.systems.quicksight.storing.where import StoredBundle, is_done, stored_bundles, table_of

Step = Callable[[str], None]
"""Called before each table or object is read, with its name; it may end the work by raising."""


def table_findings(
    ledger: Ledger, run: str, gateway: TableGateway, backup: str, step: Step
) -> Iterator[Finding]:
    """Query every table that a run wrote for its backup: count the items, and compare each with what was written.

    An ERROR for what does not stand, a NOTE with the count. Raises: ServiceSilent; what ends a run.
    """
    for (type_name, table), written in _written(ledger, run).items():
        step(table)
        try:
            yield from _compared(gateway, type_name, table, backup, written)
        except HoldfastError as error:
            said = f"table {table} could not be read back: {_unread(error, run)}"
            yield Finding(Severity.ERROR, "table-not-readable", TABLE, table, said, error.advice)


def object_findings(ledger: Ledger, run: str, gateway: ObjectGateway, step: Step) -> Iterator[Finding]:
    """Read every bundle that a run put whole: its SHA-256 must be the planned one, its members the planned assets.

    As `table_findings`.
    """
    read = sound = assets = 0
    for bundle in stored_bundles(ledger, run):
        if not bundle.stored:
            yield _not_there(bundle)
            continue
        step(bundle.key)
        try:
            problem, advice = _problem(bundle, gateway.get(bundle.key)), ""
        except HoldfastError as error:
            problem, advice = f"could not be read back: {_unread(error, run)}", error.advice
        if problem:
            said = f"{gateway.location}{bundle.key}: {problem}"
            yield Finding(Severity.ERROR, "bundle-not-standing", BUNDLE, bundle.key, said, advice)
        else:
            sound, assets = sound + 1, assets + len(bundle.assets)
        read += 1
    told = (
        f"{sound:,} of {read:,} bundles, with {assets:,} assets, were read back whole from {gateway.location} "
        "and hold what was sent"
    )
    yield Finding(Severity.NOTE, "bundles-verified", BUNDLE, "", told)


def _not_there(bundle: StoredBundle) -> Finding:
    shown = _listed([show_key(key) for key in bundle.assets])
    said = f"{len(bundle.assets):,} of type {bundle.type} are in the vault and in no stored bundle: {shown}"
    return Finding(Severity.WARNING, "assets-not-stored", BUNDLE, bundle.key, said)


def _unread(error: HoldfastError, run: str) -> HoldfastError:
    """The error where it concerns what was read alone. Raises: what ends the run."""
    if error.ends_run:
        raise error
    if isinstance(error, RemoteUnavailable):
        raise no_answer(error, run) from error
    return error


def _written(ledger: Ledger, run: str) -> Mapping[tuple[str, str], dict[str, bytes]]:
    """The digest of every item that was written, by its sort key, for each record type and table."""
    found: dict[tuple[str, str], dict[str, bytes]] = defaultdict(dict)
    for entry in ledger.changes(run):
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
