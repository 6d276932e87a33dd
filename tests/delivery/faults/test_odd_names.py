"""Names and sizes at the edges of what the service takes: backed up, lost, restored, the same as before."""

from __future__ import annotations

import json

import msgspec
import pytest

from holdfast.sandbox.company_names import MANAGED
from holdfast.sandbox.portrait import (
    AccountPortrait,
    AssignmentPortrait,
    GroupPortrait,
    MembershipPortrait,
    PermissionSetPortrait,
    PolicyPortrait,
    Portrait,
)
from holdfast.sandbox.server import SandboxServer
from tests.simulators.administrator import Administrator
from tests.simulators.desk import Desk

MANAGEMENT = "123456789012"
ACCOUNT = "210987654321"
NAMES = (
    "Ünïcödé",
    "e\u0301te\u0301",  # combining accents, not the composed letters
    "\u00e9t\u00e9",  # the composed ones: another name
    "مجموعة المشرفين",  # right to left
    "קבוצה",
    "管理者グループ",
    "🚀 Launch 🇪🇺 👍🏽",
    "slash/and:colon / and spaces",
    "quote\"'`$(x)",
    "ß straße",
    "İstanbul ıI",
    "a" * 128,
)


def user(name: str, **more: object) -> dict[str, object]:
    return {"UserName": name, "DisplayName": name, "Name": {"GivenName": name, "FamilyName": name}, **more}


def accounts(*policies: str) -> tuple[AccountPortrait, ...]:
    return (
        AccountPortrait(MANAGEMENT, "Management", "m@example.com", policies=policies),
        AccountPortrait(ACCOUNT, "Work", "w@example.com", policies=policies),
    )


def settle_on(sandbox: SandboxServer, portrait: Portrait) -> tuple[Portrait, Administrator]:
    """The company as the sandbox draws it once loaded, and an administrator of it."""
    sandbox.load(portrait)
    return sandbox.dump(), Administrator(sandbox)


def lose_and_restore(desk: Desk, sandbox: SandboxServer, admin: Administrator) -> None:
    backup = desk.backup()
    admin.wipe()
    restored = desk.restore()
    assert restored.code == 0, [each["reason"] for each in restored.json["failures"]]
    again = desk.run("identity-center", "preview", backup, "--json")
    assert again.json["changes_total"] == 0


def test_names_of_every_script_come_back_letter_by_letter(desk: Desk, sandbox: SandboxServer) -> None:
    people = [name.replace(" ", "_") for name in NAMES]  # a user name has no spaces
    users = tuple(user(name) for name in people)
    groups = tuple(GroupPortrait(name, description=f"of {name}") for name in NAMES)
    members = tuple(MembershipPortrait(name, other) for name in NAMES for other in people[:3])
    sets = (PermissionSetPortrait("Read+Only=a,b.c@d-e_f", description="für Ñandú äöü"),)
    held = tuple(AssignmentPortrait(ACCOUNT, sets[0].name, "GROUP", name) for name in NAMES)
    company, admin = settle_on(
        sandbox, Portrait(MANAGEMENT, "us-east-1", accounts(), users, groups, members, sets, held)
    )
    lose_and_restore(desk, sandbox, admin)
    assert sandbox.dump() == company


def test_one_record_with_an_odd_name_can_be_named_on_the_command_line(
    desk: Desk, sandbox: SandboxServer
) -> None:
    groups = tuple(GroupPortrait(name) for name in NAMES)
    _, admin = settle_on(sandbox, Portrait(MANAGEMENT, "us-east-1", accounts(), groups=groups))
    desk.backup()
    admin.wipe()
    wanted = [name for name in NAMES if " / " not in name]
    for name in wanted:
        restored = desk.restore("--only", f"group:{name}")
        assert restored.code == 0, restored
    assert {group.name for group in sandbox.dump().groups} == set(wanted)


