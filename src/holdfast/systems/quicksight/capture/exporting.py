"""Export jobs: as few as possible, at most five at once, none twice, and whoever spoils one found by halving it."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from holdfast.domain.errors import AccessDenied, Refused, RemoteError, RemoteUnavailable
from holdfast.domain.outcomes import Finding, OutcomeKind, Severity
from holdfast.domain.records import show_key
from holdfast.kernel.ports import Clock, Download
from holdfast.kernel.showing import counted
from holdfast.systems.quicksight.capture.asking import Asking
from holdfast.systems.quicksight.capture.bundle import MOST_BYTES, Member, Opened, open_bundle
from holdfast.systems.quicksight.clients.gateways import BundlesGateway
from holdfast.systems.quicksight.errors import BadBundle, Conflicting, LimitReached, Missing, NotAccepted
from holdfast.systems.quicksight.model import AssetSummary, ExportJob, JobRemark, JobState
from holdfast.systems.quicksight.settings import QuickSightSettings

ENDED = frozenset({JobState.SUCCESSFUL.value, JobState.FAILED.value})
RUNNING_AT_ONCE = 5
"""Export jobs that an account may have under way (StartAssetBundleExportJob)."""
RETRIES = 3
"""Further attempts of a job, or of a download, that failed on the service's side."""
TAKEN_UP_HOURS = 12.0
"""How old a finished job of this capture may be to count: as long as what else it had read (`resume_within_hours`)."""
SLOWEST_POLL = 60.0
"""Seconds between looks at a job that takes long; a fresh address is asked for in any case."""
SERVICE_SIDE = frozenset(
    {"InternalFailure", "InternalFailureException", "InternalServerException", "ServiceUnavailable"}
    | {"ThrottlingException", "ResourceUnavailableException"}
)
"""Types of a job's errors that say nothing against any asset."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an asset's export came to: its member, or why there is none."""

    asset: AssetSummary
    member: Member | None = None
    kind: OutcomeKind = OutcomeKind.DONE
    reason: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Result:
    """How one job ended: a bundle, or what was said against it. `again` when a repeat may cure it."""

    opened: Opened | None = None
    against: tuple[JobRemark, ...] = ()
    again: bool = False
    reason: str = ""


class JobHung(RemoteError):
    """A job that does not end, or that never gets a place, in the time that is given to it."""


def job_id(name: str, assets: Sequence[AssetSummary], attempt: int) -> str:
    """The id of a capture's job: a function of what it is for, so that whoever takes it up finds the job that runs."""
    told = "\n".join((name, *(asset.arn for asset in assets), str(attempt)))
    return f"holdfast-{assets[0].type}-{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def names(text: str, arn: str) -> bool:
    """Whether a text has this ARN in it, and not only one that begins with it."""
    return re.search(rf"{re.escape(arn)}(?![\w/-])", text) is not None


def in_groups(assets: Sequence[AssetSummary], most: int) -> Iterator[tuple[AssetSummary, ...]]:
    """The assets in their order, so many to a job."""
    for start in range(0, len(assets), most):
        yield tuple(assets[start : start + most])


