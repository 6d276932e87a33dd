"""The Restore Validator: what stands against restoring a snapshot here, before anything changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.domain.changes import RestoreScope
from holdfast.domain.errors import AccessDenied, HoldfastError, NotFound, RemoteError, UsageError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record, RecordView, split_key
from holdfast.domain.snapshots import WITHOUT_PERSONAL, SnapshotInfo
from holdfast.kernel.paging import every
from holdfast.systems.identity_center.clients.connection import Connection
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    PERMISSION_SET,
    SYSTEM,
    USER,
    Instance,
    PermissionSet,
)
from holdfast.systems.identity_center.records.mapping import SCHEMA, permission_set_from

MANAGEMENT_NOTE = "assignments of the management account need credentials of the management account itself"

# IAM Identity Center quotas and the patterns of the SSO Admin API reference.
_NAME = re.compile(r"[\w+=,.@-]{1,32}", re.ASCII)
_DESCRIPTION_LENGTH = 700
_INLINE_CHARACTERS = 10_240
_POLICIES = 20
_SESSION = re.compile(r"PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?")
_SHORTEST, _LONGEST = 3600, 12 * 3600


@dataclass(frozen=True, slots=True)
class Organization:
    """The accounts by id with their status, and the management account where our credentials cannot assign to it."""

    statuses: Mapping[str, str]
    out_of_reach: str = ""


class ReadOnce:
    """The organization as it was when it was first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read: Organization | None = None

    def __call__(self) -> Organization:
        """The organization. Raises: AccessDenied, CredentialsError, RemoteError."""
        if self._read is None:
            connection = self._connection
            accounts = every(connection.organizations.list_accounts)
            statuses = {account.account_id: account.status for account in accounts}
            owner, caller = connection.instance().owner_account, connection.organizations.caller()
            self._read = Organization(statuses, owner if caller.account != owner else "")
        return self._read


def compatibility(
    connection: Connection,
    organization: Callable[[], Organization],
    snapshot: SnapshotInfo,
    wanted: RecordView,
    scope: RestoreScope,
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
    return [*findings, *_accounts(organization, wanted, scope)]


def _error(code: str, kind: str, message: str, advice: str = "", key: str = "") -> Finding:
    return Finding(Severity.ERROR, code, kind, key, message, advice)


def _sections(snapshot: SnapshotInfo, scope: RestoreScope) -> Iterator[Finding]:
    if WITHOUT_PERSONAL in snapshot.labels and USER in scope.types:
        # Restored, they would take names and addresses away from everybody who has them.
        message = "The snapshot came from a file without personal fields; its users cannot be restored."
        yield _error(
            "without-personal", USER, message, "Leave users out, or import a file that has the fields."
        )
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
    organization: Callable[[], Organization], wanted: RecordView, scope: RestoreScope
) -> list[Finding]:
    named = {split_key(record.key)[0] for record in _in_scope(wanted, scope, ASSIGNMENT)}
    if not named:
        return []
    try:
        return list(_account_findings(sorted(named), organization()))
    except (AccessDenied, RemoteError) as error:
        if not error.permanent:
            raise
        return [_unchecked(error)]


def _unchecked(error: HoldfastError) -> Finding:
    message = f"Whether the accounts of the assignments exist could not be checked: {error}"
    return Finding(Severity.WARNING, "accounts-unchecked", ASSIGNMENT, "", message, error.advice)


def _account_findings(named: Sequence[str], organization: Organization) -> Iterator[Finding]:
    unknown = [account for account in named if account not in organization.statuses]
    if unknown:
        message = f"The organization has no account {', '.join(unknown)}, which the backup assigns access to."
        advice = "Map it to one that exists or drop it (--mapping), or restore without assignments."
        yield _error("unknown-account", ASSIGNMENT, message, advice)
    yield from closed_accounts(named, organization, Severity.WARNING)


def closed_accounts(
    named: Sequence[str], organization: Organization, severity: Severity
) -> Iterator[Finding]:
    """The accounts among these where new assignments fail."""
    closed = [account for account in named if organization.statuses.get(account, "ACTIVE") != "ACTIVE"]
    if closed:
        message = f"Not active: account {', '.join(closed)}. New assignments there fail."
        yield Finding(severity, "inactive-account", ASSIGNMENT, "", message, "Map or drop it in the mapping.")
    management = organization.out_of_reach
    if management in named:
        message = f"This is a delegated administrator; {MANAGEMENT_NOTE} ({management})."
        advice = f"Run with credentials of account {management}, or restore without its assignments."
        yield Finding(severity, "management-account", ASSIGNMENT, "", message, advice)