def test_names_that_differ_by_case_alone_stay_apart_where_the_service_keeps_them_apart(
    desk: Desk, sandbox: SandboxServer
) -> None:
    sets = (
        PermissionSetPortrait("Readers", description="one"),
        PermissionSetPortrait("READERS", description="two"),
    )
    tags = {"Owner": "a", "owner": "b", "OWNER": "c"}
    policies = ("/Team", "/team", "/path/Team")
    limited = PermissionSetPortrait(
        "Limits", customer_policies=(PolicyPortrait("Team"), PolicyPortrait("team"), PolicyPortrait("Team", "/path/")),
        tags=tags,
    )  # fmt: skip
    groups = (GroupPortrait("Ops"), GroupPortrait("Ops "), GroupPortrait("0ps"))
    users = (user("anna"), user("Bert@Example.com"))
    members = (MembershipPortrait("Ops", "Bert@Example.com"),)
    company, admin = settle_on(
        sandbox,
        Portrait(MANAGEMENT, "us-east-1", accounts(*policies), users, groups, members, (*sets, limited)),
    )
    lose_and_restore(desk, sandbox, admin)
    assert sandbox.dump() == company


def test_a_user_recreated_in_another_case_is_the_same_user(desk: Desk, sandbox: SandboxServer) -> None:
    groups, members = (GroupPortrait("Ops"),), (MembershipPortrait("Ops", "Bert"),)
    _, admin = settle_on(
        sandbox, Portrait(MANAGEMENT, "us-east-1", accounts(), (user("Bert"),), groups, members)
    )
    desk.backup()
    admin.wipe()
    admin.ids.create_user(
        IdentityStoreId=admin.store,
        UserName="BERT",
        DisplayName="Bert",
        Name={"GivenName": "Bert", "FamilyName": "Bert"},
    )
    restored = desk.restore()
    assert restored.code == 0, restored
    now = sandbox.dump()
    assert len(now.users) == 1
    assert [(each.group, each.user.casefold()) for each in now.memberships] == [("Ops", "bert")]
    assert desk.restore().json["changes"] == []


def test_a_group_of_more_than_a_thousand_members_is_captured_and_restored_whole(
    desk: Desk, sandbox: SandboxServer
) -> None:
    names = [f"user-{number:04d}" for number in range(1_012)]
    members = tuple(MembershipPortrait("Everybody", name) for name in names)
    company, admin = settle_on(
        sandbox,
        Portrait(
            MANAGEMENT,
            "us-east-1",
            accounts(),
            tuple(map(user, names)),
            (GroupPortrait("Everybody"),),
            members,
        ),
    )
    desk.backup()
    admin.delete_group("Everybody")
    restored = desk.restore("--resources", "groups")
    assert restored.code == 0, restored
    assert {each["type"]: each["count"] for each in restored.json["changes"]}["membership"] == 1_012
    assert sandbox.dump() == company


def test_an_empty_directory_is_a_complete_backup_of_nothing(desk: Desk, sandbox: SandboxServer) -> None:
    empty, _ = settle_on(sandbox, Portrait(MANAGEMENT, "us-east-1", accounts()))
    backup = desk.backup()
    shown = desk.run("backups", "show", backup, "--json").json[0]
    assert shown["complete"] is True
    assert {section["type"]: section["count"] for section in shown["sections"]} == {
        "user": 0, "group": 0, "membership": 0, "permission_set": 0, "assignment": 0,
        "instance": 1, "access_control_attributes": 0,
        "trusted_token_issuer": 0, "application": 0, "application_assignment": 0,
    }  # fmt: skip
    assert desk.run("backups", "verify", backup).code == 0
    restored = desk.restore()
    assert (restored.code, restored.json["changes"]) == (0, [])
    assert sandbox.dump() == empty


def test_an_empty_backup_deletes_a_full_directory_only_when_told_to(
    desk: Desk, sandbox: SandboxServer
) -> None:
    settle_on(sandbox, Portrait(MANAGEMENT, "us-east-1", accounts()))
    desk.backup()
    full, _ = settle_on(
        sandbox, Portrait(MANAGEMENT, "us-east-1", accounts(), (user("anna"),), (GroupPortrait("Ops"),))
    )
    assert desk.restore().code == 0
    assert sandbox.dump() == full
    assert desk.restore("--delete-extra").code == 0
    assert (sandbox.dump().users, sandbox.dump().groups) == ((), ())


