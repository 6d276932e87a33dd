"""SIGKILL in the middle of a collection: the resume asks for the rest, and the backup is that of a calm run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from holdfast.domain.errors import Throttled
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from tests.simulators import command_line
from tests.simulators.command_line import LATE, Home, run_named

WHO = 2
"""Calls that every process makes to learn who asks, and about which instance."""
TOGETHER = 2
"""Calls under way at once in these tests: so many answers may be lost with a process."""


@dataclass(frozen=True)
class Calm:
    """What an undisturbed backup came to."""

    calls: int
    sections: list[dict[str, object]]


def sections(home: Home) -> list[dict[str, object]]:
    """Type, count and digest of what the newest backup holds."""
    shown = json.loads(home.run("backups", "show", "latest", "--json").output)
    return [{name: each[name] for name in ("type", "count", "digest")} for each in shown[0]["sections"]]


def new_home(folder: Path, sandbox: SandboxServer) -> Home:
    folder.mkdir()
    return Home(folder, sandbox).with_settings(IDENTITY_CENTER_CONCURRENCY=str(TOGETHER))


def kill_when(home: Home, seen: Callable[[], bool], *words: str) -> str:
    """Cuts a command off once that is seen; the id of its run."""
    command = home.start(*words)
    assert command.until(seen)
    command.kill()
    home.sandbox.clear_faults()
    return run_named(home.run("runs", "list").errors)


def held_at(sandbox: SandboxServer, operation: str) -> Callable[[], bool]:
    """The sandbox holds every such call from now on; tells when two came, so that nothing else can be asked."""
    name = next(each for each in sandbox.status().requests if each.endswith(f":{operation}"))
    before = sandbox.status().requests[name]
    sandbox.faults([FaultRule(operation=operation, delay=LATE)])
    return lambda: sandbox.status().requests[name] - before == TOGETHER


def findings(home: Home, run: str) -> dict[str, str]:
    folder = home.folder / ".holdfast" / "reports" / run
    listed = json.loads((folder / "manifest.json").read_bytes())["findings"]
    return {each["code"]: each["message"] for each in listed}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny") as server:
        yield server


@pytest.fixture(scope="module")
def calm(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    home = new_home(tmp_path_factory.mktemp("calm") / "home", sandbox)
    before = sandbox.status().requests_total
    home.run("identity-center", "backup")
    return Calm(sandbox.status().requests_total - before, sections(home))


@pytest.mark.parametrize(
    "operation", ["DescribePermissionSet", "ListGroupMemberships", "ListAccountAssignments"]
)
def test_a_resumed_capture_makes_few_calls_twice_and_its_backup_is_the_same(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path, operation: str
) -> None:
    home = new_home(tmp_path / "home", sandbox)
    before = sandbox.status().requests_total
    run = kill_when(home, held_at(sandbox, operation), "identity-center", "backup")
    kept = list((home.folder / ".holdfast" / "captures").iterdir())
    assert [(each.name, each.stat().st_mode & 0o777) for each in kept] == [(f"{run}.answers", 0o600)]
    home.run("runs", "resume", run)
    again = sandbox.status().requests_total - before - calm.calls
    assert again <= 0.05 * calm.calls + WHO + TOGETHER
    assert sections(home) == calm.sections
    assert "calls were answered by what this run had read before" in findings(home, run)["answered-before"]
    assert not list((home.folder / ".holdfast" / "captures").iterdir())


def test_a_restore_killed_while_it_keeps_what_is_there_goes_on_reading_where_it_stopped(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path
) -> None:
    home = new_home(tmp_path / "home", sandbox)
    home.run("identity-center", "backup")
    before = sandbox.status().requests_total
    run = kill_when(home, held_at(sandbox, "DescribePermissionSet"), "identity-center", "restore", "latest")
    home.run("runs", "resume", run)
    assert "answered-before" in findings(home, run)
    accounts_asked_for_and_who = 2 * (1 + WHO)
    most = 1.05 * calm.calls + WHO + TOGETHER + accounts_asked_for_and_who
    assert sandbox.status().requests_total - before <= most
    assert not list((home.folder / ".holdfast" / "captures").iterdir())


def test_a_capture_that_was_throttled_for_too_long_goes_on_reading_where_it_stopped(
    sandbox: SandboxServer, calm: Calm, tmp_path: Path
) -> None:
    home = new_home(tmp_path / "home", sandbox)
    home = replace(home, settings=(*home.settings, ("HOLDFAST_AWS_THROTTLE_PATIENCE", "0")))
    before = sandbox.status()
    sandbox.faults([FaultRule(operation="ListAccountAssignments", error="ThrottlingException")])
    run = run_named(home.run("identity-center", "backup", code=Throttled.exit_code).errors)
    sandbox.clear_faults()
    home.run("runs", "resume", run)
    assert "answered-before" in findings(home, run)
    assert sections(home) == calm.sections
    # How many requests were throttled until the first of them ended the run is chance, and they got no answer.
    after = sandbox.status()
    refused = sum(after.faults.values()) - sum(before.faults.values())
    again = after.requests_total - before.requests_total - calm.calls - refused
    assert again <= 0.05 * calm.calls + WHO + TOGETHER


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("scale", "shares"), [("medium", (0.05, 0.35, 0.7, 0.97)), ("large", (0.6,))])
def test_a_capture_of_thousands_of_users_that_is_killed_makes_at_most_a_twentieth_more_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: str, shares: tuple[float, ...]
) -> None:
    monkeypatch.setattr(command_line, "PATIENCE", 900.0)
    with SandboxServer(scale) as sandbox:
        (tmp_path / "calm").mkdir()
        undisturbed = Home(tmp_path / "calm", sandbox)
        undisturbed.run("identity-center", "backup")
        calls = sandbox.status().requests_total
        for share in shares:
            folder = tmp_path / str(share)
            folder.mkdir()
            home, before, began = Home(folder, sandbox), sandbox.status().requests_total, time.monotonic()
            due = before + int(share * calls)
            run = kill_when(
                home,
                lambda due=due: sandbox.status().requests_total >= due,  # type: ignore[misc]
                "identity-center",
                "backup",
            )
            home.run("runs", "resume", run)
            made = sandbox.status().requests_total - before
            assert made <= 1.05 * calls
            assert sections(home) == sections(undisturbed)
            sys.stdout.write(f"\nkilled at {share:.0%}: {made:,} calls, calm {calls:,}, ")
            sys.stdout.write(f"{time.monotonic() - began:.0f} s\n")
