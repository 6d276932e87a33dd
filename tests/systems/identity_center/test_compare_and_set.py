"""Somebody else edits a user or group between our read and our call: what stands afterwards, and what is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from holdfast.adapters.clock import SystemClock
from holdfast.domain.changes import Change
from holdfast.domain.outcomes import Outcome, OutcomeKind
from holdfast.kernel.canonical import Plain
from holdfast.kernel.runs.journal import apply_journal
from holdfast.kernel.runs.stages import Stage, StageKind
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.clients.identity_store_gateway import IdentityStoreGateway
from holdfast.systems.identity_center.model import GROUP, USER
from holdfast.systems.identity_center.restore.facets import group_value, user_value
from holdfast.systems.identity_center.restore.order import make_change
from holdfast.systems.identity_center.target import IdentityCenterTarget
from tests.simulators.memory_system import MemoryService
from tests.simulators.workbench import Bench
from tests.systems.identity_center.restored import Restorer

Edit = Callable[[IdentityStoreGateway], object]
Applied = Callable[[Change, Edit], Outcome]
ADA: dict[str, Plain] = {"DisplayName": "Ada", "Name": {"GivenName": "Ada", "FamilyName": "Byron"}}
OURS, THEIRS = "by this run", "by somebody else"


class Overtaken:
    """The Identity Store gateway where somebody's edit lands just before each update and deletion of ours."""

    def __init__(self, real: IdentityStoreGateway, edit: Edit) -> None:
        self._real, self._edit = real, edit

    def __getattr__(self, name: str) -> object:
        call = getattr(self._real, name)
        return partial(self._after_edit, call) if name.startswith(("update_", "delete_")) else call

    def _after_edit(self, call: Callable[..., object], *arguments: object) -> object:
        self._edit(self._real)
        return call(*arguments)


@pytest.fixture
def people(sandbox: SandboxServer, restorer: Restorer) -> IdentityStoreGateway:
    """A store with the user ada and the group Crew added; its effects and requests are counted from here on."""
    store = restorer.connection.identity_store
    store.create_user("ada", ADA)
    store.create_group("Crew", "as planned")
    sandbox.engine.world.journal.effects.clear()
    return store


@pytest.fixture
def applied(people: IdentityStoreGateway, restorer: Restorer, tmp_path: Path) -> Iterator[Applied]:
    """The outcome of one change that a journal drives, while an edit lands between its read and its call."""
    bench = Bench(tmp_path, MemoryService())

    def run(change: Change, edit: Edit) -> Outcome:
        between = Overtaken(people, edit)
        target = IdentityCenterTarget(
            replace(restorer.connection, identity_store=between),  # type: ignore[arg-type]
            SystemClock(),
        )
        stages = (
            Stage("plan", StageKind.GATHER, lambda context: keep(context.plan_changes([change]))),
            Stage("apply", StageKind.CHANGE, lambda context: apply_journal(context, target)),
        )
        ended = bench.engine().execute(bench.engine().start("identity-center", "restore", b"{}"), stages)
        (entry,) = bench.ledger.changes(ended.id)
        assert entry.outcome is not None
        return entry.outcome

    yield run
    bench.ledger.close()


def keep(count: int) -> None:
    assert count == 1


def nothing(store: IdentityStoreGateway) -> None: ...


def edit_ada(store: IdentityStoreGateway, title: str = THEIRS) -> None:
    store.update_user(store.find_user_id("ada"), {"title": title})


def edit_crew(store: IdentityStoreGateway, description: str = THEIRS) -> None:
    store.update_group(store.find_group_id("Crew"), {"description": description})


def make_ada_anew(store: IdentityStoreGateway) -> None:
    store.delete_user(store.find_user_id("ada"))
    store.create_user("ada", {**ADA, "Title": THEIRS})


def make_crew_anew(store: IdentityStoreGateway) -> None:
    store.delete_group(store.find_group_id("Crew"))
    store.create_group("Crew", THEIRS)


