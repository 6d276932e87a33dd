"""What the kernel came to, as the data models of the Python interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import msgspec

from holdfast.api_models import (
    BackupFilters,
    BackupMetadata,
    BackupResult,
    BackupType,
    ConflictInfo,
    EncryptionMetadata,
    Environment,
    IntegrityLevel,
    IntegrityResult,
    RestorePreview,
    RestoreResult,
    RetentionPolicy,
    no_retention,
)
from holdfast.api_records import (
    checksum_name,
    counted_as,
)
from holdfast.domain.changes import Conflict
from holdfast.domain.errors import Refused, UsageError, VaultDamaged
from holdfast.domain.outcomes import Finding, Item, OutcomeKind, Severity
from holdfast.domain.records import RecordView, show_key
from holdfast.domain.runs import Run, RunState
from holdfast.domain.snapshots import SectionSummary, SnapshotFilter, SnapshotInfo, SourceIdentity
from holdfast.kernel.backup import INCREMENTAL
from holdfast.kernel.ports import Ledger
from holdfast.kernel.preview import Preview
from holdfast.kernel.retention import RECORDED, RetentionSettings, recorded_policy
from holdfast.kernel.vault.section_digest import SectionDigest
from holdfast.kernel.vault.verification import Problem, Verification

ALGORITHM = "AES-256-GCM"

LEVELS = {"record": "records", "type": "types", "pack": "packs"}
"""The vault's levels under the words of the interface; the other ones keep theirs."""


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is taken for UTC."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# -- metadata


def encryption_of(key_source: str, kms_key: str) -> EncryptionMetadata:
    """How the vault is encrypted."""
    return EncryptionMetadata(ALGORITHM, key_source, personal_data_separate=True, kms_key=kms_key)


def metadata_of(
    info: SnapshotInfo, encryption: EncryptionMetadata, retention: RetentionSettings
) -> BackupMetadata:
    """A snapshot's metadata; `retention` is what holds for backups without a policy of their own."""
    return BackupMetadata(
        backup_id=info.id,
        timestamp=info.taken_at,
        instance_arn=info.source.instance,
        backup_type=_type_of(info),
        version=str(info.format_version),
        source_account=info.source.account,
        source_region=info.source.region,
        retention_policy=_retention(info, retention),
        encryption_info=encryption,
    )


def _type_of(info: SnapshotInfo) -> BackupType:
    return BackupType.INCREMENTAL if info.kind == INCREMENTAL else BackupType.FULL


def _retention(info: SnapshotInfo, settings: RetentionSettings) -> RetentionPolicy:
    held = recorded_policy(info.labels, settings)
    return RetentionPolicy(*(getattr(held, field.name) for field in fields(RetentionPolicy)))


def labels_of(labels: Mapping[str, str], policy: RetentionPolicy | None) -> tuple[tuple[str, str], ...]:
    """Labels to store, the retention policy among them.

    Raises: UsageError for a label of that name, for a negative number, and for `auto_cleanup` without a rule.
    """
    if RECORDED in labels:
        raise UsageError(f"The label {RECORDED} is taken.", "Use `retention_policy`, or another name.")
    if policy is None or policy == no_retention():
        return tuple(sorted(labels.items()))
    counts = (policy.keep_daily, policy.keep_weekly, policy.keep_monthly, policy.keep_yearly)
    if min(counts) < 0 or (policy.auto_cleanup and not any(counts)):
        raise UsageError(
            "A retention policy needs numbers from 0 on, and with `auto_cleanup` one that is not 0.",
            "Set keep_daily, keep_weekly, keep_monthly or keep_yearly.",
        )
    return tuple(sorted({**labels, RECORDED: msgspec.json.encode(policy).decode()}.items()))


def source_of(metadata: BackupMetadata, system: str) -> SourceIdentity:
    """Whose backup the metadata says it is; nobody read it here, so there is no principal."""
    return SourceIdentity(
        system, metadata.source_account, metadata.source_region, metadata.instance_arn, principal=""
    )


def passes(info: SnapshotInfo, filters: BackupFilters) -> bool:
    """Whether a snapshot passes the filters."""
    asked = SnapshotFilter(
        safety=filters.include_safety,
        since=in_utc(filters.taken_from) if filters.taken_from else None,
        until=in_utc(filters.taken_until) if filters.taken_until else None,
        account=filters.source_account or "",
        region=filters.source_region or "",
        instance=filters.instance_arn or "",
        complete=True if filters.complete_only else False if filters.incomplete_only else None,
        labels=tuple(filters.labels.items()),
    )
    return filters.backup_type in (None, _type_of(info)) and asked.passes(info)


# -- checks


INCOMPLETE = "incomplete:"
"""Before a type's name among the checksums: it was not read whole, and why."""


