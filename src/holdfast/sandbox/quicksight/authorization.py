"""What a QuickSight call is about, as an ARN that policies can name."""

from __future__ import annotations

from holdfast.sandbox.quicksight.kinds import KINDS
from holdfast.sandbox.wire import Parameters

# The resource part of what is no asset, by the parameters that name it; the narrowest first.
_NAMED = (
    (("DataSetId", "ScheduleId"), "dataset/{}/refresh-schedule/{}"),
    (("Namespace", "UserName"), "user/{}/{}"),
    (("Namespace", "GroupName"), "group/{}/{}"),
    (("Namespace",), "namespace/{}"),
    (("CustomPermissionsName",), "custompermissions/{}"),
    (("AssetBundleExportJobId",), "asset-bundle-export-job/{}"),
    (("AssetBundleImportJobId",), "asset-bundle-import-job/{}"),
)
_LISTED = {
    "ListAnalyses": "analysis/*",
    "ListAssetBundleImportJobs": "asset-bundle-import-job/*",
    "ListDashboards": "dashboard/*",
    "ListDataSets": "dataset/*",
    "ListDataSources": "datasource/*",
    "ListFolders": "folder/*",
    "ListThemes": "theme/*",
    "ListTopics": "topic/*",
    "ListVPCConnections": "vpcConnection/*",
}


def quicksight_resource(operation: str, parameters: Parameters, account: str, region: str) -> str:
    """The ARN of the resource that the call names, `*` where it names none."""
    arn = _text(parameters, "ResourceArn")
    if arn:
        return arn
    prefix = f"arn:aws:quicksight:{region}:{account}:"
    if operation in _LISTED:
        return prefix + _LISTED[operation]
    for names, form in _NAMED:
        given = [_text(parameters, name) for name in names]
        if all(given):
            return prefix + form.format(*given)
    for kind in KINDS.values():
        key = _text(parameters, kind.id_name)
        if key:
            return kind.arn_of(region, account, key)
    return "*"


def _text(parameters: Parameters, name: str) -> str | None:
    value = parameters.raw(name)
    return value if isinstance(value, str) else None
