"""Cleans up after a complete backup, where its own policy or the settings say so; the evidence says what went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from holdfast.domain.errors import AccessDenied, Busy, CredentialsError, RemoteError, VaultError
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.snapshots import SnapshotInfo
from holdfast.kernel.cleanup import DELETED, Cleanup
from holdfast.kernel.ports import Ledger
from holdfast.kernel.retention import RetentionSettings, recorded_policy
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.vault.errors import StoreError

FAILURES = (StoreError, VaultError, AccessDenied, CredentialsError, RemoteError, Busy)
"""What may stop a cleanup and makes the backup before it no worse."""


class _Deletion(msgspec.Struct):
    """What the audit trail says of a deletion."""

    snapshot: str = ""
    run: str = ""


_details = msgspec.json.Decoder(_Deletion)


@dataclass(frozen=True, slots=True)
class AutoCleanup:
    """What follows a backup; `settings` are the installation's, which a backup's recorded policy overrides."""

    cleanup: Cleanup
    settings: RetentionSettings

    def __call__(self, context: RunContext, sealed: SnapshotInfo) -> None:
        """Delete what no rule keeps of the same instance, and record as findings what was deleted.

        A failure is a finding of its own: it makes the run partial, the backup stays sound.
        """
        policy = recorded_policy(sealed.labels, self.settings)
        if not policy.auto_cleanup:
            return
        hindrance = "" if sealed.complete else "this backup is partial"
        if hindrance or not policy.rules:
            told = f"Nothing was cleaned up: {hindrance or 'no rule says which backups to keep'}."
            context.record_findings([Finding(Severity.WARNING, "not-cleaned-up", "", "", told)])
            return
        context.record_findings(list(self._cleaned(context, sealed, policy)))

    def _cleaned(
        self, context: RunContext, sealed: SnapshotInfo, policy: RetentionSettings
    ) -> Iterator[Finding]:
        try:
            cleaned = self.cleanup.after(sealed, policy, context.progress, context.run.id)
            for held in cleaned.locked:
                yield Finding(Severity.NOTE, "locked", "backup", held.id, f"{held}.")
        except FAILURES as error:
            told = f"Not everything was cleaned up: {error}"
            yield Finding(Severity.ERROR, "cleanup-failed", "", "", told, error.advice)
        yield from _deletions(context.ledger, context.run.id)


def _deletions(ledger: Ledger, run: str) -> Iterator[Finding]:
    """A note for each deletion of the run, by the audit trail: it also knows those before a crash."""
    for entry in ledger.audit():
        deletion = _details.decode(entry.detail) if entry.action == DELETED else None
        if deletion and deletion.run == run:
            message = "Deleted: no rule of retention keeps it."
            yield Finding(Severity.NOTE, "cleaned-up", "backup", deletion.snapshot, message)
