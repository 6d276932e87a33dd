"""No change is begun that the credentials in use are known not to allow."""

from __future__ import annotations

from holdfast.domain.errors import ActionsMissing
from holdfast.domain.outcomes import Severity
from holdfast.kernel.runs.stages import RunContext
from holdfast.kernel.system import Target


def refuse_unpermitted(context: RunContext, target: Target) -> None:
    """Return when nothing is known to stand against the stored plan; what cannot be told becomes a finding.

    Raises: ActionsMissing, which is a matter of permission (11) and not of a rule (4): the run can be resumed.
    """
    planned = context.ledger.count_changes(context.run.id)
    findings = target.permitted({(change_type, verb) for change_type, verb, _ in planned})
    missing = [finding for finding in findings if finding.severity is Severity.ERROR]
    context.record_findings(findings)
    if missing:
        raise ActionsMissing("\n  ".join(f"{finding.key}: {finding.message}" for finding in missing))
