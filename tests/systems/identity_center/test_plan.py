"""What a restore plans, with the expected changes written out."""

from __future__ import annotations

from dataclasses import replace

from holdfast.domain.changes import ConflictStrategy, RestoreScope
from holdfast.domain.outcomes import Severity
from holdfast.kernel.canonical import plain
from holdfast.systems.identity_center.model import PolicyReference
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    BILLING,
    MERGE,
    OVERWRITE,
    READ_ONLY,
    SKIP,
    assigned,
    granted,
    group,
    member,
    planned,
    user,
    view,
)

WHOLE = (
    user("alice"),
    group("Admins", "Runs things"),
    member("Admins", "alice"),
    granted("Reader", managed=[READ_ONLY], tags={"team": "core"}, inline='{"Statement": []}'),
    assigned(ACCOUNT, "Reader", "GROUP", "Admins"),
)


def test_an_empty_service_gets_everything_in_order_of_dependency() -> None:
    plan = planned(view(*WHOLE), view())
    assert [(change.rank, change.name) for change in plan.changes] == [
        (0, "create user alice"),
        (0, "create group Admins"),
        (1, "create membership Admins / alice"),
        (1, "create permission_set Reader"),
        (3, "create permission_set.inline_policy Reader"),
        (3, f"create permission_set.managed_policy Reader / {READ_ONLY}"),
        (3, "create permission_set.tag Reader / team"),
        (5, f"create assignment {ACCOUNT} / Reader / GROUP / Admins"),
    ]
    assert plan.conflicts == []


def test_assignments_of_an_account_share_a_lane_and_facets_of_a_set_do() -> None:
    lanes = {change.type: change.lane for change in planned(view(*WHOLE), view()).changes}
    assert lanes["assignment"] == f"account {ACCOUNT}"
    assert lanes["permission_set.tag"] == lanes["permission_set"] == "permission_set Reader"
    assert lanes["user"] == "user alice"


def test_equal_sides_need_nothing() -> None:
    assert planned(view(*WHOLE), view(*WHOLE)).names == []


def test_layout_and_key_order_of_a_policy_are_no_difference() -> None:
    backup = view(
        granted("Reader", inline='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Sid": "A"}]}')
    )
    live = view(
        granted("Reader", inline='{"Statement":[{"Sid":"A","Effect":"Allow"}],\n"Version":"2012-10-17"}')
    )
    plan = planned(backup, live)
    assert plan.changes == []
    assert plan.conflicts == []


def test_user_names_that_differ_by_case_are_one_user() -> None:
    assert (
        planned(
            view(user("Alice", DisplayName="A")),
            view(user("alice", DisplayName="A", Name={"GivenName": "Alice", "FamilyName": "Example"})),
        ).names
        == []
    )


def test_ids_external_ids_and_account_names_are_no_difference() -> None:
    live = group("Admins", external_ids=(("https://idp.example.com", "7"),))
    assert planned(view(group("Admins")), view(live)).changes == []


def test_a_changed_permission_set_is_provisioned_again_where_it_is_assigned() -> None:
    backup = granted("Reader", managed=[READ_ONLY], session="PT4H")
    live = granted("Reader", managed=[BILLING], session="PT1H")
    used = (user("alice"), assigned(ACCOUNT, "Reader", "USER", "alice"))
    assert planned(view(backup, *used), view(live, *used)).names == [
        "update permission_set Reader",
        f"delete permission_set.managed_policy Reader / {BILLING}",
        f"create permission_set.managed_policy Reader / {READ_ONLY}",
        "update permission_set.provision Reader",
    ]
    assert "update permission_set.provision Reader" not in planned(view(backup), view(live)).names


def test_a_tag_alone_needs_no_provisioning() -> None:
    used = (user("alice"), assigned(ACCOUNT, "Reader", "USER", "alice"))
    plan = planned(
        view(granted("Reader", tags={"team": "core"}), *used),
        view(granted("Reader", tags={"team": "x"}), *used),
    )
    assert plan.names == ["update permission_set.tag Reader / team"]


