"""What a plan needs in the accounts is worked out from the plan, and asked for once."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from botocore.exceptions import ClientError

from holdfast.domain.outcomes import Finding, Severity
from holdfast.domain.records import Record
from holdfast.kernel.ports import CallCount
from holdfast.systems.identity_center.clients.iam_client import IamClient
from holdfast.systems.identity_center.clients.organizations_gateway import Caller
from holdfast.systems.identity_center.model import PolicyReference
from holdfast.systems.identity_center.restore.compatibility import Organization
from holdfast.systems.identity_center.restore.prerequisites import prerequisites
from tests.systems.identity_center.small_company import (
    BILLING,
    MERGE,
    READ_ONLY,
    assigned,
    granted,
    group,
    planned,
    view,
)

HERE, SHOP, BANK, ATTIC = "123456789012", "111111111111", "222222222222", "333333333333"
DEPLOY, LIMIT, OLD = PolicyReference("Deploy", "/team/"), PolicyReference("Limit"), PolicyReference("Old")
G = group("G")


class Accounts:
    """IAM of every account: the session and all that it becomes by assuming roles. `has` are ARNs of policies."""

    region = "eu-north-1"

    def __init__(self, *has: str) -> None:
        self.has, self.asked = has, list[str]()
        self._lock = threading.Lock()

    def call(
        self, service: str, operation: str, parameters: Mapping[str, object], *, repeatable: bool = True
    ) -> Mapping[str, object]:
        arn = str(parameters["PolicyArn"])
        with self._lock:
            self.asked.append(arn)
        if arn not in self.has:
            raise ClientError({"Error": {"Code": "NoSuchEntity", "Message": "none"}}, operation)
        return {}

    def assuming(self, role: str) -> Accounts:
        return self

    def calls(self) -> CallCount:
        return CallCount(len(self.asked), 0, 0.0, ())


def policy(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:policy/{name}"


def found(
    accounts: Accounts, wanted: tuple[Record, ...], present: tuple[Record, ...], role: str = "R", **more: str
) -> list[Finding]:
    iam = IamClient(accounts, lambda: Caller(HERE, f"arn:aws:iam::{HERE}:user/a", ""), role)
    organization = Organization({HERE: "ACTIVE", SHOP: "ACTIVE", BANK: "ACTIVE", ATTIC: "SUSPENDED"}, **more)
    changes = planned(view(*wanted), view(*present)).changes
    return prerequisites(iam, lambda: organization, view(*present), changes, 4)


def test_a_new_assignment_needs_all_policies_of_its_set_and_each_is_asked_for_once() -> None:
    accounts = Accounts(policy(SHOP, "team/Deploy"))
    work = granted("Work", customer=[DEPLOY], boundary=LIMIT)
    again = granted("Again", customer=[DEPLOY])
    wanted = (G, work, again, assigned(SHOP, "Work", "GROUP", "G"), assigned(SHOP, "Again", "GROUP", "G"))
    (missing,) = found(accounts, wanted, (G,))
    assert (missing.severity, missing.code) == (Severity.ERROR, "missing-policy")
    assert f"/Limit is missing in account {SHOP}." in missing.message
    assert sorted(accounts.asked) == [policy(SHOP, "Limit"), policy(SHOP, "team/Deploy")]


def test_a_policy_attached_to_a_set_is_needed_where_the_set_is_assigned_and_nowhere_else() -> None:
    accounts = Accounts()
    given = assigned(SHOP, "Work", "GROUP", "G")
    present = (
        G,
        granted("Work", customer=[OLD]),
        given,
        granted("Other"),
        assigned(BANK, "Other", "GROUP", "G"),
    )
    (missing,) = found(accounts, (G, granted("Work", customer=[DEPLOY]), given), present)
    assert f"/team/Deploy is missing in account {SHOP}." in missing.message
    assert accounts.asked == [policy(SHOP, "team/Deploy")]


def test_what_a_role_of_the_account_uses_already_is_not_asked_for() -> None:
    accounts = Accounts()
    sets = (granted("Work", customer=[DEPLOY]), granted("Again", customer=[DEPLOY]))
    present = (G, *sets, assigned(SHOP, "Work", "GROUP", "G"))
    assert found(accounts, (*present, assigned(SHOP, "Again", "GROUP", "G")), present) == []
    assert accounts.asked == []


def test_a_policy_that_the_plan_detaches_is_not_needed() -> None:
    accounts = Accounts()
    wanted = (G, granted("Work"), assigned(BANK, "Work", "GROUP", "G"))
    present = (G, granted("Work", customer=[OLD], boundary=LIMIT))
    assert found(accounts, wanted, present) == []
    assert [each.severity for each in found_merging(accounts, wanted, present)] == [Severity.ERROR] * 2


def found_merging(
    accounts: Accounts, wanted: tuple[Record, ...], present: tuple[Record, ...]
) -> list[Finding]:
    """The same where nothing is detached."""
    iam = IamClient(accounts, lambda: Caller(HERE, f"arn:aws:iam::{HERE}:user/a", ""), "R")
    changes = planned(view(*wanted), view(*present), MERGE).changes
    return prerequisites(iam, lambda: Organization({BANK: "ACTIVE"}), view(*present), changes, 4)


def test_managed_policies_are_looked_up_when_no_set_has_them_yet() -> None:
    accounts = Accounts()
    wanted = (granted("A", managed=[READ_ONLY]), granted("B", boundary=BILLING))
    (missing,) = found(accounts, wanted, (granted("C", managed=[READ_ONLY]),))
    assert missing.message == f"AWS has no managed policy {BILLING} here."
    assert accounts.asked == [BILLING]


def test_no_role_means_that_no_member_account_is_looked_into() -> None:
    accounts = Accounts()
    wanted = (G, granted("Work", customer=[DEPLOY]), assigned(SHOP, "Work", "GROUP", "G"))
    assert found(accounts, wanted, (G,), role="") == []
    assert accounts.asked == []


def test_assignments_to_be_made_where_they_fail_are_errors_and_those_that_exist_are_none() -> None:
    sets = (G, granted("Work"))
    there = (*sets, *(assigned(account, "Work", "GROUP", "G") for account in (ATTIC, HERE)))
    assert found(Accounts(), there, there, out_of_reach=HERE) == []
    refused = found(Accounts(), there, sets, out_of_reach=HERE)
    assert [(each.severity, each.code) for each in refused] == [
        (Severity.ERROR, "inactive-account"),
        (Severity.ERROR, "management-account"),
    ]


def test_more_permission_sets_than_the_default_quotas_are_a_warning() -> None:
    names = [f"S{number:04d}" for number in range(2001)]
    sets = tuple(granted(name) for name in names)
    given = tuple(assigned(SHOP, name, "GROUP", "G") for name in names[:251])
    instance, account = found(Accounts(), (G, *sets, *given), (G,))
    assert (instance.severity, account.severity) == (Severity.WARNING, Severity.WARNING)
    assert "The instance would have 2,001 permission sets" in instance.message
    assert f"Account {SHOP} would have 251 permission sets" in account.message
