"""The data models of exports and imports."""

from __future__ import annotations

from dataclasses import dataclass, field

from holdfast.domain.outcomes import Finding, Item
from holdfast.domain.runs import RunState


@dataclass
class ExportFormat:
    """How an export is written.

    `format_type` is JSON, YAML or CSV (in any case), `compression` gzip, zip or None; CSV without zip is a folder.
    With `encryption` it is a file of age, for `recipients` (public keys, `age1...`) or under a `passphrase`.
    Without `personal_fields` an export names nobody but by user name, and no users can be restored from it.
    """

    format_type: str
    compression: str | None = None
    encryption: bool = False
    recipients: list[str] = field(default_factory=list)
    passphrase: str | None = field(default=None, repr=False)
    personal_fields: bool = True


@dataclass
class ExportTarget:
    """Where an export goes: `target_type` filesystem or s3, `location` a path or `s3://bucket/key`.

    `credentials` are for this target alone and are kept nowhere. For s3: `aws_access_key_id`,
    `aws_secret_access_key`, `aws_session_token`, or `profile`, `role_arn`, `external_id`; also `region` and
    `endpoint_url`. None takes the installation's own.
    """

    target_type: str
    location: str
    credentials: dict[str, str] | None = field(default=None, repr=False)
    overwrite: bool = False


@dataclass
class ImportSource:
    """Where an import comes from: `source_type` filesystem, s3 or url, `location` a path, `s3://bucket/key` or https.

    `credentials` are as those of a target; for a url `username` and `password`, or `token`.
    """

    source_type: str
    location: str = field(repr=False)
    credentials: dict[str, str] | None = field(default=None, repr=False)


@dataclass
class ImportFormat:
    """What the file is: auto, JSON, YAML, CSV, or awsideman for a backup of that tool.

    Compression and encryption are told from the file. `identities` are private keys of age that open it.
    """

    format_type: str = "auto"
    identities: list[str] = field(default_factory=list, repr=False)
    passphrase: str | None = field(default=None, repr=False)


@dataclass
class ImportOptions:
    """How to import. A file that was changed after it was exported comes in only with `accept_edited`.

    `maximum_bytes` bounds what the file may have and what it may unpack to; None takes 64 GiB.
    """

    dry_run: bool = False
    accept_edited: bool = False
    maximum_bytes: int | None = None


@dataclass
class ExportResult:
    """What was written: `files` in order, `size_bytes` in all, `sha256` of the last of them (of tables the manifest)."""

    backup_id: str
    location: str
    files: list[str]
    size_bytes: int
    sha256: str
    encrypted: bool
    resource_counts: dict[str, int]
    warnings: list[str]


@dataclass
class ImportResult:
    """How an import ended. `backup_id` is empty when nothing was stored; a dry run has no run."""

    backup_id: str
    run_id: str
    state: RunState
    dry_run: bool
    sha256: str
    resource_counts: dict[str, int]
    failures: list[Item]
    findings: list[Finding]

    @property
    def complete(self) -> bool:
        """Whether everything was stored, and the file lacked nothing."""
        return self.state is RunState.COMPLETE and not self.dry_run


@dataclass
class ConvertResult:
    """A backup in another format: the bytes of each file, one unless it is CSV without zip."""

    from_format: ExportFormat
    to_format: ExportFormat
    files: dict[str, bytes]
    warnings: list[str]
