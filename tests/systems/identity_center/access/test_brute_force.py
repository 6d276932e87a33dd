"""Answers from thirty daily snapshots are those of going through everything that the company had that day."""

from __future__ import annotations

import random
from dataclasses import astuple
from datetime import timedelta
from functools import cache
from pathlib import Path as FilePath

import pytest

from holdfast.domain.records import RecordView
from holdfast.kernel.vault.vault import Vault
from holdfast.sandbox.company import company
from holdfast.sandbox.portrait import Portrait
from holdfast.systems.identity_center.access.entitlements import read_entitlements
from holdfast.systems.identity_center.access.moments import newest_whole
from holdfast.systems.identity_center.access.paths import Question, answer
from holdfast.systems.identity_center.access.review import TurnKind, review
from tests.simulators.object_store_memory import MemoryStore
from tests.simulators.portrait_records import records_of
from tests.simulators.small_vault import START, SYSTEM, new_vault, take
from tests.systems.identity_center.access.days import Path, days, reachable

COUNT = 30


@cache
def month() -> list[Portrait]:
    return list(days(company("tiny", 1), COUNT, seed=4))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Thirty snapshots, one a day, each of that day's company."""
    made = new_vault(MemoryStore(), FilePath(tmp_path_factory.mktemp("keys")))
    for number, portrait in enumerate(month()):
        take(made, records_of(portrait), after=24 * number)
    return made


def view_on(vault: Vault, day: int) -> RecordView:
    chosen, passed_over = newest_whole(vault.snapshots(SYSTEM), START + timedelta(days=day, hours=5))
    assert chosen is not None
    assert passed_over == ()
    return vault.read(chosen)


def asked(view: RecordView, question: Question) -> list[Path]:
    return [astuple(path) for path in answer(read_entitlements(view), question)]


def question_on(portrait: Portrait, chance: random.Random) -> Question:
    """A question about things of that day, any of its four parts given or not; names in any case."""
    user = str(chance.choice(portrait.users)["UserName"])
    account = chance.choice(portrait.accounts)
    named = any(each.account == account.id for each in portrait.assignments)
    return Question(
        user=chance.choice(["", user, user.upper(), user.lower()]),
        group=chance.choice(["", "", chance.choice(portrait.groups).name]),
        account=chance.choice(["", account.id, account.name if named else account.id]),
        permission_set=chance.choice(["", chance.choice(portrait.permission_sets).name]),
    )


def test_every_answer_is_the_brute_force_one(vault: Vault) -> None:
    chance, met = random.Random(11), 0
    for day, portrait in enumerate(month()):
        view = view_on(vault, day)
        for _ in range(12):
            question = question_on(portrait, chance)
            found = asked(view, question)
            assert len(found) == len(set(found)), question
            assert set(found) == reachable(portrait, *astuple(question)), (day, question)
            met += len(found)
    assert met > 2_000


def test_everybody_is_answered_in_order(vault: Vault) -> None:
    found = asked(view_on(vault, 17), Question())
    assert set(found) == reachable(month()[17])
    assert found == sorted(found, key=lambda row: (row[0], row[2], row[3].casefold(), row[4]))


Access = tuple[str, str, str]


def accesses(portrait: Portrait) -> dict[Access, set[str]]:
    """By user, account and permission set the groups through which somebody who can sign in has it."""
    found: dict[Access, set[str]] = {}
    for account, _, permission_set, user, group, disabled in reachable(portrait):
        if user and not disabled:
            found.setdefault((user, account, permission_set), set()).add(group)
    return found


@pytest.mark.parametrize(("first", "last"), [(0, 29), (3, 4), (11, 19)])
def test_a_review_is_the_difference_of_two_brute_forces(vault: Vault, first: int, last: int) -> None:
    found = review(view_on(vault, first), view_on(vault, last))
    old, new = accesses(month()[first]), accesses(month()[last])
    wanted = {
        name: (old.get(name, set()), new.get(name, set()))
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name)
    }
    turns = {
        (turn.user, turn.account_id, turn.permission_set): (set(turn.before), set(turn.after))
        for turn in found.turns
        if turn.user
    }
    assert turns == wanted
    assert len(turns) == sum(1 for turn in found.turns if turn.user)
    for turn in found.turns:
        assert turn.causes, turn
        kinds = {
            (False, True): TurnKind.GAINED,
            (True, False): TurnKind.LOST,
            (True, True): TurnKind.REROUTED,
        }
        assert turn.kind is kinds[bool(turn.before), bool(turn.after)]
