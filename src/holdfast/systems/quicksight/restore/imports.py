"""Assets put back by bundle import: jobs of many, taken back as a whole should one fail, until only culprits are out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied, Busy, RemoteError, RemoteUnavailable
from holdfast.domain.outcomes import DONE, Outcome, OutcomeKind
from holdfast.domain.records import split_key
from holdfast.kernel.canonical import Plain, plain
from holdfast.kernel.ports import Clock
from holdfast.kernel.runs.comparison import IN_DOUBT, failed_by
from holdfast.systems.quicksight.clients.imports_client import (
    UNDER_WAY,
    ImportJob,
    ImportsClient,
    ImportState,
)
from holdfast.systems.quicksight.errors import Conflicting, LimitReached, Missing, NotAccepted
from holdfast.systems.quicksight.model import REFRESH_SCHEDULE, Asset, JobRemark
from holdfast.systems.quicksight.records.assets import STARTS, asset_record
from holdfast.systems.quicksight.records.dependencies import asset_named
from holdfast.systems.quicksight.restore.overrides import Overrides
from holdfast.systems.quicksight.restore.overriding import parameters_for
from holdfast.systems.quicksight.restore.patience import Patience, seen
from holdfast.systems.quicksight.storing.bundles import archive

MOST_JOBS = 5
"""Import jobs that an account may run at once (StartAssetBundleImportJob)."""
MOST_BYTES = 20_971_520
"""Bytes of a bundle in the request itself (AssetBundleImportSource)."""
RETRIES = 3
"""Repeats of a job that failed without anybody's fault."""
_FAULTLESS = ("InternalFailure", "InternalFailureException", "ThrottlingException")

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class JobPace:
    """How often jobs are looked at, and after how many seconds one that does not end counts as failed."""

    poll_seconds: float = 5.0
    patience: float = 1800.0


class Imports:
    """Runs import jobs, at most five at once. Thread-safe."""

    def __init__(self, client: ImportsClient, clock: Clock, overrides: Overrides, pace: JobPace) -> None:
        self._client, self._clock, self._overrides = client, clock, overrides
        self._patience = Patience(clock, pace.patience, pace.poll_seconds)
        self._slots = threading.BoundedSemaphore(MOST_JOBS)

    def await_settled(self) -> None:
        """Return when no import job of the account is under way. Raises: Busy after the patience."""
        if self._patience.until(lambda: None if self._client.under_way() else True) is None:
            raise Busy(
                f"QuickSight still imports after {self._patience.seconds:.0f} s.",
                "Wait until its import jobs have ended, then resume the run.",
            )

    def put(self, changes: Sequence[Change], note_request: Note) -> dict[str, Outcome]:
        """How each asset's creation or update ended, by key. Changes are of one type.

        Raises: RemoteUnavailable when a job's end was not seen; what `note_request` raises.
        """
        outcomes: dict[str, Outcome] = {}
        waiting = [(list(changes), 0)]
        while waiting:
            part, tries = waiting.pop()
            bundle = self._bundle(part)
            if len(bundle) > MOST_BYTES:
                if len(part) == 1:
                    outcomes[part[0].key] = _too_large(len(bundle))
                else:
                    waiting += [(half, 0) for half in _halves(part)]
                continue
            try:
                job = self._run(part, bundle, tries, note_request)
            except (AccessDenied, RemoteError) as error:
                if not error.permanent:
                    raise
                # Its job was never started; what other jobs of these changes came to stands all the same.
                outcomes.update((change.key, failed_by(error)) for change in part)
                continue
            outcomes.update(self._judged(part, job, tries, waiting))
        return outcomes

    def _judged(
        self, part: list[Change], job: ImportJob, tries: int, waiting: list[tuple[list[Change], int]]
    ) -> Iterator[tuple[str, Outcome]]:
        """Outcomes that are clear now; what is to be tried again joins those that wait."""
        if job.state == ImportState.SUCCESSFUL:
            warned = _by_key(part[0].type, job.warnings)
            yield from ((change.key, _done(warned.get(change.key, ()))) for change in part)
            return
        told_of = _by_key(part[0].type, job.errors)
        blamed = {change.key: told_of[change.key] for change in part if change.key in told_of}
        for change in part:
            if change.key in blamed:
                yield change.key, _refused(change, blamed[change.key], job)
        rest = [change for change in part if change.key not in blamed]
        if blamed:
            waiting += [(rest, 0)] * bool(rest)
        elif _faultless(job) and tries < RETRIES:
            self._clock.sleep(self._patience.longest * 2**tries)
            waiting.append((part, tries + 1))
        elif _faultless(job) or len(part) == 1:
            yield from ((change.key, _refused(change, job.errors, job)) for change in part)
        else:
            waiting += [(half, 0) for half in _halves(part)]

    def _run(self, part: list[Change], bundle: bytes, tries: int, note_request: Note) -> ImportJob:
        # The id says what is imported, so that a second start while the first still runs is refused.
        job = f"holdfast-{hashlib.sha256(bundle).hexdigest()[:32]}-{tries}"
        with self._slots:
            try:
                self._start(job, part, bundle)
            except NotAccepted as error:  # one member may spoil the whole before it starts
                return ImportJob(job, ImportState.FAILED, (JobRemark("", error.service_said, error.error),))
            note_request(job)
            found = self._patience.until(lambda: self._ended(job), lambda: note_request(job))
        if found is None:
            said = f"job {job} has not ended after {self._patience.seconds:.0f} s"
            raise RemoteUnavailable("quicksight:DescribeAssetBundleImportJob", "still running", said)
        return found

    def _ended(self, job: str) -> ImportJob | None:
        try:
            found = seen("quicksight:DescribeAssetBundleImportJob", lambda: self._client.job(job))
        except Missing:  # it was started a moment ago
            return None
        return None if found.state in UNDER_WAY else found

    def _start(self, job: str, part: list[Change], bundle: bytes) -> None:
        """Start the job as soon as the account has room for it; others import, too."""
        parameters = self._parameters(part)
        full: list[LimitReached] = []

        def started() -> bool | None:
            try:
                self._client.start(job, bundle, parameters)
            except Conflicting:
                return True  # it runs: the answer to its start was lost
            except LimitReached as error:
                full.append(error)
                return None
            return True

        if self._patience.until(started) is None:
            raise full[-1]

    def _parameters(self, part: list[Change]) -> Mapping[str, Plain]:
        kind = part[0].type
        if kind != REFRESH_SCHEDULE:
            return parameters_for(kind, [change.key for change in part], self._overrides)
        now = self._clock.now()
        start = self._overrides.start_after or (now + timedelta(days=1)).isoformat(timespec="seconds")
        late = [change for change in part if not _is_later(plain(change.after or b"").get(STARTS), now)]
        listed: list[Plain] = [_beginning(change.key, start) for change in late]
        return {"RefreshSchedules": listed} if listed else {}

    def _bundle(self, part: list[Change]) -> bytes:
        return archive([asset_record(Asset(c.type, c.key, plain(c.after or b""))) for c in part])