def checksums_of(
    info: SnapshotInfo, view: RecordView, captured: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """Checksums at every level, proven against what was stored.

    The snapshot's and the types' are the sealed ones. A record's digest is checked twice: all of a type
    must give the sealed digest, and each must be the one noted when it was captured (`captured`, by type
    and key). Raises: VaultDamaged when one is not.
    """
    found: dict[str, str] = {}
    for section in info.sections:
        if section.captured:
            found |= _record_checksums(info, section, view)
            if not section.complete:
                found[INCOMPLETE + section.type] = section.reason
    for name, noted in captured.items():
        checksum = checksum_name(*name)
        if found.get(checksum, noted) != noted:
            raise _not_as_stored(info, checksum, "it is not what was captured")
    return found | {"snapshot": info.root}


def _record_checksums(info: SnapshotInfo, section: SectionSummary, view: RecordView) -> dict[str, str]:
    """The checksums of a type and its records."""
    sealed, found = SectionDigest(), {f"type:{section.type}": section.digest}
    for record in view.records(section.type):
        sealed.extend([(record.key, record.schema, record.body, record.personal)])
        found[checksum_name(record.type, record.key)] = record.digest
    if sealed.hex() != section.digest:
        raise _not_as_stored(info, f"type:{section.type}", "its records are not those that were sealed")
    return found


def _not_as_stored(info: SnapshotInfo, name: str, problem: str) -> VaultDamaged:
    return VaultDamaged(problem, f"See `holdfast backups verify {info.id}`.", f"{info.id}, {name}")


def damage_finding(problem: Problem) -> Finding:
    """A problem of the vault as a finding."""
    return Finding(Severity.ERROR, "damaged", problem.level, problem.where, problem.message)


def gaps(info: SnapshotInfo) -> Iterator[Finding]:
    """A warning for each type that was not read whole, a note for each that was left out."""
    for section in info.sections:
        if not section.captured:
            yield Finding(Severity.NOTE, "left-out", section.type, "", f"was left out: {section.reason}")
        elif not section.complete:
            yield Finding(
                Severity.WARNING, "incomplete", section.type, "", f"was not read whole: {section.reason}"
            )


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raises: Refused when a finding is an error."""
    errors = [finding.message for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise Refused(
            f"the data contradicts itself in {len(errors)} places: {' '.join(errors[:5])}",
            "Nothing was stored. Add what is referred to, or take out what refers to it.",
        )


def elsewhere(asked: Environment, live: SourceIdentity) -> Iterator[Finding]:
    """An error for each part of the environment that is not the one that this installation reaches."""
    pairs = (
        ("account", asked.account, live.account),
        ("region", asked.region, live.region),
        ("instance", asked.instance_arn, live.instance),
    )
    for name, wanted, here in pairs:
        if wanted not in (None, here):
            message = f"This installation reaches {name} {here}, not {wanted}."
            yield Finding(
                Severity.ERROR,
                "elsewhere",
                name,
                str(wanted),
                message,
                "Name the profile, role or region that leads there.",
            )


# -- runs


def backup_result(run: Run, info: SnapshotInfo | None, ledger: Ledger) -> BackupResult:
    """How a backup ended."""
    sections = info.sections if info else ()
    return BackupResult(
        backup_id=info.id if info else "",
        run_id=run.id,
        state=run.state,
        resource_counts={counted_as(section.type): section.count for section in sections if section.captured},
        failures=_failures(run, ledger),
        findings=ledger.findings(run.id),
    )


def restore_result(backup_id: str, run: Run, safety: SnapshotInfo | None, ledger: Ledger) -> RestoreResult:
    """How a restore ended."""
    return RestoreResult(
        backup_id=backup_id,
        run_id=run.id,
        state=run.state,
        dry_run=False,
        changes={" ".join(what): count for what, count in ledger.count_changes(run.id).items()},
        conflicts=[conflict_info(conflict) for conflict in ledger.conflicts(run.id)],
        findings=ledger.findings(run.id),
        failures=_failures(run, ledger),
        safety_backup_id=safety.id if safety else "",
    )


def dry_result(backup_id: str, preview: RestorePreview) -> RestoreResult:
    """What a restore would do, as a result that changed nothing."""
    return RestoreResult(
        backup_id, "", RunState.COMPLETE, True, {}, preview.conflicts, [], [], preview=preview
    )


def _failures(run: Run, ledger: Ledger) -> list[Item]:
    return [
        item
        for kind in (OutcomeKind.FAILED, OutcomeKind.IMPOSSIBLE)
        for item in ledger.items(run.id, kind=kind)
    ]


def conflict_info(conflict: Conflict) -> ConflictInfo:
    """A conflict as the interface shows it."""
    return ConflictInfo(
        counted_as(conflict.type), show_key(conflict.key), list(conflict.fields), conflict.resolution
    )


def restore_preview(preview: Preview) -> RestorePreview:
    """A preview as drawn: findings are warnings with their advice, what cannot return among them."""
    summary: dict[str, int] = {}
    for tally in preview.changes_summary:
        word = counted_as(tally.type)
        summary[word] = summary.get(word, 0) + tally.count
    warnings = [_warning(found) for found in (*preview.warnings, *preview.cannot_return)]
    unlisted = preview.conflicts_total - len(preview.conflicts)
    if unlisted:
        warnings.append(f"{unlisted} more conflicts are not listed here.")
    return RestorePreview(
        changes_summary=summary,
        conflicts=[conflict_info(conflict) for conflict in preview.conflicts],
        warnings=warnings,
        estimated_duration=timedelta(seconds=preview.estimated_seconds),
    )


def _warning(found: Finding) -> str:
    """A finding as a line; some are of no single type."""
    about = f"{counted_as(found.type)} {show_key(found.key)}: " if found.type else ""
    return f"{about}{found.message} {found.advice}".rstrip()


def integrity_result(info: SnapshotInfo, found: Verification) -> IntegrityResult:
    """What a check of the stored bytes came to, level by level."""
    levels = {LEVELS.get(level.level, level.level): IntegrityLevel(level.checked) for level in found.levels}
    for problem in found.problems:
        levels[LEVELS.get(problem.level, problem.level)].problems.append(
            f"{problem.where}: {problem.message}"
        )
    return IntegrityResult(info.id, levels)
