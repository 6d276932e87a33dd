"""Import jobs: who spoils one is found, the rest comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from zipfile import ZipFile

import pytest

from holdfast.domain.changes import Change
from holdfast.domain.errors import AccessDenied
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.kernel.canonical import Plain, canonical
from holdfast.systems.quicksight.clients.imports_client import ImportJob, ImportState
from holdfast.systems.quicksight.errors import LimitReached
from holdfast.systems.quicksight.model import JobRemark
from holdfast.systems.quicksight.restore.imports import Imports, JobPace
from holdfast.systems.quicksight.restore.order import make_change
from holdfast.systems.quicksight.restore.overrides import (
    NONE,
    Overrides,
    VpcConnectionOverride,
)
from tests.simulators.quiet import HandClock
from tests.systems.quicksight.estate_records import HOME

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"  # a name, not a secret


@dataclass
class Importer:
    """Import jobs that end at the second look: those with a culprit fail, and are taken back."""

    culprits: Mapping[str, str] = field(default_factory=dict)
    state: ImportState = ImportState.ROLLED_BACK
    errors: tuple[JobRemark, ...] = ()
    failing: int = 0
    full: int = 0
    allowed: int = 99
    started: list[tuple[list[str], Mapping[str, Plain]]] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)

    def start(self, job: str, bundle: bytes, parameters: Mapping[str, Plain]) -> None:
        if self.full:
            self.full -= 1
            raise LimitReached("quicksight:StartAssetBundleImportJob", "LimitExceededException", "5 jobs run")
        if len(self.started) == self.allowed:
            raise AccessDenied("quicksight:StartAssetBundleImportJob", "*", "no longer")
        with ZipFile(BytesIO(bundle)) as file:
            keys = [name.rpartition("/")[2].removesuffix(".json") for name in file.namelist()]
        self.started.append((keys, parameters))
        self.looks[job] = 0

    def job(self, job: str) -> ImportJob:
        self.looks[job] += 1
        if self.looks[job] < 2:
            return ImportJob(job, ImportState.IN_PROGRESS)
        keys = self.started[-1][0]
        if self.failing:
            self.failing -= 1
            return ImportJob(job, self.state, self.errors)
        found = [key for key in keys if key in self.culprits]
        if not found:
            return ImportJob(job, ImportState.SUCCESSFUL)
        told = tuple(
            JobRemark(f"{HOME}dashboard/{key}", self.culprits[key], "Wrong")
            for key in found
            if self.culprits[key]
        )
        return ImportJob(job, self.state, told, (JobRemark("", "it stayed", ""),))

    def under_way(self) -> bool:
        return False


def _boards(count: int) -> list[Change]:
    made = (
        canonical({"resourceType": "dashboard", "dashboardId": f"b{n}", "name": "n"}) for n in range(count)
    )
    return [make_change("dashboard", f"b{n}", None, value) for n, value in enumerate(made)]


def _put(importer: Importer, changes: list[Change], overrides: Overrides = NONE) -> dict[str, Outcome]:
    jobs = Imports(importer, HandClock(), overrides, JobPace())  # type: ignore[arg-type]
    return jobs.put(changes, lambda request: None)


def _failed(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    return {key: each.reason for key, each in outcomes.items() if each.kind is not OutcomeKind.DONE}


def test_whom_the_service_names_is_left_out_and_the_rest_comes_in_a_second_job() -> None:
    importer = Importer({"b3": "its dataset is not there"})
    failed = _failed(_put(importer, _boards(10)))
    assert list(failed) == ["b3"]
    assert "The service said: Wrong: its dataset is not there." in failed["b3"]
    assert [len(keys) for keys, _ in importer.started] == [10, 9]


def test_a_culprit_that_nobody_names_is_found_by_halving() -> None:
    importer = Importer({"b3": ""})
    assert list(_failed(_put(importer, _boards(8)))) == ["b3"]
    assert [len(keys) for keys, _ in importer.started] == [8, 4, 2, 2, 1, 1, 4]


def test_an_error_about_something_else_of_the_same_id_blames_nobody() -> None:
    told = (JobRemark(f"{HOME}dataset/b0", "it is not there", "Wrong"),)
    importer = Importer(failing=1, errors=told)
    assert _failed(_put(importer, _boards(2))) == {}
    assert [len(keys) for keys, _ in importer.started] == [2, 1, 1]


def test_a_job_that_failed_without_anybodys_fault_is_repeated() -> None:
    wrong = (JobRemark("", "try again", "InternalFailure"),)
    importer = Importer(failing=2, errors=wrong)
    assert _failed(_put(importer, _boards(3))) == {}
    assert [len(keys) for keys, _ in importer.started] == [3, 3, 3]


def test_a_service_that_goes_on_failing_blames_nobody_and_is_not_asked_for_ever() -> None:
    wrong = (JobRemark("", "try again", "InternalFailure"),)
    importer = Importer(failing=99, errors=wrong)
    assert list(_failed(_put(importer, _boards(3)))) == ["b0", "b1", "b2"]
    assert len(importer.started) == 4


def test_what_a_rollback_left_is_told_and_in_doubt_so_that_undoing_the_run_looks_at_it() -> None:
    importer = Importer({"b0": "wrong"}, state=ImportState.ROLLBACK_FAILED)
    outcome = _put(importer, _boards(1))["b0"]
    assert outcome.reason.endswith("The job could not take everything back: it stayed.")
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "in-doubt")


def test_a_permission_revoked_between_two_jobs_leaves_what_the_first_ones_came_to() -> None:
    outcomes = _put(Importer({"b3": ""}, allowed=3), _boards(8))
    done = [key for key, outcome in outcomes.items() if outcome.kind is OutcomeKind.DONE]
    assert sorted(done) == ["b0", "b1"]
    assert outcomes["b2"].advice.startswith("Allow quicksight:StartAssetBundleImportJob")
    assert len(outcomes) == 8


def test_a_job_waits_until_others_leave_room() -> None:
    importer = Importer(full=3)
    assert _failed(_put(importer, _boards(1))) == {}
    assert len(importer.started) == 1


def test_credentials_and_networks_are_given_to_the_job() -> None:
    importer = Importer()
    given = Overrides(
        secrets={"db": SECRET},
        vpc_connections={"net": VpcConnectionOverride(("subnet-1", "subnet-2"), ("sg-1",))},
    )
    for kind, key in (("data_source", "db"), ("data_source", "other"), ("vpc_connection", "net")):
        _put(importer, [make_change(kind, key, None, canonical({"name": key}))], given)
    assert [parameters for _, parameters in importer.started] == [
        {"DataSources": [{"DataSourceId": "db", "Credentials": {"SecretArn": SECRET}}]},
        {},
        {
            "VPCConnections": [
                {
                    "VPCConnectionId": "net",
                    "SubnetIds": ["subnet-1", "subnet-2"],
                    "SecurityGroupIds": ["sg-1"],
                }
            ]
        },
    ]


@pytest.mark.parametrize(
    ("start", "given", "expected"),
    [
        ("2020-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2999-01-01T00:00:00Z", "2027-01-01T00:00:00Z", None),
        ("yesterday", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_schedule_never_begins_in_the_past(start: str, given: str, expected: str | None) -> None:
    importer = Importer()
    member = canonical({"scheduleId": "daily", "startAfterDateTime": start})
    _put(
        importer,
        [make_change("refresh_schedule", "sales\x1fdaily", None, member)],
        Overrides(start_after=given),
    )
    begun: Plain = [{"DataSetId": "sales", "ScheduleId": "daily", "StartAfterDateTime": expected}]
    assert importer.started[0][1] == ({"RefreshSchedules": begun} if expected else {})
