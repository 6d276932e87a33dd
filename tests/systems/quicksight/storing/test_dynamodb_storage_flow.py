"""The drawn DynamoDB Storage Flow, leaf by leaf; tests are named for its boxes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.domain.changes import Change
from holdfast.domain.errors import Throttled
from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.domain.records import Record, join_key
from holdfast.domain.runs import RunState
from holdfast.kernel.canonical import canonical
from holdfast.sandbox.faults import FaultRule
from holdfast.systems.quicksight.model import GROUP, IDENTITIES, USER
from holdfast.systems.quicksight.storing.table_changer import TableChanger
from holdfast.systems.quicksight.storing.table_client import TableClient
from holdfast.systems.quicksight.storing.table_gateway import TableState
from tests.simulators.quiet import HandClock
from tests.systems.quicksight.storing.storage import Storage, company, person


@pytest.fixture
def people(storage: Storage) -> Storage:
    storage.types = IDENTITIES
    return storage


@pytest.fixture
def users(people: Storage) -> Storage:
    """One table only."""
    people.contents = {USER: company()[USER]}
    return people


def rule(operation: str, table: str = "", **effect: object) -> FaultRule:
    """A fault of DynamoDB; `table` limits it to one."""
    named = {"RequestItems" if operation.startswith("Batch") else "TableName": table} if table else {}
    return FaultRule(service="dynamodb", operation=operation, parameters=named, **effect)  # type: ignore[arg-type]


def test_create_dynamodb_table_on_demand_with_ttl_and_recovery_by_settings(users: Storage) -> None:
    users.settings = replace(users.settings, table_days=30, point_in_time_recovery=True)
    assert users.store().state is RunState.COMPLETE
    made = users.dynamodb.describe_table(TableName=users.table("users"))["Table"]
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert made["KeySchema"] == [
        {"AttributeName": "backup_id", "KeyType": "HASH"},
        {"AttributeName": "user_name", "KeyType": "RANGE"},
    ]
    ttl = users.dynamodb.describe_time_to_live(TableName=users.table("users"))["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = users.dynamodb.describe_continuous_backups(TableName=users.table("users"))
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    # 30 days after 2026-11-20T09:08:07Z
    assert {item["expires_at"]["N"] for item in users.items("users")} == {"1797757687"}


def test_a_table_too_new_for_recovery_is_asked_again(people: Storage) -> None:
    people.settings = replace(people.settings, point_in_time_recovery=True)
    people.contents = {USER: [person("ada")]}
    people.faults(rule("UpdateContinuousBackups", error="ContinuousBackupsUnavailableException", times=2))
    assert people.store().state is RunState.COMPLETE
    assert people.findings(Severity.WARNING) == []


def test_without_ttl_or_recovery_the_table_is_written_and_the_report_warns(people: Storage) -> None:
    people.settings = replace(people.settings, point_in_time_recovery=True)
    people.faults(rule("UpdateContinuousBackups", deny=True))
    assert people.store().state is RunState.COMPLETE
    warned = people.findings(Severity.WARNING)
    assert len(warned) == 3 and "dynamodb:UpdateContinuousBackups" in warned[0].message
    assert len(people.items("users")) == 4


def test_log_table_creation_error_and_continue_processing(people: Storage) -> None:
    people.faults(rule("CreateTable", people.table("users"), deny=True))
    assert people.store().state is RunState.PARTIAL
    failed = people.outcomes("table")[people.table("users")]
    assert failed.kind is OutcomeKind.FAILED and "dynamodb:CreateTable" in failed.advice
    assert {each.code for each in people.outcomes("user.item").values()} == {"access-denied"}
    assert {each.kind for each in people.outcomes("group.item").values()} == {OutcomeKind.DONE}
    assert people.requests("dynamodb:BatchWriteItem") == 2


def test_wait_for_table_active(users: Storage) -> None:
    users.faults(rule("CreateTable", async_delay=20.0))
    assert users.store().state is RunState.COMPLETE
    assert users.requests("dynamodb:DescribeTable") > 20
    assert len(users.items("users")) == 4


def test_a_table_that_never_gets_active_is_a_table_creation_error(people: Storage) -> None:
    class Stuck(TableClient):
        def describe(self, table: str) -> TableState | None:
            return TableState(False, ())

    noted: list[str] = []
    changer = TableChanger(Stuck(people.session), HandClock(), "run")
    wanted = b'{"expires":"","point_in_time_recovery":false,"sort_key":"user_name"}'
    (failed,) = changer.apply([Change("table", "stuck", None, wanted, 0, "")], noted.append)
    assert failed.kind is OutcomeKind.FAILED and "stuck is not ACTIVE after 300 s" in failed.reason
    assert len(noted) > 250  # so that Ctrl-C ends the wait


def test_log_schema_warning_then_the_write_as_drawn_and_an_error_for_each_item(people: Storage) -> None:
    people.dynamodb.create_table(
        TableName=people.table("users"),
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
    )
    people.contents = {**company(), USER: [person(f"p-{number:02d}") for number in range(60)]}
    assert people.store().state is RunState.PARTIAL
    (warning,) = people.findings(Severity.WARNING)
    assert warning.code == "schema-differs"
    assert "name (HASH S) instead of backup_id (HASH S), user_name (RANGE S)" in warning.message
    failed = people.outcomes("user.item")
    assert len(failed) == 60
    assert all("does not match the schema" in each.reason for each in failed.values())
    assert {each.kind for each in people.outcomes("group.item").values()} == {OutcomeKind.DONE}


def test_half_of_each_batch_left_unprocessed_is_written_in_the_end(people: Storage) -> None:
    people.contents = {USER: [person(f"p-{number:02d}") for number in range(60)]}
    people.faults(rule("BatchWriteItem", unprocessed=0.5))
    assert people.store().state is RunState.COMPLETE
    assert len(people.items("users")) == 60
    # 25 -> 12 -> 6 -> 3 -> 1 left, twice; 10 -> 5 -> 2 -> 1
    assert people.requests("dynamodb:BatchWriteItem") == 5 + 5 + 4


def test_apply_backoff_and_retry_when_throttled(people: Storage) -> None:
    error = "ProvisionedThroughputExceededException"
    people.faults(rule("BatchWriteItem", error=error, times=4))
    assert people.store().state is RunState.COMPLETE
    assert people.requests("dynamodb:BatchWriteItem") == 3 + 4


def test_rate_limiting_beyond_the_patience_ends_the_run_to_be_resumed(users: Storage) -> None:
    users.faults(rule("BatchWriteItem", users.table("users"), error="ThrottlingException"))
    with pytest.raises(Throttled):
        users.store()
    users.sandbox.clear_faults()
    assert users.resumed().state is RunState.COMPLETE
    assert len(users.items("users")) == 4


def test_log_write_error_when_the_service_takes_none_of_a_batch(people: Storage) -> None:
    people.faults(rule("BatchWriteItem", people.table("users"), unprocessed=1.0))
    assert people.store().state is RunState.PARTIAL
    failed = people.outcomes("user.item")
    assert {each.code for each in failed.values()} == {"write-error"} and len(failed) == 4
    assert people.requests("dynamodb:BatchWriteItem") == 4 + 2
    assert {each.kind for each in people.outcomes("group.item").values()} == {OutcomeKind.DONE}


def test_log_write_error_after_three_retries_of_a_failing_service(people: Storage) -> None:
    people.faults(rule("BatchWriteItem", people.table("groups"), error="InternalServerError", status=500))
    assert people.store().state is RunState.PARTIAL
    assert {each.code for each in people.outcomes("group.item").values()} == {"write-error"}
    assert people.requests("dynamodb:BatchWriteItem") == 1 + 4 + 1
    assert len(people.items("users")) == 4


def test_a_write_whose_answer_is_lost_is_found_and_counted(users: Storage) -> None:
    lost = rule("BatchWriteItem", users.table("users"), error="InternalServerError", status=500, after=True)
    users.faults(lost)
    assert users.store().state is RunState.COMPLETE
    assert {each.repeats for each in users.outcomes("user.item").values()} == {1}
    assert len(users.items("users")) == 4


def test_one_item_that_the_service_refuses_fails_alone(people: Storage) -> None:
    large = Record(GROUP, join_key("default", "Large"), canonical({"Description": "x" * 410_000}))
    people.contents[GROUP] = [people.contents[GROUP][0], large, people.contents[GROUP][1]]
    assert people.store().state is RunState.PARTIAL
    ended = {name: each.kind for name, each in people.outcomes("group.item").items()}
    assert ended == {
        "default#Data #1": OutcomeKind.DONE,
        "default#Large": OutcomeKind.FAILED,
        "default#Readers": OutcomeKind.DONE,
    }


def test_log_verification_warning_where_an_item_is_gone_or_changed(people: Storage) -> None:
    def meddle() -> None:
        (one, other, *_) = people.items("users")
        key = {name: one[name] for name in ("backup_id", "user_name")}
        people.dynamodb.delete_item(TableName=people.table("users"), Key=key)
        people.dynamodb.put_item(TableName=people.table("users"), Item={**other, "role": {"S": "ADMIN"}})

    people.meanwhile = meddle
    assert people.store().state is RunState.PARTIAL
    told = [finding.message for finding in people.findings(Severity.ERROR)]
    backup = people.bench.ledger.run("latest").snapshot
    assert told == [
        f"table {people.table('users')}: 1 items of backup {backup} are missing: default#person-000",
        f"table {people.table('users')}: 1 items of backup {backup} differ: default#person-001",
    ]


def test_scenario_3_permission_changes_a_revoked_permission_names_the_action(people: Storage) -> None:
    people.contents[USER] = [person(f"p-{number:03d}") for number in range(200)]
    people.faults(rule("BatchWriteItem", people.table("users"), deny=True))
    assert people.store().state is RunState.PARTIAL
    failed = people.outcomes("user.item").values()
    assert len(failed) == 200
    assert all("Allow dynamodb:BatchWriteItem" in each.advice for each in failed)
    # The operation stops for that table; what was under way at once may have asked, too.
    assert people.requests("dynamodb:BatchWriteItem") <= 4 + 2
    assert len(people.items("groups")) == 2


def test_scenario_4_storage_quota_exceeded_tells_usage_and_what_to_do(people: Storage) -> None:
    people.faults(
        rule("CreateTable", people.table("users"), error="LimitExceededException", message="Too many tables.")
    )
    assert people.store().state is RunState.PARTIAL
    failed = people.outcomes("table")[people.table("users")]
    assert failed.code == "storage-quota" and "Too many tables." in failed.reason
    assert "tables in the region" in failed.reason
    assert "quota increased" in failed.advice and "Clean up" in failed.advice


def test_a_full_item_collection_tells_the_table_s_size_and_items(people: Storage) -> None:
    error = "ItemCollectionSizeLimitExceededException"
    people.faults(rule("BatchWriteItem", people.table("groups"), error=error, message="Too large."))
    assert people.store().state is RunState.PARTIAL
    assert all(
        f"{people.table('groups')} has 0 items and" in each.reason
        for each in people.outcomes("group.item").values()
    )
