"""Chapter Identity Center: back up, lose, restore, prove."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.delivery.demonstration.story import Story, expect, installation_in
from holdfast.domain.records import show_key
from holdfast.domain.runs import RunState
from holdfast.systems.identity_center.model import RECORD_TYPES, SYSTEM

if TYPE_CHECKING:
    from holdfast.bootstrap import Installation
    from holdfast.domain.runs import Run
    from holdfast.kernel.compare import Difference
    from holdfast.kernel.ports import Progress
    from holdfast.sandbox.server import SandboxServer
    from holdfast.systems.identity_center.clients.connection import Connection
    from holdfast.systems.identity_center.model import RequestStatus

TYPES = tuple(kind.name for kind in RECORD_TYPES)


def tell(story: Story, folder: Path, progress: Progress) -> None:
    """The whole job on the tiny sample company. Raises: Unexpected when any step is not as it must be."""
    from holdfast.sandbox.server import SandboxServer

    with SandboxServer("tiny", seed=1) as sandbox:
        os.environ.update(sandbox.env())
        home = installation_in(folder, progress)
        with story.step("sandbox") as came_to:
            held = sandbox.dump()
            came_to(
                f"{len(held.users)} users, {len(held.groups)} groups, {len(held.permission_sets)} permission sets, "
                f"{len(held.assignments)} assignments in {len(held.accounts)} accounts at {sandbox.url}"
            )
        _play(story, home, sandbox)


def _play(story: Story, home: Installation, sandbox: SandboxServer) -> None:
    before = sandbox.dump()
    backup = _back_up(story, home)
    _damage(story, home)
    damaged = sandbox.dump()
    _preview(story, home, backup)
    restore = _restore(story, home, backup, "restore")
    expect(sandbox.dump() == before, "the restored company is not the one that was backed up")
    _verify(story, home, backup)
    _roll_back(story, home, restore)
    expect(sandbox.dump() == damaged, "the rollback did not give the damaged company")
    _restore(story, home, backup, "restore again")
    expect(sandbox.dump() == before, "the second restore did not give the company that was backed up")
    _drill(story, home, backup)


def _back_up(story: Story, home: Installation) -> str:
    from holdfast.kernel.backup import FULL, BackupRequest

    with story.step("backup") as came_to:
        run = home.runs.launch("backup", SYSTEM, BackupRequest(FULL, TYPES))
        info = home.vault.resolve("latest", SYSTEM)
        records = sum(section.count for section in info.sections)
        calls = home.session.calls().calls
        came_to(f"{records} records in {calls} calls, sealed as {info.id}, read back whole")
        expect(run.state is RunState.COMPLETE, "the backup is not complete")
    return info.id


def _damage(story: Story, home: Installation) -> None:
    """What a bad day does: two groups deleted, a policy changed, assignments removed, by plain API calls."""
    from holdfast.systems.identity_center.clients.connection import connect

    live = connect(home.session, home.settings.identity_center)
    with story.step("damage") as came_to:
        groups = sorted(live.identity_store.list_groups().items, key=lambda group: group.display_name)[1:3]
        for group in groups:
            live.identity_store.delete_group(group.group_id)
        sets = {
            live.sso_admin.describe_permission_set(arn).name: arn
            for arn in live.sso_admin.list_permission_sets().items
        }
        name = min(name for name, arn in sets.items() if live.sso_admin.inline_policy(arn))
        everything = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
        live.sso_admin.put_inline_policy(sets[name], everything)
        _finish(home, live.sso_admin.provision(sets[name]), live.sso_admin.provisioning_status)
        removed = _remove_assignments(home, live, 3)
        gone = " and ".join(group.display_name for group in groups)
        came_to(
            f"groups {gone} deleted, policy of {name} opened to everything, {removed} assignments removed"
        )


def _remove_assignments(home: Installation, live: Connection, count: int) -> int:
    held = [
        assignment
        for arn in live.sso_admin.list_permission_sets().items
        for account in live.sso_admin.list_accounts_for_permission_set(arn).items
        for assignment in live.sso_admin.list_assignments(account, arn).items
    ]
    for assignment in held[:count]:
        _finish(home, live.sso_admin.delete_assignment(assignment), live.sso_admin.deletion_status)
    return count


def _finish(home: Installation, status: RequestStatus, ask: Callable[[str], RequestStatus]) -> None:
    """Wait until the service has done what it was asked."""
    from holdfast.systems.identity_center.model import RequestState

    while status.state is RequestState.IN_PROGRESS:
        home.clock.sleep(0.05)
        status = ask(status.request_id)
    expect(status.state is RequestState.SUCCEEDED, f"the sandbox refused: {status.failure_reason}")


def _preview(story: Story, home: Installation, backup: str) -> None:
    from holdfast.kernel.compare import compare
    from holdfast.kernel.restore import RestoreRequest
    from holdfast.kernel.views import MemoryView

    system = home.system(SYSTEM)
    with story.step("diff") as came_to:
        live = MemoryView(system.source().capture(TYPES, home.progress))
        found = list(compare(system, home.vault.read(home.vault.resolve(backup)), live, TYPES))
        came_to(_summary(found))
    with story.step("preview") as came_to:
        preview = home.restore(SYSTEM).preview(RestoreRequest(backup, TYPES), None, home.progress)
        came_to(
            f"{preview.changes_total} changes, {preview.conflicts_total} conflicts, "
            f"about {preview.estimated_seconds:.0f} s at the service's own rate"
        )


def _restore(story: Story, home: Installation, backup: str, title: str) -> Run:
    from holdfast.kernel.restore import RestoreRequest

    with story.step(title) as came_to:
        run = home.runs.launch("restore", SYSTEM, RestoreRequest(backup, TYPES))
        done = sum(home.ledger.count_changes(run.id).values())
        came_to(f"{done} changes applied under the journal and read back")
        expect(run.state is RunState.COMPLETE, "the restore is not complete")
    return run


def _verify(story: Story, home: Installation, backup: str) -> None:
    with story.step("verify") as came_to:
        found = home.vault.verify(home.vault.resolve(backup), home.progress)
        came_to(
            "backup sound at every level: "
            + ", ".join(f"{level.checked} {level.level}" for level in found.levels)
        )
        expect(not found.problems, "the backup is damaged")


def _roll_back(story: Story, home: Installation, restore: Run) -> None:
    with story.step("rollback") as came_to:
        run = home.runs.roll_back(restore.id)
        done = sum(home.ledger.count_changes(run.id).values())
        came_to(f"{done} changes undone, only those of run {restore.id}")
        expect(run.state is RunState.COMPLETE, "the rollback is not complete")


def _drill(story: Story, home: Installation, backup: str) -> None:
    from holdfast.domain.outcomes import OutcomeKind
    from holdfast.kernel.drill import DrillRequest

    with story.step("drill") as came_to:
        run = home.runs.launch("drill", SYSTEM, DrillRequest(backup))
        counts = home.ledger.count_items(run.id)
        equal = sum(n for (_, kind), n in counts.items() if kind is OutcomeKind.DONE)
        came_to(f"{equal} of {sum(counts.values())} records came back equal in an empty sandbox")
        for item in home.ledger.items(run.id, kind=OutcomeKind.IMPOSSIBLE):
            came_to(f"{item.type} {show_key(item.key)} cannot: {item.outcome.reason}")
        failed = sum(n for (_, kind), n in counts.items() if kind is OutcomeKind.FAILED)
        expect(not failed, "records did not come back in the drill")


def _summary(found: Sequence[Difference]) -> str:
    counted = Counter(f"{difference.type} {difference.kind}" for difference in found)
    changed = next((d for d in found if d.kind == "changed"), None)
    text = ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in sorted(counted.items()))
    if changed is None:
        return text
    fields = ", ".join(field.name for field in changed.fields)
    return f"{text} ({show_key(changed.key)}: {fields})"
