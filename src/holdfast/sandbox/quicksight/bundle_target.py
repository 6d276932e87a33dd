"""Why a member of a bundle cannot be imported into an estate."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import cast

from holdfast.sandbox.contract import Contract
from holdfast.sandbox.quicksight.bundle_overrides import Wanted
from holdfast.sandbox.quicksight.bundle_rules import JobError, of_aws, references
from holdfast.sandbox.quicksight.bundle_store import Job
from holdfast.sandbox.quicksight.estate import Estate
from holdfast.sandbox.quicksight.networks import elsewhere
from holdfast.sandbox.quicksight.shapes import document, shape
from holdfast.sandbox.wire import ApiRefusal, Document, Json

Problem = tuple[str, str]
_WRONG, _MISSING = "InvalidParameterValueException", "ResourceNotFoundException"
_ID = re.compile(r"[\w\-]{1,512}")
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):")
# They ask the person who looks at them for nothing: a data source of such a type works without credentials.
_NO_CREDENTIALS = frozenset({"ATHENA", "S3", "S3_TABLES", "AWS_IOT_ANALYTICS", "TIMESTREAM"})


_NETWORK, LEAST_SUBNETS = ("subnetIds", "securityGroupIds"), 2
_SHAPES = {
    "vpc_connection": "CreateVPCConnectionRequest",
    "data_source": "CreateDataSourceRequest",
    "data_set": "CreateDataSetRequest",
    "refresh_schedule": "RefreshSchedule",
    "topic": "TopicDetails",
    "theme": "CreateThemeRequest",
    "analysis": "CreateAnalysisRequest",
    "dashboard": "CreateDashboardRequest",
    "folder": "CreateFolderRequest",
}


class SilentProblem(Exception):
    """The job fails for this member, and will not tell that it is this one."""


def problem_of(estate: Estate, wanted: Wanted, job: Job) -> Problem | None:
    """An error's type and message; None for what can be imported.

    Raises: SilentProblem for an analysis or dashboard whose definition declares no dataset.
    """
    if not all(_ID.fullmatch(part) for part in wanted.key.split("/")):
        return _WRONG, f"{wanted.key} is not an id that {wanted.kind.shape} can have"
    if not wanted.held.get("name") and wanted.kind.type != "refresh_schedule":
        return _WRONG, f"{wanted.kind.shape} {wanted.key} has no name"
    if wanted.kind.type in ("analysis", "dashboard"):
        definition = cast("Document", wanted.held.get("definition") or {})
        if not definition.get("dataSetIdentifierDeclarations"):
            raise SilentProblem
    return (
        _model_problem(wanted)
        or _lacking(estate, wanted)
        or _unknown_principal(estate, wanted)
        or (_schedule_problem(estate, wanted, job) if wanted.kind.type == "refresh_schedule" else None)
        or (_network_problem(estate, wanted) if wanted.kind.type == "vpc_connection" else None)
        or (_secret_problem(wanted, job) if wanted.secret else None)
        or (_strict_problem(wanted) if _is_strict(job) else None)
    )


def _model_problem(wanted: Wanted) -> Problem | None:
    """What the API would not take either; members may hold more than its shapes have."""
    name = _SHAPES[wanted.kind.type]
    asked = {"AwsAccountId": "0" * 12, **document(shape(name), wanted.held)}
    if not name.endswith("Request"):
        del asked["AwsAccountId"]
    try:
        _contract().check_shape(name, asked)
    except ApiRefusal as refusal:
        return _WRONG, refusal.message
    return None


@cache
def _contract() -> Contract:
    return Contract("quicksight")


def _is_strict(job: Job) -> bool:
    return job.asked.part("OverrideValidationStrategy").raw("StrictModeForAllResources") is True


def _strict_problem(wanted: Wanted) -> Problem | None:
    undeclared = _undeclared(wanted)
    return (_WRONG, "; ".join(undeclared)) if undeclared else None


def _lacking(estate: Estate, wanted: Wanted) -> Problem | None:
    needed = [each for each in references(wanted.held) if not of_aws(each)]
    if wanted.kind.type == "refresh_schedule":
        needed.append(
            f"arn:aws:quicksight:{estate.region}:{estate.account}:dataset/{wanted.held['dataSetId']}"
        )
    for arn in needed:
        there = estate.assets.get(arn)
        if arn != wanted.arn and (there is None or there.deleted is not None):
            return (
                _MISSING,
                f"{wanted.kind.shape} {wanted.key} needs {arn}, which is neither in the bundle nor here",
            )
    return None


def _unknown_principal(estate: Estate, wanted: Wanted) -> Problem | None:
    if not wanted.permissions:
        return None
    unknown = sorted(each for each in wanted.permissions if not estate.identities.knows(each))
    return (_WRONG, f"Principal {unknown[0]} is not found in account {estate.account}") if unknown else None


def _schedule_problem(estate: Estate, wanted: Wanted, job: Job) -> Problem | None:
    """A start in the past is refused unless the schedule has it already."""
    start = wanted.held.get("startAfterDateTime")
    held = estate.find(wanted.kind.type, wanted.key)
    if start is None or (held is not None and held.member.get("startAfterDateTime") == start):
        return None
    if datetime.fromisoformat(str(start)).timestamp() > job.created:
        return None
    return _WRONG, f"StartAfterDateTime {start} of refresh schedule {wanted.key} must be in the future"


def _network_problem(estate: Estate, wanted: Wanted) -> Problem | None:
    """A connection needs a role, two subnets and security groups of this account and region."""
    role = _ACCOUNT.match(str(wanted.held.get("roleArn", "")))
    if role is None or role.group(1) != estate.account:
        return _WRONG, f"RoleArn of VPC connection {wanted.key} is not of account {estate.account}"
    subnets, groups = (cast("list[Json]", wanted.held.get(each) or []) for each in _NETWORK)
    if estate.find(wanted.kind.type, wanted.key) is None and (len(subnets) < LEAST_SUBNETS or not groups):
        return _WRONG, f"VPC connection {wanted.key} needs at least two SubnetIds, and SecurityGroupIds"
    strange = elsewhere([*subnets, *groups], estate.account, estate.region)
    return (
        (_MISSING, f"{', '.join(strange)} of VPC connection {wanted.key}: not found here")
        if strange
        else None
    )


def _secret_problem(wanted: Wanted, job: Job) -> Problem | None:
    found = re.match(r"arn:[\w-]+:secretsmanager:([\w-]+):(\d{12}):secret:", wanted.secret)
    if found is None or found.groups() != (job.region, job.account):
        return _WRONG, f"Secret {wanted.secret} is not in account {job.account} and region {job.region}"
    from moto.secretsmanager.models import secretsmanager_backends

    if wanted.secret in secretsmanager_backends[job.account][job.region].secrets:
        return None
    return _MISSING, f"Secret {wanted.secret} is not found"


def warnings_of(estate: Estate, wanted: Wanted) -> list[JobError]:
    """What is imported and does not work yet."""
    found: list[JobError] = []
    if (
        wanted.kind.type == "data_source"
        and wanted.held.get("type") not in _NO_CREDENTIALS
        and estate.find("data_source", wanted.key) is None
        and not wanted.credentials
    ):
        found.append(
            JobError(wanted.arn, "", f"Data source {wanted.key} has no credentials until they are given")
        )
    return found + [JobError(wanted.arn, "", each) for each in _undeclared(wanted)]


def _undeclared(wanted: Wanted) -> list[str]:
    """The datasets that a definition shows and does not declare: an error in strict mode, else a warning."""
    if wanted.kind.type not in ("analysis", "dashboard"):
        return []
    definition = cast("Document", wanted.held["definition"])
    listed = cast("list[Document]", definition["dataSetIdentifierDeclarations"])
    shown = set(_identifiers(definition)) - {each.get("identifier") for each in listed}
    return [f"DATA_SET_NOT_FOUND: {each} is not declared" for each in sorted(map(str, shown))]


def _identifiers(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == "dataSetIdentifier":
                yield each
            else:
                yield from _identifiers(each)
    elif isinstance(value, list):
        for each in value:
            yield from _identifiers(each)
