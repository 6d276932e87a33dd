"""The data models of the Python interface: what its managers take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from holdfast.domain.changes import ConflictStrategy as ConflictStrategy  # drawn with these models
from holdfast.domain.changes import FieldDifference
from holdfast.domain.outcomes import Finding, Item, Severity
from holdfast.domain.runs import RunState
from holdfast.kernel.canonical import Plain

T = TypeVar("T")


class BackupType(StrEnum):
    """How a backup relates to the ones before; both are complete to read."""

    FULL = "full"
    INCREMENTAL = "incremental"


class ResourceType(StrEnum):
    """What can be selected, by the names that `--resources` takes. Groups come with their memberships."""

    USERS = "users"
    GROUPS = "groups"
    PERMISSION_SETS = "permission_sets"
    ASSIGNMENTS = "assignments"


def every_resource() -> list[ResourceType]:
    """All resource types in dependency order."""
    return list(ResourceType)


# -- what is kept


@dataclass
class UserData:
    """A user. `attributes` holds the service's other fields, spelled as its API spells them."""

    user_name: str
    user_id: str = ""
    attributes: dict[str, Plain] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """The display name; empty where the user has none."""
        name = self.attributes.get("DisplayName")
        return name if isinstance(name, str) else ""


@dataclass
class GroupData:
    """A group with the user names of its members; `external_ids` are pairs of issuer and id."""

    display_name: str
    group_id: str = ""
    description: str = ""
    external_ids: list[tuple[str, str]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)


@dataclass
class CustomerManagedPolicy:
    """A customer-managed policy by name and path, as every member account must have it."""

    name: str
    path: str = "/"


@dataclass
class PermissionSetData:
    """A permission set with everything attached.

    `session_duration` is ISO 8601 (PT1H to PT12H); `inline_policy` is the policy document, empty for
    none; `permissions_boundary` is the ARN of an AWS managed policy or a customer-managed one.
    """

    name: str
    permission_set_arn: str = ""
    description: str = ""
    session_duration: str = "PT1H"
    relay_state: str = ""
    inline_policy: str = ""
    managed_policies: list[str] = field(default_factory=list)
    customer_managed_policies: list[CustomerManagedPolicy] = field(default_factory=list)
    permissions_boundary: str | CustomerManagedPolicy | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class AssignmentData:
    """A principal's access to an account with a permission set, by names; the type is USER or GROUP."""

    account_id: str
    permission_set: str
    principal_type: str
    principal_name: str
    account_name: str = ""


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
    """How many backups of each age are worth keeping. Recorded with a backup; deletes nothing by itself."""

    keep_daily: int
    keep_weekly: int
    keep_monthly: int
    keep_yearly: int
    auto_cleanup: bool


def no_retention() -> RetentionPolicy:
    """The policy of a backup for which none was given: nothing is ever cleaned up by itself."""
    return RetentionPolicy(0, 0, 0, 0, auto_cleanup=False)


@dataclass
class EncryptionMetadata:
    """How the stored bytes are encrypted; `key_source` says where the key comes from, never the key."""

    algorithm: str
    key_source: str
    personal_data_separate: bool


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
    `incomplete:TYPE` says why a type was not read whole; stored again, it stays so.
    """

    metadata: BackupMetadata
    users: list[UserData]
    groups: list[GroupData]
    permission_sets: list[PermissionSetData]
    assignments: list[AssignmentData]
    relationships: RelationshipMap
    checksums: dict[str, str]


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
    """Which backups to list; what is not set does not filter. `limit` 0 means all.

    Snapshots that a restore took for safety are listed only with `include_safety`, as FULL.
    """

    backup_type: BackupType | None = None
    taken_from: datetime | None = None
    taken_until: datetime | None = None
    instance_arn: str | None = None
    complete_only: bool = False
    include_safety: bool = False
    limit: int = 0


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
