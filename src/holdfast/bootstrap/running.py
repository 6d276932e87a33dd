"""Runs of an installation: started, resumed, undone; audited, timed and left with evidence."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import msgspec

from holdfast.bootstrap.registry import SYSTEMS, registered
from holdfast.bootstrap.surroundings import REPORT
from holdfast.domain.errors import (
    NotFound,
    Refused,
    SettingsError,
    UsageError,
    VaultError,
)
from holdfast.domain.outcomes import Finding, Severity
from holdfast.kernel.backup import CHANGING, BackupRequest
from holdfast.kernel.destination import HERE, Destination, RollbackRequest
from holdfast.kernel.drill import DrillRequest
from holdfast.kernel.ids import timestamp
from holdfast.kernel.restore import RestoreRequest
from holdfast.kernel.runs.engine import Engine
from holdfast.kernel.runs.evidence import write_evidence
from holdfast.kernel.runs.report import RESUMABLE, Measured, build_report
from holdfast.kernel.runs.report_values import OperationTime, StageTime
from holdfast.kernel.runs.rollback import rollback_stages, undoable
from holdfast.kernel.runs.stages import RunContext, Stage, StageKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.bootstrap.parts import Parts
    from holdfast.domain.runs import Run
    from holdfast.domain.snapshots import SnapshotInfo, SourceIdentity
    from holdfast.kernel.ports import CallCount
    from holdfast.kernel.runs.evidence import RunLog
    from holdfast.kernel.runs.report_values import RunReport

R = TypeVar("R")
StagesOf = Callable[[bytes], Sequence[Stage]]
_log = logging.getLogger(__name__)

BACKUP, RESTORE, ROLLBACK, DRILL, PUBLISH = "backup", "restore", "rollback", "drill", "publish"
SAVE, IMPORT = "save", "import"
MOMENT = timedelta(milliseconds=1)
"""What times of snapshots are told to."""
LEASE_SECONDS = 6 * 3600.0
"""A change of a service holds its lease at most this long; a holder whose process is gone loses it at once."""


class Runner:
    """What an installation does with runs."""

    def __init__(self, home: Parts, publishing: StagesOf, importing: StagesOf) -> None:
        """`publishing` and `importing` give the stages of a publish and an import run from its arguments."""
        self._home = home
        self._publishing, self._importing = publishing, importing
        self._times: list[StageTime] = []
        self._spent: dict[str, float] = {}
        self._calls_before: CallCount | None = None
        self._log: tuple[RunLog, ExitStack] | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine that executes stages against the ledger, in this process."""
        from holdfast.adapters.owner import is_alive

        home = self._home
        return Engine(home.journal, home.clock, home.progress, self._owner, is_alive, self.write_evidence)

    @cached_property
    def _owner(self) -> str:
        from holdfast.adapters.owner import this_process

        return this_process()

    def launch(self, kind: str, system: str, request: msgspec.Struct) -> Run:
        """A new run, executed to its end.

        Raises: whatever the run could not get past, after its evidence was written.
        """
        self._calls_before = self._sent()
        if isinstance(request, BackupRequest):
            self._refuse_lacking(system, request)
        if kind in (BACKUP, SAVE, IMPORT):
            self._home.ensure_default_vault()
        target = self._instance(system, _target(request)) if kind in CHANGING else ""
        arguments = msgspec.json.encode(self._pinned(system, request), order="sorted")
        with self._holding(kind, system, target):
            run = self.engine.start(system=system, kind=kind, arguments=arguments, target=target)
            return self._watched(run, lambda: self.engine.execute(run, self.stages_for(run)))

    def validate(self, system: str, request: BackupRequest) -> SourceIdentity:
        """Whose service a backup would read, when settings and credentials are valid; nothing is changed.

        Raises: SettingsError with every problem; CredentialsError; AccessDenied; RemoteError.
        """
        self._refuse_lacking(system, request)
        return self._home.system(system, HERE, request.options).source().identity()

    def _refuse_lacking(self, system: str, request: BackupRequest) -> None:
        settings = self._home.settings
        if problems := tuple(registered(system).lacking(settings, request)):
            raise SettingsError(str(settings.file or "the settings"), problems)

    def _pinned(self, system: str, request: msgspec.Struct) -> msgspec.Struct:
        """The request with the id of the snapshot that it names now; `latest` may be another one at a resume."""
        if not isinstance(request, RestoreRequest | DrillRequest):
            return request
        found = self._home.vault.resolve(request.snapshot, system)
        return msgspec.structs.replace(request, snapshot=found.id)

    def resume(self, run_id: str) -> Run:
        """A run that was cut off, executed to its end. Raises: Refused for a drill and for a run that has ended."""
        self._calls_before = self._sent()
        run = self._home.ledger.run(run_id)
        if run.kind == DRILL:
            raise Refused(f"run {run.id} is a drill, whose sandbox is gone", "Start the drill again.")
        with self._holding(run.kind, run.system, run.target):
            return self._watched(run, lambda: self.engine.resume(run.id, self._stages_again))

    def roll_back(self, run_id: str) -> Run:
        """A run that undoes what another changed, where it still stands as that run left it.

        Raises: NotFound; Refused while that run is going on or when it changed nothing.
        """
        self._calls_before = self._sent()
        undone = undoable(self._home.ledger, run_id)
        if undone.kind not in CHANGING:
            raise Refused(
                f"run {undone.id} is a {undone.kind}: it changed nothing that Holdfast could put back",
                "Nothing is to be undone.",
            )
        self._refuse_other_target(undone)
        request = RollbackRequest(_asked(undone, RollbackRequest).target)
        with self._holding(ROLLBACK, undone.system, undone.target):
            run = self.engine.start(
                system=undone.system,
                kind=ROLLBACK,
                arguments=msgspec.json.encode(request),
                target=undone.target,
                undoes=undone.id,
            )
            return self._watched(run, lambda: self.engine.execute(run, self.stages_for(run)))

    def _sent(self) -> CallCount | None:
        """What the session has sent so far; None before there is one."""
        return self._home.calls()

    def stages_for(self, run: Run) -> Sequence[Stage]:
        """The stages of a run, made anew from what the ledger says was asked. Raises: UsageError for an unknown kind."""
        home = self._home
        makers: dict[str, Callable[[], Sequence[Stage]]] = {
            BACKUP: lambda: self._backup_stages(run),
            RESTORE: lambda: self._restore_stages(run),
            ROLLBACK: lambda: rollback_stages(
                home.system(run.system, _asked(run, RollbackRequest).target).target()
            ),
            DRILL: lambda: home.drill(run.system).stages(_asked(run, DrillRequest)),
            PUBLISH: lambda: self._publishing(run.arguments),
            SAVE: lambda: self._save_stages(run),
            IMPORT: lambda: self._importing(run.arguments),
        }
        if run.kind not in makers:
            raise UsageError(
                f"Run {run.id} is of an unknown kind, {run.kind}.", "Use the version that started it."
            )
        return [self._timed(stage, number) for number, stage in enumerate(makers[run.kind]())]

    def _stages_again(self, run: Run) -> Sequence[Stage]:
        if run.kind in CHANGING:
            self._refuse_other_target(run)
        stages = self.stages_for(run)
        if run.kind == BACKUP and any(stage.kind is StageKind.CHANGE for stage in stages):
            self._refuse_other_source(run)
        return stages

    def _backup_stages(self, run: Run) -> Sequence[Stage]:
        request = _asked(run, BackupRequest)
        return self._home.backup(run.system, request.options).stages(request)

    def _restore_stages(self, run: Run) -> Sequence[Stage]:
        request = _asked(run, RestoreRequest)
        restore = self._home.restore(run.system, request.target, request.mapping)
        return restore.stages(request, self._home.choose)

    def _save_stages(self, run: Run) -> Sequence[Stage]:
        from holdfast.systems.files.system import SaveRequest

        return self._home.saving().stages(_asked(run, SaveRequest))

    def _instance(self, system: str, target: Destination) -> str:
        """The instance that a destination leads to now. Raises: Refused for none, and for another account's."""
        try:
            found = self._home.system(system, target).source().identity()
        except (NotFound, UsageError) as error:
            raise Refused(str(error), error.advice) from error
        target.refuse_other(found)
        return found.instance

    def _refuse_other_target(self, run: Run) -> None:
        """Return when what the run changed is reached by the same way still. Raises: Refused."""
        found = self._instance(run.system, _asked(run, RollbackRequest).target)
        if found != run.target:
            raise Refused(
                f"run {run.id} changes {run.target}, but what is reached now is {found}",
                "Use the credentials, region and settings with which the run was started.",
            )

    def _refuse_other_source(self, run: Run) -> None:
        """Return unless a sealed backup would now be stored beside somebody else's service. Raises: Refused."""
        sealed = self._home.vault.of_run(run.id)
        if sealed is None:
            return
        found = self._instance(run.system, HERE)
        if found != sealed.source.instance:
            raise Refused(
                f"run {run.id} stores a backup of {sealed.source.instance}, but what is reached now is {found}",
                "Use the credentials, region and settings with which the run was started.",
            )

    def report(self, run: Run) -> RunReport:
        """What a run came to."""
        home = self._home
        # A drill has a session of its own, to its sandbox; the service itself is not called.
        sent = self._sent() if run.kind != DRILL else None
        calls = sent.since(self._calls_before) if sent else None
        sealed = self._snapshot(run)
        began = home.clock.monotonic()
        measured = Measured(calls, tuple(self._times), home.clock.now())
        built = build_report(home.ledger, run, sealed, measured, previous=self._previous(sealed))
        # The reading of every row, which is what grows; it is done by the time that it is told.
        self._spent.setdefault(REPORT, home.clock.monotonic() - began)
        return replace(built, cost=replace(built.cost, operations=self._operations(run)))

    def _operations(self, run: Run) -> tuple[OperationTime, ...]:
        """The times of the operations of a backup that this process made, where its system has them told."""
        if run.kind != BACKUP or run.system not in SYSTEMS or not self._times:
            return ()
        known = {time.stage: time.seconds for time in self._times} | self._home.times | self._spent
        found = []
        for name, typical, parts in SYSTEMS[run.system].operations:
            seconds = [known[part] for part in parts if part in known]
            found.append(OperationTime(name, sum(seconds) if seconds else None, typical))
        return tuple(found)

    def evidence_folder(self, run: Run) -> str:
        """Where a run's evidence lies."""
        return self._home.evidence.location(run.id)

    def write_evidence(self, run: Run) -> None:
        """Write report, metrics and manifest of a run as it stands. Raises: OutOfSpace; CannotWrite."""
        self._end_log(run)
        if run.state not in RESUMABLE:
            self._home.recall().forget(run.id)
        home, stores = self._home, run.kind == BACKUP and run.system in SYSTEMS
        places = SYSTEMS[run.system].places(home.settings, home.ledger, run.id) if stores else ()
        write_evidence(self.report(run), home.ledger, home.evidence, _to_stderr, places)

    def _watched(self, run: Run, work: Callable[[], Run]) -> Run:
        """Do the work with the run's log open and both ends audited."""
        home = self._home
        self._times.clear()
        self._spent.clear()
        with ExitStack() as opened:
            log = opened.enter_context(home.evidence.log(run.id))
            self._log = (log, opened)
            home.audit.append(f"{run.kind} started", run.system, {"run": run.id, "target": run.target})
            log.event("started", {"kind": run.kind, "stage": run.stage})
            try:
                return work()
            finally:
                self._log = None
                state = home.ledger.run(run.id).state
                home.audit.append(f"{run.kind} {state}", run.system, {"run": run.id})

    def _end_log(self, run: Run) -> None:
        """End the run's log, before the manifest takes its digest."""
        if self._log is not None:
            log, opened = self._log
            self._log = None
            log.event("ended", {"state": run.state.value})
            opened.close()

    @contextmanager
    def _holding(self, kind: str, system: str, target: str) -> Iterator[None]:
        """One change of a service at a time: others are told who holds it. Raises: Busy."""
        if kind not in CHANGING:
            yield
            return
        home = self._home
        name = f"the right to change {system} {target}"
        lease = home.ledger.acquire(name, self._owner, LEASE_SECONDS, home.clock.now())
        try:
            yield
        finally:
            home.ledger.release(lease)

    def _timed(self, stage: Stage, number: int) -> Stage:
        def work(context: RunContext) -> None:
            began = context.clock.monotonic()
            _log.info("stage started", extra={"facts": {"stage": stage.name}})
            stage.work(context)
            if number == 0:
                context.record_findings(_weakened(self._home.settings.aws.tls_minimum))
            seconds = context.clock.monotonic() - began
            _log.info(
                "stage ended", extra={"facts": {"stage": stage.name, "milliseconds": int(seconds * 1000)}}
            )
            self._times.append(StageTime(stage.name, seconds))
            self._spent |= context.seconds()

        return replace(stage, work=work)

    def _snapshot(self, run: Run) -> SnapshotInfo | None:
        """The snapshot a run sealed, if it can be read; evidence must not fail because the vault does."""
        if not run.snapshot:
            return None
        try:
            return self._home.vault.resolve(run.snapshot, run.system)
        except VaultError:
            return None

    def _previous(self, sealed: SnapshotInfo | None) -> SnapshotInfo | None:
        """The newest backup before; of a long history no more is read than that."""
        if sealed is None:
            return None
        try:
            return self._home.vault.resolve(timestamp(sealed.taken_at - MOMENT), sealed.system)
        except (NotFound, VaultError):
            return None


def _weakened(tls_minimum: str) -> Iterator[Finding]:
    """A warning on every run for which less than TLS 1.3 was accepted."""
    if tls_minimum != "1.3":
        told = f"TLS {tls_minimum} was accepted, because `[aws] tls_minimum` says so."
        yield Finding(
            Severity.WARNING, "tls-minimum", "settings", "", told, "Set it to 1.3 once all sides can."
        )


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)


def _target(request: msgspec.Struct) -> Destination:
    return request.target if isinstance(request, RestoreRequest) else HERE


def _asked(run: Run, kind: type[R]) -> R:
    return msgspec.json.decode(run.arguments, type=kind)
