"""What an import job does: one asset after another in the order of their dependencies, and back if it is asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from graphlib import CycleError, TopologicalSorter

from holdfast.sandbox.quicksight.bundle_overrides import Overrides, Wanted
from holdfast.sandbox.quicksight.bundle_rules import (
    BadBundle,
    JobError,
    references,
    unpack,
)
from holdfast.sandbox.quicksight.bundle_store import Job
from holdfast.sandbox.quicksight.bundle_target import SilentProblem, problem_of, warnings_of
from holdfast.sandbox.quicksight.estate import Estate, QuickSight
from holdfast.sandbox.quicksight.kinds import KINDS

ROLLBACK_FAILS = "rollback: "
"""A fault rule's `async_failure` that begins so fails the job and then its rollback too."""
_WRONG = "InvalidParameterValueException"
_ORDER = list(KINDS)


def run_import(quicksight: QuickSight, job: Job) -> None:
    """Everything in the bundle that can be is created or updated; what was done stays or is taken back."""
    estate, undo = quicksight.estate(job.account, job.region), list[Callable[[], None]]()
    errors, silent = _run(quicksight, estate, job, undo)
    job.errors = [each.told() for each in errors]
    if not errors and not silent:
        job.status = "SUCCESSFUL"
        return
    job.status = "FAILED"
    if job.asked.find("FailureAction") != "ROLLBACK":
        return
    job.rolled_back = job.due + (job.due - job.created)
    if job.failure is not None and job.failure.startswith(ROLLBACK_FAILS):
        job.status = "FAILED_ROLLBACK_ERROR"
        job.rollback_errors = [JobError("", "InternalFailure", job.failure).told()]
        return
    for step in reversed(undo):
        step()
    job.status = "FAILED_ROLLBACK_COMPLETED"


def _run(
    quicksight: QuickSight, estate: Estate, job: Job, undo: list[Callable[[], None]]
) -> tuple[list[JobError], bool]:
    """The errors of the members, and whether it fails for one that it does not name."""
    try:
        members = unpack(job.bundle)
    except BadBundle as bad:
        return [JobError("", _WRONG, str(bad))], False
    overrides = Overrides(job, members)
    strangers = overrides.strangers()
    if strangers:
        return [
            JobError("", _WRONG, f"{each} is overridden and not in the bundle") for each in strangers
        ], False
    wanted = _ordered([overrides.apply(each) for each in members])
    if len({each.arn for each in wanted}) < len(wanted):
        return [JobError("", _WRONG, "The bundle has two members of the same resource")], False
    if job.failure is not None:
        # It breaks down in the middle, and nobody is to blame.
        wanted = wanted[: len(wanted) // 2]
    errors, silent = [], False
    for each in wanted:
        try:
            problem = problem_of(estate, each, job)
        except SilentProblem:
            silent = True
            continue
        if problem:
            errors.append(JobError(each.arn, problem[0], problem[1]))
        else:
            job.warnings += [warning.told() for warning in warnings_of(estate, each)]
            undo.append(_put(quicksight, estate, each, job))
    if job.failure:
        errors.append(JobError("", "InternalFailure", job.failure))
    return errors, silent or job.failure is not None


def _ordered(wanted: list[Wanted]) -> list[Wanted]:
    """What is needed before who needs it, else by type."""
    by_arn = {each.arn: each for each in sorted(wanted, key=lambda each: _ORDER.index(each.kind.type))}
    if len(by_arn) < len(wanted):
        return wanted
    needs = {
        arn: [other for other in references(each.held) if other in by_arn and other != arn]
        for arn, each in by_arn.items()
    }
    for arn, each in by_arn.items():
        if each.kind.type == "refresh_schedule":
            needs[arn] += [other for other in by_arn if other.endswith(f":dataset/{each.held['dataSetId']}")]
    try:
        return [by_arn[arn] for arn in TopologicalSorter(needs).static_order()]
    except CycleError:
        return list(by_arn.values())


def _put(quicksight: QuickSight, estate: Estate, wanted: Wanted, job: Job) -> Callable[[], None]:
    """Creates or updates the asset; calling what it gives takes that back."""
    asset = estate.find(wanted.kind.type, wanted.key)
    if asset is None:
        asset = estate.add(wanted.kind, wanted.held, job.due)
        made = asset

        def back() -> None:
            estate.remove(made)
    else:
        held, before = asset, replace(asset, versions=list(asset.versions))

        def back() -> None:
            for each in fields(before):
                setattr(held, each.name, getattr(before, each.name))

        asset.replace(wanted.held, job.due)
        asset.deleted = None
    if wanted.permissions is not None:
        asset.permissions = dict(wanted.permissions)
    if wanted.tags is not None:
        asset.tags = dict(wanted.tags)
    asset.secret = wanted.secret or asset.secret
    joined = [
        folder
        for arn in wanted.folders
        if (folder := estate.assets.get(arn)) is not None and asset.arn not in folder.members
    ]
    for folder in joined:
        folder.members[asset.arn] = estate.place()
    quicksight.journal.record("ImportAsset", estate.region, wanted.kind.folder, asset.key)

    def everything_back() -> None:
        for folder in joined:
            folder.members.pop(wanted.arn, None)
        back()

    return everything_back