def test_overwriting_makes_the_attachments_exactly_those_of_the_backup() -> None:
    boundary = PolicyReference("Limits", "/team/")
    live = granted(
        "Reader", customer=[boundary], boundary=boundary, tags={"new": "1"}, inline='{"Statement":[]}'
    )
    assert planned(view(granted("Reader")), view(live)).names == [
        "delete permission_set.boundary Reader",
        "delete permission_set.customer_policy Reader / /team/Limits",
        "delete permission_set.inline_policy Reader",
        "delete permission_set.tag Reader / new",
    ]


def test_merging_keeps_what_was_added_and_brings_back_what_was_lost() -> None:
    backup = granted("Reader", managed=[READ_ONLY], tags={"team": "core"}, session="PT4H")
    live = granted("Reader", managed=[BILLING], tags={"team": "x", "new": "1"}, description="kept")
    plan = planned(view(backup), view(live), MERGE)
    assert plan.names == [
        "update permission_set Reader",
        f"create permission_set.managed_policy Reader / {READ_ONLY}",
        "update permission_set.tag Reader / team",
    ]
    assert plain(plan.changes[0].after or b"") == {
        "Name": "Reader",
        "Description": "kept",
        "SessionDuration": "PT4H",
    }


def test_merging_a_user_fills_fields_and_empties_none() -> None:
    backup = user("alice", Title="Engineer", DisplayName="Alice Example")
    live = user(
        "alice",
        NickName="Al",
        DisplayName="Alice X",
        Name={"GivenName": "alice", "FamilyName": "Example", "MiddleName": "B"},
    )
    after = plain(planned(view(backup), view(live), MERGE).changes[0].after or b"")
    assert after == {
        "UserName": "alice",
        "DisplayName": "Alice Example",
        "NickName": "Al",
        "Title": "Engineer",
        "Name": {"GivenName": "alice", "FamilyName": "Example", "MiddleName": "B"},
    }


def test_overwriting_a_user_removes_fields_that_the_backup_lacks() -> None:
    plan = planned(view(user("alice")), view(user("alice", NickName="Al")))
    assert "NickName" not in plain(plan.changes[0].after or b"")


def test_skipping_leaves_a_record_that_differs_alone_and_still_creates_what_is_missing() -> None:
    backup = view(granted("Reader", managed=[READ_ONLY]), group("Admins", "old"), group("Gone"))
    live = view(granted("Reader"), group("Admins", "new"))
    plan = planned(backup, live, SKIP)
    assert plan.names == ["create group Gone"]
    assert [(c.type, c.key, c.resolution) for c in plan.conflicts] == [
        ("group", "Admins", ConflictStrategy.SKIP),
        ("permission_set", "Reader", ConflictStrategy.SKIP),
    ]


def test_overwriting_removes_extra_members_of_a_restored_group() -> None:
    people = (user("alice"), user("bob"), group("Admins"))
    backup, live = view(*people, member("Admins", "alice")), view(*people, member("Admins", "bob"))
    assert planned(backup, live).names == [
        "create membership Admins / alice",
        "delete membership Admins / bob",
    ]
    assert planned(backup, live, MERGE).names == ["create membership Admins / alice"]
    assert planned(backup, live, SKIP).names == ["create membership Admins / alice"]


def test_members_of_a_group_that_the_backup_lacks_stay() -> None:
    live = view(user("bob"), group("New"), member("New", "bob"))
    assert planned(view(user("bob")), live).names == []


def test_members_stay_when_memberships_were_left_out_of_scope_or_backup() -> None:
    people = (user("bob"), group("Admins"))
    live = view(*people, member("Admins", "bob"))
    assert planned(view(*people, without=["membership"]), live).names == []
    assert planned(view(*people, incomplete=["membership"]), live).names == []
    groups_only = replace(OVERWRITE, scope=RestoreScope(("user", "group")))
    assert planned(view(*people), live, groups_only).names == []


def test_top_level_records_are_deleted_only_when_asked() -> None:
    extra = view(*WHOLE)
    assert planned(view(), extra).names == []
    assert planned(view(), extra, replace(OVERWRITE, delete_extra=True)).names == [
        f"delete assignment {ACCOUNT} / Reader / GROUP / Admins",
        "delete membership Admins / alice",
        "delete permission_set.inline_policy Reader",
        f"delete permission_set.managed_policy Reader / {READ_ONLY}",
        "delete permission_set.tag Reader / team",
        "delete group Admins",
        "delete permission_set Reader",
        "delete user alice",
    ]


