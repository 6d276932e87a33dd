"""What an import job does: one asset after another in the order of their dependencies, and back if it is asked to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
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
from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight
from holdfast.sandbox.quicksight.kinds import KINDS

Undo = Callable[[], object]
ROLLBACK_FAILS = "rollback: "
"""A fault rule's `async_failure` that begins so fails the job and then its rollback too."""
_WRONG = "InvalidParameterValueException"
_ORDER = list(KINDS)


def run_import(quicksight: QuickSight, job: Job) -> None:
    """Everything in the bundle that can be is created or updated; what was done stays or is taken back."""
    estate, undo = quicksight.estate(job.account, job.region), list[Undo]()
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


def _run(quicksight: QuickSight, estate: Estate, job: Job, undo: list[Undo]) -> tuple[list[JobError], bool]:
    """The errors of the members, and whether it fails for one that it does not name."""
    try:
        wanted = _wanted(job)
    except BadBundle as bad:
        return [JobError("", _WRONG, str(bad))], False
    errors, silent, made = list[JobError](), job.failure is not None, list[Wanted]()
    for each in wanted:
        try:
            problem = problem_of(estate, each, job)
        except SilentProblem:
            silent = True
            continue
        if problem:
            errors.append(JobError(each.arn, problem[0], problem[1]))
            continue
        job.warnings += [warning.told() for warning in warnings_of(estate, each)]
        undo.append(_put(quicksight, estate, each, job))
        made.append(each)
    for each in made:
        # When all are there: a folder comes after what lies in it.
        undo += _join(estate, each)
    if job.failure:
        errors.append(JobError("", "InternalFailure", job.failure))
    return errors, silent


def _wanted(job: Job) -> list[Wanted]:
    """What the job imports, in order. Raises: BadBundle."""
    members = unpack(job.bundle)
    overrides = Overrides(job, members)
    strangers = overrides.strangers()
    if strangers:
        raise BadBundle(f"Overridden and not in the bundle: {', '.join(strangers)}")
    wanted = [overrides.apply(each) for each in members]
    if len({each.arn for each in wanted}) < len(wanted):
        raise BadBundle("The bundle has two members of the same resource")
    ordered = _ordered(wanted)
    # With a failure from a fault rule it breaks down in the middle, and nobody is to blame.
    return ordered if job.failure is None else ordered[: len(ordered) // 2]


def _ordered(wanted: list[Wanted]) -> list[Wanted]:
    """What is needed before who needs it, else by type."""
    by_arn = {each.arn: each for each in sorted(wanted, key=lambda each: _ORDER.index(each.kind.type))}
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


def _put(quicksight: QuickSight, estate: Estate, wanted: Wanted, job: Job) -> Undo:
    """Creates or updates the asset; calling what it gives takes that back."""
    held = estate.find(wanted.kind.type, wanted.key)
    if held is None:
        asset = estate.add(wanted.kind, wanted.held, job.due)
        back = partial(estate.remove, asset)
    else:
        asset, back = held, partial(_as_before, held, replace(held, versions=list(held.versions)))
        asset.replace(wanted.held, job.due)
        asset.deleted = None
    if wanted.permissions is not None:
        asset.permissions = dict(wanted.permissions)
    if wanted.tags is not None:
        asset.tags = dict(wanted.tags)
    asset.secret = wanted.secret or asset.secret
    quicksight.journal.record("ImportAsset", estate.region, wanted.kind.folder, asset.key)
    return back


def _as_before(asset: HeldAsset, before: HeldAsset) -> None:
    for each in fields(before):
        setattr(asset, each.name, getattr(before, each.name))


def _join(estate: Estate, wanted: Wanted) -> Iterator[Undo]:
    """Puts the asset into its folders that are there; calling what it gives takes it out again."""
    for arn in wanted.folders:
        folder = estate.assets.get(arn)
        if folder is not None and wanted.arn not in folder.members:
            folder.members[wanted.arn] = estate.place()
            yield partial(folder.members.pop, wanted.arn, None)
