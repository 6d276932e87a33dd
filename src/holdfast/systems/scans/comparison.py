"""What became of findings between two scans; silence of a scanner that did not run proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from holdfast.systems.scans.model import Scan, ScanDiff, ScanFinding


@dataclass(slots=True)
class Known:
    """The findings that count as present after a row of scans, fed oldest first.

    Findings of a scanner that did not run in a scan stay as its last run left them.
    """

    present: dict[str, ScanFinding] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)

    def advance(self, scan: Scan) -> None:
        """Take in the next scan."""
        ran = {run.name for run in scan.scanners if run.ran}
        kept = {key: finding for key, finding in self.present.items() if finding.scanner not in ran}
        self.present = kept | {finding.fingerprint: finding for finding in scan.findings}
        self.ever.update(self.present)

    def compare(self, before: str, after: Scan) -> ScanDiff:
        """What `after` changes; `before` is the name of what was taken in last."""
        now = {finding.fingerprint: finding for finding in after.findings}
        lists: dict[str, list[ScanFinding]] = {}
        for finding in after.findings:
            lists.setdefault(self._kind(finding), []).append(finding)
        for key, finding in self.present.items():
            if key not in now:
                lists.setdefault("fixed" if after.ran(finding.scanner) else "unknown", []).append(finding)
        return ScanDiff(before, after.scan_id, **{kind: _ordered(each) for kind, each in lists.items()})

    def _kind(self, finding: ScanFinding) -> str:
        if finding.suppressed:
            return "suppressed"
        earlier = self.present.get(finding.fingerprint)
        if earlier is None:
            return "reopened" if finding.fingerprint in self.ever else "new"
        return "reopened" if earlier.suppressed else "unchanged"


def compare(before: Scan, after: Scan, history: Sequence[Scan] = ()) -> ScanDiff:
    """What became of the findings from one scan to another.

    `history` are scans of the same project and branch, in any order; those older than `before` tell what
    is reopened rather than new, and what a scanner that did not run in `before` had found.
    """
    known = Known()
    for scan in in_order(
        scan for scan in history if scan.scan_id < before.scan_id and scan.scan_id != after.scan_id
    ):
        known.advance(scan)
    known.advance(before)
    return known.compare(before.scan_id, after)


def in_order(scans: Iterable[Scan]) -> list[Scan]:
    """The scans oldest first, each once."""
    return [scan for _, scan in sorted({scan.scan_id: scan for scan in scans}.items())]


def _ordered(findings: list[ScanFinding]) -> tuple[ScanFinding, ...]:
    return tuple(sorted(findings, key=lambda each: (each.path, each.line, each.rule_id, each.fingerprint)))
