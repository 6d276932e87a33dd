"""The fewest calls for a company that is known, against those that a backup takes through the command line."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.sandbox.company import company
from tests.simulators.desk import HOLDFAST, Desk
from tests.simulators.fewest_calls import assignment_calls, counts, fewest_calls, settings_calls

TOP = Path(__file__).parents[3]
AWS = TOP / ".tools" / "bin" / "aws"


class Shell:
    """A shell in a folder with a detached sandbox, set up as the sandbox says."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def sandbox(self, *words: str) -> None:
        started = self.desk.process("sandbox", "start", "--detach", *words)
        assert started.code == 0, started

    def evaluated(self, command: str) -> Any:  # noqa: ANN401  # whatever JSON the command prints
        """A command after `eval "$(holdfast sandbox env)"`; its output as JSON."""
        found = f"{shlex.quote(str(HOLDFAST.parent))}:{shlex.quote(str(AWS.parent))}:$PATH"
        script = f'PATH={found}\neval "$(holdfast sandbox env)"\n{command}'
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=self.desk.folder,
            env=self.desk.variables({}),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def requests(self) -> int:
        """What the sandbox counted until now."""
        return int(json.loads(self.desk.process("sandbox", "status", "--json").out)["requests_total"])


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    desk = Desk(tmp_path)
    yield Shell(desk)
    desk.process("sandbox", "stop")


def check_bound(shell: Shell, scale: str) -> None:
    known = company(scale, 1)
    before = shell.requests()
    taken = shell.evaluated("holdfast identity-center backup --json")
    assert taken["calls"] == shell.requests() - before
    assert taken["calls"] <= 1.05 * fewest_calls(known)
    assert taken["state"] == "complete"
    assert {tally["type"]: tally["done"] for tally in taken["items"]} == counts(known)


def test_the_bound_of_the_medium_company_is_as_counted_by_hand() -> None:
    known = company("medium", 1)
    assert (len(known.accounts), len(known.permission_sets), len(known.users), len(known.groups)) == (
        300,
        60,
        5000,
        400,
    )
    # 1 + 360 for permission sets, 50 + 4 for principals, 15 for accounts; at least one for each of 400 groups;
    # 3 for the instance, 3 for its token issuer, 1 for the listing of 40 applications and 7 for each
    assert fewest_calls(known) - assignment_calls(known) >= 430 + 400 + 287
    assert settings_calls(known) == 287


@pytest.mark.parametrize(
    "scale", ["small", pytest.param("medium", marks=[pytest.mark.soak, pytest.mark.timeout(600)])]
)
def test_a_backup_takes_at_most_a_twentieth_more_calls_than_the_fewest_and_no_settings_file(
    shell: Shell, scale: str
) -> None:
    shell.sandbox("--scale", scale)
    check_bound(shell, scale)


@pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not there: run `make tools`")
def test_the_aws_cli_works_on_the_same_sandbox(shell: Shell) -> None:
    shell.sandbox("--scale", "tiny")
    found = shell.evaluated("aws sso-admin list-instances --output json")
    store = found["Instances"][0]["IdentityStoreId"]
    users = shell.evaluated(f"aws identitystore list-users --identity-store-id {store} --output json")
    assert len(users["Users"]) == 40


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not there: run `make tools`")
def test_at_the_service_s_own_rate_the_bound_holds_as_well(shell: Shell) -> None:
    shell.desk.environment.update(
        HOLDFAST_AWS_REQUESTS_PER_SECOND="20", HOLDFAST_AWS_OTHER_REQUESTS_PER_SECOND="5"
    )
    shell.sandbox("--scale", "medium", "--rate", "20")
    shell.evaluated("aws sso-admin list-instances --output json")
    check_bound(shell, "medium")