def test_a_backup_that_lacks_a_type_deletes_nothing_of_it() -> None:
    options = replace(OVERWRITE, delete_extra=True)
    plan = planned(view(without=["user", "group"]), view(*WHOLE), options)
    assert not [name for name in plan.names if " user " in name or " group " in name]
    assert plan.codes.count("left-out") == 2
    partly = planned(view(incomplete=["user"]), view(user("bob")), options)
    assert partly.names == []
    assert "incomplete" in partly.codes


def test_nothing_is_deleted_when_what_hangs_on_it_could_not_be_read() -> None:
    options = replace(OVERWRITE, delete_extra=True)
    plan = planned(view(), view(user("bob"), incomplete=["membership"]), options)
    assert plan.names == []
    assert "not-deleted" in plan.codes


def test_what_could_not_be_read_is_not_planned_and_said() -> None:
    plan = planned(view(*WHOLE), view(incomplete=["permission_set"]))
    assert not [name for name in plan.names if "permission_set" in name]
    assert [(f.severity, f.type) for f in plan.findings if f.code == "unreadable"] == [
        (Severity.ERROR, "permission_set")
    ]


def test_an_assignment_whose_principal_is_nowhere_is_an_error_and_not_planned() -> None:
    backup = view(granted("Reader"), assigned(ACCOUNT, "Reader", "USER", "ghost"))
    plan = planned(backup, view(granted("Reader")))
    assert plan.names == []
    assert [(f.severity, f.code) for f in plan.findings] == [(Severity.ERROR, "user-missing")]


def test_dependencies_of_a_selection_are_created_but_not_overwritten() -> None:
    scope = RestoreScope(("assignment",))
    live = view(group("Admins", "changed since"))
    plan = planned(view(*WHOLE), live, replace(OVERWRITE, scope=scope))
    assert plan.names == [
        "create permission_set Reader",
        "create permission_set.inline_policy Reader",
        f"create permission_set.managed_policy Reader / {READ_ONLY}",
        "create permission_set.tag Reader / team",
        f"create assignment {ACCOUNT} / Reader / GROUP / Admins",
    ]
    assert plan.conflicts == []


def test_a_selection_by_key_touches_that_record_alone() -> None:
    scope = RestoreScope(("group",), {"group": frozenset({"Two"})})
    backup = view(group("One"), group("Two"), group("Three"))
    assert planned(backup, view(), replace(OVERWRITE, scope=scope)).names == ["create group Two"]


def test_a_group_selected_by_name_brings_its_own_members_and_no_others() -> None:
    scope = RestoreScope(("group",), {"group": frozenset({"One"})})
    people = (user("alice"), user("bob"), group("One"), group("Two"))
    backup = view(*people, member("One", "alice"), member("Two", "alice"))
    live = view(user("bob"), group("One"), group("Two"), member("One", "bob"), member("Two", "bob"))
    assert planned(backup, live, replace(OVERWRITE, scope=scope)).names == [
        "create user alice",
        "create membership One / alice",
        "delete membership One / bob",
    ]
    only_extra = view(user("bob"), group("One"), member("One", "bob"))
    assert planned(view(user("bob"), group("One")), only_extra, replace(OVERWRITE, scope=scope)).names == [
        "delete membership One / bob"
    ]


def test_what_cannot_return_is_said() -> None:
    findings = planned(view(user("alice"), user("bob", UserStatus="DISABLED")), view()).findings
    assert [(f.severity, f.code, f.key) for f in findings] == [
        (Severity.WARNING, "cannot-return", "bob"),
        (Severity.NOTE, "cannot-return", ""),
    ]
    assert findings[1].message.startswith("2 users are created anew")


def test_a_description_that_the_api_cannot_empty_is_said_and_not_planned() -> None:
    plan = planned(
        view(granted("Reader")), view(granted("Reader", description="new", relay_state="https://example.com"))
    )
    assert plan.names == []
    assert [(f.code, f.message) for f in plan.findings] == [
        ("cannot-return", "The live description and relay state cannot be emptied through the API and stays.")
    ]
