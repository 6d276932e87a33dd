"""QuickSight's export jobs over AWS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.kernel.answers import Answer, rows, text
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.model import ExportJob, JobRemark


class BundlesClient:
    """`BundlesGateway`, which says what each call gives."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def start_export(self, job: str, arns: Sequence[str]) -> None:
        # Permissions and tags were read already, and who asks for exactly these gets exactly these.
        self._service.send(
            "StartAssetBundleExportJob",
            {
                "AssetBundleExportJobId": job,
                "ResourceArns": list(arns),
                "ExportFormat": "QUICKSIGHT_JSON",
                "IncludeAllDependencies": False,
                "IncludePermissions": False,
                "IncludeTags": False,
            },
            repeatable=False,
        )

    def export(self, job: str) -> ExportJob:
        answer = self._service.send("DescribeAssetBundleExportJob", {"AssetBundleExportJobId": job})
        created = answer.get("CreatedTime")
        return ExportJob(
            id=job,
            state=text(answer, "JobStatus"),
            created=created if isinstance(created, datetime) else None,
            address=text(answer, "DownloadUrl"),
            errors=_remarks(answer, "Errors"),
            warnings=_remarks(answer, "Warnings"),
        )


def _remarks(answer: Answer, name: str) -> tuple[JobRemark, ...]:
    return tuple(
        JobRemark(text(row, "Arn"), text(row, "Message"), text(row, "Type")) for row in rows(answer, name)
    )