@dataclass(slots=True)
class Exporter:
    """Runs the export jobs of one capture, whose `name` is in their ids."""

    gateway: BundlesGateway
    download: Download
    settings: QuickSightSettings
    clock: Clock
    name: str
    asking: Asking
    jitter: Callable[[], float] = random.random
    findings: list[Finding] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)

    def notes(self) -> list[Finding]:
        """What jobs said in passing, and how many there were."""
        if not self.jobs:
            return self.findings
        more = len(self.jobs) - len(self.groups)
        told = f"{counted(len(self.jobs), 'export job')} for {counted(sum(self.groups), 'asset')}"
        told += f"; {more} of them repeated one that failed, or found what spoiled it" if more else ""
        return [*self.findings, Finding(Severity.NOTE, "export-jobs", "", "", f"{told}.")]

    def export(self, assets: Sequence[AssetSummary]) -> list[Exported]:
        """A member or a reason for each of these assets of one type, in their order.

        Raises: ServiceSilent, Throttled, CredentialsError.
        """
        self.groups.append(len(assets))
        found = {each.asset.key: each for each in self._settle(tuple(assets))}
        return [found[asset.key] for asset in assets]

    def _settle(self, assets: tuple[AssetSummary, ...]) -> Iterator[Exported]:
        """One job, and further ones without those that spoil it."""
        if not assets:
            return
        try:
            result = self._with_retries(assets)
        except (AccessDenied, RemoteError, Refused) as error:
            if error.ends_run:
                raise
            yield from (_not(asset, OutcomeKind.FAILED, str(error), error.advice) for asset in assets)
            return
        if result.opened is not None:
            yield from self._members(assets, result.opened)
            return
        if result.again:  # not cured by repeats: nothing says that any one asset is to blame
            yield from (_not(asset, OutcomeKind.FAILED, result.reason) for asset in assets)
            return
        culprits = {
            arn: "; ".join(dict.fromkeys(each.message for each in result.against if each.arn == arn))
            for arn in {each.arn for each in result.against}
        }
        guilty = [asset for asset in assets if asset.arn in culprits]
        if len(assets) == 1:
            yield _not(assets[0], OutcomeKind.IMPOSSIBLE, culprits.get(assets[0].arn, result.reason))
        elif guilty:
            yield from (_not(asset, OutcomeKind.IMPOSSIBLE, culprits[asset.arn]) for asset in guilty)
            yield from self._settle(tuple(asset for asset in assets if asset.arn not in culprits))
        else:
            middle = len(assets) // 2
            yield from self._settle(assets[:middle])
            yield from self._settle(assets[middle:])

    def _members(self, assets: Iterable[AssetSummary], opened: Opened) -> Iterator[Exported]:
        for told in opened.foreign:
            self._warn_of("foreign-member", "", "", f"A bundle is not what was asked for: {told}.")
        for asset in assets:
            member = opened.members.get((asset.type, asset.key))
            if member is None:
                yield _not(asset, OutcomeKind.FAILED, "the job ended well and its bundle lacks the asset")
            else:
                yield Exported(asset, member)

    def _with_retries(self, assets: tuple[AssetSummary, ...]) -> _Result:
        """How the job ends, after as many attempts as may help."""
        result = _Result()
        for attempt in range(RETRIES + 1):
            if attempt:
                pause = self.settings.poll_seconds * 2 ** (attempt - 1)
                self.clock.sleep(pause * (1 + self.jitter()))
            result = self._attempt(assets, job_id(self.name, assets, attempt))
            if not result.again:
                return result
        return result

    def _attempt(self, assets: tuple[AssetSummary, ...], job: str) -> _Result:
        """One job from its start, or from where another process left it, to its bundle."""
        self.jobs.append(job)
        try:
            ended = self._ended(assets, job)
        except (NotAccepted, Missing) as refused:
            named = [asset for asset in assets if names(refused.service_said, asset.arn)]
            against = tuple(JobRemark(asset.arn, refused.service_said) for asset in named)
            return _Result(against=against, reason=refused.service_said)
        if ended.state == JobState.FAILED:
            service_side = bool(ended.errors) and all(each.kind in SERVICE_SIDE for each in ended.errors)
            told = "; ".join(dict.fromkeys(each.message for each in ended.errors if each.message))
            reason = told or "the export job failed without saying why"
            return _Result(against=ended.errors, again=service_side, reason=reason)
        try:
            opened = open_bundle(self._fetched(ended), [(asset.type, asset.key) for asset in assets])
        except RemoteError as problem:
            if problem.ends_run:
                raise
            return _Result(again=True, reason=str(problem))
        self._warn(ended, assets)
        return _Result(opened) if opened.whole else replace(_Result(opened), again=True)

    def _ended(self, assets: tuple[AssetSummary, ...], job: str) -> ExportJob:
        """The job when it has ended. Raises: JobHung; NotAccepted, Missing where it is refused at the start."""
        known, began = self._known(job), self.clock.monotonic()
        if known is None:
            self._start(job, [asset.arn for asset in assets])
            began = self.clock.monotonic()
        while known is None or known.state not in ENDED:
            waited = self.clock.monotonic() - began
            if waited >= self.settings.job_minutes * 60.0:
                raise _hung(f"Export job {job}", "had not ended", self.settings.job_minutes)
            self.clock.sleep(max(self.settings.poll_seconds, min(SLOWEST_POLL, waited / 4)))
            looked = self.asking.one(lambda: self.gateway.export(job))
            if looked.error is not None and not isinstance(looked.error, RemoteUnavailable | Missing):
                raise looked.error
            known = looked.items[0] if looked.items else None
        return known

    def _known(self, job: str) -> ExportJob | None:
        """The job as a process before left it: it runs, or ended not so long ago; None where one is to be started."""
        try:
            found = self.gateway.export(job)
        except Missing:
            return None
        if found.state not in ENDED or found.created is None:
            return found
        return found if self.clock.now() - found.created < timedelta(hours=TAKEN_UP_HOURS) else None

    def _start(self, job: str, arns: Sequence[str]) -> None:
        """Start a job once there is a place for it. Raises: JobHung; NotAccepted; Missing."""
        began = self.clock.monotonic()
        while True:
            try:
                self.gateway.start_export(job, arns)
            except Conflicting:
                return  # it runs: the answer to an earlier request was lost
            except LimitReached:
                if self.clock.monotonic() - began >= self.settings.job_minutes * 60.0:
                    raise _hung(
                        f"Export job {job}", "found no place beside others'", self.settings.job_minutes
                    ) from None
                self.clock.sleep(self.settings.poll_seconds)
            except RemoteUnavailable as lost:
                if lost.ends_run:
                    raise
                if self.asking.one(lambda: self.gateway.export(job)).items:
                    return  # it has arrived all the same
                self.clock.sleep(self.settings.poll_seconds)
            else:
                return

    def _fetched(self, job: ExportJob) -> bytes:
        """The bundle of a job that ended well, each try by an address that is fresh. Raises: RemoteError."""
        problem: RemoteError | None = None
        for attempt in range(RETRIES + 1):
            if attempt:
                self.clock.sleep(self.settings.poll_seconds * (1 + self.jitter()))
                job = self.gateway.export(job.id)
            try:
                if job.address:
                    return self.download(job.address, MOST_BYTES)
            except RemoteError as error:
                problem = error
        raise problem or BadBundle(job.id, "NoAddress", "the job ended well and gives no address")

    def _warn(self, job: ExportJob, assets: Iterable[AssetSummary]) -> None:
        by_arn = {asset.arn: asset for asset in assets}
        for each in job.warnings:
            asset = by_arn.get(each.arn)
            key, told = (asset.key, show_key(asset.key)) if asset else ("", each.arn or "a job")
            kind = asset.type if asset else ""
            self._warn_of("export-warning", kind, key, f"Exporting {told}: {each.message}")

    def _warn_of(self, code: str, type_name: str, key: str, message: str) -> None:
        self.findings.append(Finding(Severity.WARNING, code, type_name, key, message))


def _not(asset: AssetSummary, kind: OutcomeKind, reason: str, advice: str = "") -> Exported:
    return Exported(asset, None, kind, reason, advice)


def _hung(what: str, how: str, minutes: int) -> JobHung:
    return JobHung(what, "JobHung", f"it {how} after {minutes} minutes (`job_minutes`)")
