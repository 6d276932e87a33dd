"""Chapter QuickSight: back up by bundles, name what cannot be, lose, restore, undo, drill."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast

from holdfast.delivery.demonstration.story import Story, expect, installation_in
from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.runs import RunState
from holdfast.systems.quicksight.model import ANALYSIS, DASHBOARD, RECORD_TYPES, SYSTEM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from holdfast.bootstrap import Installation
    from holdfast.domain.runs import Run
    from holdfast.kernel.compare import Difference
    from holdfast.kernel.ports import Progress
    from holdfast.sandbox.server import SandboxServer

TYPES = tuple(kind.name for kind in RECORD_TYPES)
BUCKET = "demo-quicksight"
QUICK = {"HOLDFAST_QUICKSIGHT_BUCKET": BUCKET, "HOLDFAST_QUICKSIGHT_POLL_SECONDS": "0.02"}


def tell(story: Story, folder: Path, progress: Progress) -> None:
    """The whole job on the tiny sample company. Raises: Unexpected when any step is not as it must be."""
    from holdfast.sandbox.server import SandboxServer

    with SandboxServer("tiny", seed=1, async_delay=0.02) as sandbox:
        os.environ.update({**sandbox.env(), **QUICK})
        home = installation_in(folder, progress)
        home.session.call("s3", "CreateBucket", {"Bucket": BUCKET})
        _play(story, home, sandbox)


def _play(story: Story, home: Installation, sandbox: SandboxServer) -> None:
    backup = _back_up(story, home)
    _damage(story, home)
    damaged = _differences(home, backup)
    _preview(story, home, backup, damaged)
    restored = _restore(story, home, backup)
    expect(not _differences(home, backup), "what was restored is not what was backed up")
    with story.step("rollback") as came_to:
        undone = home.runs.roll_back(restored.id)
        done = sum(home.ledger.count_changes(undone.id).values())
        came_to(f"{done} changes undone, only those of run {restored.id}")
        expect(undone.state is RunState.COMPLETE, "the rollback is not complete")
    expect(_differences(home, backup) == damaged, "the rollback did not give what was there before")
    _drill(story, home, backup)


def _back_up(story: Story, home: Installation) -> str:
    from holdfast.kernel.backup import FULL, BackupRequest

    with story.step("quicksight backup") as came_to:
        run = home.runs.launch("backup", SYSTEM, BackupRequest(FULL, TYPES))
        counts = home.ledger.count_changes(run.id)
        stored = Counter({kind: count for (kind, _, outcome), count in counts.items() if outcome == "done"})
        items = sum(count for kind, count in stored.items() if kind.endswith(".item"))
        came_to(f"{stored['bundle']} bundles in S3, {items} items in {stored['table']} DynamoDB tables")
        info = home.vault.resolve("latest", SYSTEM)
        came_to(f"{sum(section.count for section in info.sections)} records sealed as {info.id}")
        impossible = list(home.ledger.items(run.id, kind=OutcomeKind.IMPOSSIBLE))
        expect(run.state is RunState.PARTIAL and len(impossible) == 1, "one asset should resist export")
    with story.step("what resists") as came_to:
        came_to(_briefly(impossible[0].outcome.reason))
        for item in home.ledger.items(run.id, kind=OutcomeKind.SKIPPED):
            came_to(_briefly(item.outcome.reason))
    return info.id


def _briefly(reason: str) -> str:
    """A reason without what the service said in brackets; the report has all of it."""
    return reason.partition(" (")[0]


def _damage(story: Story, home: Installation) -> None:
    """What a bad day does: a dashboard and a group deleted, an analysis' permissions revoked, by plain API calls."""
    with story.step("damage") as came_to:
        account = str(home.session.call("sts", "GetCallerIdentity", {})["Account"])

        def call(operation: str, **parameters: object) -> Mapping[str, object]:
            return home.session.call("quicksight", operation, {"AwsAccountId": account, **parameters})

        boards = _rows(call("ListDashboards"), "DashboardSummaryList")
        board = min(boards, key=lambda each: str(each["Name"]))
        call("DeleteDashboard", DashboardId=board["DashboardId"])
        group = _rows(call("ListGroups", Namespace="default"), "GroupList")[0]["GroupName"]
        call("DeleteGroup", GroupName=group, Namespace="default")
        analysis = _rows(call("ListAnalyses"), "AnalysisSummaryList")[0]
        named = {"AnalysisId": analysis["AnalysisId"]}
        granted = _rows(call("DescribeAnalysisPermissions", **named), "Permissions")
        call("UpdateAnalysisPermissions", **named, RevokePermissions=granted)
        came_to(f"dashboard {board['Name']} and group {group} deleted, nobody may see {analysis['Name']}")


def _rows(answer: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", answer[name])


def _differences(home: Installation, backup: str) -> list[Difference]:
    from holdfast.kernel.compare import compare
    from holdfast.kernel.views import MemoryView

    system = home.system(SYSTEM)
    live = MemoryView(system.source().capture(TYPES, home.progress))
    return list(compare(system, home.vault.read(home.vault.resolve(backup)), live, TYPES))


def _preview(story: Story, home: Installation, backup: str, damaged: Sequence[Difference]) -> None:
    from holdfast.kernel.restore import RestoreRequest

    with story.step("preview") as came_to:
        found = home.restore(SYSTEM).preview(RestoreRequest(backup, TYPES), None, home.progress)
        came_to(f"{len(damaged)} records differ: {found.changes_total} changes")
        changed = {difference.type for difference in damaged}
        expect({DASHBOARD, ANALYSIS} <= changed, "the damage is not seen")


def _restore(story: Story, home: Installation, backup: str) -> Run:
    from holdfast.kernel.restore import RestoreRequest

    with story.step("restore by import") as came_to:
        run = home.runs.launch("restore", SYSTEM, RestoreRequest(backup, TYPES))
        done = sum(home.ledger.count_changes(run.id).values())
        came_to(f"{done} changes applied under the journal and read back")
        expect(run.state is RunState.COMPLETE, "the restore is not complete")
    return run


def _drill(story: Story, home: Installation, backup: str) -> None:
    from holdfast.kernel.drill import DrillRequest

    with story.step("drill") as came_to:
        run = home.runs.launch("drill", SYSTEM, DrillRequest(backup))
        counts = home.ledger.count_items(run.id)
        equal = sum(n for (_, kind), n in counts.items() if kind is OutcomeKind.DONE)
        came_to(f"{equal} of {sum(counts.values())} records came back equal in an empty sandbox")
        failed = sum(n for (_, kind), n in counts.items() if kind is OutcomeKind.FAILED)
        expect(not failed, "records did not come back in the drill")
