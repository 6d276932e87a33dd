"""Chapter scans: publish, compare, lose the network, deliver once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.delivery.demonstration.story import Story, expect, installation_in

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.kernel.ports import Progress
    from holdfast.sandbox.server import SandboxServer

BUCKET = "demo-scans"
SECRET = "tk4421-Zq9931-demo"  # noqa: S105  # invented, to show that it gets nowhere
Place = tuple[str, str, str, int, str, str]
"""Scanner, rule, path, line, code, SARIF level."""
STAYS: tuple[Place, ...] = (
    ("semgrep", "python.lang.security.audit.eval-detected", "src/app.py", 12, "eval(user_input)", "error"),
    ("bandit", "B602", "src/run.py", 30, "run(command, shell=True)", "warning"),
)
FIXED: Place = ("bandit", "B301", "src/cache.py", 8, "pickle.loads(data)", "warning")
LOST: Place = ("checkov", "CKV_AWS_18", "main.tf", 4, 'resource "aws_s3_bucket" "logs" {', "error")
NEW: tuple[Place, ...] = (
    ("bandit", "B105", "src/login.py", 5, f'password = "{SECRET}"', "note"),
    ("semgrep", "python.lang.security.audit.exec-detected", "src/admin.py", 44, "exec(code)", "error"),
)


def tell(story: Story, folder: Path, progress: Progress) -> None:
    """Two scans of a made-up project. Raises: Unexpected when any step is not as it must be."""
    from holdfast.sandbox.server import SandboxServer

    with SandboxServer("empty") as sandbox:
        quick = {"ASH_S3_BUCKET_NAME": BUCKET, "HOLDFAST_SCANS_BASE_DELAY": "0.05"}
        os.environ.update({**sandbox.env(), **quick})
        home = installation_in(folder, progress)
        _make_bucket(home)
        _play(story, home, folder, sandbox)


def _play(story: Story, home: Installation, folder: Path, sandbox: SandboxServer) -> None:
    first = _write(folder / "monday.json", "2026-11-16", (*STAYS, FIXED, LOST), {})
    moved = tuple((*each[:3], each[3] + 7, *each[4:]) for each in STAYS)
    second = _write(folder / "tuesday.json", "2026-11-17", (*moved, *NEW), {"checkov": "ERROR"})
    with story.step("publish") as came_to:
        made = home.scans.publish(first)
        came_to(f"{made.put} objects, {made.url}")
        expect(made.put in (3, 4), "the scan was not published whole")
    _lose_the_network(story, home, sandbox, second)
    _compare(story, home)
    with story.step("once more") as came_to:
        again = home.scans.publish(second)
        came_to("the second scan is there already, nothing was sent again")
        expect(again.already_there, "the scan was published twice")


def _lose_the_network(story: Story, home: Installation, sandbox: SandboxServer, file: Path) -> None:
    from holdfast.domain.errors import HoldfastError
    from holdfast.sandbox.faults import FaultRule

    with story.step("network down") as came_to:
        sandbox.faults([FaultRule(service="s3", region_down=True)])
        try:
            home.scans.publish(file)
        except HoldfastError as error:
            came_to(f"{error.code}: the scan waits, its report lies in {file.parent / 'reports'}")
        sandbox.clear_faults()
        expect(len(home.scans.waiting()) == 1, "the scan does not wait")
    with story.step("resend") as came_to:
        (run,) = home.scans.waiting()
        made = home.scans.delivery(home.runs.resume(run.id))
        came_to(f"{made.put} objects, each put once; nothing waits")
        expect(not home.scans.waiting(), "something still waits")


def _compare(story: Story, home: Installation) -> None:
    from holdfast.systems.scans.comparison import compare

    with story.step("diff") as came_to:
        published = home.scans.published()
        before, after = (published.scan(published.resolve(which)) for which in ("previous", "latest"))
        found = compare(before, after)
        came_to(
            f"{len(found.new)} new, {len(found.fixed)} fixed, {len(found.unchanged)} unchanged though moved, "
            f"{len(found.unknown)} unknown (checkov failed)"
        )
        counts = (len(found.new), len(found.fixed), len(found.unchanged), len(found.unknown))
        expect(counts == (2, 1, 2, 1), f"the comparison says {counts}")
        snippets = "".join(each.snippet + each.message for each in after.findings)
        expect(SECRET not in snippets, "a secret was published")


def _make_bucket(home: Installation) -> None:
    from holdfast.adapters.aws import AwsSession

    AwsSession(home.settings.aws, home.clock).call("s3", "CreateBucket", {"Bucket": BUCKET})


def _write(file: Path, day: str, places: Iterable[Place], statuses: dict[str, str]) -> Path:
    """A result file as ASH writes it, with the least that it has."""
    listed = list(places)
    scanners = {"bandit", "checkov", "semgrep"}
    document = {
        "metadata": {
            "generated_at": f"{day}T09:00:00Z",
            "tool_version": "3.5.9",
            "summary_stats": {"start": f"{day}T09:00:00Z"},
        },
        "ash_config": {"project_name": "webshop"},
        "scanner_results": {name: {"status": statuses.get(name, "FAILED")} for name in sorted(scanners)},
        "sarif": {
            "version": "2.1.0",
            "runs": [{"tool": {"driver": {"name": "ASH"}}, "results": [_result(each) for each in listed]}],
        },
    }
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def _result(place: Place) -> dict[str, object]:
    scanner, rule, path, line, code, level = place
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": f"{rule} in {path}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": line, "endLine": line, "snippet": {"text": code}},
                }
            }
        ],
        "properties": {"scanner_name": scanner},
    }
