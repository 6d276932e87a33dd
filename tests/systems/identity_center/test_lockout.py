"""A restore does not take away the access its operator works with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.domain.errors import Refused
from holdfast.domain.records import Record
from holdfast.kernel.system import PlanOptions
from holdfast.systems.identity_center.model import PolicyReference
from holdfast.systems.identity_center.restore.lockout import Operator, read_operator
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    ADMINISTRATOR,
    BILLING,
    OVERWRITE,
    READ_ONLY,
    assigned,
    granted,
    group,
    member,
    planned,
    user,
    view,
)

ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/Alice"
GUARDED = PlanOptions(OVERWRITE.scope, delete_extra=True, operator=ARN)
ADMIN = granted("Admin", managed=[ADMINISTRATOR])
GROUPED = (
    user("alice"),
    group("Admins"),
    member("Admins", "alice"),
    ADMIN,
    assigned(ACCOUNT, "Admin", "GROUP", "Admins"),
)
DIRECT = assigned(ACCOUNT, "Admin", "USER", "alice")


def refused(backup: tuple[Record, ...], live: tuple[Record, ...]) -> str:
    with pytest.raises(Refused) as caught:
        planned(view(*backup), view(*live), GUARDED)
    assert "--allow-lockout" in caught.value.advice
    return caught.value.rule.split("`")[1]


def test_a_session_of_identity_center_is_recognised() -> None:
    assert read_operator(ARN) == Operator(ACCOUNT, "Admin", "alice")
    assert read_operator(f"arn:aws:iam::{ACCOUNT}:user/Alice") is None
    assert read_operator(f"arn:aws:sts::{ACCOUNT}:assumed-role/Backup/session") is None


ALICE, ADMINS, MEMBERSHIP, _, ASSIGNMENT = GROUPED


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ((ADMINS, ADMIN, ASSIGNMENT), "delete user alice"),
        ((ALICE, ADMIN), f"delete assignment {ACCOUNT} / Admin / GROUP / Admins"),
        ((ALICE, ADMINS, ADMIN, ASSIGNMENT), "delete membership Admins / alice"),
        ((ALICE, ADMINS, MEMBERSHIP), "delete permission_set Admin"),
        ((ALICE, ADMINS, MEMBERSHIP, ADMIN), f"delete assignment {ACCOUNT} / Admin / GROUP / Admins"),
    ],
)
def test_removing_any_link_of_the_only_path_is_refused(kept: tuple[Record, ...], named: str) -> None:
    assert refused(kept, GROUPED) == named


def test_a_second_path_makes_the_first_dispensable() -> None:
    live = (*GROUPED, DIRECT)
    kept = (*GROUPED[:4], DIRECT)
    assert planned(view(*kept), view(*live), GUARDED).names == [
        f"delete assignment {ACCOUNT} / Admin / GROUP / Admins"
    ]
    assert refused(GROUPED[:4], live).startswith("delete assignment")


def test_access_that_the_plan_would_add_does_not_count() -> None:
    backup = (*GROUPED[:4], DIRECT)
    assert refused(backup, GROUPED) == f"delete assignment {ACCOUNT} / Admin / GROUP / Admins"


def test_other_peoples_access_may_go() -> None:
    others = (user("bob"), assigned(ACCOUNT, "Admin", "USER", "bob"))
    assert planned(view(*GROUPED), view(*GROUPED, *others), GUARDED).names == [
        f"delete assignment {ACCOUNT} / Admin / USER / bob",
        "delete user bob",
    ]


def test_a_path_that_cannot_be_seen_is_not_given_up() -> None:
    live = (user("alice"), group("Admins"), ADMIN, assigned(ACCOUNT, "Admin", "GROUP", "Admins"))
    assert refused(live[:3], live) == f"delete assignment {ACCOUNT} / Admin / GROUP / Admins"


def test_fewer_policies_are_refused_unless_the_set_stays_administrator() -> None:
    live = granted("Admin", managed=[READ_ONLY, BILLING])
    assert refused((granted("Admin", managed=[READ_ONLY]),), (live,)) == (
        f"delete permission_set.managed_policy Admin / {BILLING}"
    )
    administrator = granted("Admin", managed=[ADMINISTRATOR, BILLING])
    assert planned(view(ADMIN), view(administrator), GUARDED).names == [
        f"delete permission_set.managed_policy Admin / {BILLING}"
    ]


ALLOW = '{"Statement":[{"Effect":"Allow","Action":"a:*","Resource":"*"}]}'
BOTH = '{"Statement":[{"Effect":"Allow","Action":"a:*","Resource":"*"},{"Effect":"Allow","Action":"b:*","Resource":"*"}]}'
DENY = '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'


@pytest.mark.parametrize(
    ("backup", "live"),
    [
        (granted("Admin", inline=ALLOW), granted("Admin", inline=BOTH)),
        (granted("Admin"), granted("Admin", inline=ALLOW)),
        (granted("Admin", managed=[ADMINISTRATOR], inline=DENY), ADMIN),
        (granted("Admin", managed=[ADMINISTRATOR], boundary=PolicyReference("Limits")), ADMIN),
    ],
)
def test_a_narrower_policy_is_refused(backup: Record, live: Record) -> None:
    assert "permission_set." in refused((backup,), (live,))


def test_a_wider_policy_is_allowed() -> None:
    plan = planned(view(granted("Admin", inline=BOTH)), view(granted("Admin", inline=ALLOW)), GUARDED)
    assert plan.names == ["update permission_set.inline_policy Admin"]


def test_the_guard_can_be_waived() -> None:
    options = replace(GUARDED, allow_lockout=True)
    assert "delete permission_set Admin" in planned(view(), view(*GROUPED), options).names