def _halves(part: list[Change]) -> tuple[list[Change], list[Change]]:
    middle = len(part) // 2
    return part[middle:], part[:middle]


def _beginning(key: str, start: str) -> Plain:
    data_set, schedule = split_key(key)
    return {"DataSetId": data_set, "ScheduleId": schedule, "StartAfterDateTime": start}


def _is_later(start: Plain, now: datetime) -> bool:
    """Whether a schedule's own beginning can stay; one without any can."""
    if not isinstance(start, str):
        return start is None
    try:
        return datetime.fromisoformat(start).astimezone(now.tzinfo) > now
    except ValueError:
        return False


def _by_key(type_name: str, remarks: Sequence[JobRemark]) -> dict[str, list[JobRemark]]:
    """What is said of assets of a type; one of another type may have the same key."""
    found: dict[str, list[JobRemark]] = {}
    for remark in remarks:
        named = asset_named(remark.arn)
        if named is not None and named[0] == type_name:
            found.setdefault(named[1], []).append(remark)
    return found


def _faultless(job: ImportJob) -> bool:
    return bool(job.errors) and all(remark.kind in _FAULTLESS for remark in job.errors)


def _done(warnings: Sequence[JobRemark]) -> Outcome:
    told = "; ".join(remark.message for remark in warnings)
    return Outcome(OutcomeKind.DONE, f"imported with a warning: {told}") if told else DONE


def _refused(change: Change, told: Sequence[JobRemark], job: ImportJob) -> Outcome:
    said = "; ".join(f"{remark.kind}: {remark.message}" for remark in told) or "nothing"
    left = "; ".join(remark.message for remark in job.unreverted)
    after = f" The job could not take everything back: {left or 'it does not say what'}."
    reason = f"{change.name}: the import failed. The service said: {said}."
    unclear = job.state == ImportState.ROLLBACK_FAILED
    advice = "Remove the cause that the service names, then run the command again."
    code = IN_DOUBT if unclear else "import-failed"  # what is in doubt, a rollback of the run looks at
    return Outcome(OutcomeKind.FAILED, reason + after * unclear, advice, code)


def _too_large(size: int) -> Outcome:
    reason = f"its bundle has {size} bytes, and a job takes {MOST_BYTES} in a request"
    return Outcome(OutcomeKind.IMPOSSIBLE, reason, "Import it from S3 by hand.", "bundle-too-large")
