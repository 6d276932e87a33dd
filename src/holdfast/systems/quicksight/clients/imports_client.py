"""QuickSight's import jobs over AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from holdfast.kernel.answers import Answer, next_token, rows, text
from holdfast.kernel.canonical import Plain
from holdfast.systems.quicksight.clients.service import Service
from holdfast.systems.quicksight.model import JobRemark

PAGE = 100


class ImportState(StrEnum):
    """Where an import job stands, as the API spells it."""

    QUEUED = "QUEUED_FOR_IMMEDIATE_EXECUTION"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    ROLLING_BACK = "FAILED_ROLLBACK_IN_PROGRESS"
    ROLLED_BACK = "FAILED_ROLLBACK_COMPLETED"
    ROLLBACK_FAILED = "FAILED_ROLLBACK_ERROR"


UNDER_WAY = frozenset({ImportState.QUEUED, ImportState.IN_PROGRESS, ImportState.ROLLING_BACK})


@dataclass(frozen=True, slots=True)
class ImportJob:
    """An import job as it stands; `unreverted` says what its rollback could not undo."""

    id: str
    state: str
    errors: tuple[JobRemark, ...] = ()
    unreverted: tuple[JobRemark, ...] = ()
    warnings: tuple[JobRemark, ...] = ()


class ImportsClient:
    """Import jobs, in the data region. All raise the errors of `quicksight.errors` and the session's."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def start(self, job: str, bundle: bytes, parameters: Mapping[str, Plain]) -> None:
        """Start a job that takes everything back should it fail. Raises: LimitReached; Conflicting where the id runs."""
        self._service.send(
            "StartAssetBundleImportJob",
            {
                "AssetBundleImportJobId": job,
                "AssetBundleImportSource": {"Body": bundle},
                "OverrideParameters": dict(parameters) or None,
                "FailureAction": "ROLLBACK",
                # An analysis or dashboard with errors comes back as it was.
                "OverrideValidationStrategy": {"StrictModeForAllResources": False},
            },
            repeatable=False,
        )

    def job(self, job: str) -> ImportJob:
        """A job as it stands now. Raises: Missing."""
        answer = self._service.send("DescribeAssetBundleImportJob", {"AssetBundleImportJobId": job})
        return ImportJob(
            id=job,
            state=text(answer, "JobStatus"),
            errors=_remarks(answer, "Errors"),
            unreverted=_remarks(answer, "RollbackErrors"),
            warnings=_remarks(answer, "Warnings"),
        )

    def under_way(self) -> bool:
        """Whether any import job of the account runs, ours or another's."""
        token = ""
        while True:
            answer = self._service.send("ListAssetBundleImportJobs", {"MaxResults": PAGE, "NextToken": token})
            if any(text(row, "JobStatus") in UNDER_WAY for row in _jobs(answer)):
                return True
            token = next_token(answer)
            if not token:
                return False


def _jobs(answer: Answer) -> list[Answer]:
    return list(rows(answer, "AssetBundleImportJobSummaryList"))


def _remarks(answer: Answer, name: str) -> tuple[JobRemark, ...]:
    return tuple(
        JobRemark(text(row, "Arn"), text(row, "Message"), text(row, "Type")) for row in rows(answer, name)
    )
