"""What a capture has read so far, kept until its snapshot is sealed: a resume asks only for the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import msgspec
from blake3 import blake3

from holdfast.domain.errors import CannotWrite
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.snapshots import SourceIdentity
from holdfast.kernel.durable import make_private
from holdfast.kernel.ports import CallCount, Clock, PacedSession
from holdfast.kernel.showing import duration
from holdfast.kernel.vault.sealing import Seals
from holdfast.kernel.vault.spool import SealedSpool, Spot

READS = ("List", "Describe", "Get")
TOKEN = "NextToken"  # noqa: S105  # the name of a member, as every service of ours calls it
ASKED_ANEW = frozenset({"GetCallerIdentity", "ListInstances", "DescribeAccountSubscription"})
JOB = "Job"
"""Who asks, about which instance, and how far work has come is never taken from before."""
KEY_BYTES = 16


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is spooled: the call's key, that of the call for the page after it, when, and what."""

    key: bytes
    following: bytes
    at: datetime
    answer: msgspec.Raw


_decoder = msgspec.msgpack.Decoder(_Entry)


@dataclass(frozen=True, slots=True)
class _Known:
    spot: Spot
    following: bytes
    at: datetime


@dataclass(slots=True)
class Answers:
    """The answers that one capture got in this process and before. `seed` keeps those of other instances apart."""

    spool: SealedSpool
    seed: bytes
    clock: Clock
    known: dict[bytes, _Known] = field(default_factory=dict)
    used: int = 0
    oldest: datetime | None = None
    findings: list[Finding] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, hours: float) -> None:
        """Take up what was kept before, unless its oldest answer is too old. Raises: OSError."""
        found: dict[bytes, _Known] = {}
        for spot, data in self.spool.entries():
            entry = _decoder.decode(data)
            found[entry.key] = _Known(spot, entry.following, entry.at)
        oldest = min((each.at for each in found.values()), default=None)
        if oldest is not None and self.clock.now() - oldest > timedelta(hours=hours):
            self.findings.append(_too_old(self.clock.now() - oldest, hours))
            self.spool.clear()
        else:
            self.known = whole_listings(found)

    def key(self, service: str, operation: str, parameters: Mapping[str, object]) -> bytes:
        """What a call is known by: equal calls have equal keys."""
        told = msgspec.json.encode([service, operation, parameters], order="deterministic")
        return blake3(self.seed + told).digest(KEY_BYTES)

    def find(self, key: bytes) -> Mapping[str, object] | None:
        """The answer that a call got before, None for one that is still to be sent."""
        known = self.known.get(key)
        if known is None:
            return None
        with self.lock:
            self.used += 1
            self.oldest = min(self.oldest or known.at, known.at)
        answer = _decoder.decode(self.spool.read(known.spot)).answer
        return cast("Mapping[str, object]", msgspec.msgpack.decode(answer))

    def keep(self, key: bytes, following: bytes, answer: Mapping[str, object]) -> None:
        """Keep an answer. Where that fails the capture goes on, and a resume would begin anew."""
        if any(finding.code == UNKEPT for finding in self.findings):
            return
        told = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        entry = _Entry(key, following, self.clock.now(), msgspec.Raw(msgspec.msgpack.encode(told)))
        try:
            self.spool.append(msgspec.msgpack.encode(entry))
        except OSError as error:
            self.findings.append(_unkept(error))

    def told(self) -> list[Finding]:
        """What the run's report says of it."""
        if self.oldest is None:
            return self.findings
        return [*self.findings, _answered(self.used, self.clock.now() - self.oldest)]


def whole_listings(found: dict[bytes, _Known]) -> dict[bytes, _Known]:
    """Without the pages of listings whose last page is missing: the service forgets the token that goes on."""
    before = {each.following: key for key, each in found.items() if each.following}
    whole: dict[bytes, _Known] = {}
    for last in (key for key, each in found.items() if not each.following):
        key: bytes | None = last
        while key is not None and key not in whole:
            whole[key] = found[key]
            key = before.get(key)
    return whole


