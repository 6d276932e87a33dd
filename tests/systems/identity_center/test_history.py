"""What a history tells, written out; and the same from a vault, where only what changed is read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.domain.records import Record
from holdfast.kernel.system import Part
from holdfast.kernel.views import MemoryView
from holdfast.systems.identity_center.history import Event, Moment, history
from holdfast.systems.identity_center.model import APPLICATION_ASSIGNMENT
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.small_vault import TINY, new_vault, take
from tests.systems.identity_center.small_company import (
    ACCOUNT,
    READ_ONLY,
    assigned,
    granted,
    group,
    member,
    user,
    view,
)

FIRST_DAY = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def days(*views: MemoryView) -> list[Moment]:
    return [
        Moment(f"day-{number}", FIRST_DAY + timedelta(days=number), each) for number, each in enumerate(views)
    ]


def told(events: Sequence[Event]) -> list[str]:
    """An event a line: day, what happened, to what, through which group."""
    lines = []
    for event in events:
        through = f" through {event.via}" if event.via else ""
        lines.append(f"{event.snapshot[-1]} {event.kind} {event.type} {event.name}{through}")
        lines += [f"  {part.name}: {part.old} -> {part.new}" for part in event.fields]
    return lines


ALICE = days(
    view(user("bob")),
    view(user("alice", UserType="Employee"), group("Ops"), granted("Reader")),
    view(
        user("alice", UserType="Contractor", Title="Boss"),
        group("Ops"),
        member("Ops", "alice"),
        granted("Reader"),
        assigned(ACCOUNT, "Reader", "GROUP", "Ops"),
        assigned(ACCOUNT, "Reader", "GROUP", "Others"),
    ),
    view(
        user("alice", UserType="Contractor", Title="Queen"),
        group("Ops"),
        member("Ops", "alice"),
        granted("Reader"),
        granted("Writer"),
        assigned(ACCOUNT, "Reader", "GROUP", "Ops"),
        assigned(ACCOUNT, "Writer", "GROUP", "Ops"),
        assigned(ACCOUNT, "Reader", "USER", "alice"),
    ),
    view(
        user("alice", UserType="Contractor", Title="Queen"),
        group("Ops"),
        assigned(ACCOUNT, "Reader", "GROUP", "Ops"),
        assigned(ACCOUNT, "Reader", "USER", "alice"),
    ),
    view(group("Ops")),
    view(user("alice"), group("Ops")),
)


def test_the_life_of_a_user() -> None:
    assert told(list(history("user", "alice", ALICE))) == [
        "1 first seen user alice",
        "2 changed user alice",
        "  Title:  -> ***",
        "  UserType: Employee -> Contractor",
        "2 gained membership Ops",
        f"2 gained assignment {ACCOUNT} / Reader through Ops",
        "3 changed user alice",
        "  Title: *** -> ***",
        f"3 gained assignment {ACCOUNT} / Reader",
        f"3 gained assignment {ACCOUNT} / Writer through Ops",
        "4 lost membership Ops",
        f"4 lost assignment {ACCOUNT} / Reader through Ops",
        f"4 lost assignment {ACCOUNT} / Writer through Ops",
        "5 gone user alice",
        f"5 lost assignment {ACCOUNT} / Reader",
        "6 back user alice",
    ]


def test_the_life_of_a_group() -> None:
    assert told(list(history("group", "Ops", ALICE))) == [
        "1 first seen group Ops",
        "2 gained membership alice",
        f"2 gained assignment {ACCOUNT} / Reader",
        f"3 gained assignment {ACCOUNT} / Writer",
        "4 lost membership alice",
        f"4 lost assignment {ACCOUNT} / Writer",
        f"5 lost assignment {ACCOUNT} / Reader",
    ]


def test_the_life_of_a_permission_set() -> None:
    moments = days(
        view(granted("Reader"), granted("Writer"), assigned(ACCOUNT, "Writer", "GROUP", "Ops")),
        view(granted("Reader", managed=[READ_ONLY]), assigned(ACCOUNT, "Reader", "GROUP", "Ops")),
        view(granted("Reader", managed=[READ_ONLY]), assigned(ACCOUNT, "Reader", "USER", "alice")),
    )
    assert told(list(history("permission_set", "Reader", moments))) == [
        "0 first seen permission_set Reader",
        "1 changed permission_set Reader",
        f'  ManagedPolicies:  -> ["{READ_ONLY}"]',
        f"1 gained assignment {ACCOUNT} / GROUP / Ops",
        f"2 lost assignment {ACCOUNT} / GROUP / Ops",
        f"2 gained assignment {ACCOUNT} / USER / alice",
    ]


def test_in_an_incomplete_backup_absence_means_nothing() -> None:
    whole = (user("alice"), group("Ops"), member("Ops", "alice"))
    moments = days(
        view(*whole),
        view(group("Ops"), member("Ops", "bob"), incomplete=("user", "membership")),
        view(group("Ops"), incomplete=("user", "membership")),
        view(group("Ops"), without=("user", "membership")),
        view(*whole),
        view(user("alice"), group("Ops")),
    )
    nothing = "that something is absent here means nothing"
    assert told(list(history("user", "alice", moments))) == [
        "0 first seen user alice",
        "0 gained membership Ops",
        f"1 not known membership not read whole: {nothing}",
        f"1 not known user not read whole: {nothing}",
        "5 lost membership Ops",
    ]


def test_what_only_an_incomplete_backup_showed_is_settled_by_the_next_whole_one() -> None:
    moments = days(
        view(user("alice"), group("Ops")),
        view(user("alice"), group("Ops"), member("Ops", "alice"), incomplete=("membership",)),
        view(user("alice"), group("Ops")),
    )
    assert [line for line in told(list(history("user", "alice", moments))) if "not known" not in line] == [
        "0 first seen user alice",
        "1 gained membership Ops",
        "2 lost membership Ops",
    ]


def test_an_application_has_a_history_too() -> None:
    portal = Record("application", "Portal", b'{"Name":"Portal"}')
    used = Record(APPLICATION_ASSIGNMENT, "Portal\x1fGROUP\x1fOps", b"{}")
    moments = [
        Moment("day-0", FIRST_DAY, Held(portal)),
        Moment("day-1", FIRST_DAY, Held(portal, used)),
        Moment("day-2", FIRST_DAY, Held(used)),
    ]
    assert told(list(history("application", "Portal", moments))) == [
        "0 first seen application Portal",
        "1 gained application_assignment GROUP / Ops",
        "2 gone application Portal",
    ]
    assert told(list(history("group", "Ops", moments))) == ["1 gained application_assignment Portal"]


class Held(MemoryView):
    """Just these records, of applications and their assignments."""

    def __init__(self, *records: Record) -> None:
        types = ("application", APPLICATION_ASSIGNMENT)
        super().__init__(Part(name, [each for each in records if each.type == name]) for name in types)


def test_a_thing_that_no_backup_held_has_no_history() -> None:
    assert list(history("user", "nobody", ALICE)) == []


@pytest.mark.parametrize("thing", [("user", "user-03"), ("group", "group-1"), ("permission_set", "Reader")])
def test_a_vault_gives_the_same_history_as_the_records_themselves(
    tmp_path: Path, thing: tuple[str, str]
) -> None:
    vault = new_vault(MemoryStore(), tmp_path, TINY)
    chance = random.Random(11)
    kept, plain = list[Moment](), list[Moment]()
    for number in range(25):
        held = drawn(chance)
        info = take(vault, {name: list(held.records(name)) for name in held.types}, after=number)
        kept.append(Moment(info.id, info.taken_at, vault.read(info)))
        plain.append(Moment(info.id, info.taken_at, held))
    assert list(history(*thing, kept)) == list(history(*thing, plain))
    assert len(list(history(*thing, plain))) > 25


def drawn(chance: random.Random) -> MemoryView:
    """A small company in which much changes each time."""
    names = [f"user-{number:02d}" for number in range(12) if chance.random() < 0.9]
    groups = [f"group-{number}" for number in range(4)]
    records = [user(name, UserType=chance.choice(["Employee", "Contractor"])) for name in names]
    records += [group(name, chance.choice(["", "old", "new"])) for name in groups]
    records += [member(each, name) for each in groups for name in names if chance.random() < 0.3]
    records += [granted("Reader", description=chance.choice(["a", "b"]))]
    records += [
        assigned(ACCOUNT, "Reader", kind, name)
        for kind, some in (("GROUP", groups), ("USER", names))
        for name in some
        if chance.random() < 0.5
    ]
    return view(*records)
