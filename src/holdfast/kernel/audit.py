"""The audit chain: who did what to what, each link authenticated together with the one before it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.kernel.canonical import Plain, canonical
from holdfast.kernel.ports import AuditEntry, Clock, Ledger


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head of a chain that was kept elsewhere, in a sealed snapshot: the chain had this link then.

    `chain` tells chains apart, since several installations may use one vault; empty where it is not known.
    """

    position: int
    mac: str
    chain: str = ""

    @classmethod
    def parse(cls, head: str) -> Anchor:
        """The anchor that `AuditTrail.head` wrote. Raises: ValueError for anything else."""
        position, _, rest = head.partition(":")
        mac, _, chain = rest.partition(":")
        return cls(int(position), mac, chain)

    def __str__(self) -> str:
        return ":".join(filter(None, (str(self.position), self.mac, self.chain)))


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a verification found.

    `problems` has a sentence for each break of the chain. `anchored` of the `entries` lie at or
    before the last anchor; those after it could be cut off by somebody without leaving a trace.
    """

    entries: int
    anchored: int
    problems: tuple[str, ...]

    @property
    def unanchored(self) -> int:
        """How many links lie after the last anchor."""
        return max(0, self.entries - self.anchored)


class AuditTrail:
    """Appends to an installation's audit chain and verifies it; `actor` is who uses the installation now."""

    def __init__(self, ledger: Ledger, key: bytes, clock: Clock, actor: str) -> None:
        self._ledger = ledger
        self._key = key
        self._clock = clock
        self._actor = actor
        self._chain = hmac.new(key, b"the chain's name", hashlib.sha256).hexdigest()[:16]

    def append(self, action: str, subject: str, detail: Plain = None) -> AuditEntry:
        """Store that the actor did `action` to `subject`; `detail` is kept as canonical JSON."""
        now, data = self._clock.now(), canonical(detail)
        return self._ledger.append_audit(
            lambda position, previous: link(
                self._key, previous, position, now, self._actor, action, subject, data
            )
        )

    def head(self) -> str:
        """The newest link as `position:mac:chain`, to be kept in a sealed snapshot; empty for an empty chain."""
        newest = self._ledger.audit_head()
        return str(Anchor(newest.position, newest.mac, self._chain)) if newest else ""

    def wrote(self, head: str) -> bool:
        """Whether a head that a snapshot kept is of this chain, as far as it says."""
        return bool(head) and Anchor.parse(head).chain in ("", self._chain)

    def verify(self, anchors: Iterable[str]) -> AuditVerdict:
        """Whether the chain is as it was written; `anchors` are heads that snapshots kept, empty ones too."""
        return verify(self._ledger.audit(), self._key, [Anchor.parse(head) for head in anchors if head])


def link(
    key: bytes,
    previous: str,
    position: int,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: bytes,
) -> AuditEntry:
    """The entry that follows the link whose MAC is `previous` (empty for the first)."""
    entry = AuditEntry(position, at, actor, action, subject, detail, "")
    return AuditEntry(position, at, actor, action, subject, detail, _mac(key, previous, entry))


def verify(entries: Iterable[AuditEntry], key: bytes, anchors: Iterable[Anchor]) -> AuditVerdict:
    """Whether any link was edited, removed, added or moved, and whether every anchor is still reached."""
    problems: list[str] = []
    known: dict[int, str] = {}
    expected, previous = 1, ""
    for entry in entries:
        problems.extend(_problems_of(key, previous, expected, entry))
        known[entry.position] = entry.mac
        expected, previous = entry.position + 1, entry.mac
    kept = sorted(anchors, key=lambda anchor: anchor.position)
    problems.extend(problem for anchor in kept if (problem := _anchor_problem(anchor, known, expected - 1)))
    last = kept[-1].position if kept else 0
    return AuditVerdict(len(known), sum(1 for position in known if position <= last), tuple(problems))


def _problems_of(key: bytes, previous: str, expected: int, entry: AuditEntry) -> list[str]:
    if entry.position > expected:
        missing = f"{expected}" if entry.position == expected + 1 else f"{expected} to {entry.position - 1}"
        return [f"missing: {missing}"]
    if entry.position < expected:
        return [f"out of order: {entry.position} comes after {expected - 1}"]
    if not hmac.compare_digest(entry.mac, _mac(key, previous, entry)):
        return [f"edited: {entry.position} is not what was written, or the link before it was exchanged"]
    return []


def _anchor_problem(anchor: Anchor, known: dict[int, str], last: int) -> str:
    if anchor.position > last:
        return f"cut off: a snapshot saw {anchor.position} links, now there are {last}"
    if not hmac.compare_digest(known.get(anchor.position, ""), anchor.mac):
        return f"exchanged: {anchor.position} is not the link that a snapshot saw"
    return ""


def _mac(key: bytes, previous: str, entry: AuditEntry) -> str:
    """HMAC-SHA256 in hex over the link before and every field, each with its length in front."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    texts = (previous, str(entry.position), at, entry.actor, entry.action, entry.subject)
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in (*(text.encode() for text in texts), entry.detail):
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.hexdigest()
