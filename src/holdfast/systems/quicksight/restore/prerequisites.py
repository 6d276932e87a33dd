"""What planned changes need and the target lacks: found before the first of them, not by its failing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from holdfast.domain.changes import Change, Verb
from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import RecordView
from holdfast.kernel.showing import counted
from holdfast.systems.quicksight.model import NAMESPACE, USER

NAMESPACES_PER_ACCOUNT = 100
"""Default quota (CreateNamespace); it can be raised."""


def prerequisites(present: RecordView, changes: Iterable[Change]) -> list[Finding]:
    """A WARNING for each quota that the plan would pass, and for each person who begins to cost something."""
    made: Counter[str] = Counter(change.type for change in changes if change.verb is Verb.CREATE)
    findings = []
    held = sum(1 for _ in present.keys(NAMESPACE))
    if made[NAMESPACE] and held + made[NAMESPACE] > NAMESPACES_PER_ACCOUNT:
        message = f"{held} namespaces exist and {made[NAMESPACE]} are to be made."
        advice = (
            f"An account has {NAMESPACES_PER_ACCOUNT} unless AWS raised that: ask for more in Service Quotas."
        )
        findings.append(Finding(Severity.WARNING, "over-quota", NAMESPACE, "", message, advice))
    if made[USER]:
        message = f"{counted(made[USER], 'user')} will be registered and charged by role from then on."
        findings.append(Finding(Severity.NOTE, "charged", USER, "", message))
    return findings