UPDATE_ADA = make_change(USER, "ada", user_value("ada", ADA), user_value("ada", {**ADA, "Title": OURS}))
DELETE_ADA = make_change(USER, "ada", user_value("ada", ADA), None)
UPDATE_CREW = make_change(GROUP, "Crew", group_value("Crew", "as planned"), group_value("Crew", OURS))
DELETE_CREW = make_change(GROUP, "Crew", group_value("Crew", "as planned"), None)
OVERTAKEN: list[tuple[Change, Edit, list[str], str]] = [
    (UPDATE_ADA, edit_ada, ["UpdateUser ada"], "Title"),
    (DELETE_ADA, edit_ada, ["UpdateUser ada"], "Title"),
    (UPDATE_CREW, edit_crew, ["UpdateGroup Crew"], "Description"),
    (DELETE_CREW, edit_crew, ["UpdateGroup Crew"], "Description"),
    (UPDATE_ADA, make_ada_anew, ["DeleteUser ada", "CreateUser ada"], "Title"),
    (DELETE_ADA, make_ada_anew, ["DeleteUser ada", "CreateUser ada"], "Title"),
    (UPDATE_CREW, make_crew_anew, ["DeleteGroup Crew", "CreateGroup Crew"], "Description"),
    (DELETE_CREW, make_crew_anew, ["DeleteGroup Crew", "CreateGroup Crew"], "Description"),
]


def effects(sandbox: SandboxServer) -> list[str]:
    return [f"{effect.operation} {effect.key}" for effect in sandbox.changes()]


@pytest.mark.parametrize(
    ("change", "edit", "theirs", "field"),
    OVERTAKEN,
    ids=lambda value: value.name if isinstance(value, Change) else getattr(value, "__name__", ""),
)
def test_an_edit_between_the_read_and_the_call_survives_and_is_a_conflict(
    change: Change, edit: Edit, theirs: list[str], field: str, applied: Applied, sandbox: SandboxServer
) -> None:
    outcome = applied(change, edit)
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "conflict")
    assert f"holds something else now in {field}" in outcome.reason
    assert effects(sandbox) == theirs
    titles = {user["UserName"]: user.get("Title") for user in sandbox.dump().users}
    descriptions = {group.name: group.description for group in sandbox.dump().groups}
    held = titles["ada"] if change.type == USER else descriptions["Crew"]
    assert held == THEIRS


@pytest.mark.parametrize(
    ("change", "edit"),
    [
        (UPDATE_ADA, lambda store: edit_ada(store, OURS)),
        (UPDATE_CREW, lambda store: edit_crew(store, OURS)),
        (DELETE_CREW, lambda store: store.delete_group(store.find_group_id("Crew"))),
    ],
)
def test_an_edit_to_what_the_run_wants_anyway_is_no_conflict(
    change: Change, edit: Edit, applied: Applied, sandbox: SandboxServer
) -> None:
    outcome = applied(change, edit)
    assert (outcome.kind, outcome.repeats) == (OutcomeKind.DONE, 1)
    assert len(effects(sandbox)) == 1


def test_an_edit_of_what_no_backup_sets_is_a_conflict_in_the_services_words(
    applied: Applied, sandbox: SandboxServer
) -> None:
    def there_and_back(store: IdentityStoreGateway) -> None:
        edit_crew(store)
        edit_crew(store, "as planned")

    outcome = applied(DELETE_CREW, there_and_back)
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "conflict")
    assert "ConflictException" in outcome.reason
    assert effects(sandbox) == ["UpdateGroup Crew", "UpdateGroup Crew"]


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        (UPDATE_ADA, "UpdateUser"),
        (DELETE_ADA, "DeleteUser"),
        (UPDATE_CREW, "UpdateGroup"),
        (DELETE_CREW, "DeleteGroup"),
    ],
    ids=lambda value: value.name if isinstance(value, Change) else "",
)
def test_a_change_whose_answer_was_lost_is_made_once_and_done(
    change: Change, operation: str, applied: Applied, sandbox: SandboxServer
) -> None:
    sandbox.faults([FaultRule(operation=operation, reset=True, after=True, times=1)])
    outcome = applied(change, nothing)
    assert (outcome.kind, outcome.repeats) == (OutcomeKind.DONE, 1)
    assert effects(sandbox) == [f"{operation} {'ada' if change.type == USER else 'Crew'}"]


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        (UPDATE_ADA, {"GetUserId", "DescribeUser", "UpdateUser"}),
        (DELETE_ADA, {"GetUserId", "DescribeUser", "DeleteUser"}),
        (UPDATE_CREW, {"GetGroupId", "DescribeGroup", "UpdateGroup"}),
        (DELETE_CREW, {"GetGroupId", "DescribeGroup", "DeleteGroup"}),
    ],
    ids=lambda value: value.name if isinstance(value, Change) else "",
)
def test_comparing_by_revision_takes_no_call_beyond_finding_reading_and_changing(
    change: Change, calls: set[str], applied: Applied, sandbox: SandboxServer
) -> None:
    before = Counter(sandbox.status().requests)
    assert applied(change, nothing).kind is OutcomeKind.DONE
    asked = Counter(sandbox.status().requests) - before
    assert asked == {f"identitystore:{operation}": 1 for operation in calls}
