"""What is planned where users and groups come from SCIM or Active Directory, written out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.domain.outcomes import OutcomeKind, Severity
from holdfast.domain.records import Record
from holdfast.kernel.canonical import Plain
from holdfast.kernel.views import MemoryView
from holdfast.sandbox.server import SandboxServer
from holdfast.systems.identity_center.model import GROUP, USER
from holdfast.systems.identity_center.plan import plan
from holdfast.systems.identity_center.restore.awaiting import PrincipalArrivals
from holdfast.systems.identity_center.restore.facets import group_value
from holdfast.systems.identity_center.restore.order import make_change
from holdfast.systems.identity_center.settings import IdentitySource
from holdfast.systems.identity_center.target import IdentityCenterTarget
from tests.simulators.quiet import HandClock
from tests.systems.identity_center.restored import DELETING, Restorer
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    EVERYTHING,
    OVERWRITE,
    Planned,
    assigned,
    granted,
    group,
    member,
    planned,
    sort_out,
    user,
    view,
)

FROM_IDP: list[Plain] = [{"Issuer": "https://scim.example.com", "Id": "9"}]
ISSUED = (("https://scim.example.com", "7"),)


def synchronised(name: str, **attributes: Plain) -> Record:
    return user(name, ExternalIds=FROM_IDP, **attributes)


COMPANY = view(
    synchronised("alice"),
    user("bob"),
    group("Admins", external_ids=ISSUED),
    group("Local"),
    member("Admins", "bob"),
    member("Local", "alice"),
    member("Local", "bob"),
    granted("Reader"),
    assigned(ACCOUNT, "Reader", "GROUP", "Admins"),
    assigned(ACCOUNT, "Reader", "GROUP", "Local"),
    assigned(ACCOUNT, "Reader", "USER", "alice"),
)


def planned_from(source: IdentitySource, wanted: MemoryView, present: MemoryView) -> Planned:
    return sort_out(plan(wanted, present, OVERWRITE, source))


def waiting(plan: Planned) -> list[tuple[str, str]]:
    return [(f.type, f.key.replace("\x1f", "/")) for f in plan.findings if f.code == "principal-awaited"]


def test_what_came_from_an_identity_source_is_awaited_and_the_rest_is_made() -> None:
    made = planned(COMPANY, view())
    assert made.names == [
        "create user bob",
        "create group Local",
        "create membership Local / bob",
        "create permission_set Reader",
        f"create assignment {ACCOUNT} / Reader / GROUP / Local",
    ]
    assert waiting(made) == [
        ("user", "alice"),
        ("group", "Admins"),
        ("membership", "Local/alice"),
        ("assignment", f"{ACCOUNT}/Reader/GROUP/Admins"),
        ("assignment", f"{ACCOUNT}/Reader/USER/alice"),
    ]
    errors = [f for f in made.findings if f.code == "principal-awaited"]
    assert {f.severity for f in errors} == {Severity.ERROR}
    assert "Start the synchronisation" in errors[0].advice
    assert errors[-1].message == "It waits for the user alice, which the identity source has not brought yet."


def test_once_they_are_there_their_assignments_are_planned_and_their_members_are_not() -> None:
    there = view(synchronised("alice"), user("bob"), group("Admins", external_ids=ISSUED), group("Local"))
    made = planned(COMPANY, there)
    assert made.names == [
        "create membership Local / alice",
        "create membership Local / bob",
        "create permission_set Reader",
        f"create assignment {ACCOUNT} / Reader / GROUP / Admins",
        f"create assignment {ACCOUNT} / Reader / GROUP / Local",
        f"create assignment {ACCOUNT} / Reader / USER / alice",
    ]
    assert [(f.type, f.key, f.message) for f in made.findings if f.code == "principal-awaited"] == [
        (
            "group",
            "Admins",
            "1 member is missing; the group comes from the identity source, which adds them.",
        )
    ]


def test_what_an_identity_source_has_adopted_since_is_left_to_it() -> None:
    wanted = view(user("alice"), user("bob"), group("Ops", "old"), member("Ops", "alice"))
    live = view(
        synchronised("alice", Title="Boss"),
        user("bob"),
        group("Ops", "new", external_ids=ISSUED),
        member("Ops", "bob"),
    )
    made = planned(wanted, live)
    assert (made.names, made.conflicts) == ([], [])
    assert [(f.severity, f.code, f.type, f.message.partition(" is")[0]) for f in made.findings] == [
        (Severity.WARNING, "left-to-identity-source", "user", "1 user"),
        (Severity.WARNING, "left-to-identity-source", "group", "1 group"),
        (Severity.ERROR, "principal-awaited", "group", "1 member"),
    ]


def test_with_the_built_in_directory_everything_is_made_and_lost_external_ids_are_said() -> None:
    made = planned_from(IdentitySource.IDENTITY_CENTER, COMPANY, view())
    assert waiting(made) == []
    assert made.names[:4] == [
        "create user alice",
        "create user bob",
        "create group Admins",
        "create group Local",
    ]
    assert len(made.changes) == 4 + 3 + 1 + 3
    told = [f.message for f in made.findings if "external ids" in f.message]
    assert told == [
        "1 users come back without their external ids, which no API writes.",
        "1 groups come back without their external ids, which no API writes.",
    ]


def test_with_an_external_source_no_user_group_or_membership_is_written() -> None:
    present = view(user("bob"), user("eve"), group("Local", "changed"), member("Local", "eve"))
    made = sort_out(plan(COMPANY, present, DELETING, IdentitySource.EXTERNAL))
    assert made.names == [
        "create permission_set Reader",
        f"create assignment {ACCOUNT} / Reader / GROUP / Local",
    ]
    assert waiting(made) == [
        ("user", "alice"),
        ("group", "Admins"),
        ("group", "Local"),
        ("assignment", f"{ACCOUNT}/Reader/GROUP/Admins"),
        ("assignment", f"{ACCOUNT}/Reader/USER/alice"),
    ]


def test_a_restore_of_assignments_alone_awaits_principals_that_the_backup_does_not_hold() -> None:
    wanted = view(granted("Reader"), assigned(ACCOUNT, "Reader", "USER", "zoe"), without=(USER, GROUP))
    scope = replace(EVERYTHING, types=("permission_set", "assignment"))
    made = sort_out(plan(wanted, view(), replace(OVERWRITE, scope=scope), IdentitySource.EXTERNAL))
    assert waiting(made) == [("assignment", f"{ACCOUNT}/Reader/USER/zoe")]


def test_deleting_extras_spares_what_an_identity_source_made() -> None:
    present = view(
        synchronised("alice"),
        user("bob"),
        group("Admins", external_ids=ISSUED),
        member("Admins", "bob"),
        granted("Reader"),
        assigned(ACCOUNT, "Reader", "USER", "alice"),
    )
    made = planned(view(granted("Reader")), present, DELETING)
    assert made.names == [
        f"delete assignment {ACCOUNT} / Reader / USER / alice",
        "delete user bob",
    ]
    assert [(f.code, f.type) for f in made.findings] == [
        ("left-to-identity-source", "user"),
        ("left-to-identity-source", "group"),
    ]


def adopt(sandbox: SandboxServer, name: str) -> None:
    """The identity source takes a group over: it gets an external id."""
    groups = sandbox.engine.world.directory.groups
    entry = next(each for each in groups.entries.values() if each.document["DisplayName"] == name)
    groups.replace(
        entry,
        {**entry.document, "ExternalIds": [{"Issuer": "https://scim.example.com", "Id": "9"}]},
        entry.updated,
    )


@pytest.mark.parametrize(
    ("source", "outcome", "stays"),
    [
        (IdentitySource.AUTO, OutcomeKind.FAILED, True),
        (IdentitySource.EXTERNAL, OutcomeKind.FAILED, True),
        (IdentitySource.IDENTITY_CENTER, OutcomeKind.DONE, False),
    ],
)
def test_undoing_a_creation_spares_a_group_that_was_adopted_meanwhile(
    sandbox: SandboxServer, restorer: Restorer, source: IdentitySource, outcome: OutcomeKind, stays: bool
) -> None:
    creation = make_change(GROUP, "Brand New", None, group_value("Brand New", ""))
    restorer.apply([creation])
    adopt(sandbox, "Brand New")
    target = IdentityCenterTarget(restorer.connection, HandClock(), source=source)
    (undoing,) = target.invert([creation])
    target.present([undoing])
    (came_to,) = target.apply([undoing], restorer.requests.append)
    assert came_to.kind is outcome
    assert ("Brand New" in {group.name for group in sandbox.dump().groups}) is stays


def test_few_names_are_asked_singly_and_many_by_a_listing(sandbox: SandboxServer, restorer: Restorer) -> None:
    wanted, present = restorer.capture(), view()
    arrivals = PrincipalArrivals(restorer.connection.identity_store, IdentitySource.EXTERNAL)
    names = arrivals.awaited(wanted, present, EVERYTHING)
    assert len(names) == 40 + 12
    one = frozenset([("user", "no.body")])
    before = sandbox.status().requests
    assert arrivals.missing(names | one) == one
    assert arrivals.missing(one) == one
    after = sandbox.status().requests
    asked = {name: count - before.get(name, 0) for name, count in after.items() if "identitystore" in name}
    assert {name: count for name, count in asked.items() if count} == {
        "identitystore:ListUsers": 1,
        "identitystore:ListGroups": 1,
        "identitystore:GetUserId": 1,
    }
