"""The data models of the Python interface: what its managers take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from holdfast.api_resources import ApplicationAssignmentData as ApplicationAssignmentData
from holdfast.api_resources import ApplicationData as ApplicationData
from holdfast.api_resources import AssignmentData as AssignmentData
from holdfast.api_resources import CustomerManagedPolicy as CustomerManagedPolicy
from holdfast.api_resources import GroupData as GroupData
from holdfast.api_resources import InstanceData as InstanceData
from holdfast.api_resources import PermissionSetData as PermissionSetData
from holdfast.api_resources import TrustedTokenIssuerData as TrustedTokenIssuerData
from holdfast.api_resources import UserData as UserData
from holdfast.domain.changes import ConflictStrategy as ConflictStrategy  # drawn with these models
from holdfast.domain.changes import FieldDifference
from holdfast.domain.outcomes import Finding, Item, Severity
from holdfast.domain.runs import RunState

T = TypeVar("T")


class BackupType(StrEnum):
    """How a backup relates to the ones before; both are complete to read."""

    FULL = "full"
    INCREMENTAL = "incremental"


class ResourceType(StrEnum):
    """What can be selected, by the names that `--resources` takes. Groups come with their memberships.

    Applications come with their assignments and the trusted token issuers, `instance_settings` are the instance's
    name and tags and the attributes for access control.
    """

    USERS = "users"
    GROUPS = "groups"
    PERMISSION_SETS = "permission_sets"
    ASSIGNMENTS = "assignments"
    APPLICATIONS = "applications"
    INSTANCE_SETTINGS = "instance_settings"


def every_resource() -> list[ResourceType]:
    """All resource types in dependency order."""
    return list(ResourceType)


# -- what is kept


User = UserData
Group = GroupData
PermissionSet = PermissionSetData
Assignment = AssignmentData


@dataclass
class RelationshipMap:
    """Who belongs to what, by names.

    `user_groups`: user name to group names. `group_members`: group name to user names.
    `permission_set_assignments`: permission set to `account/USER/name` or `account/GROUP/name`.
    """

    user_groups: dict[str, list[str]] = field(default_factory=dict)
    group_members: dict[str, list[str]] = field(default_factory=dict)
    permission_set_assignments: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class RetentionPolicy:
    """How many backups of each age are worth keeping: the last of so many days, weeks, months and years that have one.

    Recorded with a backup. With `auto_cleanup`, once that backup is complete, older ones of the same instance that
    no rule keeps are deleted. A backup without a policy of its own goes by the settings' `[retention]`.
    """

    keep_daily: int
    keep_weekly: int
    keep_monthly: int
    keep_yearly: int
    auto_cleanup: bool


def no_retention() -> RetentionPolicy:
    """The policy of a backup for which none was given or set: nothing is ever cleaned up by itself."""
    return RetentionPolicy(0, 0, 0, 0, auto_cleanup=False)


@dataclass
class EncryptionMetadata:
    """How the stored bytes are encrypted; `key_source` says where the key comes from, never the key.

    `kms_key` is the ARN of the AWS KMS key that seals the key file now, empty where none does.
    """

    algorithm: str
    key_source: str
    personal_data_separate: bool
    kms_key: str = ""


@dataclass
class BackupMetadata:
    """What is known of a backup without reading it. `version` is the version of the stored format."""

    backup_id: str
    timestamp: datetime
    instance_arn: str
    backup_type: BackupType
    version: str
    source_account: str
    source_region: str
    retention_policy: RetentionPolicy
    encryption_info: EncryptionMetadata


@dataclass
class BackupData:
    """A backup in memory.

    `checksums` has `record:TYPE/NAME`, `type:TYPE` and `snapshot`, as they were stored. A type that
    the backup leaves out has an empty list **and** no `type:` entry; an empty list with one was empty.
    `incomplete:TYPE` says why a type was not read whole; stored again, it stays so. The fields after
    `checksums` may be left out; without a checksum, what is empty in them counts as left out.
    """

    metadata: BackupMetadata
    users: list[UserData]
    groups: list[GroupData]
    permission_sets: list[PermissionSetData]
    assignments: list[AssignmentData]
    relationships: RelationshipMap
    checksums: dict[str, str]
    applications: list[ApplicationData] = field(default_factory=list)
    application_assignments: list[ApplicationAssignmentData] = field(default_factory=list)
    trusted_token_issuers: list[TrustedTokenIssuerData] = field(default_factory=list)
    instance: InstanceData | None = None
    access_control_attributes: dict[str, str] | None = None


# -- what is asked for


@dataclass
class BackupOptions:
    """What to back up. `since` is for an incremental backup: compare with the newest at or before it."""

    resources: list[ResourceType] = field(default_factory=every_resource)
    since: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    retention_policy: RetentionPolicy | None = None


@dataclass
class BackupFilters:
    """Which backups to list; what is not set does not filter. `limit` 0 means all, `labels` must all be there.

    Snapshots that a restore took for safety are listed only with `include_safety`, as FULL.
    """

    backup_type: BackupType | None = None
    taken_from: datetime | None = None
    taken_until: datetime | None = None
    instance_arn: str | None = None
    complete_only: bool = False
    include_safety: bool = False
    limit: int = 0
    source_account: str | None = None
    source_region: str | None = None
    incomplete_only: bool = False
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class RestoreOptions:
    """What to restore and how; the same meaning and defaults as the command's options.

    `target` says how another instance is reached; `target_account` is a condition: the restore is refused
    where the target is another account's. `resource_mappings` maps `SECTION:NAME` of the backup to the
    target's name, or to "" for what shall not come; account ids, policies and regions need no `SECTION:`.
    """

    target_resources: list[ResourceType] = field(default_factory=every_resource)
    conflict_strategy: ConflictStrategy = ConflictStrategy.OVERWRITE
    dry_run: bool = False
    target_account: str | None = None
    target_region: str | None = None
    resource_mappings: dict[str, str] = field(default_factory=dict)
    target: Environment | None = None


@dataclass
class CollectionOptions:
    """What to collect: only these names (empty: all); `resources` is for `collect_incremental`."""

    names: list[str] = field(default_factory=list)
    resources: list[ResourceType] = field(default_factory=every_resource)


@dataclass
class Environment:
    """Where a backup should be restored, and under which mapping; what is not set is as the installation has it."""

    account: str | None = None
    region: str | None = None
    instance_arn: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    endpoint_url: str | None = None
    resource_mappings: dict[str, str] = field(default_factory=dict)


# -- what is answered


@dataclass
class BackupResult:
    """How a backup ended. `backup_id` is empty when nothing was stored; `failures` says what is lacking."""

    backup_id: str
    run_id: str
    state: RunState
    resource_counts: dict[str, int]
    failures: list[Item]
    findings: list[Finding]

    @property
    def complete(self) -> bool:
        """Whether everything asked for was stored and read back."""
        return self.state is RunState.COMPLETE


@dataclass
class ValidationResult:
    """Whether a stored backup is whole and agrees with itself. Warnings (say, partial) leave it valid."""

    backup_id: str
    findings: list[Finding]

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


@dataclass
class ConflictInfo:
    """A resource that differs between the backup and the service; personal values are shown as `***`."""

    resource_type: str
    name: str
    fields: list[FieldDifference]
    resolution: ConflictStrategy


@dataclass
class RestorePreview:
    """What a restore would do. `changes_summary` maps resource type to number of changes."""

    changes_summary: dict[str, int]
    conflicts: list[ConflictInfo]
    warnings: list[str]
    estimated_duration: timedelta


@dataclass
class RestoreResult:
    """How a restore ended. `changes` maps `TYPE VERB OUTCOME` to a number.

    A dry run has a `preview` and no run.
    """

    backup_id: str
    run_id: str
    state: RunState
    dry_run: bool
    changes: dict[str, int]
    conflicts: list[ConflictInfo]
    findings: list[Finding]
    failures: list[Item]
    safety_backup_id: str = ""
    preview: RestorePreview | None = None

    @property
    def complete(self) -> bool:
        """Whether all changes were applied and read back; False for a dry run, which applies none."""
        return self.state is RunState.COMPLETE and not self.dry_run


@dataclass
class CompatibilityResult:
    """What stands against restoring a backup in an environment; an ERROR refuses the restore."""

    backup_id: str
    environment: Environment
    findings: list[Finding]

    @property
    def compatible(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


@dataclass
class IntegrityLevel:
    """One level of a check: how many things were looked at and what is wrong with which."""

    checked: int
    problems: list[str] = field(default_factory=list)


@dataclass
class IntegrityResult:
    """Whether stored bytes are as written.

    `levels` has `records`, `types`, `snapshot` and `packs`, and the `index` and `vault` around them.
    """

    backup_id: str
    levels: dict[str, IntegrityLevel]

    @property
    def intact(self) -> bool:
        """Whether no level has a problem."""
        return not any(level.problems for level in self.levels.values())


@dataclass
class ResourceChanges(Generic[T]):
    """What differs from the backup compared with; `removed` holds names."""

    added: list[T] = field(default_factory=list)
    changed: list[T] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


@dataclass
class IncrementalData:
    """What differs between the service now and the backup `base_backup_id`; a type not asked for is None.

    A group whose members differ counts as changed.
    """

    since: datetime
    base_backup_id: str
    users: ResourceChanges[UserData] | None = None
    groups: ResourceChanges[GroupData] | None = None
    permission_sets: ResourceChanges[PermissionSetData] | None = None
    assignments: ResourceChanges[AssignmentData] | None = None
    applications: ResourceChanges[ApplicationData] | None = None
    application_assignments: ResourceChanges[ApplicationAssignmentData] | None = None
    trusted_token_issuers: ResourceChanges[TrustedTokenIssuerData] | None = None
    instance: ResourceChanges[InstanceData] | None = None
    access_control_attributes: ResourceChanges[dict[str, str]] | None = None
