"""What stands against restoring a snapshot here, before anything changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from holdfast.domain.changes import RestoreScope
from holdfast.domain.errors import AccessDenied, RemoteError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import WITHOUT_PERSONAL, SnapshotInfo
from holdfast.systems.quicksight.clients.connection import Connection
from holdfast.systems.quicksight.model import ASSET_KINDS, SYSTEM, USER
from holdfast.systems.quicksight.records.arns import PEOPLE, named_in

SCHEMA = 1
"""Newest version of the records' fields that is understood here."""


def compatibility(
    connection: Connection, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope
) -> list[Finding]:
    """Everything found against the restore; one ERROR is enough to refuse it.

    Raises: CredentialsError, RemoteUnavailable.
    """
    if snapshot.system != SYSTEM:
        message = f"The snapshot holds {snapshot.system}, not QuickSight."
        return [_error("wrong-system", "", message, "Choose a snapshot of this system.")]
    findings = [*_sections(snapshot, scope), *_versions(wanted, scope)]
    try:
        here = connection.instance
    except (AccessDenied, RemoteError) as error:
        if not error.permanent:
            raise
        return [*findings, _error("unreachable", "", str(error), error.advice)]
    if snapshot.source.instance in ("", here):
        return findings
    return [*findings, _elsewhere(snapshot, here), *_misplaced(connection, snapshot, wanted, scope)]


def _error(code: str, kind: str, message: str, advice: str) -> Finding:
    return Finding(Severity.ERROR, code, kind, "", message, advice)


def _sections(snapshot: SnapshotInfo, scope: RestoreScope) -> Iterator[Finding]:
    if WITHOUT_PERSONAL in snapshot.labels and USER in scope.types:
        message = "The snapshot came from a file without personal fields; its users cannot be restored."
        advice = "Leave users out, or import a file that has the fields."
        yield _error("without-personal", USER, message, advice)
    for name in scope.types:
        section = snapshot.section(name)
        if section is not None and section.captured and not section.complete:
            message = f"The backup of {name} is incomplete: {section.reason or 'some could not be read'}."
            advice = "Nothing of this type is removed."
            yield Finding(Severity.WARNING, "incomplete", name, "", message, advice)


def _versions(wanted: RecordView, scope: RestoreScope) -> Iterator[Finding]:
    for name in scope.types:
        records = wanted.records(name) if name in wanted.types else iter(())
        newest = max((record.schema for record in records), default=0)
        if newest > SCHEMA:
            message = f"The {name} records have fields version {newest}; this Holdfast reads up to {SCHEMA}."
            yield _error("newer-schema", name, message, "Upgrade Holdfast, then run the command again.")


def _elsewhere(snapshot: SnapshotInfo, here: str) -> Finding:
    message = f"The backup was taken of {snapshot.source.instance}; it is restored to {here}."
    advice = "A mapping makes ARNs in definitions and permissions those of this account and region."
    return Finding(Severity.WARNING, "other-instance", "", "", message, advice)


def _misplaced(
    connection: Connection, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope
) -> Iterator[Finding]:
    """What the assets name in the place that they come from; a third account may share what they name."""
    account = connection.caller().account
    named = named_in(wanted, [name for name in scope.types if name in ASSET_KINDS])
    places = Counter[tuple[bool, str, str]]()
    for arn, count in named.items():
        if arn.account in (account, snapshot.source.account):
            places[arn.kind in PEOPLE, arn.account, arn.region] += count
    for (people, owner, region), count in sorted(places.items()):
        there = (connection.identity if people else connection.data).region
        if (owner, region) != (account, there):
            message = (
                f"Assets name {'people' if people else 'other assets'} of account {owner} in {region} "
                f"{count} times, where this restore has them in account {account} and {there}."
            )
            entries = (
                ("accounts", owner, account),
                ("identity_regions" if people else "regions", region, there),
            )
            lacking = (f'[{table}] {old} = "{new}"' for table, old, new in entries if old != new)
            yield _error("misplaced", "", message, f"Map them: {' and '.join(lacking)}.")
