"""Changes to what hangs on QuickSight's assets, and deletions, over AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.kernel.answers import part, text
from holdfast.systems.quicksight.clients.assets_client import NAMES, ids_of
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.errors import Missing
from holdfast.systems.quicksight.model import (
    ANALYSIS,
    DASHBOARD,
    DATA_SET,
    DATA_SOURCE,
    FOLDER,
    REFRESH_SCHEDULE,
    THEME,
    TOPIC,
    VPC_CONNECTION,
)

DELETE = {
    VPC_CONNECTION: "DeleteVPCConnection",
    DATA_SOURCE: "DeleteDataSource",
    DATA_SET: "DeleteDataSet",
    REFRESH_SCHEDULE: "DeleteRefreshSchedule",
    TOPIC: "DeleteTopic",
    THEME: "DeleteTheme",
    ANALYSIS: "DeleteAnalysis",
    DASHBOARD: "DeleteDashboard",
    FOLDER: "DeleteFolder",
}
MEMBER_TYPES = {
    DASHBOARD: "DASHBOARD",
    ANALYSIS: "ANALYSIS",
    DATA_SET: "DATASET",
    DATA_SOURCE: "DATASOURCE",
    TOPIC: "TOPIC",
}
"""What a folder may hold, as CreateFolderMembership calls it."""
DELETED = "DELETED"
GONE = frozenset({DELETED, "DELETION_IN_PROGRESS"})
"""Statuses of what is still listed and is no more: analyses that can be restored, VPC connections on their way."""

Actions = Mapping[str, Sequence[str]]
"""Actions by principal's ARN."""


class AssetsWriting:
    """One call each, in the data region. All raise the errors of `quicksight.errors` and the session's."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def change_permissions(self, asset_type: str, key: str, grant: Actions, revoke: Actions) -> None:
        """Grant actions to principals and take actions away, in one call."""
        operation = NAMES[asset_type].permissions.replace("Describe", "Update")
        given = {"GrantPermissions": _listed(grant), "RevokePermissions": _listed(revoke)}
        asked = {name: rows for name, rows in given.items() if rows}
        self._service.send(operation, {**ids_of(asset_type, key), **asked})

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags of an asset."""
        rows = [{"Key": key, "Value": value} for key, value in tags.items()]
        self._service.send("TagResource", {"ResourceArn": arn, "Tags": rows})

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags of an asset."""
        self._service.send("UntagResource", {"ResourceArn": arn, "TagKeys": list(keys)})

    def put_into(self, folder: str, asset_type: str, key: str) -> None:
        """Put an asset into a folder."""
        self._service.send("CreateFolderMembership", _member(folder, asset_type, key), repeatable=False)

    def take_out(self, folder: str, asset_type: str, key: str) -> None:
        """Take an asset out of a folder."""
        self._service.send("DeleteFolderMembership", _member(folder, asset_type, key))

    def delete(self, asset_type: str, key: str, *, for_good: bool = False) -> None:
        """Delete an asset; an analysis has a recovery window of 30 days unless `for_good`."""
        force = {"ForceDeleteWithoutRecovery": True} if for_good and asset_type == ANALYSIS else {}
        self._service.send(DELETE[asset_type], {**ids_of(asset_type, key), **force})

    def is_gone(self, asset_type: str, key: str) -> bool:
        """Whether nothing is left of a VPC connection, whose deletion takes its time."""
        try:
            found = self._service.send("DescribeVPCConnection", ids_of(asset_type, key))
        except Missing:
            return True
        return text(part(found, "VPCConnection"), "Status") == DELETED

    def restore_analysis(self, key: str) -> None:
        """Take back the deletion of an analysis."""
        self._service.send("RestoreAnalysis", ids_of(ANALYSIS, key))


def _listed(actions: Actions) -> list[dict[str, object]]:
    return [{"Principal": who, "Actions": list(what)} for who, what in actions.items() if what]


def _member(folder: str, asset_type: str, key: str) -> dict[str, str]:
    return {"FolderId": folder, "MemberId": key, "MemberType": MEMBER_TYPES[asset_type]}
