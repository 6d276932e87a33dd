"""Runs stages in this process, so that a crash at any point can be resumed and every run leaves evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from holdfast.domain.errors import (
    Busy,
    HoldfastError,
    Interrupted,
    LedgerError,
    Refused,
    TakenOver,
    UsageError,
)
from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.domain.runs import Run, RunState
from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.ids import new_id
from holdfast.kernel.ports import Clock, Ledger, Liveness, Progress
from holdfast.kernel.runs.heartbeat import Heartbeat, is_held
from holdfast.kernel.runs.stages import ENDED, RunContext, Stage, StageKind

BAD_ENDS = {OutcomeKind.FAILED.value, OutcomeKind.IMPOSSIBLE.value, "planned", "in doubt"}
NOT_RESUMABLE = {
    RunState.COMPLETE: "is complete; there is nothing to resume",
    RunState.PARTIAL: "has finished; what failed in it needs a new run",
    RunState.REFUSED: "was refused before it changed anything; it needs a new run",
}


class Engine:
    """Starts, executes and resumes runs, one stage after the other.

    `owner` names this process; the ledger decides by it who may write. `on_end` gets each run as it
    ended, failed ones too, so that evidence is written for it; the state and error to report are
    those of the run it is given. It may be called again for the same run after a crash. `alive` tells
    whether another owner's process still runs.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        progress: Progress,
        owner: str,
        alive: Liveness,
        on_end: Callable[[Run], None],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._progress = progress
        self._owner = owner
        self._alive = alive
        self._on_end = on_end

    def start(self, system: str, kind: str, arguments: bytes, *, target: str = "", undoes: str = "") -> Run:
        """A new run in the ledger, held by this process; nothing of it has been done.

        `arguments` is canonical JSON, enough to resume in another process.
        """
        now = self._clock.now()
        run = Run(
            id=new_id(now),
            system=system,
            kind=kind,
            state=RunState.RUNNING,
            stage="",
            arguments=arguments,
            started_at=now,
            owner=self._owner,
            heartbeat_at=now,
            target=target,
            undoes=undoes,
        )
        self._ledger.start_run(run)
        return run

    def execute(self, run: Run, stages: Sequence[Stage]) -> Run:
        """The run as it ended, COMPLETE or PARTIAL, after every stage that had not ended yet.

        Raises: Interrupted after a Ctrl-C; any HoldfastError that ended the run, with the run FAILED,
        REFUSED or INTERRUPTED; TakenOver when another process holds the run now.
        """
        heartbeat = Heartbeat(self._ledger, self._clock, run)
        judged = False  # after that an error is not the run's own but that of its evidence
        try:
            with heartbeat:
                for stage, following in _remaining(run, stages):
                    run = self._work(run, stage, following, heartbeat)
                verdict, judged = self._verdict(run, stages), True
                return self._end(run, verdict)
        except KeyboardInterrupt as stop:
            interrupted = Interrupted(run.id)
            self._end(run, RunState.INTERRUPTED, error_json(interrupted))
            raise interrupted from stop
        except TakenOver:
            raise
        except HoldfastError as error:
            if not judged:
                self._end_with(run, error)
            raise
        except Exception as bug:
            # The engine's one broad except: an unknown exception is a bug, yet its run must leave evidence.
            if not judged:
                self._end(run, RunState.FAILED, bug_json(bug))
            raise

    def resume(self, run_id: str, stages_for: Callable[[Run], Sequence[Stage]]) -> Run:
        """The run as it ended, continued where it stopped; `run_id` may be a prefix or `latest`.

        Raises: NotFound, UsageError; Busy while its owner lives; Refused when it cannot be resumed;
        and as `execute`.
        """
        run = self._ledger.run(run_id)
        self._refuse_resume(run)
        stages = stages_for(run)
        return self.execute(self._ledger.claim_run(run.id, self._owner, self._clock.now()), stages)

    def recover_abandoned(self) -> list[Run]:
        """Runs whose process is gone, ended now with evidence; INTERRUPTED unless all stages had ended."""
        return [
            run for run in map(self._recover, self._ledger.runs(state=RunState.RUNNING)) if run is not None
        ]

    def _recover(self, run: Run) -> Run | None:
        now = self._clock.now()
        if is_held(run.owner, run.heartbeat_at, now, self._alive):
            return None
        try:
            claimed = self._ledger.claim_run(run.id, self._owner, now)
        except Busy:
            return None  # another command was faster
        if claimed.stage == ENDED:
            # Killed between its last stage and its evidence. Its findings tell what its checks said.
            return self._end(claimed, self._verdict(claimed, ()))
        return self._end(claimed, RunState.INTERRUPTED, error_json(Interrupted(run.id)))

    def _refuse_resume(self, run: Run) -> None:
        reason = NOT_RESUMABLE.get(run.state)
        undone_by = [
            other for other in self._ledger.runs() if other.undoes == run.id and self._has_acted(other)
        ]
        if reason is None and undone_by:
            reason = f"was rolled back by {undone_by[0].id}; going on with it would leave half of it"
        if reason is not None:
            raise Refused(f"run {run.id} {reason}", f"`holdfast runs show {run.id}` says what it came to.")

    def _work(self, run: Run, stage: Stage, following: str, heartbeat: Heartbeat) -> Run:
        heartbeat.guard()
        # What a cut-off attempt left; changes stay, because they are the journal.
        if not (self._ledger.count_items(run.id) and stage.kept(run)):
            self._ledger.clear_stage(run, stage.name)
        context = RunContext(run, stage.name, self._ledger, self._clock, self._progress, heartbeat.guard)
        stage.work(context)
        return self._ledger.advance(run, following, snapshot=context.snapshot)

    def _verdict(self, run: Run, stages: Sequence[Stage]) -> RunState:
        changes = any(stage.kind is StageKind.CHANGE for stage in stages)
        ends = {kind.value for _, kind in self._ledger.count_items(run.id)}
        ends |= {kind for _, _, kind in self._ledger.count_changes(run.id) if changes or kind != "planned"}
        judging = [s.name for s in stages if s.kind is not StageKind.GATHER] or [""] * (not stages)
        found = (finding for stage in judging for finding in self._ledger.findings(run.id, stage=stage))
        failed = any(finding.severity is Severity.ERROR for finding in found)
        return RunState.PARTIAL if failed or ends & BAD_ENDS else RunState.COMPLETE

    def _end_with(self, run: Run, error: HoldfastError) -> None:
        # What was asked cannot be done as it was asked: a resume would only say so again.
        hopeless = error.exit_code in (Refused.exit_code, UsageError.exit_code)
        if hopeless and not self._has_acted(run):
            self._end(run, RunState.REFUSED, error_json(error))
            return
        # Busy ends nothing: the work is sound and goes on at the next resume.
        state = RunState.INTERRUPTED if isinstance(error, Busy) else RunState.FAILED
        self._end(run, state, error_json(error))
        if run.id not in error.advice:
            error.add_note(f"Go on with `holdfast runs resume {run.id}`.")

    def _has_acted(self, run: Run) -> bool:
        return any(kind != "planned" for _, _, kind in self._ledger.count_changes(run.id))

    def _end(self, run: Run, state: RunState, error: bytes = b"") -> Run:
        now = self._clock.now()
        self._stop_if_taken_over(run)
        stopped = False
        try:
            # Evidence first: killed in between, the run still counts as running and the next command ends it.
            self._on_end(replace(run, state=state, finished_at=now, error=error))
        except KeyboardInterrupt:
            stopped = True  # the run goes on to be ended as interrupted; its resume writes what is missing
            raise
        finally:
            ended = run if stopped else self._ledger.finish_run(run, state, now, error)
        return ended

    def _stop_if_taken_over(self, run: Run) -> None:
        """Leave the evidence of a run to the one who holds it now. Raises: TakenOver."""
        try:
            self._ledger.heartbeat(run, self._clock.now())
        except TakenOver:
            raise
        except (Busy, LedgerError):
            return  # evidence is written all the same; finishing the run says what ails the ledger


def _remaining(run: Run, stages: Sequence[Stage]) -> list[tuple[Stage, str]]:
    """The stages still to do, each with the name of the one that follows."""
    names = [*(stage.name for stage in stages), ENDED]
    first = names.index(run.stage) if run.stage else 0
    return list(zip(stages, names[1:], strict=True))[first:]


def error_json(error: HoldfastError) -> bytes:
    """An error as it is kept in the run's row: code, message, advice, exit code and typed facts."""
    facts: dict[str, Plain] = dict(error.facts())
    return canonical(
        {
            "code": error.code,
            "message": str(error),
            "advice": error.advice,
            "exit_code": error.exit_code,
            "facts": facts,
        }
    )


def bug_json(bug: Exception) -> bytes:
    """An unknown exception as it is kept in the run's row."""
    return canonical(
        {"code": "bug", "message": f"{type(bug).__name__}: {bug}", "advice": "", "exit_code": 1, "facts": {}}
    )
