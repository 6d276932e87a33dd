"""What commands say: one JSON document under `--json`, the reason first, the way on after a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.sandbox.portrait import Portrait
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk


@pytest.mark.parametrize("words", [("init",), ("vault", "init")])
def test_a_new_vault_is_one_json_object(desk: Desk, words: tuple[str, ...]) -> None:
    made = desk.run(*words, "--json").json
    assert made["location"] == str(desk.folder / ".holdfast" / "vault")
    assert made["can_erase"] is True
    assert (desk.folder / made["key_location"]).is_file()


def test_a_deleted_backup_is_one_json_array(desk: Desk, backed_up: str) -> None:
    deleted = desk.run("backups", "delete", backed_up, "--yes", "--force", "--json")
    assert [info["id"] for info in deleted.json] == [backed_up]


def test_deleting_asks_at_a_terminal_only(desk: Desk, backed_up: str) -> None:
    refused = desk.process("backups", "delete", backed_up, "--force")
    assert (refused.code, refused.out) == (4, "")
    assert "--yes" in refused.err


def test_a_sandbox_speaks_json_from_start_to_stop(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    started = desk.process("sandbox", "start", "--detach", "--scale", "empty", "--json").json
    environment = desk.process("sandbox", "env", "--json").json
    stopped = desk.process("sandbox", "stop", "--json").json
    assert environment["AWS_ENDPOINT_URL"] == started["url"] == stopped["url"]
    assert environment["AWS_REGION"] == "us-east-1"


def test_a_drill_says_first_what_did_not_return_and_counts_no_calls_to_the_service(
    desk: Desk, backed_up: str, sandbox: SandboxServer
) -> None:
    before = sandbox.status().requests_total
    drill = desk.run("backups", "drill", "latest")
    assert drill.code == 3
    first, second = drill.out.splitlines()[:2]
    assert first.startswith("drill of identity_center: partial in ")
    assert second.startswith(
        "Partial because of user bruno.ferrari (impossible): The user was disabled; no API"
    )
    assert sandbox.status().requests_total == before
    assert "0 sent" not in drill.out
    assert "calls, none to the service" in drill.out


def test_the_estimate_follows_the_pace_that_is_set(desk: Desk, backed_up: str, admin: Administrator) -> None:
    admin.delete_group("Data Engineers")
    said = ("identity-center", "preview", "latest", "--only", "group:Data Engineers", "--json")
    slow = desk.run(*said, HOLDFAST_AWS_REQUESTS_PER_SECOND="10").json["estimated_seconds"]
    fast = desk.run(*said, HOLDFAST_AWS_REQUESTS_PER_SECOND="100000").json["estimated_seconds"]
    assert slow > fast


def test_two_backups_are_compared_by_their_ids(desk: Desk, backed_up: str) -> None:
    second = desk.backup()
    told = desk.run("identity-center", "diff", backed_up, "latest").out
    assert told == f"{backed_up} and {second} hold the same.\n"


def test_a_comparison_says_what_a_backup_leaves_out(desk: Desk, backed_up: str, admin: Administrator) -> None:
    users = desk.backup("--resources", "users")
    admin.delete_group("Data Engineers")
    live = desk.run("identity-center", "diff", users, "--json")
    assert live.json == []
    lacking = "group, membership, permission_set, assignment, instance, access_control_attributes"
    assert f"because {users} leaves it out: {lacking}, trusted_token_issuer, application" in live.err
    assert f"because {users} leaves it out: group" in desk.run("identity-center", "diff", users).out


def test_an_incremental_backup_says_what_changed_since(desk: Desk, admin: Administrator) -> None:
    users = desk.backup("--resources", "users")
    admin.delete_user(next(iter(admin.users())))
    second = desk.run("identity-center", "backup", "--type", "incremental", "--json").json
    told = {found["type"]: found["message"] for found in second["findings"]}
    assert told["user"] == f"1 removed since backup {users}"
    assert told["group"] == f"not in backup {users}, so what changed since is not known"
    third = desk.run("identity-center", "backup", "--type", "incremental", "--json").json
    assert {found["message"] for found in third["findings"]} == {
        f"nothing changed since backup {second['snapshot']}"
    }


def test_two_installations_on_one_vault_each_have_a_whole_audit_trail(
    desk: Desk, backed_up: str, tmp_path: Path
) -> None:
    vault, key = desk.folder / ".holdfast" / "vault", desk.folder / ".holdfast" / "vault.key"
    second = Desk(tmp_path / "second", desk.environment)
    second.folder.mkdir()
    second.write("holdfast.toml", f'[vault]\nlocation = "{vault}"\nkey_file = "{key}"\n')
    second.backup()
    for one in (desk, second):
        verdict = one.run("audit", "verify", "--json")
        assert (verdict.code, verdict.json["problems"]) == (0, [])
        assert verdict.json["snapshots_of_other_installations"] == 1


def test_a_new_audit_key_does_not_hide_what_this_ledgers_runs_anchored(desk: Desk, backed_up: str) -> None:
    (desk.folder / ".holdfast" / "audit.key").write_bytes(bytes(32))
    assert desk.run("audit", "verify").code == 5


def test_an_empty_company_is_verified_as_read(desk: Desk, sandbox: SandboxServer) -> None:
    sandbox.load(Portrait("111122223333"))
    desk.backup()
    assert "Everything that was read is as it was written." in desk.run("backups", "verify", "latest").out


@pytest.mark.parametrize("words", [("runs", "list"), ("audit", "list")])
def test_a_limit_below_nothing_is_a_usage_error(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run(*words, "--limit", "-3").code == 2


def test_an_unknown_record_is_refused_without_a_run_to_resume(desk: Desk, backed_up: str) -> None:
    answer = desk.run("identity-center", "restore", "latest", "--only", "group:Nope", "--json")
    assert (answer.code, answer.error["code"]) == (2, "not-found")
    assert "resume" not in answer.err
    assert json.loads(desk.run("runs", "list", "--json").out)[0]["state"] == "refused"


def test_prompting_without_a_terminal_is_refused_before_anything_is_read(
    desk: Desk, backed_up: str, sandbox: SandboxServer
) -> None:
    before = sandbox.status().requests_total
    answer = desk.process("identity-center", "restore", "latest", "--conflict-strategy", "prompt")
    assert (answer.code, sandbox.status().requests_total) == (4, before)
    assert "terminal" in answer.err


def test_a_failed_init_says_how_to_go_on_the_second_time_too(desk: Desk) -> None:
    failed = desk.run("init", "--passphrase-env", "HOUSE_WORD")
    assert failed.code == 10
    assert "holdfast vault init" in failed.err
    again = desk.run("init", "--passphrase-env", "HOUSE_WORD")
    assert again.code == 4
    assert "holdfast vault init" in again.err
    assert desk.run("vault", "init", HOUSE_WORD="correct horse battery").code == 0


def test_a_check_of_the_vault_says_that_it_did_not_read_records(desk: Desk, backed_up: str) -> None:
    assert "Their records were not read" in desk.run("vault", "check").out
    assert "Everything that was read is as it was written." in desk.run("vault", "check", "--read-data").out
