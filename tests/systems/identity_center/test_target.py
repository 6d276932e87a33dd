"""Restoring against the sandbox: what is put back is what was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec
import pytest

from holdfast.domain.errors import RemoteUnavailable
from holdfast.domain.outcomes import OutcomeKind
from holdfast.domain.records import join_key
from holdfast.kernel.canonical import canonical
from holdfast.sandbox.company_applications import MANAGED_NAME, SAML_NAME
from holdfast.sandbox.faults import FaultRule
from holdfast.sandbox.portrait import InstancePortrait, PermissionSetPortrait, Portrait
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.model import ASSIGNMENT, GRANT, GROUP, PERMISSION_SET, USER
from holdfast.systems.identity_center.restore.application_facets import grant_value
from holdfast.systems.identity_center.restore.facets import assignment_value, group_value, membership_value
from holdfast.systems.identity_center.restore.order import make_change
from tests.systems.identity_center.restored import DELETING, Restorer

OTHERS = (MANAGED_NAME, SAML_NAME)


def restorable(portrait: Portrait) -> Portrait:
    """What an API can put back: no status and no external ids. The order of redirect URIs means nothing."""
    users = tuple(
        {k: v for k, v in user.items() if k not in ("UserStatus", "ExternalIds")} for user in portrait.users
    )
    groups = tuple(msgspec.structs.replace(group, external_ids=()) for group in portrait.groups)
    applications = tuple(
        msgspec.structs.replace(each, redirect_uris=tuple(sorted(each.redirect_uris)))
        for each in portrait.applications
    )
    return msgspec.structs.replace(portrait, users=users, groups=groups, applications=applications)


def emptied(portrait: Portrait, *, described: bool = False) -> Portrait:
    """What no restore makes: accounts, applications of other services without anything on them, and a name."""
    others = tuple(
        msgspec.structs.replace(each, description=each.description if described else "", assigned=(), tags={})
        for each in portrait.applications
        if each.name in OTHERS
    )
    return Portrait(
        portrait.management_account,
        portrait.region,
        portrait.accounts,
        instance=InstancePortrait("fresh"),
        applications=others,
        quicksight=portrait.quicksight,
    )


def test_everything_comes_back_into_an_empty_instance(sandbox: SandboxServer, restorer: Restorer) -> None:
    before = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(emptied(before))
    outcomes = restorer.restore(wanted)
    assert [f"{name}: {each}" for name, each in outcomes.items() if each.kind is not OutcomeKind.DONE] == []
    assert restorable(sandbox.dump()) == restorable(before)
    assert restorer.plan(wanted).names == []
    assert sandbox.status().outstanding_peak <= 10


def test_a_restored_instance_can_be_emptied_again(sandbox: SandboxServer, restorer: Restorer) -> None:
    before = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(emptied(before))
    done = restorer.plan(wanted).changes
    restorer.apply(done)
    undone = restorer.apply(list(restorer.target.invert(done)))
    # The API empties no application's description: the one that came back stays.
    left = {name: outcome.code for name, outcome in undone.items() if outcome.kind is not OutcomeKind.DONE}
    assert left == {"update application QuickSight": "cannot-return"}
    assert sandbox.dump() == emptied(before, described=True)


def test_what_no_call_can_set_is_not_tried_and_is_no_success(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    name, nothing = canonical({"Name": "Shop"}), canonical({})
    sandbox.load(msgspec.structs.replace(sandbox.dump(), instance=InstancePortrait("Shop")))
    outcome = restorer.apply([make_change("instance", "instance", name, nothing)])["update instance instance"]
    assert (outcome.kind, outcome.code) == (OutcomeKind.IMPOSSIBLE, "cannot-return")
    assert sandbox.changes() == []


def test_what_one_call_can_set_only_in_part_is_set_and_no_success(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    described = PermissionSetPortrait("Look", description="Looks", session="PT4H")
    sandbox.load(msgspec.structs.replace(sandbox.dump(), permission_sets=(described,), assignments=()))
    now = canonical({"Name": "Look", "Description": "Looks", "SessionDuration": "PT4H"})
    wanted = canonical({"Name": "Look", "SessionDuration": "PT1H"})
    done = restorer.apply([make_change("permission_set", "Look", now, wanted)])
    outcome = done["update permission_set Look"]
    assert (outcome.kind, outcome.code) == (OutcomeKind.IMPOSSIBLE, "cannot-return")
    assert sandbox.dump().permission_sets == (msgspec.structs.replace(described, session="PT1H"),)


def test_present_reads_back_what_was_applied(sandbox: SandboxServer, restorer: Restorer) -> None:
    wanted = restorer.capture()
    sandbox.load(emptied(sandbox.dump()))
    changes = restorer.plan(wanted).changes
    there = [
        change.before if change.key in OTHERS or change.type == "instance" else None for change in changes
    ]
    assert restorer.values(changes) == there
    restorer.apply(changes)
    assert restorer.values(changes) == [change.after for change in changes]


def _damaged_user(user: Mapping[str, object]) -> dict[str, object]:
    if user["UserName"] != "ada.lindqvist":
        return dict(user)
    kept = {name: value for name, value in user.items() if name not in ("Emails", "Addresses", "Timezone")}
    extension = {"aws:identitystore:enterprise": {"department": "Elsewhere"}}
    name = {"GivenName": "Ada", "FamilyName": "Other", "MiddleName": "Maria"}
    return {**kept, "DisplayName": "X", "NickName": "Y", "Name": name, "Extensions": extension}


def damaged(portrait: Portrait) -> Portrait:
    """One user changed in every way, one group gone with its members, every part of two permission sets changed."""
    users = tuple(map(_damaged_user, portrait.users))
    gone = portrait.groups[0].name
    sets = tuple(
        msgspec.structs.replace(
            granted,
            session="PT2H",
            inline_policy='{"Version":"2012-10-17","Statement":[]}',
            managed_policies=("arn:aws:iam::aws:policy/job-function/Billing",),
            customer_policies=(),
            boundary=None,
            boundary_arn="arn:aws:iam::aws:policy/PowerUserAccess",
            tags={"damaged": "yes"},
        )
        for granted in portrait.permission_sets[:3]
    )
    return msgspec.structs.replace(
        portrait,
        users=users,
        groups=portrait.groups[1:],
        memberships=tuple(each for each in portrait.memberships if each.group != gone),
        permission_sets=(*sets, *portrait.permission_sets[3:]),
        assignments=tuple(each for each in portrait.assignments if each.principal != gone),
        applications=tuple(
            msgspec.structs.replace(each, assigned=tuple(to for to in each.assigned if to[1] != gone))
            for each in portrait.applications
        ),
    )


def test_damage_is_undone_and_the_repair_can_be_undone_too(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    before = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(damaged(before))
    changes = restorer.plan(wanted).changes
    outcomes = restorer.apply(changes)
    assert [f"{name}: {each}" for name, each in outcomes.items() if each.kind is not OutcomeKind.DONE] == []
    assert restorable(sandbox.dump()) == restorable(before)
    assert restorer.plan(wanted).names == []
    restorer.apply(list(restorer.target.invert(changes)))
    assert restorable(sandbox.dump()) == restorable(damaged(before))


def test_extra_records_go_when_asked(sandbox: SandboxServer, restorer: Restorer) -> None:
    before = sandbox.dump()
    few = msgspec.structs.replace(
        before,
        users=before.users[1:],
        memberships=tuple(m for m in before.memberships if m.user != before.users[0]["UserName"]),
        assignments=tuple(a for a in before.assignments if a.principal != before.users[0]["UserName"])[:3],
    )
    sandbox.load(few)
    wanted = restorer.capture()
    sandbox.load(before)
    assert {outcome.kind for outcome in restorer.restore(wanted, DELETING).values()} == {OutcomeKind.DONE}
    assert sandbox.dump() == few


def missing_policy(sandbox: SandboxServer) -> tuple[str, str]:
    """An account that lacks the policies which a permission set refers to, and that set."""
    portrait = sandbox.dump()
    bare = next(each for each in portrait.accounts if each.name == "legacy-datacenter")
    needy = next(each for each in portrait.permission_sets if each.boundary is not None)
    return bare.id, needy.name


def test_an_assignment_that_fails_after_its_start_is_a_failure_with_the_policy_to_create(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    account, permission_set = missing_policy(sandbox)
    group = sandbox.dump().groups[0].name
    key = "\x1f".join((account, permission_set, "GROUP", group))
    change = make_change(ASSIGNMENT, key, None, assignment_value(key))
    (outcome,) = restorer.target.apply([change], restorer.requests.append)
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "async-failed")
    assert "404" in outcome.reason
    assert outcome.advice == (
        f"Create the customer-managed policy /boundaries/DeveloperBoundary in account {account}, then resume the run."
    )
    assert len(set(restorer.requests)) == 1
    assert restorer.values([change]) == [None]


def test_another_change_of_the_account_is_waited_for(sandbox: SandboxServer, restorer: Restorer) -> None:
    busy = FaultRule(
        operation="CreateAccountAssignment",
        error="ConflictException",
        message="Another operation is in progress on account 1. Please try again later.",
        times=2,
    )
    portrait = sandbox.dump()
    wanted = restorer.capture()
    sandbox.load(msgspec.structs.replace(portrait, assignments=portrait.assignments[1:]))
    sandbox.faults([busy])
    assert [outcome.kind for outcome in restorer.restore(wanted).values()] == [OutcomeKind.DONE]
    assert sandbox.dump() == portrait


def test_a_lost_answer_leaves_the_change_in_doubt(sandbox: SandboxServer, restorer: Restorer) -> None:
    change = make_change(GROUP, "Brand New", None, group_value("Brand New", "d"))
    sandbox.faults([FaultRule(operation="CreateGroup", reset=True, after=True, times=1)])
    with pytest.raises(RemoteUnavailable):
        restorer.target.apply([change], restorer.requests.append)
    assert restorer.values([change]) == [change.after]


def test_creating_what_is_there_already_counts_as_a_repeat(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    group = sandbox.dump().groups[0]
    same = make_change(GROUP, group.name, None, group_value(group.name, group.description))
    other = make_change(GROUP, group.name, None, group_value(group.name, "something else"))
    (repeat,) = restorer.target.apply([same], restorer.requests.append)
    (refused,) = restorer.target.apply([other], restorer.requests.append)
    assert (repeat.kind, repeat.repeats) == (OutcomeKind.DONE, 1)
    assert (refused.kind, refused.code) == (OutcomeKind.FAILED, "conflict")


def test_a_grant_of_a_token_issuer_that_is_gone_blames_nobody_else(restorer: Restorer) -> None:
    bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    gone = "arn:aws:sso::123456789012:trustedTokenIssuer/ssoins-0123456789abcdef/tti-00000000-0000-0000-0000-000000000000"
    value = grant_value({"JwtBearer": {"AuthorizedTokenIssuers": [{"TrustedTokenIssuerArn": gone}]}})
    change = make_change(GRANT, join_key("Internal Wiki", bearer), None, value)
    (refused,) = restorer.target.apply([change], restorer.requests.append)
    assert refused.kind is OutcomeKind.FAILED
    assert refused.advice.startswith("It, or what it refers to, is not there any more.")


def test_a_group_that_was_made_anew_meanwhile_is_found_under_its_new_id(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    portrait = sandbox.dump()
    member, group = str(portrait.users[0]["UserName"]), "Brand New"
    create = make_change(GROUP, group, None, group_value(group, ""))
    restorer.apply([create])
    store = restorer.connection.identity_store
    store.delete_group(store.find_group_id(group))
    store.create_group(group, "by somebody else")
    key = f"{group}\x1f{member.casefold()}"
    join = make_change("membership", key, None, membership_value(key))
    assert restorer.values([join]) == [None]
    assert [outcome.kind for outcome in restorer.apply([join]).values()] == [OutcomeKind.DONE]
    assert restorer.values([join]) == [join.after]


def test_a_denied_action_is_an_outcome_that_names_it(sandbox: SandboxServer, restorer: Restorer) -> None:
    sandbox.faults([FaultRule(operation="CreateGroup", deny=True)])
    change = make_change(GROUP, "Brand New", None, group_value("Brand New", ""))
    (outcome,) = restorer.target.apply([change], restorer.requests.append)
    assert (outcome.kind, outcome.code) == (OutcomeKind.FAILED, "access-denied")
    assert "identitystore:CreateGroup" in outcome.advice


def test_what_could_not_be_read_says_so(sandbox: SandboxServer, restorer: Restorer) -> None:
    group = sandbox.dump().groups[0]
    sandbox.faults([FaultRule(operation="DescribeGroup", deny=True)])
    (present,) = restorer.target.present([make_change(GROUP, group.name, None, b"{}")])
    assert present.failure is not None
    assert present.failure.code == "access-denied"


def test_memberships_of_a_group_are_read_with_one_listing(sandbox: SandboxServer, restorer: Restorer) -> None:
    memberships = sandbox.dump().memberships
    (group, count), *_ = Counter(each.group for each in memberships).most_common(1)
    keys = [f"{group}\x1f{each.user.casefold()}" for each in memberships if each.group == group]
    before = sandbox.status().requests
    changes = [make_change("membership", key, None, membership_value(key)) for key in keys]
    assert restorer.values(changes) == [change.after for change in changes]
    asked = Counter(sandbox.status().requests) - Counter(before)
    assert count > 3
    assert asked["identitystore:ListGroupMemberships"] == 1
    assert asked["identitystore:GetGroupMembershipId"] == 0


def test_tags_of_a_permission_set_go_in_one_call(sandbox: SandboxServer, restorer: Restorer) -> None:
    name = sandbox.dump().permission_sets[0].name
    changes = [
        make_change("permission_set.tag", f"{name}\x1f{tag}", None, b'{"Value":"1"}')
        for tag in ("a", "b", "c")
    ]
    outcomes = restorer.target.apply(changes, restorer.requests.append)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.DONE}
    assert sandbox.status().requests["sso-admin:TagResource"] == 1
    assert sandbox.dump().permission_sets[0].tags.items() >= {("a", "1"), ("b", "1"), ("c", "1")}


def test_settling_waits_for_everything_under_way(sandbox: SandboxServer, restorer: Restorer) -> None:
    portrait = sandbox.dump()
    granted = portrait.assignments[0]
    sandbox.load(msgspec.structs.replace(portrait, assignments=()))
    sandbox.faults([FaultRule(operation="CreateAccountAssignment", async_delay=0.3)])
    key = "\x1f".join((granted.account, granted.permission_set, granted.kind, granted.principal))
    change = make_change(ASSIGNMENT, key, None, assignment_value(key))
    restorer.target.await_settled([USER, PERMISSION_SET])
    restorer.target.apply([change], restorer.requests.append)
    restorer.target.await_settled([ASSIGNMENT])
    assert sandbox.status().outstanding == 0
    assert sandbox.dump().assignments == (granted,)


def test_a_permission_set_that_somebody_is_provisioning_is_waited_for(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    portrait = sandbox.dump()
    used = portrait.assignments[0]
    admin = restorer.connection.sso_admin
    arn = next(
        a
        for a in admin.list_permission_sets().items
        if admin.describe_permission_set(a).name == used.permission_set
    )
    sandbox.faults([FaultRule(operation="ProvisionPermissionSet", async_delay=0.4)])
    admin.provision(arn)
    sandbox.faults(
        [FaultRule(operation="TagResource", error="ConflictException", message="Being provisioned.", times=1)]
    )
    change = make_change("permission_set.tag", f"{used.permission_set}\x1fnew", None, b'{"Value":"1"}')
    (outcome,) = restorer.target.apply([change], restorer.requests.append)
    assert outcome.kind is OutcomeKind.DONE


def test_many_operations_under_way_are_followed_by_listings(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    accounts = [account.id for account in sandbox.dump().accounts]
    group = sandbox.dump().groups[-1].name
    keys = [f"{account}\x1fBreak-Glass\x1fGROUP\x1f{group}" for account in accounts]
    sandbox.faults([FaultRule(operation="CreateAccountAssignment", async_delay=0.6)])
    outcomes = restorer.apply([make_change(ASSIGNMENT, key, None, assignment_value(key)) for key in keys])
    assert {outcome.kind for outcome in outcomes.values()} == {OutcomeKind.DONE}
    asked = sandbox.status().requests
    assert asked["sso-admin:ListAccountAssignmentCreationStatus"] >= 1
    assert len(set(restorer.requests)) == len(keys) == 8


def test_a_deleted_application_comes_back_as_it_was_and_attributes_are_awaited(
    sandbox: SandboxServer, restorer: Restorer
) -> None:
    held = sandbox.dump()
    own = tuple(each for each in held.applications if each.name not in OTHERS)
    before = msgspec.structs.replace(held, applications=own)
    bare = msgspec.structs.replace(
        before, applications=(), instance=InstancePortrait(held.instance.name, tags=held.instance.tags)
    )
    sandbox.load(bare)
    nothing = restorer.capture()
    sandbox.load(before)
    changes = restorer.plan(nothing, DELETING).changes
    assert {outcome.kind for outcome in restorer.apply(changes).values()} == {OutcomeKind.DONE}
    assert sandbox.dump() == bare
    undone = restorer.apply(list(restorer.target.invert(changes)))
    assert {outcome.kind for outcome in undone.values()} == {OutcomeKind.DONE}, undone
    assert restorable(sandbox.dump()) == restorable(before)
