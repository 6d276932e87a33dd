"""The Python interface end to end: the managers against the stand-in of Identity Center."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from holdfast import (
    BackupFilters,
    BackupManager,
    BackupOptions,
    BackupType,
    CollectionOptions,
    Environment,
    IdentityCenterCollector,
    ResourceType,
    RestoreManager,
    RestoreOptions,
    StorageEngine,
)
from holdfast.bootstrap import Installation, open_installation
from holdfast.domain.errors import NotFound, Refused, RemoteError
from holdfast.domain.outcomes import Severity
from holdfast.domain.runs import RunState
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.clients.connection import connect
from tests.simulators.quiet import SilentProgress

SETTINGS = """
[holdfast]
data_dir = "data"
reports_dir = "reports"

[vault]
location = "vault"
key_file = "vault.key"

[aws]
requests_per_second = 2000.0
other_requests_per_second = 2000.0
"""
LATER = timedelta(days=1)
DENIED = FaultRule(service="identitystore", operation="ListGroups", deny=True)


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer("tiny", seed=1, async_delay=0.0) as server:
        yield server


@pytest.fixture
def sandbox(shared_sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> SandboxServer:
    shared_sandbox.engine.reset()
    for name, value in shared_sandbox.env().items():
        monkeypatch.setenv(name, value)
    return shared_sandbox


@pytest.fixture
def home(tmp_path: Path, sandbox: SandboxServer) -> Installation:
    file = tmp_path / "holdfast.toml"
    file.write_text(SETTINGS, encoding="utf-8")
    made = open_installation(file, SilentProgress())
    made.create_vault()
    return made


def back_up(home: Installation) -> str:
    return BackupManager(home).create_backup(BackupType.FULL, BackupOptions()).backup_id


def delete_first_group(home: Installation) -> str:
    """Remove a group that has members, by a plain call; its name."""
    group = next(
        found for found in IdentityCenterCollector(home).collect_groups(CollectionOptions()) if found.members
    )
    live = connect(home.session, home.settings.identity_center)
    live.identity_store.delete_group(group.group_id)
    return group.display_name


def test_a_full_backup_holds_the_company_and_says_so(home: Installation, sandbox: SandboxServer) -> None:
    company = sandbox.dump()
    result = BackupManager(home).create_backup(BackupType.FULL, BackupOptions(labels={"reason": "test"}))
    assert result.state is RunState.COMPLETE
    assert result.complete
    assert result.failures == []
    assert result.resource_counts == {
        "users": len(company.users),
        "groups": len(company.groups),
        "memberships": len(company.memberships),
        "permission_sets": len(company.permission_sets),
        "assignments": len(company.assignments),
        "instance_settings": 1,
        "access_control_attributes": 1,
        "trusted_token_issuers": 1,
        "applications": 5,
        "application_assignments": 7,
    }
    assert [found.backup_id for found in BackupManager(home).list_backups(BackupFilters())] == [
        result.backup_id
    ]
    assert BackupManager(home).validate_backup(result.backup_id).valid
    assert StorageEngine(home).verify_integrity(result.backup_id).intact


def test_what_is_retrieved_is_the_company(home: Installation, sandbox: SandboxServer) -> None:
    company = sandbox.dump()
    data = StorageEngine(home).retrieve_backup(back_up(home))
    assert {user.user_name for user in data.users} == {str(user["UserName"]) for user in company.users}
    pairs = {(group, user) for group, users in data.relationships.group_members.items() for user in users}
    assert pairs == {(item.group, item.user) for item in company.memberships}
    assert {
        (a.account_id, a.permission_set, a.principal_type, a.principal_name) for a in data.assignments
    } == {(item.account, item.permission_set, item.kind, item.principal) for item in company.assignments}
    assert {(found.name, found.inline_policy) for found in data.permission_sets} == {
        (found.name, found.inline_policy) for found in company.permission_sets
    }
    assert {(found.name, found.application_provider_arn) for found in data.applications} == {
        (found.name, found.provider) for found in company.applications
    }
    assert {(a.application, a.principal_type, a.principal_name) for a in data.application_assignments} == {
        (found.name, *principal) for found in company.applications for principal in found.assigned
    }


def test_a_stored_copy_of_a_backup_has_the_same_records(home: Installation) -> None:
    engine = StorageEngine(home)
    first = engine.retrieve_backup(back_up(home))
    second = engine.retrieve_backup(engine.store_backup(first, first.metadata))
    assert second.checksums == first.checksums
    assert (second.users, second.groups, second.relationships) == (
        first.users,
        first.groups,
        first.relationships,
    )
    assert (second.applications, second.trusted_token_issuers) == (
        first.applications,
        first.trusted_token_issuers,
    )
    assert (second.instance, second.access_control_attributes) == (
        first.instance,
        first.access_control_attributes,
    )


def test_a_lost_group_is_previewed_rehearsed_and_restored(home: Installation, sandbox: SandboxServer) -> None:
    company, manager, backup = sandbox.dump(), RestoreManager(home), back_up(home)
    lost = delete_first_group(home)
    damaged = sandbox.dump()
    members = sum(item.group == lost for item in company.memberships)
    access = len(company.assignments) - len(damaged.assignments)
    uses = sum(("GROUP", lost) in application.assigned for application in company.applications)
    counts = {"memberships": members, "assignments": access, "application_assignments": uses}
    summary = {"groups": 1} | {name: count for name, count in counts.items() if count}

    preview = manager.preview_restore(backup, RestoreOptions())
    assert preview.changes_summary == summary
    assert preview.estimated_duration > timedelta(0)

    dry = manager.restore_backup(backup, RestoreOptions(dry_run=True))
    assert (dry.dry_run, dry.preview, dry.complete) == (True, preview, False)
    assert sandbox.dump() == damaged

    done = manager.restore_backup(backup, RestoreOptions())
    assert done.complete
    assert done.changes["group create done"] == 1
    # A new assignment provisions its set anew, so what was stale there is not any more.
    assert replace(sandbox.dump(), stale=()) == replace(company, stale=())
    assert manager.preview_restore(backup, RestoreOptions()).changes_summary == {}
    safety = BackupManager(home).list_backups(BackupFilters(include_safety=True))
    assert done.safety_backup_id in {found.backup_id for found in safety}


def test_only_the_resources_asked_for_are_restored(home: Installation, sandbox: SandboxServer) -> None:
    backup = back_up(home)
    delete_first_group(home)
    options = RestoreOptions(target_resources=[ResourceType.PERMISSION_SETS])
    assert RestoreManager(home).preview_restore(backup, options).changes_summary == {}


def test_an_increment_names_the_lost_group_and_nobody_else(home: Installation) -> None:
    back_up(home)
    lost = delete_first_group(home)
    found = IdentityCenterCollector(home).collect_incremental(datetime.now(UTC) + LATER, CollectionOptions())
    assert found.groups is not None
    assert found.groups.removed == [lost]
    assert found.users is not None
    assert (found.users.added, found.users.changed, found.users.removed) == ([], [], [])


def test_a_group_that_lost_a_member_counts_as_changed_and_resources_not_asked_for_are_none(
    home: Installation,
) -> None:
    back_up(home)
    collector = IdentityCenterCollector(home)
    group = next(found for found in collector.collect_groups(CollectionOptions()) if found.members)
    live = connect(home.session, home.settings.identity_center).identity_store
    live.delete_membership(live.list_memberships(group.group_id).items[0].membership_id)
    options = CollectionOptions(resources=[ResourceType.USERS, ResourceType.GROUPS])
    found = collector.collect_incremental(datetime.now(UTC) + LATER, options)
    assert found.groups is not None
    assert [changed.display_name for changed in found.groups.changed] == [group.display_name]
    assert len(found.groups.changed[0].members) == len(group.members) - 1
    assert found.assignments is None


def test_an_increment_before_the_first_backup_is_a_named_error(home: Installation) -> None:
    back_up(home)
    with pytest.raises(NotFound, match="backup to compare with"):
        IdentityCenterCollector(home).collect_incremental(
            datetime(2020, 1, 1, tzinfo=UTC), CollectionOptions()
        )


def test_an_increment_over_resources_that_the_backup_left_out_is_refused(home: Installation) -> None:
    BackupManager(home).create_backup(BackupType.FULL, BackupOptions(resources=[ResourceType.USERS]))
    with pytest.raises(Refused, match="does not hold every group"):
        IdentityCenterCollector(home).collect_incremental(datetime.now(UTC) + LATER, CollectionOptions())


def test_names_limit_what_is_collected(home: Installation, sandbox: SandboxServer) -> None:
    name = str(sandbox.dump().users[0]["UserName"])
    users = IdentityCenterCollector(home).collect_users(CollectionOptions(names=[name.upper()]))
    assert [user.user_name for user in users] == [name]


def test_collected_sets_and_assignments_are_those_of_the_company(
    home: Installation, sandbox: SandboxServer
) -> None:
    company, collector = sandbox.dump(), IdentityCenterCollector(home)
    found = collector.collect_permission_sets(CollectionOptions())
    assert [each.name for each in found] == sorted(each.name for each in company.permission_sets)
    assert len(collector.collect_assignments(CollectionOptions())) == len(company.assignments)
    one = company.assignments[0].permission_set
    named = collector.collect_assignments(CollectionOptions(names=[one]))
    assert len(named) == sum(item.permission_set == one for item in company.assignments)


def test_a_refused_listing_is_an_error_and_not_an_empty_list(
    home: Installation, sandbox: SandboxServer
) -> None:
    sandbox.faults([DENIED])
    with pytest.raises(RemoteError, match="ListGroups"):
        IdentityCenterCollector(home).collect_groups(CollectionOptions())


def test_a_backup_with_a_refused_listing_is_partial_and_names_it(
    home: Installation, sandbox: SandboxServer
) -> None:
    sandbox.faults([DENIED])
    result = BackupManager(home).create_backup(BackupType.FULL, BackupOptions())
    assert result.state is RunState.PARTIAL
    assert any("ListGroups" in item.outcome.reason + item.outcome.advice for item in result.failures)
    validation = BackupManager(home).validate_backup(result.backup_id)
    assert validation.valid
    assert ("incomplete", "group") in {(finding.code, finding.type) for finding in validation.findings}
    assert BackupManager(home).list_backups(BackupFilters(complete_only=True)) == []


def test_compatibility_says_what_another_environment_would_need(home: Installation) -> None:
    manager, backup = RestoreManager(home), back_up(home)
    here = manager.validate_compatibility(backup, Environment())
    assert here.compatible
    there = manager.validate_compatibility(backup, Environment(account="999999999999"))
    assert not there.compatible
    errors = [finding for finding in there.findings if finding.severity is Severity.ERROR]
    assert [(finding.code, finding.type) for finding in errors] == [("elsewhere", "account")]
