"""A sandbox that outlives the command, and the command itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from holdfast.delivery.cli.sandbox import sandbox
from holdfast.sandbox import process
from holdfast.sandbox.engine import Setup

_ROOT = Path(__file__).resolve().parents[2]
_AWS = shutil.which("aws", path=f"{_ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    """A state folder; whatever still serves from it at the end is stopped."""
    folder = tmp_path / "state"
    yield folder
    if process.find(folder) is not None:
        process.stop(folder)


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(sandbox, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_detached_sandbox_starts_tells_its_environment_counts_and_stops(state_dir: Path) -> None:
    where = ("--state-dir", str(state_dir))
    assert "serves at http://127.0.0.1:" in _run("start", "--detach", "--rate", "20", *where)
    state = state_dir / "sandbox.json"
    assert (state.stat().st_mode & 0o777, state_dir.stat().st_mode & 0o777) == (0o600, 0o700)
    seen = subprocess.run(
        ["sh", "-c", 'eval "$1"; echo "$AWS_ENDPOINT_URL $AWS_REGION ${AWS_PROFILE-none}"', "sh", _run("env", *where)],
        capture_output=True, text=True, check=True, env={"AWS_PROFILE": "production"},
    )  # fmt: skip
    status = json.loads(_run("status", "--json", *where))
    assert seen.stdout.split() == [status["url"], "us-east-1", "none"]
    assert (status["scale"], status["rate"], status["objects"]["users"]) == ("tiny", 20.0, 40)
    assert "40 users, 12 groups" in _run("status", *where)
    assert "is stopped" in _run("stop", *where)
    assert process.find(state_dir) is None
    assert not state.exists()


def test_a_second_start_is_refused_and_a_dead_ones_state_is_not_in_the_way(state_dir: Path) -> None:
    first = process.start_detached(Setup("empty"), 0, state_dir)
    with pytest.raises(process.AlreadyRunning) as caught:
        process.start_detached(Setup("empty"), 0, state_dir)
    assert str(first.pid) in str(caught.value)
    os.kill(first.pid, 9)
    os.waitpid(first.pid, 0)
    assert (state_dir / "sandbox.json").exists()
    with pytest.raises(process.NotRunning):
        process.status(state_dir)
    second = process.start_detached(Setup("empty"), 0, state_dir)
    assert second.pid != first.pid


def test_of_two_starts_at_once_one_serves_and_the_other_says_so(state_dir: Path) -> None:
    running = process.start_detached(Setup("empty"), 0, state_dir)
    (state_dir / "sandbox.json").unlink()  # as if the first had not come to write it yet
    with pytest.raises(process.StartFailed):
        process.start_detached(Setup("empty"), 0, state_dir)
    assert "already runs" in (state_dir / "sandbox.log").read_text()
    os.kill(running.pid, 15)
    os.waitpid(running.pid, 0)


def test_a_taken_port_is_a_named_error(state_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(process.StartFailed) as caught:
        process.start_detached(Setup("empty"), taken.getsockname()[1], state_dir)
    assert "--port 0" in caught.value.advice


def test_nothing_running_is_a_named_error_with_the_command_that_helps(state_dir: Path) -> None:
    for ask in (process.status, process.stop, process.env):
        with pytest.raises(process.NotRunning) as caught:
            ask(state_dir)
        assert "holdfast sandbox start --detach" in caught.value.advice


@pytest.mark.skipif(_AWS is None, reason="the AWS CLI is not in .tools/bin or on the PATH")
def test_the_aws_cli_lists_and_creates(state_dir: Path) -> None:
    process.start_detached(Setup("tiny"), 0, state_dir)
    lines = 'eval "$1"; shift; exec "$@"'
    environment = {"PATH": os.environ["PATH"], "HOME": str(state_dir), "AWS_PAGER": ""}

    def aws(*arguments: str) -> dict[str, list[dict[str, str]]]:
        command = ["sh", "-c", lines, "sh", process.env(state_dir), str(_AWS), *arguments, "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        found: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
        return found

    (instance,) = aws("sso-admin", "list-instances")["Instances"]
    store = instance["IdentityStoreId"]
    users = aws("identitystore", "list-users", "--identity-store-id", store)["Users"]
    assert len(users) == 40
    made = aws(
        "identitystore", "create-group", "--identity-store-id", store, "--display-name", "From the CLI"
    )
    assert made["IdentityStoreId"] == store  # type: ignore[comparison-overlap]


def test_the_command_line_starts_without_loading_the_sandbox() -> None:
    code = "import sys; import holdfast.delivery.cli.sandbox; print([m for m in ('moto', 'boto3', 'werkzeug') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
