"""The Restore Validator: what stands against restoring a snapshot here, before anything changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from holdfast.domain.changes import RestoreScope
from holdfast.domain.errors import AccessDenied, HoldfastError, NotFound, RemoteError, UsageError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, RecordView, split_key
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.systems.identity_center.connection import Connection
from holdfast.systems.identity_center.mapping import SCHEMA, permission_set_from
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    PERMISSION_SET,
    SYSTEM,
    Account,
    Instance,
    PermissionSet,
)

MANAGEMENT_NOTE = "assignments of the management account need credentials of the management account itself"

# IAM Identity Center quotas and the patterns of the SSO Admin API reference.
_NAME = re.compile(r"[\w+=,.@-]{1,32}", re.ASCII)
_DESCRIPTION_LENGTH = 700
_INLINE_CHARACTERS = 10_240
_POLICIES = 20
_SESSION = re.compile(r"PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?")
_SHORTEST, _LONGEST = 3600, 12 * 3600
_SHOWN = 20


def compatibility(
    connection: Connection, snapshot: SnapshotInfo, wanted: RecordView, scope: RestoreScope
) -> list[Finding]:
    """Everything found against the restore; one ERROR is enough to refuse it.

    `scope` is taken as closed already, or as asked for: only its own types are looked at.
    """
    if snapshot.system != SYSTEM:
        message = f"The snapshot holds {snapshot.system}, not Identity Center."
        return [_error("wrong-system", "", message, "Choose a snapshot of this system.")]
    findings = [*_sections(snapshot, scope), *_versions(wanted, scope)]
    if any(finding.code == "newer-schema" for finding in findings):
        return findings
    findings += _limits(wanted, scope)
    try:
        instance = connection.instance()
    except (NotFound, UsageError, AccessDenied, RemoteError) as error:
        return [*findings, _error("unreachable", "", str(error), error.advice)]
    findings += _instance(snapshot, instance)
    return [*findings, *_accounts(connection, instance, wanted, scope)]


def _error(code: str, kind: str, message: str, advice: str = "", key: str = "") -> Finding:
    return Finding(Severity.ERROR, code, kind, key, message, advice)


def _sections(snapshot: SnapshotInfo, scope: RestoreScope) -> Iterator[Finding]:
    for name in scope.types:
        section = snapshot.section(name)
        if section is None or not section.captured:
            message = f"The snapshot holds no {name} records: they were left out of the backup."
            yield Finding(
                Severity.WARNING, "left-out", name, "", message, "Nothing of this type is restored."
            )
        elif not section.complete:
            message = (
                f"The backup of {name} is incomplete: {section.reason or 'some items could not be read'}."
            )
            yield Finding(
                Severity.WARNING, "incomplete", name, "", message, "Nothing of this type is removed."
            )


def _in_scope(wanted: RecordView, scope: RestoreScope, type_name: str) -> Iterator[Record]:
    if type_name in scope.types and type_name in wanted.types:
        yield from (record for record in wanted.records(type_name) if scope.covers(type_name, record.key))


def _versions(wanted: RecordView, scope: RestoreScope) -> Iterator[Finding]:
    for name in scope.types:
        newest = max((record.schema for record in _in_scope(wanted, scope, name)), default=0)
        if newest > SCHEMA:
            message = f"The {name} records have fields version {newest}; this Holdfast reads up to {SCHEMA}."
            yield _error("newer-schema", name, message, "Upgrade Holdfast, then run the command again.")


def _limits(wanted: RecordView, scope: RestoreScope) -> Iterator[Finding]:
    for record in _in_scope(wanted, scope, PERMISSION_SET):
        for problem in _exceeded(permission_set_from(record)):
            message = f"Permission set {record.key}: {problem}."
            yield _error("over-limit", PERMISSION_SET, message, "Leave it out of the scope.", record.key)


def _exceeded(whole: PermissionSet) -> Iterator[str]:
    summary = whole.summary
    if not _NAME.fullmatch(summary.name):
        yield "the name is longer than 32 characters or has characters that the service refuses"
    if len(summary.description) > _DESCRIPTION_LENGTH:
        yield f"the description is longer than {_DESCRIPTION_LENGTH} characters"
    if len("".join(whole.inline_policy.split())) > _INLINE_CHARACTERS:
        yield f"the inline policy has more than {_INLINE_CHARACTERS} characters without spaces"
    if len(whole.managed_policies) + len(whole.customer_policies) > _POLICIES:
        yield f"more than {_POLICIES} managed policies are attached"
    if not _SHORTEST <= _seconds(summary.session_duration) <= _LONGEST:
        yield f"the session duration {summary.session_duration} is not between PT1H and PT12H"


def _seconds(duration: str) -> int:
    match = _SESSION.fullmatch(duration)
    if match is None:
        return 0
    hours, minutes, seconds = (int(match[name] or 0) for name in ("hours", "minutes", "seconds"))
    return hours * 3600 + minutes * 60 + seconds


def _instance(snapshot: SnapshotInfo, instance: Instance) -> Iterator[Finding]:
    if snapshot.source.instance and snapshot.source.instance != instance.arn:
        message = f"The backup was taken of {snapshot.source.instance}; it is restored to {instance.arn}."
        advice = "Everything is found by name; make sure that this is the instance you mean."
        yield Finding(Severity.WARNING, "other-instance", "", "", message, advice)


def _accounts(
    connection: Connection, instance: Instance, wanted: RecordView, scope: RestoreScope
) -> list[Finding]:
    named = {split_key(record.key)[0] for record in _in_scope(wanted, scope, ASSIGNMENT)}
    if not named:
        return []
    try:
        known = _statuses(connection)
        caller = connection.organizations.caller()
    except (AccessDenied, RemoteError) as error:
        if not error.permanent:
            raise
        return [_unchecked(error)]
    delegated = instance.owner_account not in ("", caller.account)
    return list(_account_findings(sorted(named), known, instance.owner_account if delegated else ""))


def _unchecked(error: HoldfastError) -> Finding:
    message = f"Whether the accounts of the assignments exist could not be checked: {error}"
    return Finding(Severity.WARNING, "accounts-unchecked", ASSIGNMENT, "", message, error.advice)


def _account_findings(named: Sequence[str], known: dict[str, str], management: str) -> Iterator[Finding]:
    unknown = [account for account in named if account not in known]
    if unknown:
        message = f"The organization has no account {_listed(unknown)}, which the backup assigns access to."
        advice = "Restore without assignments, or name those of the accounts that exist."
        yield _error("unknown-account", ASSIGNMENT, message, advice)
    closed = [account for account in named if known.get(account, "ACTIVE") != "ACTIVE"]
    if closed:
        message = f"Not active: account {_listed(closed)}. New assignments there fail."
        yield Finding(Severity.WARNING, "inactive-account", ASSIGNMENT, "", message)
    if management in named:
        message = f"This is a delegated administrator; {MANAGEMENT_NOTE} ({management})."
        advice = f"Run with credentials of account {management}, or restore without its assignments."
        yield Finding(Severity.WARNING, "management-account", ASSIGNMENT, "", message, advice)


def _listed(accounts: Sequence[str]) -> str:
    more = f" and {len(accounts) - _SHOWN} more" if len(accounts) > _SHOWN else ""
    return ", ".join(accounts[:_SHOWN]) + more


def _statuses(connection: Connection) -> dict[str, str]:
    return {account.account_id: account.status for account in _all_accounts(connection)}


def _all_accounts(connection: Connection) -> Iterable[Account]:
    token = ""
    while True:
        page = connection.organizations.list_accounts(token)
        yield from page.items
        token = page.next_token
        if not token:
            return