class RecallingSession:
    """A `PacedSession` that keeps what reads are answered while a capture is under way, and asks nothing twice."""

    def __init__(self, inner: Callable[[], PacedSession], place: str = "") -> None:
        """`inner` gives the session that sends; it is made when it is first needed.

        Sessions that share their answers differ in `place`, such as the region they lead to.
        """
        self._inner = inner
        self._place = place
        self.answers: Answers | None = None

    @property
    def region(self) -> str:
        """The region that the calls go to."""
        return self._inner().region

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        """The service's answer, or the one that this run got before. Raises: as `PacedSession.call`."""
        answers = self.answers
        if answers is None or not _is_kept(operation):
            return self._inner().call(service, operation, parameters, repeatable=repeatable)
        service_there = f"{service}@{self._place}" if self._place else service
        key = answers.key(service_there, operation, parameters)
        answer = answers.find(key)
        if answer is None:
            answer = self._inner().call(service, operation, parameters, repeatable=repeatable)
            token = answer.get(TOKEN)
            following = answers.key(service_there, operation, {**parameters, TOKEN: token}) if token else b""
            answers.keep(key, following, answer)
        return answer

    def assuming(self, role: str) -> PacedSession:
        """A session under another role, whose answers are not kept. Raises: as `PacedSession.assuming`."""
        return self._inner().assuming(role)

    def calls(self) -> CallCount:
        """What was sent since the session was made; answers from before are not."""
        return self._inner().calls()


@dataclass(frozen=True, slots=True)
class Recall:
    """Where the answers of captures are kept, one file a run, and for how many hours a resume may use them.

    `others` are further sessions of the same captures, such as those to other regions.
    """

    folder: Path
    hours: float
    session: RecallingSession
    clock: Clock
    others: list[RecallingSession] = field(default_factory=list)

    @contextmanager
    def during(self, run_id: str, identity: SourceIdentity, seals: Seals) -> Iterator[Answers | None]:
        """What a run's capture knows already and gets to know; None where nothing is to be kept.

        Raises: CannotWrite when there is no writing to the folder.
        """
        if not self.hours:
            yield None
            return
        seed = msgspec.json.encode((identity.account, identity.region, identity.instance))
        try:
            spool = self._open(run_id, seals)
            answers = Answers(spool, seed, self.clock)
            answers.load(self.hours)
        except OSError as error:
            raise CannotWrite(str(self.folder), str(error)) from error
        sessions = (self.session, *self.others)
        try:
            for session in sessions:
                session.answers = answers
            yield answers
        finally:
            for session in sessions:
                session.answers = None
            spool.close()

    def forget(self, run_id: str) -> None:
        """Remove what a run's capture has read; it is in a snapshot, or the run will not go on."""
        self._path(run_id).unlink(missing_ok=True)

    def _open(self, run_id: str, seals: Seals) -> SealedSpool:
        """The run's file; what other runs left that nobody resumed in time is removed."""
        make_private(self.folder)
        own, latest = self._path(run_id), self.clock.now() - timedelta(hours=self.hours)
        for path in self.folder.glob("*.answers"):
            if path != own and datetime.fromtimestamp(path.stat().st_mtime, UTC) < latest:
                path.unlink(missing_ok=True)
        return SealedSpool(own, seals)

    def _path(self, run_id: str) -> Path:
        return self.folder / f"{run_id}.answers"


def _is_kept(operation: str) -> bool:
    return operation.startswith(READS) and operation not in ASKED_ANEW and not operation.endswith(JOB)


UNKEPT = "answers-unkept"


def _answered(count: int, age: timedelta) -> Finding:
    message = (
        f"{count:,} calls were answered by what this run had read before it was cut off; "
        f"the oldest answer is {duration(age.total_seconds())} old."
    )
    return Finding(Severity.NOTE, "answered-before", "", "", message)


def _too_old(age: timedelta, hours: float) -> Finding:
    message = f"What this run had read before it was cut off is {duration(age.total_seconds())} old and was not used."
    advice = f"`resume_within_hours` is {hours:g}; everything was read anew."
    return Finding(Severity.NOTE, "answers-too-old", "", "", message, advice)


def _unkept(error: OSError) -> Finding:
    message = f"What was read could not be kept for a resume: {error.strerror or error}."
    advice = "A resume of this run would have read everything anew; make space where `data_dir` is."
    return Finding(Severity.WARNING, UNKEPT, "", "", message, advice)
