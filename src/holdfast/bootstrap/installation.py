"""The only place that says which: settings to adapters to kernel to systems."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from holdfast.config import Settings, current
from holdfast.domain.errors import UsageError
from holdfast.domain.runs import Run
from holdfast.kernel.canonical import Plain

if TYPE_CHECKING:
    from holdfast.adapters.aws import AwsSession
    from holdfast.kernel.audit import AuditTrail
    from holdfast.kernel.backup import Backup
    from holdfast.kernel.drill import Drill
    from holdfast.kernel.ports import Chooser, Clock, Ledger, ObjectStore, Progress
    from holdfast.kernel.restore import Restore
    from holdfast.kernel.runs.engine import Engine
    from holdfast.kernel.runs.report import RunReport
    from holdfast.kernel.runs.stages import Stage
    from holdfast.kernel.system import System
    from holdfast.kernel.vault.keys import KeyRing
    from holdfast.kernel.vault.vault import Vault

IDENTITY_CENTER = "identity_center"


class Installation:
    """Everything that belongs to one settings file, made when it is first asked for."""

    def __init__(self, settings: Settings, progress: Progress, choose: Chooser | None = None) -> None:
        self.settings = settings
        self.progress = progress
        self.choose = choose

    # -- adapters

    @cached_property
    def clock(self) -> Clock:
        """The system's clock."""
        from holdfast.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger beside the settings file; made on first use."""
        from holdfast.adapters.ledger import SqlLedger

        return SqlLedger.open(self.settings.ledger_path)

    @cached_property
    def session(self) -> AwsSession:
        """The paced AWS session that all of Identity Center's calls share."""
        from holdfast.adapters.aws import AwsSession

        return AwsSession(self.settings.aws, self.clock)

    @cached_property
    def audit(self) -> AuditTrail:
        """The audit chain, signed with this installation's key."""
        from holdfast.adapters.keys import audit_key
        from holdfast.kernel.audit import AuditTrail

        key = audit_key(self.settings.holdfast.data_dir / "audit.key")
        return AuditTrail(self.ledger, key, self.clock, getpass.getuser())

    @cached_property
    def store(self) -> ObjectStore:
        """Where the vault's objects lie."""
        from holdfast.adapters.object_store import open_store

        return open_store(self.settings.vault.location, self.settings.base)

    def key_ring(self) -> KeyRing:
        """What opens the vault: the passphrase where its variable is set, else the key file."""
        from holdfast.kernel.vault.keys import KeyFile, Passphrase

        name = self.settings.vault.passphrase_env
        if name:
            return Passphrase(os.environ.get(name, ""), name)
        return KeyFile(self.settings.vault.key_file)

    @cached_property
    def vault(self) -> Vault:
        """The vault. Made on first use when nothing says where it should be; a named one must exist."""
        from holdfast.kernel.vault.vault import Vault

        return Vault.open(self.store, self.key_ring(), self.clock)

    # -- systems

    def system(self, name: str = IDENTITY_CENTER) -> System:
        """A registered system. Raises: UsageError for an unknown name."""
        if name != IDENTITY_CENTER:
            raise UsageError(f"There is no system {name}.", f"Known systems: {IDENTITY_CENTER}.")
        return self.identity_center

    @cached_property
    def identity_center(self) -> System:
        """Identity Center over the paced session."""
        from holdfast.systems.identity_center.system import identity_center

        return identity_center(self.session, self.settings.identity_center, self.clock)

    # -- flows

    def backup(self, name: str = IDENTITY_CENTER) -> Backup:
        """How the system is backed up."""
        from holdfast.kernel.backup import Backup

        system = self.system(name)
        return Backup(system, system.source(), self.vault, self.audit.head)

    def restore(self, name: str = IDENTITY_CENTER) -> Restore:
        """How the system is restored."""
        from holdfast.kernel.restore import Restore

        system = self.system(name)
        return Restore(system, system.source(), system.target(), self.vault, self.audit.head)

    def drill(self, name: str = IDENTITY_CENTER) -> Drill:
        """How a backup of the system is rehearsed."""
        from holdfast.adapters_rehearsal import rehearsal
        from holdfast.kernel.drill import Drill

        return Drill(self.system(name), self.vault, rehearsal(self))

    # -- runs

    @cached_property
    def engine(self) -> Engine:
        """The engine that runs stages against the ledger, in this process."""
        from holdfast.adapters.owner import is_alive, this_process
        from holdfast.kernel.runs.engine import Engine

        return Engine(self.ledger, self.clock, self.progress, this_process(), is_alive, self._write_evidence)

    def launch(self, kind: str, system: str, request: msgspec.Struct) -> Run:
        """A new run of `kind`, executed to its end. Raises: what the run could not get past, after its evidence."""
        run = self.engine.start(system=system, kind=kind, arguments=msgspec.json.encode(request, order="sorted"))
        return self.engine.execute(run, self.stages_for(run))

    def stages_for(self, run: Run) -> Sequence[Stage]:
        """The stages of a run, rebuilt from what the ledger says was asked."""
        from holdfast.kernel.backup import BackupRequest
        from holdfast.kernel.drill import DrillRequest
        from holdfast.kernel.restore import RestoreRequest

        def asked(kind: type[R]) -> R:
            return msgspec.json.decode(run.arguments, type=kind)

        if run.kind == "backup":
            return self.backup(run.system).stages(asked(BackupRequest))
        if run.kind == "restore":
            return self.restore(run.system).stages(asked(RestoreRequest), self.choose)
        if run.kind == "drill":
            return self.drill(run.system).stages(asked(DrillRequest))
        raise UsageError(f"Run {run.id} is of an unknown kind, {run.kind}.", "Use the version that started it.")


def open_installation(
    config: Path | None, progress: Progress, choose: Chooser | None = None, reports_dir: Path | None = None
) -> Installation:
    """The installation of the settings file given, or of the working folder. Raises: SettingsError, NotFound."""
    settings = current(config)
    if reports_dir:
        settings = replace(settings, holdfast=replace(settings.holdfast, reports_dir=reports_dir))
    return Installation(settings, progress, choose)