def at_its_limits() -> PermissionSetPortrait:
    """Every quota of the service filled: 32, 700 and 10,240 characters, 20 policies, 50 tags, 12 hours."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
    }
    bare = len(json.dumps(policy, separators=(",", ":")))
    policy["Statement"][0]["Sid"] = "S" * (10_240 - bare)  # type: ignore[index]
    text = json.dumps(policy, indent=1)
    assert len("".join(text.split())) == 10_240
    return PermissionSetPortrait(
        name="L" * 32,
        description="d" * 700,
        session="PT12H",
        relay_state="https://console.aws.amazon.com/" + "r" * 209,
        inline_policy=text,
        managed_policies=MANAGED[:10],
        customer_policies=tuple(
            PolicyPortrait(f"Customer{number:02d}", "/deep/path/") for number in range(10)
        ),
        boundary=PolicyPortrait("Boundary", "/deep/path/"),
        tags={f"key-{number:02d}-" + "k" * 121: "v" * 256 for number in range(50)},
    )


def test_a_permission_set_at_every_limit_comes_back_byte_for_byte(desk: Desk, sandbox: SandboxServer) -> None:
    limits = at_its_limits()
    policies = tuple(
        f"{each.path}{each.name}"
        for each in (*limits.customer_policies, PolicyPortrait("Boundary", "/deep/path/"))
    )
    portrait = Portrait(
        MANAGEMENT, "us-east-1", accounts(*policies), (user("anna"),), permission_sets=(limits,)
    )
    held = (AssignmentPortrait(ACCOUNT, limits.name, "USER", "anna"),)
    company, admin = settle_on(sandbox, msgspec.structs.replace(portrait, assignments=held))
    lose_and_restore(desk, sandbox, admin)
    assert sandbox.dump() == company


def test_an_assignment_whose_principal_is_gone_is_told_and_not_stored(
    desk: Desk, sandbox: SandboxServer, admin: Administrator
) -> None:
    principal = next(each for each in sandbox.dump().assignments if each.kind == "GROUP")
    before = len(sandbox.dump().assignments)
    lost = sum(
        (each.kind, each.principal) == ("GROUP", principal.principal) for each in sandbox.dump().assignments
    )
    admin.delete_group(principal.principal)
    taken = desk.run(
        "identity-center", "backup", "--json", HOLDFAST_IDENTITY_CENTER_ASSIGNMENTS_BY="permission_set"
    )
    tally = next(each for each in taken.json["items"] if each["type"] == "assignment")
    held = sandbox.engine.status().objects["assignments"]
    assert tally["done"] == before - lost
    assert tally["done"] + tally["impossible"] == held
    orphans = [each for each in taken.json["failures"] if each["type"] == "assignment"]
    assert len(orphans) == held - (before - lost)
    assert taken.code == (3 if orphans else 0)
    company = sandbox.dump()
    assert desk.restore().code == 0
    assert sandbox.dump() == company


@pytest.mark.parametrize("name", ["ctrl\x1b[31mred", "bidi\u202eevil"])
def test_names_that_would_play_tricks_on_a_terminal_are_spelled_out(
    desk: Desk, sandbox: SandboxServer, name: str
) -> None:
    settle_on(sandbox, Portrait(MANAGEMENT, "us-east-1", accounts(), groups=(GroupPortrait(name),)))
    desk.backup()
    Administrator(sandbox).wipe()
    shown = [desk.run("identity-center", "preview", "latest"), desk.run("identity-center", "diff", "latest")]
    # The service takes no such characters in a new name, so the creation fails and is told.
    shown.append(desk.run("identity-center", "restore", "latest"))
    assert [answer.code for answer in shown] == [0, 0, 3]
    for answer in shown:
        assert "ctrl\\x1b[31mred" in answer.out or "bidi\\u202eevil" in answer.out
        assert name not in answer.out + answer.err
        assert "\x1b" not in answer.out + answer.err
