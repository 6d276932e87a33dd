"""What an export job does: collects what was asked for, or fails with whoever spoils it."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.sandbox.quicksight.bundle_rules import (
    JobError,
    Member,
    kind_and_key,
    of_aws,
    pack,
    references,
    spoils,
)
from holdfast.sandbox.quicksight.bundle_store import Job
from holdfast.sandbox.quicksight.estate import Estate, HeldAsset, QuickSight
from holdfast.sandbox.wire import ApiRefusal, Document, Json


def require_exportable(estate: Estate, arns: Iterable[str]) -> None:
    """Nothing when all are ARNs of assets here, there or not. Raises: ApiRefusal for any other."""
    where = f":quicksight:{estate.region}:{estate.account}:"
    for arn in arns:
        if where not in arn or kind_and_key(arn) is None:
            raise ApiRefusal(
                "InvalidParameterValueException",
                f"{arn} is not the ARN of an asset of account {estate.account} in {estate.region} "
                "that can be exported",
            )


def run_export(quicksight: QuickSight, job: Job) -> None:
    """The job's bundle, or its errors: of everybody who can be named, or of nobody."""
    estate = quicksight.estate(job.account, job.region)
    if job.failure is not None:
        job.status = "FAILED"
        job.errors = [JobError("", "InternalFailure", job.failure).told()] if job.failure else []
        return
    chosen, errors = _chosen(estate, job)
    strict = job.asked.part("ValidationStrategy").raw("StrictModeForAllResources") is True
    silent = False
    for asset in chosen:
        problem = spoils(estate, asset)
        skippable = [] if problem else [_skippable(asset, kind, text) for kind, text in asset.errors]
        if problem is not None:
            silent = silent or not problem.arn
            errors += [problem] if problem.arn else []
        elif strict:
            errors += skippable
        else:
            job.warnings += [JobError(each.arn, "", each.message).told() for each in skippable]
    job.errors = [each.told() for each in errors]
    job.status = "FAILED" if errors or silent else "SUCCESSFUL"
    if job.status == "SUCCESSFUL":
        job.bundle = pack(_member(estate, job, each) for each in chosen)


def _skippable(asset: HeldAsset, kind: str, text: str) -> JobError:
    return JobError(asset.arn, kind, f"{kind}: {text}")


def _chosen(estate: Estate, job: Job) -> tuple[list[HeldAsset], list[JobError]]:
    """The assets of the job, each once, and an error for each that is not there."""
    chosen: dict[str, HeldAsset] = {}
    errors: dict[str, JobError] = {}
    waiting = [(arn, True) for arn in reversed(job.asked.texts("ResourceArns"))]
    while waiting:
        arn, asked = waiting.pop()
        asset = estate.assets.get(arn)
        if asset is None or asset.deleted is not None:
            errors[arn] = JobError(arn, "ResourceNotFoundException", f"{arn} is not found")
        elif arn not in chosen:
            chosen[arn] = asset
            waiting += [(each, False) for each in _with_it(estate, job, asset, asked)]
    return list(chosen.values()), list(errors.values())


def _with_it(estate: Estate, job: Job, asset: HeldAsset, asked: bool) -> list[str]:
    """What comes into the bundle because this asset does."""
    found: list[str] = []
    if job.asked.raw("IncludeAllDependencies") is True:
        found += [each for each in references(asset.member) if not of_aws(each)]
    depth = job.asked.find("IncludeFolderMembers")
    if asset.kind.type == "folder" and (depth == "RECURSE" or (depth == "ONE_LEVEL" and asked)):
        found += asset.members
    if asset.kind.type == "folder" and depth == "RECURSE":
        found += [each.arn for each in estate.of("folder") if each.member.get("parentFolderArn") == asset.arn]
    return found


def _member(estate: Estate, job: Job, asset: HeldAsset) -> Member:
    held: Document = dict(asset.member)
    if job.asked.raw("IncludePermissions") is True and asset.permissions:
        shared: list[Json] = [
            {"principal": who, "actions": list[Json](actions)}
            for who, actions in sorted(asset.permissions.items())
        ]
        held["permissions"] = shared
    if job.asked.raw("IncludeTags") is True and asset.tags:
        held["tags"] = [{"key": key, "value": value} for key, value in sorted(asset.tags.items())]
    if job.asked.raw("IncludeFolderMemberships") is True:
        around: list[Json] = [each.arn for each in estate.of("folder") if asset.arn in each.members]
        held |= {"folderArns": around} if around else {}
    return Member(asset.kind, asset.key, held)
