"""Asset bundle jobs: start, describe and list; what a job does happens once its time has come."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import cast

from holdfast.sandbox.quicksight.bundle_export import require_exportable, run_export
from holdfast.sandbox.quicksight.bundle_import import run_import
from holdfast.sandbox.quicksight.bundle_source import from_s3
from holdfast.sandbox.quicksight.bundle_store import EXPORT, IMPORT, Job
from holdfast.sandbox.quicksight.estate import QuickSight
from holdfast.sandbox.wire import Answer, ApiRefusal, Call, Document, Json, Parameters

MOST_BODY = 20_971_520
"""Bytes: AssetBundleImportBodyBlob."""
_PAGE = 100
_EXPORT_ECHO = (
    "ResourceArns", "IncludeAllDependencies", "ExportFormat", "IncludePermissions", "IncludeTags",
    "ValidationStrategy", "IncludeFolderMemberships", "IncludeFolderMembers",
)  # fmt: skip
_IMPORT_ECHO = (
    "OverrideParameters", "FailureAction", "OverridePermissions", "OverrideTags", "OverrideValidationStrategy"
)  # fmt: skip
_EXPORT_SUMMARY = ("IncludeAllDependencies", "ExportFormat", "IncludePermissions", "IncludeTags")
_EXPORT_DEFAULTS: Document = {
    "IncludeAllDependencies": False,
    "IncludePermissions": False,
    "IncludeTags": False,
    "IncludeFolderMemberships": False,
    "IncludeFolderMembers": "NONE",
    "ValidationStrategy": {"StrictModeForAllResources": False},
}


def settle(quicksight: QuickSight, now: float) -> None:
    """Ends every job that is due by now: what it exports or changes is of the moment at which it was due."""
    for job in quicksight.bundles.due(now):
        job.settled = True
        if job.kind == EXPORT:
            run_export(quicksight, job)
        else:
            run_import(quicksight, job)


def _start_export(quicksight: QuickSight, call: Call) -> Answer:
    asked = call.parameters
    if asked.text("ExportFormat") != "QUICKSIGHT_JSON":
        raise ApiRefusal(
            "NotImplementedException", "The sandbox does not make CloudFormation templates.", status=501
        )
    estate = quicksight.estate(asked.text("AwsAccountId"), call.region)
    require_exportable(estate, asked.texts("ResourceArns"))
    given: Document = {
        **_EXPORT_DEFAULTS,
        **{name: each for name, each in asked.values.items() if each is not None},
    }
    return _started(quicksight, call, EXPORT, "AssetBundleExportJobId", Parameters(given))


def _start_import(quicksight: QuickSight, call: Call) -> Answer:
    asked = call.parameters
    bundle = _given(call)
    kept = {name: each for name, each in asked.values.items() if name in _IMPORT_ECHO}
    # What was uploaded is kept apart, once; credentials are never told again.
    given: Document = {
        "FailureAction": "DO_NOTHING",
        **kept,
        "S3Uri": asked.part("AssetBundleImportSource").find("S3Uri"),
    }
    answer = _started(quicksight, call, IMPORT, "AssetBundleImportJobId", Parameters(given))
    _find(quicksight, call, IMPORT, "AssetBundleImportJobId").bundle = bundle
    return answer


def _started(quicksight: QuickSight, call: Call, kind: str, id_name: str, asked: Parameters) -> Answer:
    account, delay = call.parameters.text("AwsAccountId"), call.conduct.async_delay
    delay = quicksight.async_delay if delay is None else delay
    name = call.parameters.text(id_name)
    made = quicksight.bundles.add(kind, name, account, call.region, asked, call.now, delay)
    made.failure = call.conduct.async_failure
    return {"Arn": made.arn, id_name: name, "Status": 200}


def _given(call: Call) -> bytes:
    """The bundle of an import. Raises: ApiRefusal."""
    source = call.parameters.part("AssetBundleImportSource")
    body, uri = source.find("Body"), source.find("S3Uri")
    if (body is None) == (uri is None):
        raise _wrong("Specify either Body or S3Uri in AssetBundleImportSource")
    if uri is not None:
        return from_s3(uri, call.parameters.text("AwsAccountId"))
    try:
        data = base64.b64decode(body or "", validate=True)
    except binascii.Error as problem:
        raise _wrong(f"Body is not base64: {problem}") from problem
    if len(data) > MOST_BODY:
        raise _wrong(f"Body has {len(data)} bytes; it must not have more than {MOST_BODY}")
    return data


def _wrong(message: str) -> ApiRefusal:
    return ApiRefusal("InvalidParameterValueException", message)


def _find(quicksight: QuickSight, call: Call, kind: str, id_name: str) -> Job:
    asked = call.parameters
    return quicksight.bundles.find(
        kind, asked.text(id_name), asked.text("AwsAccountId"), call.region, call.now
    )


def _describe_export(quicksight: QuickSight, call: Call) -> Answer:
    job = _find(quicksight, call, EXPORT, "AssetBundleExportJobId")
    told = _described(job, call.now, "AssetBundleExportJobId", _EXPORT_ECHO)
    if job.status_at(call.now) == "SUCCESSFUL":
        told["DownloadUrl"] = quicksight.bundles.download_url(job, call.now)
    return told


def _describe_import(quicksight: QuickSight, call: Call) -> Answer:
    job = _find(quicksight, call, IMPORT, "AssetBundleImportJobId")
    told = _described(job, call.now, "AssetBundleImportJobId", _IMPORT_ECHO)
    uri = job.asked.find("S3Uri")
    source = {"S3Uri": uri} if uri else {"Body": quicksight.bundles.download_url(job, call.now)}
    told["AssetBundleImportSource"] = source
    told["OverrideParameters"] = _without_credentials(job.asked.raw("OverrideParameters"))
    if job.rollback_errors and not job.running(call.now):
        told["RollbackErrors"] = job.rollback_errors
    return {name: each for name, each in told.items() if each is not None}


def _described(job: Job, now: float, id_name: str, echo: tuple[str, ...]) -> dict[str, object]:
    told: dict[str, object] = {
        "JobStatus": job.status_at(now),
        "Arn": job.arn,
        "CreatedTime": job.created,
        id_name: job.id,
        "AwsAccountId": job.account,
        **{name: job.asked.raw(name) for name in echo if name in job.asked},
    }
    if job.settled and job.errors:
        told["Errors"] = job.errors
    if job.settled and job.warnings:
        told["Warnings"] = job.warnings
    return told


def _without_credentials(overrides: Json) -> Json:
    if not isinstance(overrides, dict) or "DataSources" not in overrides:
        return overrides
    sources = cast("list[Document]", overrides["DataSources"])
    told = [{name: each for name, each in some.items() if name != "Credentials"} for some in sources]
    return {**overrides, "DataSources": cast("list[Json]", told)}


def _list_exports(quicksight: QuickSight, call: Call) -> Answer:
    return _listed(quicksight, call, EXPORT, "Export", _EXPORT_SUMMARY)


def _list_imports(quicksight: QuickSight, call: Call) -> Answer:
    return _listed(quicksight, call, IMPORT, "Import", ("FailureAction",))


def _listed(quicksight: QuickSight, call: Call, kind: str, word: str, echo: tuple[str, ...]) -> Answer:
    held = quicksight.bundles.listed(kind, call.parameters.text("AwsAccountId"), call.region, call.now)
    page = quicksight.pager.page(call, held, lambda each: each.seq, _PAGE)

    def summary(job: Job) -> dict[str, object]:
        return {
            "JobStatus": job.status_at(call.now),
            "Arn": job.arn,
            "CreatedTime": job.created,
            f"AssetBundle{word}JobId": job.id,
            **{name: job.asked.raw(name) for name in echo},
        }

    return page.answer(f"AssetBundle{word}JobSummaryList", summary)


OPERATIONS: dict[str, Callable[[QuickSight, Call], Answer]] = {
    "StartAssetBundleExportJob": _start_export,
    "DescribeAssetBundleExportJob": _describe_export,
    "ListAssetBundleExportJobs": _list_exports,
    "StartAssetBundleImportJob": _start_import,
    "DescribeAssetBundleImportJob": _describe_import,
    "ListAssetBundleImportJobs": _list_imports,
}
