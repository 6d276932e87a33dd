"""The parts of an installation: which adapter, which system, which flow; each made when it is first asked for."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import structs

from holdfast.bootstrap.registry import registered
from holdfast.bootstrap.surroundings import Surroundings
from holdfast.config import Settings
from holdfast.domain.errors import LedgerDamaged
from holdfast.kernel.destination import HERE, Destination

if TYPE_CHECKING:
    from holdfast.adapters.aws import AwsSession, AwsSettings
    from holdfast.adapters.ledger.sql_ledger import SqlLedger
    from holdfast.adapters.s3_bucket import S3Bucket
    from holdfast.kernel.audit import AuditTrail
    from holdfast.kernel.backup import Backup
    from holdfast.kernel.cleanup import Cleanup
    from holdfast.kernel.drill import Drill
    from holdfast.kernel.ports import (
        CallCount,
        Chooser,
        Clock,
        KeyService,
        Ledger,
        ObjectStore,
        PacedSession,
        Progress,
    )
    from holdfast.kernel.recall import Recall, RecallingSession
    from holdfast.kernel.restore import Restore
    from holdfast.kernel.runs.evidence import EvidenceStore
    from holdfast.kernel.system import System
    from holdfast.kernel.vault.chunks import Read
    from holdfast.kernel.vault.key_set import KeyRing
    from holdfast.kernel.vault.vault import Vault
    from holdfast.systems.files.system import Saving


class Parts:
    """Adapters, systems and flows of one settings file; nothing is opened before it is needed."""

    def __init__(self, settings: Settings, progress: Progress, choose: Chooser | None = None) -> None:
        self.settings = settings
        self.progress = progress
        self.choose = choose
        self.sessions: list[PacedSession] = []
        """Every session that was made, for the count of calls."""
        self.times: dict[str, float] = {}
        """Seconds by operation, of what was done before the runs of this process and beside their stages."""
        self.stream: Read | None = None
        """Standard input, for a command that saves it."""
        self._elsewhere: dict[tuple[Destination, str], PacedSession] = {}
        self._recalls: dict[Destination, Recall] = {}
        self._recalling: dict[tuple[Destination, str], RecallingSession] = {}
        self._systems: dict[tuple[str, Destination, tuple[str, ...], str], System] = {}

    @cached_property
    def clock(self) -> Clock:
        """The system's clock."""
        from holdfast.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def ledger(self) -> SqlLedger:
        """The ledger beside the settings file; made on first use. Raises: LedgerError, LedgerDamaged, LedgerFull."""
        from holdfast.adapters.ledger.sql_ledger import SqlLedger

        return SqlLedger.open(self.settings.ledger_path)

    @cached_property
    def journal(self) -> Ledger:
        """The ledger as runs work with it: personal values of their changes lie in it under the vault's key."""
        from holdfast.kernel.vault.journal_seal import JournalSeal

        return self.ledger.sealing(JournalSeal(lambda: self.vault.seals.keys))

    @cached_property
    def session(self) -> AwsSession:
        """The paced AWS session that all calls to the region of the settings share."""
        from holdfast.adapters.aws import AwsSession

        made = AwsSession(self.settings.aws, self.clock)
        self.sessions.append(made)
        return made

    def _session(self, target: Destination, region: str = "") -> PacedSession:
        """The session that leads to a destination, in another region where one is named."""
        if not target.elsewhere:
            return self._session_in(region)
        if (target, region) not in self._elsewhere:
            from holdfast.adapters.aws_target import session_for

            there = structs.replace(target, region=region or target.region)
            self._elsewhere[target, region] = session_for(there, self.settings.aws, self.clock)
            self.sessions.append(self._elsewhere[target, region])
        return self._elsewhere[target, region]

    def recall(self, target: Destination = HERE) -> Recall:
        """What captures that were cut off had read there, and the session that makes use of it."""
        if target not in self._recalls:
            from holdfast.kernel.recall import Recall, RecallingSession

            own = self.settings.holdfast
            session = RecallingSession(lambda: self._session(target))
            self._recalls[target] = Recall(
                own.data_dir / "captures", own.resume_within_hours, session, self.clock
            )
        return self._recalls[target]

    def _recalling_session(self, target: Destination, region: str) -> PacedSession:
        """The session of a destination and region, whose answers are kept while a capture is under way."""
        recall = self.recall(target)
        if not region:
            return recall.session
        if (target, region) not in self._recalling:
            from holdfast.kernel.recall import RecallingSession

            made = RecallingSession(lambda: self._session(target, region), region)
            recall.others.append(made)
            self._recalling[target, region] = made
        return self._recalling[target, region]

    def calls(self) -> CallCount | None:
        """What all sessions have sent until now; None where none was needed."""
        from holdfast.kernel.ports import CallCount

        return CallCount.total(each.calls() for each in self.sessions) if self.sessions else None

    @cached_property
    def audit(self) -> AuditTrail:
        """The audit chain, authenticated with this installation's key."""
        from holdfast.adapters.audit_key import audit_key
        from holdfast.kernel.audit import AuditTrail

        path = self.settings.holdfast.data_dir / "audit.key"
        if not path.exists() and next(self.ledger.audit(), None) is not None:
            raise LedgerDamaged(
                str(path), "the audit trail has entries, but the key that authenticates them is gone"
            )
        key = audit_key(path)
        return AuditTrail(self.ledger, key, self.clock, getpass.getuser())

    @cached_property
    def evidence(self) -> EvidenceStore:
        """Where the evidence of runs is written."""
        from holdfast.adapters.evidence_files import EvidenceFiles

        return EvidenceFiles(self.settings.holdfast.reports_dir, self.clock)

    @cached_property
    def store(self) -> ObjectStore:
        """Where the vault's objects lie: one place, or two. Raises: SettingsError when both are one."""
        vault, aws = self.settings.vault, self.settings.aws
        first = self._place(vault.location, aws)
        if not vault.replica:
            return first
        from holdfast.kernel.vault.places import TwoPlaces, refuse_overlap

        second = self._place(vault.replica, replace(aws, region=vault.replica_region or aws.region))
        refuse_overlap(first.location, second.location)
        return TwoPlaces(first, second, copy=vault.replica_mode == "copy", tell=self._warn)

    def _place(self, location: str, aws: AwsSettings) -> ObjectStore:
        from holdfast.adapters.object_store import open_store

        own = self.settings.vault
        store = open_store(location, self.settings.base, settings=aws, keeping=own)
        bucket = self._bucket(location, aws) if own.object_lock_days else None
        if bucket is None:
            return store
        from holdfast.adapters.object_store_locked import LockedStore

        return LockedStore(store, bucket, own, self.clock)

    @cached_property
    def bucket(self) -> S3Bucket | None:
        """What the bucket of the vault's first place does beyond keeping objects; None for a folder."""
        return self._bucket(self.settings.vault.location, self.settings.aws)

    def _bucket(self, location: str, aws: AwsSettings) -> S3Bucket | None:
        place = urlsplit(location)
        if place.scheme != "s3":
            return None
        from holdfast.adapters.aws import AwsSession
        from holdfast.adapters.s3_bucket import S3Bucket

        # A session of its own, so that reports count the calls to the service that is backed up.
        return S3Bucket(AwsSession(aws, self.clock), place.netloc, place.path.strip("/"))

    def _warn(self, line: str) -> None:
        """A line on stderr whatever is being printed."""
        with self.progress.paused():
            sys.stderr.write(line + "\n")

    @cached_property
    def key_ring(self) -> KeyRing:
        """What opens the vault. Raises: SettingsError as `holdfast.bootstrap.keys.key_ring`."""
        from holdfast.bootstrap.keys import key_ring

        return key_ring(self.settings, self.key_service)

    @property
    def sealing_key(self) -> str:
        """The KMS key that seals the key file, as `holdfast.bootstrap.keys.sealing_key`."""
        from holdfast.bootstrap.keys import sealing_key

        return sealing_key(self.settings, self.store, self.key_service)

    @cached_property
    def key_service(self) -> KeyService:
        """AWS KMS; nothing is called before a key file asks for it."""
        from holdfast.adapters.kms import KmsKeys

        return KmsKeys(self._session_in)

    def _session_in(self, region: str) -> PacedSession:
        """The session for calls to a region; the ordinary one where that is its region, or none is named."""
        if region in ("", self.session.region):
            return self.session
        if (HERE, region) not in self._elsewhere:
            from holdfast.adapters.aws import AwsSession

            made = AwsSession(replace(self.settings.aws, region=region), self.clock)
            self.sessions.append(made)
            self._elsewhere[HERE, region] = made
        return self._elsewhere[HERE, region]

    @cached_property
    def vault(self) -> Vault:
        """The vault. Raises: VaultError when there is none, or when its key does not fit."""
        from holdfast.kernel.vault.vault import Vault

        return Vault.open(self.store, self.key_ring, self.clock)

    def vault_to_repair(self) -> Vault:
        """The vault, also where its configuration is damaged. Raises: as `vault`."""
        from holdfast.kernel.vault.vault import Vault

        return Vault.open_to_repair(self.store, self.key_ring, self.clock)

    def ensure_default_vault(self) -> None:
        """Make the default vault before a first backup; where a settings file names one, it must exist already."""
        if self.vault_is_to_be_made():
            self.create_vault()
            self.progress.say(
                f"Made a vault in {self.store.location} with key {self.settings.vault.key_file}: "
                "keep a copy of the key somewhere else. `holdfast init` writes a settings file."
            )

    def vault_is_to_be_made(self) -> bool:
        """Whether there is no vault and no settings file that says there should be one."""
        fresh = self.settings.file is None and not self.settings.vault.key_file.exists()
        return fresh and self._nothing_stored()

    def create_vault(self) -> Vault:
        """A new vault and its key, where the settings say. Raises: VaultError when there is one already."""
        from holdfast.kernel.vault.vault import Vault

        return Vault.create(self.store, self.key_ring, self.clock)

    def audit_anchors(self) -> tuple[list[str], int]:
        """The heads of the audit chain that sealed snapshots keep, and how many keep another installation's.

        What a run of this ledger sealed counts as this chain's whatever it says.
        """
        if self._nothing_stored():
            return [], 0
        kept = self.vault.snapshots()
        runs = {run.id for run in self.ledger.runs()}
        own = [info.audit_head for info in kept if info.run in runs or self.audit.wrote(info.audit_head)]
        return own, sum(bool(info.audit_head) for info in kept) - sum(map(bool, own))

    def _nothing_stored(self) -> bool:
        return next(iter(self.store.list("")), None) is None

    def system(
        self, name: str, target: Destination = HERE, options: tuple[str, ...] = (), mapping: str = ""
    ) -> System:
        """A registered system, there where the destination leads. Raises: UsageError for an unknown name.

        `options` are what a backup was asked for in the system's own words, `mapping` what a restore was.
        """
        if (name, target, options, mapping) not in self._systems:
            made = registered(name).system(self._around(target, options, mapping))
            self._systems[name, target, options, mapping] = made
        return self._systems[name, target, options, mapping]

    def _around(
        self, target: Destination = HERE, options: tuple[str, ...] = (), mapping: str = ""
    ) -> Surroundings:
        return Surroundings(
            self.settings,
            self.clock,
            target,
            lambda region: self._recalling_session(target, region),
            lambda: self.vault,
            options,
            mapping,
        )

    def backup(self, name: str, options: tuple[str, ...] = ()) -> Backup:
        """How the system is backed up."""
        from holdfast.kernel.auto_cleanup import AutoCleanup
        from holdfast.kernel.backup import Backup

        system, around = self.system(name, HERE, options), self._around(HERE, options)
        after = AutoCleanup(self.cleanup, self.settings.retention)
        return Backup(
            system,
            system.source(),
            self.vault,
            self.audit.head,
            self.recall(),
            after,
            lambda request: registered(name).storing(around, request),
        )

    @cached_property
    def cleanup(self) -> Cleanup:
        """What decides which backups go, and deletes them."""
        from holdfast.kernel.cleanup import Cleanup

        bucket = self.bucket
        return Cleanup(self.vault, self.ledger, self.audit, bucket.locked_until if bucket else None)

    def saving(self) -> Saving:
        """How trees of files are saved; Holdfast's own folders are left out of them."""
        from holdfast.systems.files.system import Saving

        own = [self.settings.holdfast.data_dir.resolve()]
        if "://" not in self.settings.vault.location:
            own.append((self.settings.base / self.settings.vault.location).resolve())
        return Saving(lambda: self.vault, self.audit.head, tuple(map(os.fsencode, own)), self.stream)

    def restore(self, name: str, target: Destination = HERE, mapping: str = "") -> Restore:
        """How the system is restored, there where the destination leads, under a mapping (canonical JSON)."""
        from holdfast.kernel.restore import Restore

        system = self.system(name, target, mapping=mapping)
        source, changer, recall = system.source(), system.target(), self.recall(target)
        return Restore(system, source, changer, self.vault, self.audit.head, recall)

    def drill(self, name: str) -> Drill:
        """How a backup of the system is rehearsed."""
        from holdfast.kernel.drill import Drill

        rehearsal = registered(name).rehearsal(self.settings, self.clock)
        return Drill(self.system(name), self.vault, rehearsal)
