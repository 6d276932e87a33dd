"""Holdfast from Python: managers over an installation, with the names and types of the first design.

    from holdfast import BackupManager, BackupOptions, BackupType

    result = BackupManager().create_backup(BackupType.FULL, BackupOptions())

A manager takes an `Installation` from `holdfast.bootstrap`, or opens the one of the working folder.
Errors are subclasses of `holdfast.domain.errors.HoldfastError`. Backups come whole into memory here;
the command line streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cached_property

from holdfast import api_answers as answers
from holdfast import api_changes as changes
from holdfast import api_records as records
from holdfast import api_targets as targets
from holdfast.api_models import (
    Assignment,
    BackupData,
    BackupFilters,
    BackupMetadata,
    BackupOptions,
    BackupResult,
    BackupType,
    CollectionOptions,
    CompatibilityResult,
    Environment,
    Group,
    IncrementalData,
    IntegrityResult,
    PermissionSet,
    ResourceType,
    RestoreOptions,
    RestorePreview,
    RestoreResult,
    User,
    ValidationResult,
)
from holdfast.bootstrap import IDENTITY_CENTER, Installation, open_installation
from holdfast.domain.changes import ConflictStrategy, RestoreScope
from holdfast.domain.errors import NotFound, Refused, UsageError
from holdfast.domain.records import RecordView
from holdfast.domain.snapshots import BY_ID_ALONE, SnapshotInfo
from holdfast.kernel.backup import FULL, INCREMENTAL, BackupRequest
from holdfast.kernel.compare import compare
from holdfast.kernel.quiet import SilentProgress
from holdfast.kernel.restore import RestoreRequest, translation_findings
from holdfast.kernel.retention import recorded_policy
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.capture.validation import find_faults
from holdfast.systems.identity_center.model import (
    ASSIGNMENT,
    GROUP,
    MEMBERSHIP,
    PERMISSION_SET,
    RECORD_TYPES,
    USER,
)

__all__ = ["BackupManager", "IdentityCenterCollector", "RestoreManager", "StorageEngine"]


class Manager:
    """What all managers stand on: one installation, opened when it is first needed."""

    _system = IDENTITY_CENTER

    def __init__(self, installation: Installation | None = None) -> None:
        self._given = installation

    @cached_property
    def _home(self) -> Installation:
        return self._given or open_installation(None, SilentProgress())

    def _info(self, backup_id: str) -> SnapshotInfo:
        return self._home.vault.resolve(backup_id, self._system)

    def _metadata(self, info: SnapshotInfo) -> BackupMetadata:
        home = self._home
        encryption = answers.encryption_of(home.key_ring.kind, home.sealing_key)
        return answers.metadata_of(info, encryption, home.settings.retention)

    def _listed(self, filters: BackupFilters) -> list[BackupMetadata]:
        infos = self._home.vault.snapshots(self._system)
        found = [self._metadata(info) for info in infos if answers.passes(info, filters)]
        return found[: filters.limit or None]

    def _parts(self, info: SnapshotInfo) -> Iterator[Part]:
        reader = self._home.vault.read(info)
        for section in info.sections:
            if section.captured:
                stored = list(reader.records(section.type))
                yield Part(section.type, stored, complete=section.complete, reason=section.reason)

    def _delete(self, backup_id: str) -> bool:
        """True when that backup was there and is gone; only its whole id will do, so nothing else is hit."""
        info = next((info for info in self._home.vault.snapshots(self._system) if info.id == backup_id), None)
        if info is None:
            return False
        self._home.cleanup.delete([info], "", self._home.progress)
        return True


class AnySystem(Manager):
    """A manager of one system: Identity Center, or another by its name, such as `quicksight`.

    Of another one all record types are meant, whatever resources the options name.
    """

    def __init__(self, installation: Installation | None = None, system: str = IDENTITY_CENTER) -> None:
        super().__init__(installation)
        self._system = system

    def _types(self, resources: Iterable[ResourceType]) -> tuple[str, ...]:
        if self._system == IDENTITY_CENTER:
            return records.record_types(resources)
        return tuple(kind.name for kind in self._home.system(self._system).types)

    def _mapping(self, environment: Environment) -> str:
        if self._system != IDENTITY_CENTER and environment.resource_mappings:
            raise UsageError(
                f"The Python interface takes no mapping for {self._system}.",
                "Use the command with --mapping.",
            )
        return targets.mapping_of(environment)


class BackupManager(AnySystem):
    """Takes, lists, checks and deletes backups."""

    def create_backup(self, backup_type: BackupType, options: BackupOptions) -> BackupResult:
        """The sealed backup, or what lacks of it.

        Resources that could not be read whole leave the rest stored and the state PARTIAL.
        Raises: Refused when the capture contradicts itself; NotFound when an incremental backup has
        nothing to compare with; UsageError for `since` with a full one; CredentialsError; Throttled.
        """
        kind = BackupType(backup_type)
        if options.since and kind is BackupType.FULL:
            raise UsageError(
                "`since` means nothing for a full backup.", "Use BackupType.INCREMENTAL, or leave it out."
            )
        request = BackupRequest(
            kind=INCREMENTAL if kind is BackupType.INCREMENTAL else FULL,
            types=self._types(options.resources),
            since=answers.in_utc(options.since).isoformat() if options.since else "",
            labels=answers.labels_of(options.labels, options.retention_policy),
        )
        run = self._home.runs.launch("backup", self._system, request)
        return answers.backup_result(
            run, self._home.backup(self._system).snapshot_of(run.id), self._home.ledger
        )

    def list_backups(self, filters: BackupFilters) -> list[BackupMetadata]:
        """Backups that pass the filters, newest first."""
        return self._listed(filters)

    def validate_backup(self, backup_id: str) -> ValidationResult:
        """What is wrong with a stored backup: damage, contradictions (errors) and gaps (warnings).

        Every stored byte is read. `backup_id` is an id, a prefix of one, a date, or `latest`.
        Raises: NotFound; VaultDamaged when the backup's manifest itself cannot be read.
        """
        info = self._info(backup_id)
        damage = self._home.vault.verify(info, self._home.progress).problems
        findings = [answers.damage_finding(problem) for problem in damage]
        if not findings:
            faults = self._home.system(self._system).source().validate
            findings += [*faults(list(self._parts(info))), *answers.gaps(info)]
        return ValidationResult(info.id, findings)

    def delete_backup(self, backup_id: str) -> bool:
        """Whether that backup was there and is deleted; False for an id that no backup has.

        The whole id is asked for. What other backups share stays; bytes go when the vault is pruned.
        """
        return self._delete(backup_id)


class RestoreManager(AnySystem):
    """Previews and makes restores."""

    def restore_backup(self, backup_id: str, options: RestoreOptions) -> RestoreResult:
        """How the restore ended; with `dry_run` what it would do, from the same decisions.

        What is there now is kept first as a safety backup; changes are journalled, and the run can be
        rolled back. Raises: Refused for an incompatible backup, for a target that is not the account
        named, for PROMPT with nobody to ask and when the restore would lock its operator out; MappingError.
        """
        request = self._request(backup_id, options)
        if options.dry_run:
            preview = self._preview(request)
            return answers.dry_result(request.snapshot, preview)
        run = self._home.runs.launch("restore", self._system, request)
        safety = self._home.backup(self._system).snapshot_of(run.id)
        return answers.restore_result(request.snapshot, run, safety, self._home.ledger)

    def preview_restore(self, backup_id: str, options: RestoreOptions) -> RestorePreview:
        """What a restore would do now: changes by resource type, conflicts, warnings, duration.

        Nothing is changed or stored. Raises: Refused as `restore_backup` would.
        """
        return self._preview(self._request(backup_id, options))

    def validate_compatibility(self, backup_id: str, target_env: Environment) -> CompatibilityResult:
        """What stands against restoring a backup there, found without changing anything.

        What only a plan shows, such as a policy that is missing where access is to be given, the preview finds.
        Raises: NotFound; MappingError; CredentialsError; RemoteError.
        """
        info = self._info(backup_id)
        system = self._home.system(self._system, targets.destination_of(target_env))
        live = system.source().identity()
        types = tuple(section.type for section in info.sections if section.captured)
        wanted = system.translated(self._home.vault.read(info), self._mapping(target_env))
        findings = [
            *answers.elsewhere(target_env, live),
            *translation_findings(wanted),
            *system.target().compatibility(info, wanted, RestoreScope(types)),
        ]
        return CompatibilityResult(info.id, Environment(live.account, live.region, live.instance), findings)

    def _preview(self, request: RestoreRequest) -> RestorePreview:
        restore = self._home.restore(self._system, request.target)
        return answers.restore_preview(restore.preview(request, self._home.choose, self._home.progress))

    def _request(self, backup_id: str, options: RestoreOptions) -> RestoreRequest:
        strategy = ConflictStrategy(options.conflict_strategy)
        if strategy is ConflictStrategy.PROMPT and self._home.choose is None:
            raise Refused(
                "the conflict strategy PROMPT needs somebody to ask",
                "Give the installation a `choose`, or use OVERWRITE, MERGE or SKIP.",
            )
        environment = targets.environment_of(options)
        return RestoreRequest(
            snapshot=self._info(backup_id).id,
            types=self._types(options.target_resources),
            strategy=strategy,
            mapping=self._mapping(environment),
            target=targets.destination_of(environment),
        )


class StorageEngine(Manager):
    """Keeps backups in the vault: encrypted, deduplicated, on a folder or in S3."""

    def store_backup(self, backup_data: BackupData, metadata: BackupMetadata) -> str:
        """The id of the new backup; time, source, type and retention are those of `metadata`.

        The id, the version and the encryption are the vault's own, whatever `metadata` says of them.
        A type that the data calls incomplete stays so.
        Raises: Refused for data that contradicts itself or its checksums.
        """
        held = records.records_of(backup_data)
        answers.refuse_errors(find_faults([Part(name, stored) for name, stored in held.items()]))
        self._home.ensure_default_vault()
        writer = self._home.vault.begin(IDENTITY_CENTER)
        for kind in RECORD_TYPES:
            if kind.name in held:
                reason = backup_data.checksums.get(answers.INCOMPLETE + kind.name)
                writer.add_section(kind.name, held[kind.name], complete=reason is None, reason=reason or "")
            elif kind.name in records.DRAWN:
                writer.leave_out(kind.name, "not in the data that was stored")
        info = writer.seal(
            kind=INCREMENTAL if metadata.backup_type is BackupType.INCREMENTAL else FULL,
            taken_at=answers.in_utc(metadata.timestamp),
            source=answers.source_of(metadata, IDENTITY_CENTER),
            run="",
            parent="",
            during=(),
            audit_head=self._home.audit.head(),
            labels=answers.labels_of({}, metadata.retention_policy),
        )
        home = self._home
        home.audit.append("backup stored", info.system, {"snapshot": info.id})
        policy = recorded_policy(info.labels, home.settings.retention)
        if policy.auto_cleanup and policy.rules and info.complete:
            home.cleanup.after(info, policy, home.progress)
        return info.id

    def retrieve_backup(self, backup_id: str) -> BackupData:
        """A backup in memory, with the checksums that were stored with it.

        Raises: NotFound; VaultDamaged naming what is not as it was written.
        """
        info = self._info(backup_id)
        view = MemoryView(self._parts(info))
        captured = {
            (item.type, item.key): item.digest for item in self._home.ledger.items(info.run) if item.digest
        }
        return records.data_of(view, self._metadata(info), answers.checksums_of(info, view, captured))

    def list_backups(self, filters: BackupFilters) -> list[BackupMetadata]:
        """Backups that pass the filters, newest first."""
        return self._listed(filters)

    def delete_backup(self, backup_id: str) -> bool:
        """Whether that backup was there and is deleted; as `BackupManager.delete_backup`."""
        return self._delete(backup_id)

    def verify_integrity(self, backup_id: str) -> IntegrityResult:
        """What reading every stored byte of a backup found, level by level. Raises: NotFound."""
        info = self._info(backup_id)
        return answers.integrity_result(info, self._home.vault.verify(info, self._home.progress))


class IdentityCenterCollector(Manager):
    """Reads Identity Center as it is now; nothing is stored.

    All calls raise CredentialsError, Throttled, and RemoteError when not everything could be read.
    """

    def collect_users(self, options: CollectionOptions) -> list[User]:
        """All users, or those named, in name order."""
        named = changes.Named(options.names)
        return [user for user in records.users_of(self._live((USER,))) if named.user(user.user_name)]

    def collect_groups(self, options: CollectionOptions) -> list[Group]:
        """All groups with their members, or those named, in name order."""
        named = changes.Named(options.names)
        return [
            group for group in records.groups_of(self._live((GROUP, MEMBERSHIP))) if named(group.display_name)
        ]

    def collect_permission_sets(self, options: CollectionOptions) -> list[PermissionSet]:
        """All permission sets with everything attached, or those named, in name order."""
        named = changes.Named(options.names)
        return [
            found for found in records.permission_sets_of(self._live((PERMISSION_SET,))) if named(found.name)
        ]

    def collect_assignments(self, options: CollectionOptions) -> list[Assignment]:
        """All account assignments, or those of the permission sets named, in key order."""
        named = changes.Named(options.names)
        return [
            found
            for found in records.assignments_of(self._live((ASSIGNMENT,)))
            if named(found.permission_set)
        ]

    def collect_incremental(self, since: datetime, options: CollectionOptions) -> IncrementalData:
        """What differs now from the newest backup at or before `since`.

        The service offers no listing of changes, so everything is listed and compared: this saves
        stored bytes and reading, not calls. A time without zone is UTC.
        Raises: NotFound when there is no backup at or before `since`; Refused when that backup does
        not hold the resources whole.
        """
        moment = answers.in_utc(since)
        types = records.record_types(options.resources)
        base = self._base(moment)
        changes.refuse_gaps(base, types)
        live = self._live(types)
        differences = list(
            compare(self._home.system(IDENTITY_CENTER), self._home.vault.read(base), live, types)
        )
        return changes.incremental_data(moment, base.id, differences, live, options)

    def _base(self, moment: datetime) -> SnapshotInfo:
        instance = self._home.system(IDENTITY_CENTER).source().identity().instance
        for info in self._home.vault.snapshots(IDENTITY_CENTER):
            is_backup = info.kind not in BY_ID_ALONE
            if is_backup and info.taken_at <= moment and info.source.instance == instance:
                return info
        raise NotFound(
            "backup to compare with",
            f"at or before {moment.isoformat()}",
            "Take one with BackupManager.create_backup.",
        )

    def _live(self, types: tuple[str, ...]) -> RecordView:
        parts = list(self._home.system(IDENTITY_CENTER).source().capture(types, self._home.progress))
        changes.raise_incomplete(parts)
        return MemoryView(parts)
