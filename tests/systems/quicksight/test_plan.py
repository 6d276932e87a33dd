"""What a restore decides, on records alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.domain.changes import Conflict, ConflictStrategy, RestoreScope
from holdfast.domain.errors import Refused
from holdfast.domain.records import Record
from holdfast.kernel.canonical import plain
from holdfast.kernel.system import PlanOptions
from holdfast.systems.quicksight.model import Asset
from holdfast.systems.quicksight.plan import plan
from holdfast.systems.quicksight.records.assets import asset_record
from holdfast.systems.quicksight.restore.closure import closure
from holdfast.systems.quicksight.restore.order import OF_THIS_RUN, invert
from holdfast.systems.quicksight.restore.overrides import Overrides, VpcConnectionOverride
from tests.systems.quicksight.estate_records import (
    EVERYTHING,
    HOME,
    changes,
    data_set,
    data_source,
    estate,
    findings,
    folder,
    group,
    membership,
    names,
    namespace,
    shown,
    user,
    view,
    without,
)

EMPTY = [namespace("default")]
ADMIN_SESSION = "arn:aws:sts::123456789012:assumed-role/Ops/ann"


def test_a_plan_from_a_state_to_itself_is_empty() -> None:
    assert changes(view(estate()), view(estate())) == []


def test_everything_is_made_after_what_it_rests_on() -> None:
    made = changes(view(estate()), view(EMPTY))
    assert names(made) == [
        "create user default / ann",
        "create user default / bob",
        "create group default / crew",
        "create membership default / crew / bob",
        "create data_source db",
        "create data_set sales",
        "create analysis draft",
        "create dashboard board",
        "create folder top",
        "create folder sub",
        "create analysis.tag draft / team",
        "create dashboard.permission board / group/default/crew",
        "create dashboard.permission board / user/default/ann",
        "create dashboard.tag board / team",
        "create folder.member sub / dashboard/board",
    ]
    assert [change.rank for change in made] == sorted(change.rank for change in made)


def test_a_dataset_over_another_dataset_comes_after_it() -> None:
    assets = [data_source("db"), data_set("a", "dataset/b"), data_set("b", "dataset/c"), data_set("c", "db")]
    made = changes(view([*EMPTY, *map(asset_record, assets)]), view(EMPTY))
    assert names(made)[1:] == ["create data_set c", "create data_set b", "create data_set a"]


def test_what_cannot_return_is_told_once_for_each_kind() -> None:
    told = {(item.type, item.message) for item in findings(view(estate()), view(EMPTY))}
    assert told == {
        ("user", "2 users are registered anew and must set a password: ann, bob."),
        ("data_source", "1 data source is made without credentials, which no backup holds: db."),
        ("data_set", "1 dataset in SPICE comes back without data."),
        ("analysis", "Bookmarks, alerts and subscriptions of people are in no backup."),
    }


def test_a_secret_for_a_data_source_is_all_it_lacks() -> None:
    given = Overrides(secrets={"db": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db"})
    assert "data_source" not in {item.type for item in findings(view(estate()), view(EMPTY), overrides=given)}


def test_overridden_networks_are_what_a_second_plan_compares_with() -> None:
    given = Overrides(vpc_connections={"net": VpcConnectionOverride(security_group_ids=("sg-9",))})
    net = Asset("vpc_connection", "net", {"vpcConnectionId": "net", "securityGroupIds": ["sg-1"]})
    held = view([*estate(), asset_record(net)])
    (change,) = changes(held, held, overrides=given)
    assert change.after is not None and b'"securityGroupIds":["sg-9"]' in change.after
    made = view([*estate(), asset_record(replace(net, member=plain(change.after)))])
    assert changes(held, made, overrides=given) == []


def test_an_asset_whose_source_can_not_be_made_is_left_with_all_that_rests_on_it() -> None:
    assets = [data_source("file", "FILE"), data_set("up", "file"), shown("dashboard", "board", "up")]
    wanted, present = view([*EMPTY, *map(asset_record, assets)]), view(EMPTY)
    assert changes(wanted, present) == []
    told = [(item.code, item.type, item.key) for item in findings(wanted, present)]
    assert told == [
        ("cannot-return-at-all", "data_source", "file"),
        ("cannot-return-at-all", "data_set", "up"),
        ("cannot-return-at-all", "dashboard", "board"),
    ]


def test_a_permission_of_nobody_is_told_and_not_planned() -> None:
    wanted = view(without(estate(), "ann", "bob"))
    assert "create dashboard.permission board / user/default/ann" not in names(changes(wanted, view(EMPTY)))
    told = [item.key for item in findings(wanted, view(EMPTY)) if item.code == "principal-missing"]
    assert told == [f"board\x1f{HOME}user/default/ann"]


def test_what_cannot_be_made_goes_into_no_folder() -> None:
    wanted = view([*EMPTY, asset_record(folder("top", (f"{HOME}topic/lost",)))])
    assert names(changes(wanted, view(EMPTY))) == ["create folder top"]
    (told,) = findings(wanted, view(EMPTY))
    assert (told.code, told.key) == ("member-missing", f"top\x1f{HOME}topic/lost")


LIVE_RIGHTS = {f"{HOME}user/default/bob": ("quicksight:DescribeDashboard",)}


def _changed() -> list[Record]:
    board = replace(shown("dashboard", "board", "sales", LIVE_RIGHTS), tags={"team": "red", "extra": "1"})
    changed = [*without(estate(), "board", "crew"), asset_record(board), group("crew", "others")]
    return [*changed, membership("crew", "ann")]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (
            ConflictStrategy.OVERWRITE,
            [
                "update group default / crew",
                "create dashboard.permission board / group/default/crew",
                "create dashboard.permission board / user/default/ann",
                "update dashboard.tag board / team",
                "delete dashboard.permission board / user/default/bob",
                "delete dashboard.tag board / extra",
                "delete membership default / crew / ann",
            ],
        ),
        (
            ConflictStrategy.MERGE,
            [
                "update group default / crew",
                "create dashboard.permission board / group/default/crew",
                "create dashboard.permission board / user/default/ann",
                "update dashboard.tag board / team",
            ],
        ),
        (ConflictStrategy.SKIP, []),
    ],
)
def test_a_conflict_is_decided_by_the_strategy(strategy: ConflictStrategy, expected: list[str]) -> None:
    options = replace(EVERYTHING, strategy=strategy)
    decided = list(plan(view(estate()), view(_changed()), options))
    assert names(changes(view(estate()), view(_changed()), options)) == expected
    assert [item.key for item in decided if isinstance(item, Conflict)] == ["default\x1fcrew", "board"]


def test_extras_go_only_when_asked_and_in_reverse_order() -> None:
    extra = [asset_record(folder("old", (f"{HOME}dashboard/board",))), user("eve"), membership("crew", "eve")]
    extra += [
        asset_record(shown("analysis", "scrap", "sales")),
        namespace("guests"),
        user("g", space="guests"),
    ]
    live = view([*estate(), *extra])
    assert names(changes(view(estate()), live)) == ["delete membership default / crew / eve"]
    options = replace(EVERYTHING, delete_extra=True)
    assert names(changes(view(estate()), live, options)) == [
        "delete folder.member old / dashboard/board",
        "delete analysis.tag scrap / team",
        "delete folder old",
        "delete analysis scrap",
        "delete membership default / crew / eve",
        "delete user default / eve",
        "delete user guests / g",
        "delete namespace guests",
    ]
    (note,) = (item for item in findings(view(estate()), live, options) if item.code == "recovery-window")
    assert note.message == "1 analysis is deleted with a recovery window of 30 days."


def test_what_no_rollback_gives_back_of_what_goes_is_told() -> None:
    live = view([*estate(), user("eve"), asset_record(data_source("old"))])
    told = findings(view(estate()), live, replace(EVERYTHING, delete_extra=True))
    assert [(item.type, item.message.partition(";")[0]) for item in told] == [
        ("user", "1 user will be deleted"),
        ("data_source", "1 data source will be deleted"),
    ]


def test_credentials_that_a_secret_replaces_are_told() -> None:
    given = Overrides(secrets={"db": "arn:aws:secretsmanager:x"})
    other = asset_record(replace(data_source("db"), member={**data_source("db").member, "name": "other"}))
    live = view([*without(estate(), "db"), other])
    (told,) = findings(view(estate()), live, overrides=given)
    assert (told.key, told.code) == ("db", "cannot-return")


def test_no_extras_go_when_the_backup_lacks_some() -> None:
    wanted = view(without(estate(), "draft"), incomplete=("analysis",))
    assert changes(wanted, view(estate()), replace(EVERYTHING, delete_extra=True)) == []


def test_one_dashboard_brings_what_it_rests_on_and_nobody() -> None:
    scope = RestoreScope(("dashboard",), {"dashboard": frozenset({"board"})})
    widened = closure(view(estate()), scope)
    assert {name: set(widened.keys[name]) for name in widened.types} == {
        "data_source": {"db"},
        "data_set": {"sales"},
        "dashboard": {"board"},
    }


def test_what_is_only_needed_is_not_changed() -> None:
    scope = RestoreScope(("dashboard",), {"dashboard": frozenset({"board"})})
    other = asset_record(replace(data_set("sales", "db"), tags={"kept": "1"}))
    assert changes(view(estate()), view([*without(estate(), "sales"), other]), PlanOptions(scope)) == []


def test_the_operators_own_user_is_not_deleted_or_weakened() -> None:
    live = user("Ops/ann", "ADMIN", IdentityType="IAM")
    others = [user("ann", "ADMIN"), *EMPTY]
    options = replace(EVERYTHING, delete_extra=True, operator=ADMIN_SESSION)
    with pytest.raises(Refused, match="delete user default / Ops/ann, and you work as this user"):
        changes(view(others), view([*others, live]), options)
    weaker = user("Ops/ann", "READER", IdentityType="IAM")
    with pytest.raises(Refused, match="you work as this user"):
        changes(view([*others, weaker]), view([*others, live]), options)
    assert changes(view(others), view([*others, live]), replace(options, allow_lockout=True)) != []


def test_the_last_administrator_stays() -> None:
    options = replace(EVERYTHING, operator="arn:aws:iam::123456789012:user/other")
    with pytest.raises(Refused, match="no administrator of this QuickSight account would be left"):
        changes(view([*EMPTY, user("ann", "READER")]), view([*EMPTY, user("ann", "ADMIN")]), options)


def test_undoing_goes_back_and_deletes_for_good_only_what_the_run_made() -> None:
    made = changes(view(estate()), view([*EMPTY, asset_record(data_source("db"))]))
    undoing = list(invert(made))
    assert names(undoing)[:2] == [
        "delete folder.member sub / dashboard/board",
        "delete analysis.tag draft / team",
    ]
    assert names(undoing)[-6:] == [
        "delete analysis draft",
        "delete data_set sales",
        "delete membership default / crew / bob",
        "delete group default / crew",
        "delete user default / ann",
        "delete user default / bob",
    ]
    assert {change.note for change in undoing if change.type == "analysis"} == {OF_THIS_RUN}


def test_an_uploaded_file_that_the_backup_left_out_is_not_deleted_as_extra() -> None:
    files = map(asset_record, (data_source("upload", "FILE"), data_set("rates", "upload")))
    live, options = view([*estate(), *files]), replace(EVERYTHING, delete_extra=True)
    assert changes(view(estate()), live, options) == []
    told = [(each.type, each.key) for each in findings(view(estate()), live, options)]
    assert told == [("data_source", "upload"), ("data_set", "rates")]
